"""Customers, plans and subscriptions in the Django admin: for data entry, with the desk's own search and actions."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, QuerySet, When
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers import actions
from customers.forms import AdminForm
from customers.imports.admin import ImportAdmin
from customers.models import Customer, Household, Note, Plan, Subscription
from customers.search import find
from staff import formats
from staff.sealed import SealedSearch

FOUND = 200


class SubscriptionInline(admin.TabularInline):
    model = Subscription
    extra = 0
    autocomplete_fields = ("plan",)


@admin.register(Customer)
class CustomerAdmin(SealedSearch, ImportAdmin):
    form = AdminForm
    list_display = ("number", "name", "phone", "email", "city", "segment", "customer_since")
    list_display_links = ("number", "name")
    list_filter = ("segment", "language", "country", "is_vulnerable", "in_debt")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("number",)  # the field's presence; get_search_results asks the desk's own search
    search_help_text = _("A name as heard, a number, the last digits of a phone, an e-mail.")
    autocomplete_fields = ("household",)
    ordering = ("-id",)
    inlines = (SubscriptionInline,)
    fieldsets = (
        (None, {"fields": ("number", ("given_name", "family_name"), "company", "segment", "seen_version")}),
        (_("Contact"), {"fields": ("email", "phone", "language", "may_be_contacted", "unsubscribed_at")}),
        (_("Address"), {"fields": ("street", ("postcode", "city"), "country", "household")}),
        (_("Facts"), {"fields": ("customer_since", "birthday", "is_vulnerable", "is_bereaved", "in_debt")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], search_term: str
    ) -> tuple[QuerySet[Customer], bool]:
        """Best match first, as on the desk; one query more."""
        if not search_term.strip():
            return queryset, False
        found = [one.pk for one in find(search_term, FOUND)]
        rank = Case(*(When(pk=pk, then=place) for place, pk in enumerate(found)), default=FOUND)
        return queryset.filter(pk__in=found).order_by(rank, "-pk"), False

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        return ("number", "unsubscribed_at") if obj else ("unsubscribed_at",)

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        """By the desk's own actions, so that who changed what stands on the customer's timeline."""
        fields = {name: form.cleaned_data[name] for name in actions.EDITABLE if name in form.cleaned_data}
        now = timezone.now()
        if change:
            actions.edit_customer(
                obj.pk, version=form.cleaned_data["seen_version"] or 0, by=request.user, now=now, **fields
            )
        else:
            obj.pk = actions.create_customer(by=request.user, now=now, number=obj.number, **fields).pk


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "price", "margin", "notice_months", "term_months", "is_sold")
    list_filter = ("is_sold", "term_months")
    search_fields = ("name", "code")
    ordering = ("name",)

    @admin.display(description=_("monthly price"), ordering="monthly_price")
    def price(self, plan: Plan) -> str:
        return formats.money(plan.monthly_price)

    @admin.display(description=_("monthly margin"), ordering="monthly_margin")
    def margin(self, plan: Plan) -> str:
        return formats.money(plan.monthly_margin)


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin):
    list_display = ("customer", "plan", "status", "monthly_price", "started_on", "contract_end", "ends_on")
    list_filter = ("status", "plan")
    list_select_related = ("customer", "plan")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("customer__number", "plan__name")
    autocomplete_fields = ("customer", "plan")
    ordering = ("-id",)


@admin.register(Household)
class HouseholdAdmin(admin.ModelAdmin):
    list_display = ("__str__", "members")
    search_fields = ("name",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Household]:
        return super().get_queryset(request).annotate(count=Count("members"))

    @admin.display(description=_("members"), ordering="count")
    def members(self, household: Household) -> int:
        return household.count


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    """Notes are written on the customer's page; here they are read, and removed where the law asks for it."""

    list_display = ("at", "customer", "by", "text")
    list_select_related = ("customer", "by")
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("customer__number",)
    date_hierarchy = "at"
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Note | None = None) -> bool:
        return False
