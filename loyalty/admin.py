"""The admin: shops, products and programmes are kept here; the books can be read, never written."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from loyalty.actions.campaigns import end_campaign
from loyalty.models import (
    BonusWindow,
    Campaign,
    CampaignMove,
    CardToken,
    Category,
    Duplicate,
    Gift,
    Given,
    LedgerEntry,
    Mailing,
    Membership,
    Merge,
    Message,
    Product,
    Programme,
    ProgrammeVersion,
    Receipt,
    Reward,
    RewardEvent,
    StampRequest,
    StatusChange,
    Store,
)
from staff.records import Moves, Numbered, ReadOnly


@admin.register(Store)
class StoreAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "is_open"]
    search_fields = ["name", "code"]


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["name", "code"]
    search_fields = ["name", "code"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ["name", "sku", "category", "price", "cost", "is_gift_card"]
    list_filter = ["category", "is_gift_card"]
    list_select_related = ["category"]
    search_fields = ["name", "sku"]


@admin.register(Programme)
class ProgrammeAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "unit", "reward_name", "is_open"]

    def get_readonly_fields(self, request: HttpRequest, obj: Programme | None = None) -> Sequence[str]:
        """What was earned as stamps never becomes points."""
        return ["unit"] if obj and obj.versions.exists() else []


@admin.register(ProgrammeVersion)
class VersionAdmin(ReadOnly):
    list_display = ["programme", "number", "state", "stamps_needed", "valid_from", "valid_until", "author", "approver"]
    list_select_related = ["programme", "author", "approver"]


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ["id", "programme", "customer", "status", "balance", "enrolled_at"]
    list_select_related = ["programme", "customer"]
    list_filter = ["programme", "status"]


@admin.register(CardToken)
class CardAdmin(Numbered):
    list_display = ["number", "membership", "status", "issued_at"]
    search_fields = ["number__exact"]


@admin.register(Receipt)
class ReceiptAdmin(ReadOnly):
    list_display = ["number", "store", "business_date", "kind", "state", "stamps"]
    list_select_related = ["store"]
    list_filter = ["store"]


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnly):
    list_display = ["membership", "after", "at", "by", "note"]
    list_select_related = ["membership", "by"]
    ordering = ["-id"]


@admin.register(Duplicate)
class DuplicateAdmin(ReadOnly):
    list_display = ["first", "second", "signs", "verdict", "found_at", "by"]
    list_select_related = ["first", "second", "by"]
    list_filter = ["verdict"]
    ordering = ["-id"]


@admin.register(LedgerEntry)
class EntryAdmin(ReadOnly):
    list_display = ["membership", "seq", "kind", "stamps", "balance", "occurred_at", "recorded_at", "by"]
    list_select_related = ["membership", "by"]
    list_filter = ["kind"]


class Events(admin.TabularInline):
    """A reward's life."""

    model = RewardEvent
    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "kind", "by", "receipt", "note")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Reward)
class RewardAdmin(ReadOnly):
    list_display = ["id", "membership", "state", "issued_at", "expires_at", "redeemed_at"]
    list_filter = ["state"]
    inlines = [Events]


@admin.register(Merge)
class MergeAdmin(ReadOnly):
    list_display = ["source", "target", "stamps", "by", "at", "undone_by", "undone_at"]
    list_select_related = ["source", "target", "by", "undone_by"]
    ordering = ["-id"]


@admin.register(StampRequest)
class RequestAdmin(ReadOnly):
    list_display = ["kind", "membership", "amount", "cost", "verdict", "requested_by", "requested_at", "decided_by"]
    list_select_related = ["membership", "requested_by", "decided_by"]
    ordering = ["-id"]


class PartInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm("loyalty.view_campaign"))


class WindowInline(PartInline):
    model = BonusWindow


class MailingInline(PartInline):
    model = Mailing
    fields = ["occasion", "subject_en", "subject_sv", "subject_de", "unit_cost"]


class GiftInline(PartInline):
    model = Gift


class CampaignMoves(Moves):
    model = CampaignMove


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    list_display = ["name", "state", "programme", "starts_on", "ends_on", "budget", "owner", "author", "publisher"]
    list_select_related = ["programme", "owner", "author", "publisher"]
    list_filter = ["state", "programme"]
    search_fields = ["name"]
    ordering = ["-id"]
    inlines = [WindowInline, MailingInline, GiftInline, CampaignMoves]
    actions = ["end"]

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("loyalty.publish_campaign"))

    @admin.action(description=_("End the chosen campaigns"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        self.each(request, queryset, end_campaign)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ["mailing", "reach", "why", "delivery", "at"]
    list_select_related = ["mailing", "reach", "delivery"]
    ordering = ["-id"]


@admin.register(Given)
class GivenAdmin(ReadOnly):
    list_display = ["gift", "reach", "why", "cost", "at"]
    list_select_related = ["gift", "reach"]
    ordering = ["-id"]
