"""Reference data is edited here; cases and offers are only read, and moved by the same actions as the desk."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cancellations import actions
from cancellations.models import (
    Belief,
    Budget,
    BudgetUse,
    CancellationCase,
    CaseMove,
    EnginePolicy,
    Incentive,
    IncentiveVersion,
    LearnedModel,
    Notice,
    Offer,
    OfferDecision,
    OfferMove,
    PastOffer,
    Reason,
    ReasonCategory,
    ReasonIncentive,
    Suggestion,
)
from staff.records import Moves, Numbered, ReadOnly


class CaseMoves(Moves):
    model = CaseMove


class OfferMoves(Moves):
    model = OfferMove


@admin.register(ReasonCategory)
class ReasonCategoryAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "order")
    list_editable = ("order",)
    search_fields = ("name", "name_sv", "name_de", "code")
    ordering = ("order",)


@admin.register(Reason)
class ReasonAdmin(admin.ModelAdmin):
    list_display = ("name", "category", "order", "opens_complaint", "never_offer", "names_competitor", "is_active")
    list_filter = ("category", "is_active", "never_offer", "opens_complaint")
    list_select_related = ("category",)
    search_fields = ("name", "name_sv", "name_de", "code")
    ordering = ("category__order", "order")


@admin.register(Incentive)
class IncentiveAdmin(admin.ModelAdmin):
    """Names and words; terms and rules are versions, written and published on the desk's own pages."""

    list_display = ("name", "code", "kind")
    list_filter = ("kind",)
    search_fields = ("name", "name_sv", "name_de", "code")
    ordering = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Incentive | None = None) -> tuple[str, ...]:
        return ("code", "kind") if obj else ()


@admin.register(ReasonIncentive)
class GuessAdmin(admin.ModelAdmin):
    list_display = ("reason", "incentive", "accepts", "stays", "said_at")
    list_filter = ("reason__category",)
    list_select_related = ("reason", "incentive")
    autocomplete_fields = ("reason", "incentive")
    search_fields = ("reason__name", "incentive__name")
    ordering = ("reason__category__order", "reason__order", "pk")


@admin.register(IncentiveVersion)
class VersionAdmin(ReadOnly):
    list_display = ("incentive", "number", "state", "lever", "monthly_budget", "published_at", "publisher")
    list_filter = ("state", "incentive__kind")
    list_select_related = ("incentive", "publisher")
    ordering = ("incentive__code", "-number")


class NoticeInline(admin.StackedInline):
    model = Notice
    extra = 0
    can_delete = False
    fields = readonly_fields = ("received_at", "channel", "by", "receipt")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CancellationCase)
class CaseAdmin(Numbered):
    list_display = ("number", "customer", "state", "reason", "agent", "opened_at", "ends_on")
    list_filter = ("state", "reason__category", "team")
    list_select_related = ("customer", "reason", "agent")
    search_fields = ("number__exact",)
    ordering = ("-opened_at", "-pk")
    inlines = (NoticeInline, CaseMoves)
    actions = ("register_cancellation", "reinstate", "win_back")

    @admin.action(description=_("Register cancellation"), permissions=["register"])
    def register_cancellation(self, request: HttpRequest, rows: QuerySet[CancellationCase]) -> None:
        self.each(request, rows, actions.register_cancellation)

    @admin.action(description=_("Take the cancellation back"), permissions=["win_back"])
    def reinstate(self, request: HttpRequest, rows: QuerySet[CancellationCase]) -> None:
        self.each(request, rows, actions.reinstate)

    @admin.action(description=_("Won back"), permissions=["win_back"])
    def win_back(self, request: HttpRequest, rows: QuerySet[CancellationCase]) -> None:
        self.each(request, rows, actions.win_back)

    def has_register_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cancellations.register_cancellation")

    def has_win_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cancellations.win_back")


@admin.register(Offer)
class OfferAdmin(Numbered):
    list_display = ("case", "incentive_version", "state", "cost", "gain", "was_lead", "created_at", "by")
    list_filter = ("state", "incentive_version__incentive__kind")
    list_select_related = ("case", "incentive_version__incentive", "by")
    search_fields = ("case__number__exact",)
    ordering = ("-pk",)
    inlines = (OfferMoves,)
    actions = ("approve", "apply")

    @admin.action(description=_("Approve"), permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[Offer]) -> None:
        self.each(request, rows, actions.approve)

    @admin.action(description=_("Applied"), permissions=["fulfil"])
    def apply(self, request: HttpRequest, rows: QuerySet[Offer]) -> None:
        self.each(request, rows, actions.apply)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cancellations.decide_offer")

    def has_fulfil_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cancellations.fulfil_offer")


@admin.register(OfferDecision)
class DecisionAdmin(ReadOnly):
    list_display = ("offer", "verdict", "amount", "requested_by", "requested_at", "decided_by", "decided_at")
    list_select_related = ("offer__case", "offer__incentive_version__incentive", "requested_by", "decided_by")
    ordering = ("-pk",)


@admin.register(Suggestion)
class SuggestionAdmin(Numbered):
    list_display = ("case", "at", "chosen", "propensity", "hold_out", "overridden", "model_version")
    list_filter = ("hold_out", "overridden")
    list_select_related = ("case", "chosen__incentive")
    search_fields = ("case__number__exact",)
    ordering = ("-at", "-pk")


# --- the engine: looked at here, written by learning, by the desk's pages and by imports -----------------------------
@admin.register(LearnedModel)
class ModelAdmin(ReadOnly):
    list_display = ("as_of", "created_at", "facts", "digest")
    exclude = ("arrays",)
    ordering = ("-as_of",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LearnedModel]:
        return super().get_queryset(request).defer("arrays")


@admin.register(Belief)
class BeliefAdmin(ReadOnly):
    """Of the newest model first."""

    list_display = ("model", "quantity", "level", "kind", "incentive", "reason", "mean", "k", "n", "strength")
    list_filter = ("quantity", "level")
    list_select_related = ("model", "incentive", "reason")
    search_fields = ("incentive__code", "reason__code")
    ordering = ("-model__as_of", "pk")


@admin.register(EnginePolicy)
class PolicyAdmin(ReadOnly):
    list_display = ("created_at", "author", "margin_floor", "share_of_value", "goodwill_in_year", "hold_out")
    list_select_related = ("author",)
    exclude = ("salt",)  # who knows it knows who is held out
    ordering = ("-pk",)


class UseInline(admin.TabularInline):
    model = BudgetUse
    extra = 0
    can_delete = False
    fields = readonly_fields = ("offer", "amount", "state", "reserved_at", "settled_at")
    ordering = ("-reserved_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BudgetUse]:
        return super().get_queryset(request).select_related("offer__case", "offer__incentive_version__incentive")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Budget)
class BudgetAdmin(ReadOnly):
    """What was reserved and consumed, offer by offer; amounts are set at the desk, under the budget's lock."""

    list_display = ("month", "incentive", "team", "amount", "reserved", "consumed")
    list_filter = ("month",)
    list_select_related = ("incentive", "team")
    ordering = ("-month", "pk")
    inlines = (UseInline,)


@admin.register(PastOffer)
class PastOfferAdmin(Numbered):
    """Imported, as observed: no part of any figure but the report of the past."""

    list_display = ("customer", "offer", "offered_on", "accepted", "still_customer", "cost", "imported_at")
    list_select_related = ("customer",)
    search_fields = ("customer__number__exact",)
    ordering = ("-offered_on", "-pk")
