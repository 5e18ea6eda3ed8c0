"""API v1 for web shops, apps and chat: register a complaint, look at it, add what the customer says.

What writes asks for an `Idempotency-Key`; the key, the effect and the answer are one transaction.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from complaints import actions
from complaints.models import Category, ComplaintCase, Message
from customers.models import Customer
from staff.api import KEY, KeysetPagination, answered_once


@extend_schema_serializer(component_name="Complaint")
class CaseSerializer(serializers.ModelSerializer[ComplaintCase]):
    customer = serializers.CharField(source="customer.number", read_only=True)
    category = serializers.CharField(source="category.code", read_only=True)

    class Meta:
        model = ComplaintCase
        fields = [
            "id",
            "number",
            "customer",
            "channel",
            "category",
            "severity",
            "priority",
            "title",
            "state",
            "outcome",
            "received_at",
            "recorded_at",
            "due_at",
            "responded_at",
            "closed_at",
            "reopened_count",
        ]
        read_only_fields = fields


class IntakeSerializer(serializers.Serializer[Any]):
    customer = serializers.SlugRelatedField(
        slug_field="number", queryset=Customer.objects.all(), help_text="The customer number."
    )
    channel = serializers.ChoiceField(choices=ComplaintCase.Channel.choices, default=ComplaintCase.Channel.WEB)
    received_at = serializers.DateTimeField(required=False, help_text="When it reached us; left out: now.")
    category = serializers.SlugRelatedField(
        slug_field="code", queryset=Category.objects.filter(is_active=True), help_text="The category's code."
    )
    severity = serializers.ChoiceField(choices=ComplaintCase.Severity.choices, default=ComplaintCase.Severity.MODERATE)
    title = serializers.CharField(max_length=160)
    happened = serializers.CharField(max_length=20_000)
    wanted = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)
    product = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    item_price = serializers.DecimalField(
        max_digits=10, decimal_places=2, min_value=0, required=False, allow_null=True, default=None
    )
    reference = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class MessageSerializer(serializers.ModelSerializer[Message]):
    complaint = serializers.CharField(source="case.number", read_only=True)

    class Meta:
        model = Message
        fields = ["id", "complaint", "kind", "direction", "purpose", "subject", "body", "at", "is_automatic"]
        read_only_fields = fields


class NewMessageSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    body = serializers.CharField(max_length=20_000)


class Cases(ListAPIView):
    """GET: complaints, newest first; of one customer with `?customer=C-100001`. POST: register one."""

    permissions = {"GET": "complaints.view_complaintcase", "POST": "complaints.register_complaint"}
    serializer_class = CaseSerializer
    filterset_fields = {"state": ["exact"], "channel": ["exact"], "customer__number": ["exact"]}
    pagination_class = type("ByReceipt", (KeysetPagination,), {"ordering": ("-received_at", "-pk")})
    queryset = ComplaintCase.objects.select_related("customer", "category")

    @extend_schema(request=IntakeSerializer, responses={201: CaseSerializer}, parameters=[KEY])
    def post(self, request: Request) -> Response:
        """Register a complaint; its clocks start from `received_at`."""
        asked = IntakeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = timezone.now()

        def act() -> Response:
            values = dict(asked.validated_data)
            case = actions.register(
                customer_id=values.pop("customer").pk,
                category_id=values.pop("category").pk,
                received_at=values.pop("received_at", None) or now,
                by=request.user,
                now=now,
                **values,
            )
            return Response(CaseSerializer(case).data, status=status.HTTP_201_CREATED)

        return answered_once(request, act)


class Case(RetrieveAPIView):
    permissions = {"GET": "complaints.view_complaintcase"}
    serializer_class = CaseSerializer
    queryset = ComplaintCase.objects.select_related("customer", "category")
    lookup_field = "number"


class Messages(APIView):
    """What was said in a complaint: GET all but colleagues' notes; POST what the customer says now."""

    permissions = {"GET": "complaints.view_complaintcase", "POST": "complaints.register_complaint"}

    @extend_schema(responses=MessageSerializer(many=True))
    def get(self, request: Request, number: str) -> Response:
        case = get_object_or_404(ComplaintCase, number=number)
        said = case.messages.exclude(kind=Message.Kind.NOTE).order_by("at", "pk")[:500]
        return Response(MessageSerializer(said, many=True).data)

    @extend_schema(request=NewMessageSerializer, responses={201: MessageSerializer}, parameters=[KEY])
    def post(self, request: Request, number: str) -> Response:
        """Something from the customer: a case that waits for an answer goes on."""
        case = get_object_or_404(ComplaintCase.objects.only("pk"), number=number)
        asked = NewMessageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        now = timezone.now()

        def act() -> Response:
            message = actions.receive(case.pk, kind=Message.Kind.WEB, by=request.user, now=now, **asked.validated_data)
            return Response(MessageSerializer(message).data, status=status.HTTP_201_CREATED)

        return answered_once(request, act)
