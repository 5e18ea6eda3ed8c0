"""The designer's form: a programme's terms in the words of the trade, not as data."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models import Category, Programme, ProgrammeVersion, Store

DAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class ProgrammeForm(forms.ModelForm):
    class Meta:
        model = Programme
        fields = ["code", "name", "unit", "reward_name"]


class VersionForm(forms.ModelForm):
    """One earning rule and one bonus window; what else a stored version has is kept in the admin."""

    per = forms.ChoiceField(
        label=_("What earns"),
        choices=[
            ("item", _("each item bought")),
            ("amount", _("each full amount spent")),
            ("visit", _("each visit")),
        ],
    )
    amount = forms.DecimalField(
        label=_("Amount for one stamp"), min_value=0, max_digits=8, decimal_places=2, required=False
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.order_by("name"),
        label=_("Only these categories"),
        required=False,
        help_text=_("None chosen: everything but gift cards."),
        widget=forms.CheckboxSelectMultiple,
    )
    in_stores = forms.ModelMultipleChoiceField(
        Store.objects.order_by("name"),
        label=_("Only in these stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    bonus_times = forms.IntegerField(label=_("Bonus: times"), min_value=2, max_value=10, required=False)
    bonus_days = forms.MultipleChoiceField(
        label=_("Bonus on"), choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    starts_on = forms.DateField(label=_("Valid from"), widget=forms.DateInput(attrs={"type": "date"}))
    edits = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = ProgrammeVersion
        fields = [
            "stamps_needed",
            "head_start",
            "cap_receipt",
            "cap_day",
            "cooldown_minutes",
            "stamp_days",
            "reward_days",
            "backdate_days",
            "reward_cost",
            "margin",
            "budget",
        ]

    field_order = [
        "stamps_needed",
        "per",
        "amount",
        "categories",
        "head_start",
        "bonus_times",
        "bonus_days",
        "in_stores",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        version = kwargs.get("instance")
        if version and version.rules:
            kwargs["initial"] = self._words(version) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)

    def _words(self, version: ProgrammeVersion) -> dict[str, Any]:
        rule = next((r for r in version.rules if r["per"] != "bonus"), {})
        bonus = next((r for r in version.rules if r["per"] == "bonus"), {})
        return {
            "per": rule.get("per"),
            "amount": rule.get("amount"),
            "categories": Category.objects.filter(code__in=rule.get("categories", [])),
            "in_stores": Store.objects.filter(code__in=version.stores),
            "bonus_times": bonus.get("times"),
            "bonus_days": [str(day) for day in bonus.get("weekdays", [])],
            "starts_on": timezone.localdate(version.valid_from),
            "edits": version.edits,
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("per") == "amount" and not data.get("amount"):
            self.add_error("amount", _("Say for how much money a stamp is given."))
        needed, head_start = data.get("stamps_needed"), data.get("head_start")
        if needed is not None and needed < 1:
            self.add_error("stamps_needed", _("At least one stamp."))
        if needed and head_start and head_start >= needed:
            self.add_error("head_start", _("Fewer than the stamps needed."))
        if data.get("margin") is not None and not 0 < data["margin"] <= 1:
            self.add_error("margin", _("A share between 0 and 1, such as 0.6."))
        if bool(data.get("bonus_times")) != bool(data.get("bonus_days")):
            self.add_error("bonus_times", _("A bonus needs both: how many times, and on which days."))
        return data

    def terms(self) -> dict[str, Any]:
        """The fields of a version, for the action."""
        data = self.cleaned_data
        rule: dict[str, Any] = {"key": "earn", "per": data["per"], "stamps": 1}
        if data["per"] == "amount":
            rule["amount"] = str(data["amount"])
        if data["categories"]:
            rule["categories"] = sorted(category.code for category in data["categories"])
        rules = [rule]
        if data["bonus_times"]:
            days = sorted(int(day) for day in data["bonus_days"])
            rules.append({"key": "bonus", "per": "bonus", "times": data["bonus_times"], "weekdays": days})
        start = timezone.make_aware(datetime.combine(data["starts_on"], time()))
        stores = sorted(store.code for store in data["in_stores"])
        own = {name: data[name] for name in self._meta.fields}
        return own | {"rules": rules, "stores": stores, "valid_from": start}
