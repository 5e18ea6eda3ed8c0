"""Customers and what they pay for, through the same queries and actions as the desk."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers import actions, queries, search
from customers.api.serializers import (
    BandSerializer,
    CustomerNoteSerializer,
    CustomerSerializer,
    EditSerializer,
    SubscriptionSerializer,
    TimelineSerializer,
)
from customers.models import Customer, Subscription

SEARCH = OpenApiParameter(
    "q", str, description="A name as heard, a number, a phone's last digits, an e-mail: best first."
)


class CustomerViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Customer]):
    lookup_value_converter = "int"
    serializer_class = CustomerSerializer
    queryset = queries.with_plans(Customer.objects.all())
    ordering = "-pk"
    filterset_fields = ("segment",)
    permissions = {
        "list": "customers.view_customer",
        "retrieve": "customers.view_customer",
        "partial_update": "customers.change_customer",
        "band": "customers.view_customer",
        "timeline": "customers.view_customer",
        "notes": "customers.add_note",
    }

    @extend_schema(parameters=[SEARCH])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first, by pages; with `q` the best matches on one page. Two queries, with `q` three."""
        typed = request.query_params.get("q", "")
        if not typed:
            return super().list(request, *args, **kwargs)
        found = [one.pk for one in search.find(typed, queries.LIST_PAGE)]
        rows = {row.pk: row for row in self.filter_queryset(self.get_queryset()).filter(pk__in=found)}
        best = [rows[pk] for pk in found if pk in rows]
        return Response({"next": None, "previous": None, "results": self.get_serializer(best, many=True).data})

    @extend_schema(request=EditSerializer, responses=CustomerSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """Change details; 409 `stale` when somebody else did since `version`."""
        asked = EditSerializer(get_object_or_404(Customer, pk=pk), data=request.data)
        asked.is_valid(raise_exception=True)
        actions.edit_customer(pk, by=request.user, now=timezone.now(), **asked.validated_data)
        return Response(self.get_serializer(get_object_or_404(self.get_queryset(), pk=pk)).data)

    @extend_schema(responses=BandSerializer)
    @action(detail=True)
    def band(self, request: Request, pk: int) -> Response:
        """Who this is: flags, facts, goodwill."""
        band = queries.band_for(get_object_or_404(Customer, pk=pk), timezone.now())
        return Response(BandSerializer(band).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", str),
            OpenApiParameter("after", str, description="`next` of the page before."),
        ],
        responses=TimelineSerializer,
    )
    @action(detail=True)
    def timeline(self, request: Request, pk: int) -> Response:
        """What happened, newest first, by pages."""
        customer = get_object_or_404(Customer, pk=pk)
        page = queries.timeline_page(
            customer.pk,
            kind=request.query_params.get("kind", ""),
            cursor=request.query_params.get("after", ""),
            now=timezone.now(),
        )
        entries = [line.entry for line in page.lines]
        return Response(TimelineSerializer({"next": page.next, "results": entries}).data)

    @extend_schema(request=CustomerNoteSerializer, responses={201: CustomerNoteSerializer})
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: int) -> Response:
        """Remember something about the customer."""
        customer = get_object_or_404(Customer, pk=pk)
        asked = CustomerNoteSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        note = actions.add_note(customer.pk, text=asked.validated_data["text"], by=request.user, now=timezone.now())
        return Response({"text": note.text}, status=status.HTTP_201_CREATED)


class SubscriptionViewSet(viewsets.ReadOnlyModelViewSet[Subscription]):
    """What customers pay for; `customer` names one."""

    lookup_value_converter = "int"
    serializer_class = SubscriptionSerializer
    queryset = Subscription.objects.select_related("plan")
    ordering = "-pk"
    filterset_fields = ("customer", "status")
    permissions = {"list": "customers.view_customer", "retrieve": "customers.view_customer"}
