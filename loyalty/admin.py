"""The admin: shops, products and programmes are kept here; the books can be read, never written."""

from django.contrib import admin

from loyalty.models import (
    CardToken,
    Category,
    LedgerEntry,
    Membership,
    Product,
    Programme,
    ProgrammeVersion,
    Receipt,
    Reward,
    Store,
)
from staff.records import ReadOnly


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
class CardAdmin(ReadOnly):
    list_display = ["number", "membership", "status", "issued_at"]
    search_fields = ["=number"]


@admin.register(Receipt)
class ReceiptAdmin(ReadOnly):
    list_display = ["number", "store", "business_date", "kind", "state", "stamps"]
    list_select_related = ["store"]
    list_filter = ["kind", "state", "store"]
    search_fields = ["=number"]


@admin.register(LedgerEntry)
class EntryAdmin(ReadOnly):
    list_display = ["membership", "seq", "kind", "stamps", "balance", "occurred_at", "recorded_at", "by"]
    list_select_related = ["membership", "by"]
    list_filter = ["kind", "reason"]


@admin.register(Reward)
class RewardAdmin(ReadOnly):
    list_display = ["id", "membership", "state", "issued_at", "expires_at", "redeemed_at"]
    list_filter = ["state"]
