"""The engine from outside: its decisions, their log as files, what it believes. All of it is only read here; a decision
is asked for at its case (`POST cancellations/{id}/suggest/`)."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, renderers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request

from cancellations import decision_log, wording
from cancellations.engine.special import beta_interval
from cancellations.models import Belief, LearnedModel, Suggestion
from staff.api import KeysetPagination

SEE_LOG = "staff.view_reports"
SEE_BELIEFS = "cancellations.view_beliefs"


# --- decisions --------------------------------------------------------------------------------------------------------
class RefusalSerializer(serializers.Serializer[Any]):
    layer = serializers.ChoiceField(["eligible", "applicable", "suitable", "guard"])
    code = serializers.CharField()
    values = serializers.DictField(required=False, help_text="The condition and the fact, or the guard's numbers.")
    text = serializers.SerializerMethodField()

    def get_text(self, refusal: Any) -> str:
        return wording.refusal(refusal)

    class Meta:
        ref_name = "WhyNotOffered"


class CandidateSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(allow_null=True, help_text="Of an incentive; null: no incentive.")
    kind = serializers.CharField(allow_blank=True)
    shown = serializers.BooleanField()
    score = serializers.FloatField()
    gain = serializers.DecimalField(12, 2)
    cost = serializers.DecimalField(12, 2)
    value = serializers.DecimalField(12, 2, help_text="What the customer brings in 12 months.")
    accept = serializers.FloatField(help_text="Share expected to accept, likely from `low` to `high`.")
    low = serializers.FloatField()
    high = serializers.FloatField()
    accepted = serializers.IntegerField()
    presented = serializers.IntegerField()
    stays = serializers.FloatField(help_text="Of those who accept: active and paying on day 90.")
    stays_without = serializers.FloatField()
    probability = serializers.FloatField(help_text="To lead.")
    refusals = RefusalSerializer(many=True)


class DecisionSerializer(serializers.ModelSerializer[Suggestion]):
    """One decision of the engine; the newest of a case that is not superseded is in force."""

    reason = serializers.SlugRelatedField("code", read_only=True)
    segment = serializers.SerializerMethodField()
    again = serializers.SerializerMethodField(help_text="The decision that this one repeats for another call.")

    class Meta:
        model = Suggestion
        fields = [
            "id",
            "case",
            "at",
            "reason",
            "segment",
            "chosen",
            "propensity",
            "epsilon",
            "seed",
            "model_version",
            "hold_out",
            "overridden",
            "again",
            "superseded_at",
        ]
        read_only_fields = fields

    def get_segment(self, decision: Suggestion) -> str:
        return str(decision.features.get("segment", ""))

    def get_again(self, decision: Suggestion) -> int | None:
        again: int | None = decision.features.get("again")
        return again


class WholeDecisionSerializer(DecisionSerializer):
    """With all that is needed to replay it."""

    candidates = CandidateSerializer(many=True)

    class Meta(DecisionSerializer.Meta):
        fields = [*DecisionSerializer.Meta.fields, "features", "candidates", "parameters", "vector"]
        read_only_fields = fields


class SuggestSerializer(serializers.Serializer[Any]):
    hardship = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="Why a customer of the hold-out is shown offers all the same; analysed as hold-out.",
    )


class DecisionFilter(django_filters.FilterSet):
    since = django_filters.IsoDateTimeFilter("at", "gte")
    until = django_filters.IsoDateTimeFilter("at", "lt")

    class Meta:
        model = Suggestion
        fields = ["case", "chosen", "hold_out", "overridden", "model_version"]


class _Lines(renderers.BaseRenderer):
    """Only a refusal is rendered by these: the file itself is streamed."""

    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return str(data.get("detail", data) if isinstance(data, dict) else data).encode()


class CsvRenderer(_Lines):
    media_type, format = "text/csv", "csv"


class VowpalRenderer(_Lines):
    media_type, format = "text/plain", "vw"


class DecisionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Suggestion]):
    """The decision log, newest first."""

    queryset = Suggestion.objects.select_related("reason")
    filterset_class = DecisionFilter
    pagination_class = KeysetPagination
    lookup_value_converter = "int"
    permissions = {"list": SEE_LOG, "retrieve": SEE_LOG, "export": SEE_LOG}

    def get_queryset(self) -> QuerySet[Suggestion]:
        if self.action == "export":
            return decision_log.decisions()
        whole = self.action == "retrieve"
        return super().get_queryset() if whole else super().get_queryset().defer("candidates", "parameters", "vector")

    def get_serializer_class(self) -> type[DecisionSerializer]:
        return WholeDecisionSerializer if self.action == "retrieve" else DecisionSerializer

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "text/plain"): OpenApiTypes.STR},
        description="One row for each decision that was made, repetitions left out, as CSV (Accept: text/csv) or, of "
        "those whose outcome is known, in Vowpal Wabbit's form `action:cost:probability | features` (text/plain).",
    )
    @action(detail=False, pagination_class=None, renderer_classes=[CsvRenderer, VowpalRenderer])
    def export(self, request: Request) -> StreamingHttpResponse:
        rows, asked = self.filter_queryset(self.get_queryset()), request.accepted_renderer
        write = decision_log.as_csv if asked.format == "csv" else decision_log.as_vowpal
        response = StreamingHttpResponse(write(rows), content_type=f"{asked.media_type}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="decisions.{asked.format}"'
        return response


# --- beliefs ----------------------------------------------------------------------------------------------------------
class ModelSerializer(serializers.ModelSerializer[LearnedModel]):
    class Meta:
        model = LearnedModel
        fields = ["id", "as_of", "created_at", "facts", "digest", "about"]
        read_only_fields = fields


class NewestModels(KeysetPagination):
    ordering = "-as_of"


class ModelViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[LearnedModel]):
    """What was learned, model by model, newest first."""

    queryset = LearnedModel.objects.defer("arrays")
    serializer_class = ModelSerializer
    pagination_class = NewestModels
    lookup_value_converter = "int"
    permissions = {"list": SEE_BELIEFS, "retrieve": SEE_BELIEFS}


class BeliefSerializer(serializers.ModelSerializer[Belief]):
    incentive = serializers.SlugRelatedField("code", read_only=True)
    reason = serializers.SlugRelatedField("code", read_only=True)
    likely = serializers.SerializerMethodField()

    class Meta:
        model = Belief
        fields = [
            "model",
            "quantity",
            "level",
            "kind",
            "incentive",
            "reason",
            "segment",
            "k",
            "n",
            "mean",
            "strength",
            "likely",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2))
    def get_likely(self, belief: Belief) -> list[float]:
        """The central 90 % of the estimate."""
        ends = beta_interval(belief.mean * belief.strength, (1 - belief.mean) * belief.strength)
        return [round(float(end), 6) for end in ends]


class BeliefFilter(django_filters.FilterSet):
    incentive = django_filters.CharFilter("incentive__code")
    reason = django_filters.CharFilter("reason__code")

    class Meta:
        model = Belief
        fields = ["model", "quantity", "level"]


class OldestFirst(KeysetPagination):
    ordering = "pk"


class BeliefViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Belief]):
    """Estimates with what they were counted from; of the newest model unless `model` names another."""

    queryset = Belief.objects.select_related("incentive", "reason")
    serializer_class = BeliefSerializer
    filterset_class = BeliefFilter
    pagination_class = OldestFirst
    permissions = {"list": SEE_BELIEFS}

    def get_queryset(self) -> QuerySet[Belief]:
        rows = super().get_queryset()
        if self.request.query_params.get("model"):
            return rows
        return rows.filter(model=LearnedModel.objects.order_by("-as_of").values("pk")[:1])
