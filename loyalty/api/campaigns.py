"""API v1 for campaigns: read by whoever plans with them, moved on by the same actions as the desk."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions import campaigns as actions
from loyalty.models import BonusWindow, Campaign, Gift, Mailing, Programme
from loyalty.queries import campaigns as queries
from staff.schema import REFUSED


class BonusWindowSerializer(serializers.ModelSerializer[BonusWindow]):
    programme = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = BonusWindow
        fields = ["id", "programme", "times", "weekdays", "begins", "ends", "categories", "stores"]
        read_only_fields = fields


class MailingSerializer(serializers.ModelSerializer[Mailing]):
    occasion = serializers.CharField()

    class Meta:
        model = Mailing
        fields = [
            "id",
            "occasion",
            "subject_en",
            "body_en",
            "subject_sv",
            "body_sv",
            "subject_de",
            "body_de",
            "unit_cost",
        ]
        read_only_fields = fields


class GiftSerializer(serializers.ModelSerializer[Gift]):
    occasion = serializers.CharField()

    class Meta:
        model = Gift
        fields = ["id", "occasion", "kind", "amount", "note", "valid_days"]
        read_only_fields = fields


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    state = serializers.CharField(read_only=True)
    programme = serializers.SlugRelatedField("code", queryset=Programme.objects.all(), allow_null=True, required=False)
    owner = serializers.CharField(source="owner.username", read_only=True)
    windows = BonusWindowSerializer(many=True, read_only=True)
    mailings = MailingSerializer(many=True, read_only=True)
    gifts = GiftSerializer(many=True, read_only=True)
    segment = serializers.DictField(required=False, help_text="Typed conditions; empty: every customer.")

    class Meta:
        model = Campaign
        fields = [
            "id",
            "name",
            "about",
            "state",
            "programme",
            "starts_on",
            "ends_on",
            "budget",
            "segment",
            "hold_out",
            "effect_days",
            "owner",
            "published_at",
            "ended_at",
            "windows",
            "mailings",
            "gifts",
        ]
        read_only_fields = ["id", "state", "owner", "published_at", "ended_at", "windows", "mailings", "gifts"]


class CampaignFiguresSerializer(serializers.Serializer[Any]):
    spent = serializers.DecimalField(max_digits=14, decimal_places=2)
    left = serializers.DecimalField(max_digits=14, decimal_places=2)
    reached = serializers.IntegerField()
    held_out = serializers.IntegerField()
    visits_difference = serializers.FloatField(allow_null=True, help_text="Share of 1; null when too few to tell.")
    visits_low = serializers.FloatField(allow_null=True)
    visits_high = serializers.FloatField(allow_null=True)


class CampaignViewSet(viewsets.ReadOnlyModelViewSet[Campaign]):
    lookup_value_converter = "int"
    serializer_class = CampaignSerializer
    queryset = Campaign.objects.select_related("programme", "owner").prefetch_related(
        "windows__programme", "mailings", "gifts"
    )
    ordering = "-pk"
    filterset_fields = ("state",)
    permissions = {
        "list": "loyalty.view_campaign",
        "retrieve": "loyalty.view_campaign",
        "create": "loyalty.design_campaign",
        "figures": "loyalty.view_campaign",
        "hand_in": "loyalty.design_campaign",
        "publish": "loyalty.publish_campaign",
        "end": "loyalty.publish_campaign",
    }

    @extend_schema(responses={201: CampaignSerializer, 409: REFUSED})
    def create(self, request: Request) -> Response:
        """A draft; windows, mailings and gifts are added at the desk."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        campaign = actions.create_campaign(by=request.user, now=timezone.now(), **asked.validated_data)
        return Response(self._body(campaign.pk), status=status.HTTP_201_CREATED)

    @extend_schema(responses=CampaignFiguresSerializer)
    @action(detail=True)
    def figures(self, request: Request, pk: int) -> Response:
        """What it cost, whom it reached, what that brought."""
        campaign, now = get_object_or_404(Campaign, pk=pk), timezone.now()
        cost = queries.cost(campaign, now)
        told = queries.effect(campaign, now, cost.total).visits[2]
        reached = queries.reached(campaign)
        return Response(
            CampaignFiguresSerializer(
                {
                    "spent": cost.total,
                    "left": cost.left,
                    "reached": reached["treated"],
                    "held_out": reached["held"],
                    "visits_difference": told.value,
                    "visits_low": told.low,
                    "visits_high": told.high,
                }
            ).data
        )

    @extend_schema(request=None, responses={200: CampaignSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"], url_path="hand-in")
    def hand_in(self, request: Request, pk: int) -> Response:
        """Ask a second person to publish."""
        get_object_or_404(Campaign, pk=pk)
        actions.hand_in(pk, by=request.user, now=timezone.now())
        return Response(self._body(pk))

    @extend_schema(request=None, responses={200: CampaignSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: int) -> Response:
        """Let it run; refused to its author."""
        get_object_or_404(Campaign, pk=pk)
        actions.publish_campaign(pk, by=request.user, now=timezone.now())
        return Response(self._body(pk))

    @extend_schema(request=None, responses={200: CampaignSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: int) -> Response:
        """Nothing more goes out."""
        get_object_or_404(Campaign, pk=pk)
        actions.end_campaign(pk, by=request.user, now=timezone.now())
        return Response(self._body(pk))

    def _body(self, pk: int) -> dict[str, Any]:
        return dict(self.get_serializer(self.get_queryset().get(pk=pk)).data)
