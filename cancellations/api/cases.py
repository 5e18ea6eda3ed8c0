"""Cases and what is done in a call. A refusal of the trade is 409 {"code", "detail"}.

What writes may be sent with an `Idempotency-Key`; the key, the effect and the answer are one transaction.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import django_filters
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cancellations import actions
from cancellations.api.engine import SuggestSerializer, WholeDecisionSerializer
from cancellations.models import CancellationCase, Notice, Offer, Reason
from customers.models import Subscription
from staff.api import MAY_REPEAT, KeysetPagination, answered_once
from staff.statements import kept

EndMode, State = CancellationCase.EndMode, CancellationCase.State
TAKE = "cancellations.take_cancellation"
REGISTER = "cancellations.register_cancellation"
PRESENT = "cancellations.present_offer"
DECIDE = "cancellations.decide_offer"
FULFIL = "cancellations.fulfil_offer"

writes = partial(extend_schema, parameters=[MAY_REPEAT])


class OfferSerializer(serializers.ModelSerializer[Offer]):
    incentive = serializers.CharField(source="incentive_version.incentive.code", read_only=True)

    class Meta:
        model = Offer
        fields = [
            "id",
            "case",
            "incentive",
            "incentive_version",
            "state",
            "terms",
            "cost",
            "gain",
            "was_lead",
            "presented_at",
            "answered_at",
        ]
        read_only_fields = fields


class FactsSerializer(serializers.ModelSerializer[CancellationCase]):
    reason = serializers.SlugRelatedField("code", read_only=True)
    own_reading = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = CancellationCase
        fields = [
            "id",
            "number",
            "subscription",
            "customer",
            "state",
            "reason",
            "own_reading",
            "reason_note",
            "competitor",
            "permission",
            "end_mode",
            "ends_on",
            "opened_at",
            "noticed_at",
            "closed_at",
            "window_until",
            "paying_on_day_90",
            "referred_to",
            "version",
        ]
        read_only_fields = fields


class CaseSerializer(FactsSerializer):
    offers = OfferSerializer(many=True, read_only=True)

    class Meta(FactsSerializer.Meta):
        fields = [*FactsSerializer.Meta.fields, "offers"]
        read_only_fields = fields


# What is answered after each press is asked by kept statements and told by serializers that derived their fields once.
_facts, _offer = FactsSerializer(), OfferSerializer()


@kept
def _case_told(pk: int) -> QuerySet[CancellationCase]:
    return CancellationCase.objects.select_related("reason", "own_reading").filter(pk=pk)


@kept
def _offers_told(case: int) -> QuerySet[Offer]:
    return Offer.objects.select_related("incentive_version__incentive").filter(case=case).order_by("pk")


@kept
def _offer_told(pk: int) -> QuerySet[Offer]:
    return Offer.objects.select_related("incentive_version__incentive").filter(pk=pk)


@contextmanager
def missing_is_404() -> Iterator[None]:
    try:
        yield
    except actions.NoSuchRecord as error:
        raise Http404 from error


class OpenSerializer(serializers.Serializer[Any]):
    subscription = serializers.PrimaryKeyRelatedField(queryset=Subscription.objects.all())
    notice = serializers.ChoiceField(
        Notice.Channel.choices,
        required=False,
        allow_null=True,
        default=Notice.Channel.PHONE,
        help_text="How the notice came; null when the customer only asks.",
    )


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.SlugRelatedField("code", queryset=Reason.objects.all(), allow_null=True, default=None)
    own_reading = serializers.SlugRelatedField("code", queryset=Reason.objects.all(), allow_null=True, default=None)
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)
    competitor = serializers.CharField(max_length=80, default="", allow_blank=True)
    version = serializers.IntegerField(required=False, allow_null=True, default=None)


class PermissionSerializer(serializers.Serializer[Any]):
    granted = serializers.BooleanField()
    version = serializers.IntegerField(required=False, allow_null=True, default=None)


class EndSerializer(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(EndMode.choices, required=False, allow_null=True, default=None)
    ends_on = serializers.DateField(required=False, allow_null=True, default=None)


class PresentSerializer(serializers.Serializer[Any]):
    incentive_version = serializers.IntegerField()
    consent = serializers.BooleanField(default=False)


class AskSerializer(serializers.Serializer[Any]):
    incentive_version = serializers.IntegerField()
    why = serializers.CharField(max_length=500, default="", allow_blank=True)


class KeepSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField([State.SAVED_PENDING, State.RATE_RENEGOTIATED, State.NOTICE_WITHDRAWN])
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)


class RemarkSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)


class ApproveSerializer(RemarkSerializer):
    changed = serializers.DictField(child=serializers.CharField(), required=False, default=dict)


class AcceptSerializer(serializers.Serializer[Any]):
    only_a_better_price = serializers.BooleanField(default=False)


class CaseFilter(django_filters.FilterSet):
    class Meta:
        model = CancellationCase
        fields = {"state": ["exact", "in"], "customer": ["exact"], "subscription": ["exact"], "number": ["exact"]}


class Pages(KeysetPagination):
    ordering = "-pk"


class CaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[CancellationCase]):
    queryset = CancellationCase.objects.select_related("reason", "own_reading").prefetch_related(
        Prefetch("offers", Offer.objects.select_related("incentive_version__incentive").order_by("pk"))
    )
    serializer_class = CaseSerializer
    filterset_class = CaseFilter
    pagination_class = Pages
    lookup_value_converter = "int"
    permissions = {
        "list": "cancellations.view_cancellationcase",
        "retrieve": "cancellations.view_cancellationcase",
        "create": REGISTER,
        "reason": TAKE,
        "permission": TAKE,
        "end": REGISTER,
        "suggest": PRESENT,
        "present": PRESENT,
        "ask": PRESENT,
        "register": REGISTER,
        "dropped": REGISTER,
        "keep": TAKE,
        "reinstate": "cancellations.win_back",
        "win_back": "cancellations.win_back",
    }

    def _done(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        (case,) = _case_told(pk)
        offers = [_offer.to_representation(offer) for offer in _offers_told(pk)]
        return Response({**_facts.to_representation(case), "offers": offers}, status=code)

    def _given(self, form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        serializer = form(data=request.data)
        serializer.is_valid(raise_exception=True)
        given: dict[str, Any] = serializer.validated_data
        return given

    def _act(self, act: Callable[..., object], pk: str, request: Request, **given: Any) -> Response:
        def effect() -> Response:
            with missing_is_404():
                act(int(pk), by=request.user, now=timezone.now(), **given)
            return self._done(int(pk))

        return answered_once(request, effect, may_lack=True)

    @writes(request=OpenSerializer, responses={201: CaseSerializer})
    def create(self, request: Request) -> Response:
        given = self._given(OpenSerializer, request)

        def effect() -> Response:
            subscription, now = given["subscription"].pk, timezone.now()
            case = actions.open_case(subscription, by=request.user, now=now, notice=given["notice"])
            return self._done(case.pk, status.HTTP_201_CREATED)

        return answered_once(request, effect, may_lack=True)

    @writes(request=ReasonSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def reason(self, request: Request, pk: str) -> Response:
        return self._act(actions.set_reason, pk, request, **self._given(ReasonSerializer, request))

    @writes(request=PermissionSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def permission(self, request: Request, pk: str) -> Response:
        return self._act(actions.ask_permission, pk, request, **self._given(PermissionSerializer, request))

    @writes(request=EndSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        given = self._given(EndSerializer, request)
        return self._act(
            actions.choose_end, pk, request, mode=given["mode"] or EndMode.END_OF_TERM, ends_on=given["ends_on"]
        )

    @writes(request=SuggestSerializer, responses=WholeDecisionSerializer)
    @action(detail=True, methods=["post"])
    def suggest(self, request: Request, pk: str) -> Response:
        """The decision in force; made now when there is none, or when the reason or what may be offered has changed."""
        given = self._given(SuggestSerializer, request)

        def effect() -> Response:
            with missing_is_404():
                decision = actions.suggest(int(pk), by=request.user, now=timezone.now(), **given)
            return Response(WholeDecisionSerializer(decision).data)

        return answered_once(request, effect, may_lack=True)

    @writes(request=PresentSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def present(self, request: Request, pk: str) -> Response:
        given = self._given(PresentSerializer, request)
        return self._act(actions.present, pk, request, version_id=given["incentive_version"], consent=given["consent"])

    @writes(request=AskSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        given = self._given(AskSerializer, request)
        return self._act(actions.request_approval, pk, request, version_id=given["incentive_version"], why=given["why"])

    @writes(request=EndSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def register(self, request: Request, pk: str) -> Response:
        return self._act(actions.register_cancellation, pk, request, **self._given(EndSerializer, request))

    @writes(request=None, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def dropped(self, request: Request, pk: str) -> Response:
        return self._act(actions.call_dropped, pk, request)

    @writes(request=KeepSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: str) -> Response:
        return self._act(actions.keep, pk, request, **self._given(KeepSerializer, request))

    @writes(request=RemarkSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, pk: str) -> Response:
        return self._act(actions.reinstate, pk, request, **self._given(RemarkSerializer, request))

    @writes(request=RemarkSerializer, responses=CaseSerializer)
    @action(detail=True, methods=["post"], url_path="win-back")
    def win_back(self, request: Request, pk: str) -> Response:
        return self._act(actions.win_back, pk, request, **self._given(RemarkSerializer, request))


class OfferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Offer]):
    """Offers: what the customer, the manager and billing say to them."""

    queryset = Offer.objects.select_related("incentive_version__incentive")
    serializer_class = OfferSerializer
    filterset_fields = ["state", "case"]
    pagination_class = Pages
    lookup_value_converter = "int"
    permissions = {
        "list": "cancellations.view_cancellationcase",
        "retrieve": "cancellations.view_cancellationcase",
        "accept": PRESENT,
        "refuse": PRESENT,
        "withdraw": PRESENT,
        "approve": DECIDE,
        "decline": DECIDE,
        "apply": FULFIL,
        "fail": FULFIL,
        "revoke": FULFIL,
    }

    def _act(
        self, act: Callable[..., object], pk: str, request: Request, form: type[serializers.Serializer[Any]]
    ) -> Response:
        serializer = form(data=request.data)
        serializer.is_valid(raise_exception=True)

        def effect() -> Response:
            with missing_is_404():
                act(int(pk), by=request.user, now=timezone.now(), **serializer.validated_data)
            (offer,) = _offer_told(int(pk))
            return Response(_offer.to_representation(offer))

        return answered_once(request, effect, may_lack=True)

    @writes(request=AcceptSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        return self._act(actions.accept, pk, request, AcceptSerializer)

    @writes(request=RemarkSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: str) -> Response:
        return self._act(actions.refuse, pk, request, RemarkSerializer)

    @writes(request=RemarkSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        return self._act(actions.withdraw, pk, request, RemarkSerializer)

    @writes(request=ApproveSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        return self._act(actions.approve, pk, request, ApproveSerializer)

    @writes(request=RemarkSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        return self._act(actions.decline, pk, request, RemarkSerializer)

    @writes(request=RemarkSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        return self._act(actions.apply, pk, request, RemarkSerializer)

    @writes(request=RemarkSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def fail(self, request: Request, pk: str) -> Response:
        return self._act(actions.fail, pk, request, RemarkSerializer)

    @writes(request=RemarkSerializer, responses=OfferSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        return self._act(actions.revoke, pk, request, RemarkSerializer)
