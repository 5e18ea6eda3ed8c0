"""The rows of the designer's form: rules, rewards on the way, rewards for points, tiers."""

from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, cast

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from loyalty.models import Category, Product, Store

DAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
PER = [
    ("item", _("each item bought")),
    ("amount", _("each full amount spent")),
    ("visit", _("each visit")),
    ("bonus", _("a bonus on top: times")),
]


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _clock() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def _money(label: Any, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=0, max_digits=8, decimal_places=2, **kwargs)


class Codes(forms.ModelMultipleChoiceField):
    """Chosen by box; cleaned to sorted codes."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, to_field_name="code", required=False, **kwargs)

    def clean(self, value: Any) -> Any:
        return sorted(row.code for row in super().clean(value))


class RuleForm(forms.Form):
    """One way to earn, or a bonus on what other rules give. Conditions left empty match everything."""

    key = forms.SlugField(widget=forms.HiddenInput, max_length=40, required=False)
    per = forms.ChoiceField(label=_("What earns"), choices=PER, initial="item")
    stamps = forms.IntegerField(label=_("How many"), min_value=1, max_value=10_000, initial=1, required=False)
    amount = _money(_("For each"), required=False, help_text=_("The amount that must be spent for it."))
    times = forms.IntegerField(label=_("Times"), min_value=2, max_value=10, required=False)
    categories = Codes(Category.objects.order_by("name"), label=_("Only these categories"))
    products = forms.CharField(
        label=_("Only these articles"), required=False, help_text=_("Article numbers, separated by commas.")
    )
    minimum = _money(_("From a receipt of"), required=False)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Only on"), choices=DAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    start = forms.TimeField(label=_("From, o'clock"), required=False, widget=_clock())
    end = forms.TimeField(label=_("Until, o'clock"), required=False, widget=_clock())
    since = forms.DateField(label=_("First day"), required=False, widget=day_input())
    to = forms.DateField(label=_("Last day"), required=False, widget=day_input())
    stores = Codes(Store.objects.order_by("name"), label=_("Only in these stores"))

    NARROWS = ("categories", "products", "minimum", "weekdays", "start", "end", "since", "to", "stores")

    @property
    def is_narrowed(self) -> bool:
        """Whether a condition is set or wrong, so that it must be seen."""
        return any(self[name].value() or self[name].errors for name in self.NARROWS)

    @property
    def narrowing(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.NARROWS)

    def clean_products(self) -> list[str]:
        wanted = [word.strip() for word in self.cleaned_data["products"].split(",") if word.strip()]
        known = set(Product.objects.filter(sku__in=wanted).values_list("sku", flat=True)) if wanted else set()
        if unknown := [sku for sku in wanted if sku not in known]:
            raise forms.ValidationError(_("No article has the number “%(sku)s”."), params={"sku": unknown[0][:80]})
        return sorted(set(wanted))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        per = data.get("per")
        if per == "amount" and not data.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Say for how much money it is given."))
        if per == "bonus" and not data.get("times") and "times" not in self.errors:
            self.add_error("times", _("Say how many times over: 2 or more."))
        if per in ("item", "amount", "visit") and not data.get("stamps") and "stamps" not in self.errors:
            self.add_error("stamps", _("Say how many are given."))
        if data.get("start") and data.get("start") == data.get("end"):
            self.add_error("end", _("Later than it begins; it may run over midnight."))
        if data.get("since") and data.get("to") and data["to"] < data["since"]:
            self.add_error("to", _("Not before the first day."))
        return data

    def row(self, place: int) -> dict[str, Any]:
        """The rule as it is stored, without what it does not use."""
        data = self.cleaned_data
        per = data["per"]
        row: dict[str, Any] = {"key": data["key"] or f"{per}-{place}", "per": per}
        if per == "bonus":
            row["times"] = data["times"]
        else:
            row["stamps"] = data["stamps"]
        if per == "amount":
            row["amount"] = str(data["amount"])
        if data["minimum"]:
            row["minimum"] = str(data["minimum"])
        for name in ("categories", "products", "weekdays", "stores"):
            if data[name]:
                row[name] = data[name]
        for name, stored in (("start", "from"), ("end", "until"), ("since", "since"), ("to", "to")):
            if data[name] is not None:
                row[stored] = data[name].isoformat()
        return row

    @staticmethod
    def words(row: Mapping[str, Any]) -> dict[str, Any]:
        """A stored rule as the form shows it."""
        shown = {name: row[name] for name in row.keys() & {"key", "per", "stamps", "amount", "times", "minimum"}}
        shown |= {name: row.get(name, []) for name in ("categories", "weekdays", "stores")}
        shown["products"] = ", ".join(row.get("products", []))
        shown["start"] = time.fromisoformat(row["from"]) if row.get("from") else None
        shown["end"] = time.fromisoformat(row["until"]) if row.get("until") else None
        shown["since"] = date.fromisoformat(row["since"]) if row.get("since") else None
        shown["to"] = date.fromisoformat(row["to"]) if row.get("to") else None
        return shown


class InterimForm(forms.Form):
    at = forms.IntegerField(label=_("At"), min_value=1, max_value=10_000)
    name = forms.CharField(label=_("What is free"), max_length=120)
    cost = _money(_("Cost of goods"), initial=0)


class PriceForm(forms.Form):
    points = forms.IntegerField(label=_("Points"), min_value=1, max_value=1_000_000)
    name = forms.CharField(label=_("What they buy"), max_length=120)
    cost = _money(_("Cost of goods"), initial=0)


class TierForm(forms.Form):
    start = forms.IntegerField(label=_("From"), min_value=1, max_value=1_000_000)
    name = forms.CharField(label=_("Name"), max_length=40)
    times = forms.DecimalField(
        label=_("Earns times"), min_value=1, max_value=10, max_digits=4, decimal_places=2, initial=1
    )


class Rows(BaseFormSet):
    """Rows that can be added and removed without a script; each posted one must be whole, but an untouched new one."""

    least_distinct = ""  # the field by which two rows must differ
    again = _("Twice the same.")

    def clean(self) -> None:
        seen = set()
        for form in self.kept:
            value = form.cleaned_data.get(self.least_distinct)
            if value is not None and value in seen:
                form.add_error(self.least_distinct, self.again)
            seen.add(value)

    @property
    def kept(self) -> list[Any]:
        return [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE") and form.has_changed()
        ]


class RuleRows(Rows):
    """A rule left as it was offered (one stamp for each item) is meant too."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "empty_permitted": False, "use_required_attribute": False}

    def clean(self) -> None:
        rows = self.kept
        if not any(self.errors) and not rows:
            raise forms.ValidationError(_("Write at least one rule that says what earns."))
        if rows and all(form.cleaned_data.get("per") == "bonus" for form in rows):
            rows[0].add_error("per", _("A bonus alone earns nothing: add a rule for it to multiply."))

    @property
    def kept(self) -> list[Any]:
        return [
            form for form in self.forms if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
        ]


class InterimRows(Rows):
    least_distinct = "at"


class NamedRows(Rows):
    least_distinct = "name"


def _rows(form: type[forms.Form], rows: type[Rows]) -> type[Rows]:
    return cast(type[Rows], formset_factory(form, rows, extra=0, can_delete=True, max_num=40, absolute_max=60))


RuleFormSet = _rows(RuleForm, RuleRows)
InterimFormSet = _rows(InterimForm, InterimRows)
PriceFormSet = _rows(PriceForm, NamedRows)
TierFormSet = _rows(TierForm, NamedRows)
