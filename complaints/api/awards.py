"""API v1 for compensation: propose, decide, and the remedies that billing or the store carries out.

What writes asks for an `Idempotency-Key`; the key, the effect and the answer are one transaction. A proposal above the
client's authority is not refused: it waits for a colleague, as at the desk.
"""

from decimal import Decimal
from functools import partial
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from complaints.actions import awards, remedies
from complaints.compensation.rules import Terms, Wish
from complaints.models import Award, AwardApproval, ComplaintCase, Remedy
from complaints.models.compensation import Basis
from complaints.models.guidance import RemedyKind
from staff.api import KEY, KeysetPagination, answered_once
from staff.decisions import Verdict
from staff.schema import REFUSED


class RemedySerializer(serializers.ModelSerializer[Remedy]):
    complaint = serializers.CharField(source="award.case.number", read_only=True)

    class Meta:
        model = Remedy
        fields = [
            "id",
            "award",
            "complaint",
            "kind",
            "basis",
            "state",
            "amount",
            "what",
            "stamps",
            "reference",
            "voucher",
            "done_at",
        ]
        read_only_fields = fields


class AwardSerializer(serializers.ModelSerializer[Award]):
    complaint = serializers.CharField(source="case.number", read_only=True)
    remedies = RemedySerializer(many=True, read_only=True)
    asked_because = serializers.SerializerMethodField(help_text="Codes of why a colleague must agree; none: agreed.")

    class Meta:
        model = Award
        fields = [
            "id",
            "complaint",
            "state",
            "owed",
            "loss",
            "goodwill",
            "guided",
            "band",
            "sentence",
            "asked_because",
            "proposed_at",
            "replaces",
            "remedies",
        ]
        read_only_fields = fields

    def get_asked_because(self, award: Award) -> list[str]:
        return list(award.explanation["reasons"])


class WishSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=RemedyKind.choices)
    basis = serializers.ChoiceField(choices=Basis.choices)
    amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=Decimal(0), default=Decimal(0))
    what = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    stamps = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True, default=None)


class ProposalSerializer(serializers.Serializer[Any]):
    remedies = WishSerializer(many=True, min_length=1, max_length=10)
    deviation = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)
    voucher_for_owed = serializers.BooleanField(default=False)
    consent = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class AmountSerializer(serializers.Serializer[Any]):
    remedy = serializers.IntegerField(min_value=1)
    amount = serializers.DecimalField(max_digits=10, decimal_places=2, min_value=Decimal(0))


@extend_schema_serializer(component_name="AwardDecision")
class DecisionSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=["approve", "decline"])
    note = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)
    amounts = AmountSerializer(many=True, required=False, help_text="Other goodwill than proposed, by remedy.")


class RemedyStepSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    note = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


def _whole(pk: int) -> Any:
    return AwardSerializer(_awards().get(pk=pk)).data


def _awards() -> Any:
    return Award.objects.select_related("case").prefetch_related("remedies__award__case")


class CaseAwards(APIView):
    """Compensation on a complaint: GET what was proposed, newest first; POST a proposal."""

    permissions = {"GET": "complaints.propose_award", "POST": "complaints.propose_award"}

    @extend_schema(operation_id="complaint_awards", responses=AwardSerializer(many=True), tags=["compensation"])
    def get(self, request: Request, number: str) -> Response:
        case = get_object_or_404(ComplaintCase.objects.only("pk"), number=number)
        return Response(AwardSerializer(_awards().filter(case=case).order_by("-pk")[:100], many=True).data)

    @extend_schema(
        operation_id="complaint_award_propose",
        request=ProposalSerializer,
        responses={201: AwardSerializer, 409: REFUSED},
        parameters=[KEY],
        tags=["compensation"],
    )
    def post(self, request: Request, number: str) -> Response:
        """Propose remedies. The answer's `state` is `approved`, or `pending` with the reasons in `asked_because`."""
        case = get_object_or_404(ComplaintCase.objects.only("pk"), number=number)
        asked = ProposalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        terms = Terms(
            [Wish(**wish) for wish in data["remedies"]], data["voucher_for_owed"], data["consent"], data["deviation"]
        )

        def act() -> Response:
            award = awards.propose(case.pk, terms, by=request.user, now=timezone.now())
            return Response(_whole(award.pk), status=status.HTTP_201_CREATED)

        return answered_once(request, act)


class Awards(ListAPIView):
    """Proposals of all complaints, newest first; those that wait for a decision with `?state=pending`."""

    permissions = {"GET": "complaints.approve_award"}
    serializer_class = AwardSerializer
    filterset_fields = {"state": ["exact"]}
    queryset = _awards()


class AwardDetail(RetrieveAPIView):
    permissions = {"GET": "complaints.propose_award"}
    serializer_class = AwardSerializer
    queryset = _awards()


class Decision(APIView):
    permissions = {"POST": "complaints.approve_award"}

    @extend_schema(
        operation_id="award_decide",
        request=DecisionSerializer,
        responses={200: AwardSerializer, 409: REFUSED},
        parameters=[KEY],
        tags=["compensation"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """Agree, agree to other goodwill (the answer is then the award that replaces this one), or decline and say
        why."""
        get_object_or_404(Award.objects.only("pk"), pk=pk)
        asked = DecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        approval = AwardApproval.objects.filter(award=pk, verdict=Verdict.PENDING).order_by("-pk").first()
        approval = approval or get_object_or_404(AwardApproval.objects.order_by("-pk"), award=pk)

        def act() -> Response:
            decide = partial(awards.decline, approval.pk)
            if data["verdict"] == "approve":
                amounts = {one["remedy"]: one["amount"] for one in data.get("amounts", [])}
                decide = partial(awards.approve, approval.pk, amounts=amounts)
            award = decide(by=request.user, now=timezone.now(), note=data["note"])
            return Response(_whole(award.pk))

        return answered_once(request, act)


class Remedies(ListAPIView):
    """Remedies, oldest first: what billing has to refund with `?state=agreed&kind=refund`."""

    permissions = {"GET": "complaints.propose_award"}
    serializer_class = RemedySerializer
    filterset_fields = {"state": ["exact"], "kind": ["exact"]}
    pagination_class = type("ByAge", (KeysetPagination,), {"ordering": "pk"})
    queryset = Remedy.objects.select_related("award__case")


class RemedyStep(APIView):
    """Billing's or the store's word on one remedy."""

    permissions = {"POST": "complaints.propose_award"}
    step = ""

    @extend_schema(
        request=RemedyStepSerializer,
        responses={200: RemedySerializer, 409: REFUSED},
        parameters=[KEY],
        tags=["compensation"],
    )
    def post(self, request: Request, pk: int) -> Response:
        """`order`: it is under way; `complete`: it is done; `fail`: it did not work, and why."""
        get_object_or_404(Remedy.objects.only("pk"), pk=pk)
        asked = RemedyStepSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        reference, note = asked.validated_data["reference"], asked.validated_data["note"]
        by, now = request.user, timezone.now()
        steps = {
            "order": partial(remedies.order, reference=reference),
            "complete": partial(remedies.complete, reference=reference, note=note),
            "fail": partial(remedies.fail, note=note),
        }

        def act() -> Response:
            steps[self.step](pk, by=by, now=now)
            remedy = Remedy.objects.select_related("award__case").get(pk=pk)
            return Response(RemedySerializer(remedy).data)

        return answered_once(request, act)
