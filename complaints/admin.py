"""Reference data is edited here; cases, messages and clocks are only read: their doors are the desk and the API."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from complaints.compensation import admin as compensation  # noqa: F401 its records are registered there
from complaints.models import (
    Breach,
    Calendar,
    CalendarException,
    CalendarInterval,
    CaseMove,
    Category,
    ComplaintCase,
    DisputeNotice,
    Message,
    Policy,
    RootCause,
    Survey,
    Template,
)
from complaints.texts import VARIABLES, unknown_variables
from staff.records import Moves, Numbered, ReadOnly


class CaseMoves(Moves):
    model = CaseMove


@admin.register(ComplaintCase)
class CaseAdmin(Numbered):
    list_display = ["number", "title", "customer", "state", "outcome", "received_at"]
    list_filter = ["state", "outcome", "channel", "severity"]
    list_select_related = ["customer"]
    search_fields = ["number__exact"]
    ordering = ["-received_at", "-pk"]
    exclude = ["search"]
    inlines = [CaseMoves]


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ["case", "kind", "direction", "purpose", "at", "by"]
    list_select_related = ["case", "by"]
    ordering = ["-pk"]
    exclude = ["search"]


@admin.register(Breach)
class BreachAdmin(ReadOnly):
    list_display = ["clock", "due_at", "policy", "noticed_at"]
    list_select_related = ["clock", "policy"]
    ordering = ["-due_at"]


@admin.register(Survey)
class SurveyAdmin(ReadOnly):
    list_display = ["case", "asked_at", "answered_at", "outcome", "process", "treatment"]
    list_select_related = ["case"]
    ordering = ["-pk"]


class NamedAdmin(admin.ModelAdmin):
    list_display = ["name", "name_sv", "name_de", "code", "order", "is_active"]
    list_editable = ["order", "is_active"]
    search_fields = ["name", "name_sv", "name_de", "code"]
    ordering = ["order", "pk"]


@admin.register(Category)
class CategoryAdmin(NamedAdmin):
    list_display = [*NamedAdmin.list_display, "parent", "team"]
    list_select_related = ["parent", "team"]


admin.site.register(RootCause, NamedAdmin)


@admin.register(DisputeNotice)
class DisputeNoticeAdmin(admin.ModelAdmin):
    list_display = ["country", "language", "body_name"]
    ordering = ["country", "language"]


class Intervals(admin.TabularInline):
    model = CalendarInterval
    extra = 1
    ordering = ["weekday", "opens"]


class Exceptions(admin.TabularInline):
    model = CalendarException
    extra = 1
    ordering = ["day"]


class CalendarForm(forms.ModelForm):
    class Meta:
        model = Calendar
        fields = ["name", "time_zone", "country", "subdivision"]

    def clean(self) -> dict[str, Any]:
        """A zone and a country that exist."""
        from zoneinfo import available_timezones

        from holidays import country_holidays, list_supported_countries

        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("time_zone") and cleaned["time_zone"] not in available_timezones():
            self.add_error("time_zone", _("There is no such time zone. Write it like Europe/Stockholm."))
        if cleaned.get("country"):
            country = cleaned["country"] = cleaned["country"].upper()
            if country not in list_supported_countries():
                self.add_error("country", _("No public holidays are known for this country."))
            elif region := cleaned.get("subdivision"):
                known = country_holidays(country)
                if region not in (*known.subdivisions, *known.subdivisions_aliases):
                    self.add_error("subdivision", _("No public holidays are known for this region."))
        return cleaned


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin):
    form = CalendarForm
    list_display = ["name", "time_zone", "country", "subdivision"]
    ordering = ["name"]
    inlines = [Intervals, Exceptions]


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):
    """A change sets the deadlines of open cases anew; a breach stays."""

    list_display = [
        "name",
        "category",
        "priority",
        "first_response_minutes",
        "resolution_minutes",
        "statutory_days",
        "effective_from",
        "effective_until",
    ]
    list_select_related = ["category"]
    ordering = ["category", "priority", "-effective_from"]

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        from complaints.jobs import recompute_open

        super().save_model(request, obj, form, change)
        transaction.on_commit(lambda: recompute_open.defer(policy_id=obj.pk))


class TemplateForm(forms.ModelForm):
    class Meta:
        model = Template
        fields = ["code", "language", "name", "purpose", "subject", "body", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].help_text = ", ".join(f"{{{name}}}: {about}" for name, about in VARIABLES.items())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("subject", "body"):
            if unknown := unknown_variables(cleaned.get(name, "")):
                self.add_error(name, ValidationError(_("Unknown: %(names)s"), params={"names": ", ".join(unknown)}))
        return cleaned


@admin.register(Template)
class TemplateAdmin(admin.ModelAdmin):
    form = TemplateForm
    list_display = ["name", "purpose", "language", "code", "is_active"]
    list_filter = ["purpose", "language", "is_active"]
    ordering = ["purpose", "code", "language"]
