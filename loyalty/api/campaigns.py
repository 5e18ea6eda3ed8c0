"""API v1 for campaigns: read by whoever plans with them, moved on by the same actions as the desk."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions import campaigns as actions
from loyalty.models import BonusWindow, Campaign, Category, Gift, Mailing, Programme, Store
from loyalty.queries import campaigns as queries
from staff.api import MAY_REPEAT, answered_once
from staff.schema import REFUSED


class CodesField(serializers.ListField):
    """Codes of what the shop knows, each once."""

    child = serializers.CharField(max_length=40)

    def __init__(self, model: type[Category | Store], **kwargs: Any) -> None:
        self.known = model.objects
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        codes = sorted(set(super().to_internal_value(data)))
        known = set(self.known.filter(code__in=codes).values_list("code", flat=True))
        if unknown := [code for code in codes if code not in known]:
            raise serializers.ValidationError([_("Nothing here has the code “%s”.") % unknown[0]])
        return codes


class BonusWindowSerializer(serializers.ModelSerializer[BonusWindow]):
    programme = serializers.SlugRelatedField("code", queryset=Programme.objects.all())
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        default=list,
        help_text="0 is Monday; empty: every day.",
    )
    categories = CodesField(Category, default=list)
    stores = CodesField(Store, default=list)

    class Meta:
        model = BonusWindow
        fields = ["id", "programme", "times", "weekdays", "begins", "ends", "categories", "stores"]


class MailingSerializer(serializers.ModelSerializer[Mailing]):
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


class GiftSerializer(serializers.ModelSerializer[Gift]):
    class Meta:
        model = Gift
        fields = ["id", "occasion", "kind", "amount", "note", "valid_days"]


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
            "version",
            "published_at",
            "ended_at",
            "windows",
            "mailings",
            "gifts",
        ]
        read_only_fields = [
            "id",
            "state",
            "owner",
            "version",
            "published_at",
            "ended_at",
            "windows",
            "mailings",
            "gifts",
        ]


class ChangedSerializer(CampaignSerializer):
    """What is to change, and the `version` it was read as."""

    version = serializers.IntegerField(min_value=1)

    class Meta(CampaignSerializer.Meta):
        read_only_fields = [name for name in CampaignSerializer.Meta.read_only_fields if name != "version"]


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
        "partial_update": "loyalty.design_campaign",
        "destroy": "loyalty.design_campaign",
        "figures": "loyalty.view_campaign",
        "hand_in": "loyalty.design_campaign",
        "publish": "loyalty.publish_campaign",
        "end": "loyalty.publish_campaign",
    }

    @extend_schema(responses={201: CampaignSerializer, 409: REFUSED})
    def create(self, request: Request) -> Response:
        """A draft; its windows, mailings and gifts have addresses of their own."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        campaign = actions.create_campaign(by=request.user, now=timezone.now(), **asked.validated_data)
        return Response(self._body(campaign.pk), status=status.HTTP_201_CREATED)

    @extend_schema(request=ChangedSerializer, responses={200: CampaignSerializer, 409: REFUSED})
    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a draft. Refused when somebody changed it since it was read as `version`."""
        get_object_or_404(Campaign, pk=pk)
        asked = ChangedSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        if "version" not in asked.validated_data:
            raise serializers.ValidationError({"version": [_("Say which version you read.")]})
        actions.edit_campaign(pk, by=request.user, now=timezone.now(), **asked.validated_data)
        return Response(self._body(pk))

    @extend_schema(responses={204: None, 409: REFUSED})
    def destroy(self, request: Request, pk: int) -> Response:
        """Throw a draft away."""
        get_object_or_404(Campaign, pk=pk)
        actions.discard_campaign(pk, by=request.user, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

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


class PartViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Any]
):
    """What a campaign consists of: read at any time, written while it is a draft."""

    model: type[BonusWindow | Mailing | Gift]
    lookup_value_converter = "int"
    pagination_class = None
    permissions = {"GET": "loyalty.view_campaign"} | dict.fromkeys(
        ("POST", "PATCH", "DELETE"), "loyalty.design_campaign"
    )

    def get_queryset(self) -> QuerySet[Any]:
        return self.model.objects.filter(campaign=self.kwargs.get("campaign_pk")).order_by("pk")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        get_object_or_404(Campaign, pk=kwargs["campaign_pk"])

    @extend_schema(parameters=[MAY_REPEAT])
    def create(self, request: Request, **place: Any) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)

        def act() -> Response:
            return Response(self._kept(self.model(**asked.validated_data)), status=status.HTTP_201_CREATED)

        return answered_once(request, act, may_lack=True)

    def partial_update(self, request: Request, **place: Any) -> Response:
        part = self.get_object()
        asked = self.get_serializer(part, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        for name, value in asked.validated_data.items():
            setattr(part, name, value)
        return Response(self._kept(part))

    def perform_destroy(self, instance: Any) -> None:
        actions.drop_part(self.kwargs["campaign_pk"], instance, by=self.request.user, now=timezone.now())

    def _kept(self, part: Any) -> dict[str, Any]:
        actions.keep_part(self.kwargs["campaign_pk"], part, by=self.request.user, now=timezone.now())
        return dict(self.get_serializer(part).data)


class WindowViewSet(PartViewSet):
    model = BonusWindow
    serializer_class = BonusWindowSerializer


class MailingViewSet(PartViewSet):
    model = Mailing
    serializer_class = MailingSerializer


class GiftViewSet(PartViewSet):
    model = Gift
    serializer_class = GiftSerializer
