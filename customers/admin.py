"""Customers, plans and subscriptions in the Django admin: for data entry, with the desk's own search and actions."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from customers import actions
from customers.forms import AdminForm
from customers.imports.admin import ImportAdmin
from customers.models import Customer, Household, Note, Plan, Subscription
from customers.search import find
from staff import formats
from staff.records import Growing
from staff.sealed import SealedSearch

FOUND = 200


class SubscriptionInline(admin.TabularInline):
    model = Subscription
    extra = 0
    autocomplete_fields = ("plan",)


class Found(SealedSearch, Growing):
    """Rows found by their customer as on the desk, best match first; one query more."""

    of_customer = "customer"
    search_fields = ("pk",)  # that there is a search at all
    search_help_text = _("A name as heard, a number, the last digits of a phone, an e-mail.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found = [one.pk for one in find(search_term, FOUND)]
        rank = Case(*(When(**{self.of_customer: pk}, then=place) for place, pk in enumerate(found)), default=FOUND)
        return queryset.filter(**{f"{self.of_customer}__in": found}).order_by(rank, "-pk"), False


@admin.register(Customer)
class CustomerAdmin(Found, ImportAdmin):
    form = AdminForm
    of_customer = "pk"
    list_display = ("number", "name", "phone", "email", "city", "segment", "customer_since")
    list_display_links = ("number", "name")
    list_filter = ("segment", "is_vulnerable", "in_debt")
    autocomplete_fields = ("household",)
    ordering = ("-id",)
    inlines = (SubscriptionInline,)
    fieldsets = (
        (None, {"fields": ("number", ("given_name", "family_name"), "company", "segment", "seen_version")}),
        (_("Contact"), {"fields": ("email", "phone", "language", "may_be_contacted", "unsubscribed_at")}),
        (_("Address"), {"fields": ("street", ("postcode", "city"), "country", "household")}),
        (_("Facts"), {"fields": ("customer_since", "birthday", "is_vulnerable", "is_bereaved", "in_debt", "erasing")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        return ("number", "unsubscribed_at", "erasing") if obj else ("unsubscribed_at", "erasing")

    def has_change_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.erased_at)

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False  # a customer is erased, on the page to which `erasing` leads

    @admin.display(description=_("erasing"))
    def erasing(self, customer: Customer) -> str:
        if customer.erased_at:
            return formats.day(customer.erased_at)
        if customer.pk is None:
            return "–"
        url = reverse("customers:erase", args=[customer.pk])
        return format_html('<a href="{}">{}</a>', url, _("Erase for good"))

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
class SubscriptionAdmin(Found):
    list_display = ("customer", "plan", "status", "monthly_price", "started_on", "contract_end", "ends_on")
    list_filter = ("status", "plan")
    list_select_related = ("customer", "plan")
    autocomplete_fields = ("customer", "plan")
    ordering = ("-id",)


@admin.register(Household)
class HouseholdAdmin(Growing):
    list_display = ("__str__", "members")
    search_fields = ("name",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Household]:
        """Members are counted of the rows that are shown."""
        members = Customer.objects.filter(household=OuterRef("pk")).order_by().values("household")
        return super().get_queryset(request).annotate(count=Subquery(members.values(count=Count("pk"))))

    @admin.display(description=_("members"))
    def members(self, household: Household) -> int:
        return household.count or 0


@admin.register(Note)
class NoteAdmin(Found):
    """Notes are written on the customer's page; here they are read, and removed where the law asks for it."""

    list_display = ("at", "customer", "by", "text")
    list_select_related = ("customer", "by")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Note | None = None) -> bool:
        return False
