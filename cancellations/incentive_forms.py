"""Forms of marketing's desk. Terms are generated from the kind, conditions from the variable."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cancellations import terms
from cancellations.engine.conditions import NUMBERS, WORDS, InvalidRule, clean_value
from cancellations.models import Budget, EnginePolicy, Incentive, IncentiveVersion
from cancellations.variables import registry
from loyalty.models import Campaign


class IncentiveForm(forms.ModelForm):
    class Meta:
        model = Incentive
        fields = ["name", "name_sv", "name_de", "code", "kind", "wording", "wording_sv", "wording_de", "campaigns"]
        widgets = {name: forms.Textarea(attrs={"rows": 2}) for name in ("wording", "wording_sv", "wording_de")} | {
            "campaigns": forms.CheckboxSelectMultiple
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for name in ("code", "kind"):
                self.fields[name].disabled = True
        chosen = self.instance.campaigns.values("pk") if self.instance.pk else Campaign.objects.none().values("pk")
        rows = Campaign.objects.filter(~Q(state=Campaign.State.ENDED) | Q(pk__in=chosen))
        self.fields["campaigns"].queryset = rows.order_by("-pk")

    def clean_campaigns(self) -> Any:
        """Each accepted offer counts against one budget: two campaigns of an incentive must not share a day."""
        rows = sorted(self.cleaned_data["campaigns"], key=lambda row: row.starts_on)
        for before, after in pairwise(rows):
            if before.ends_on is None or before.ends_on >= after.starts_on:
                raise forms.ValidationError(
                    _("%(one)s and %(other)s share days: what is accepted then would count twice."),
                    params={"one": before, "other": after},
                )
        return self.cleaned_data["campaigns"]


class VersionForm(forms.ModelForm):
    """Terms by kind (fields `term_…`) and the limits of one version. `written` and `limits` after validation."""

    class Meta:
        model = IncentiveVersion
        fields = ["lever", "cooldown_days", "max_accepted", "monthly_budget", "valid_from", "valid_to"]
        widgets = {name: forms.DateInput(attrs={"type": "date"}) for name in ("valid_from", "valid_to")}

    def __init__(self, data: Any, *, version: IncentiveVersion) -> None:
        super().__init__(data, instance=version)
        limits = dict(self.fields)
        self.fields.clear()
        for field in terms.FIELDS[version.incentive.kind]:
            common = {
                "label": field.label,
                "required": field.required,
                "initial": version.terms.get(field.name),
            }
            if field.type == "text":
                self.fields[f"term_{field.name}"] = forms.CharField(max_length=200, **common)
            else:
                whole = field.type in ("months", "count")
                self.fields[f"term_{field.name}"] = forms.DecimalField(
                    min_value=field.lowest,
                    max_value=field.highest,
                    decimal_places=0 if whole else 2,
                    localize=False,
                    **common,
                )
        self.fields |= limits

    @property
    def written(self) -> dict[str, Any]:
        found = {name.removeprefix("term_"): v for name, v in self.cleaned_data.items() if name.startswith("term_")}
        return {name: v for name, v in found.items() if v not in (None, "")}

    @property
    def limits(self) -> dict[str, Any]:
        return {name: v for name, v in self.cleaned_data.items() if not name.startswith("term_")}


class ConditionForm(forms.Form):
    """One condition: variable, comparison, value; the last two fit the variable."""

    var = forms.ChoiceField(label=_("Variable"))
    op = forms.ChoiceField(label=_("Comparison"))

    def __init__(self, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["var"].choices = [(name, capfirst(str(v.label))) for name, v in registry.items()]
        chosen = (data or initial or {}).get("var")
        variable = registry.get(chosen) or next(iter(registry.values()))
        self.fields["op"].choices = [(op, WORDS[op]) for op in variable.operators]
        if variable.type == "choice":
            choices = variable.choices() if variable.choices else []
            self.fields["value"] = forms.MultipleChoiceField(
                label=_("Value"),
                choices=choices,
                widget=forms.SelectMultiple(attrs={"size": min(8, len(choices) or 1)}),
            )
        elif variable.type == "yes_no":
            self.fields["value"] = forms.TypedChoiceField(
                label=_("Value"),
                choices=[("yes", _("yes")), ("no", _("no"))],
                coerce=lambda text: text == "yes",
            )
            if isinstance(stored := (initial or {}).get("value"), bool):
                self.initial["value"] = "yes" if stored else "no"
        else:
            units = {"months": _("months"), "days": _("days"), "percent": "%"}
            self.fields["value"] = forms.CharField(
                label=_("Value"),
                help_text=units.get(variable.type, ""),
                widget=forms.TextInput(attrs={"inputmode": "decimal"} if variable.type in NUMBERS else {}),
            )
        self.variable = variable

    def node(self) -> dict[str, Any] | None:
        """The condition as it is stored; None when something is wrong, said at the field."""
        if not self.is_valid():
            return None
        op = self.cleaned_data["op"]
        try:
            value = clean_value(self.variable, op, self.cleaned_data["value"])
        except InvalidRule as error:
            self.add_error("value", str(error))
            return None
        return {"var": self.variable.name, "op": op, "value": value}


class PercentField(forms.DecimalField):
    """A share of 1, written and read in percent."""

    lowest, highest = 0, 100

    def prepare_value(self, value: Any) -> Any:
        return f"{value * 100:f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Decimal | None:
        percent = super().to_python(value)
        if percent is None:
            return None
        if not self.lowest <= percent <= self.highest:
            bounds = {"low": self.lowest, "high": self.highest}
            raise forms.ValidationError(_("Write a percentage from %(low)s to %(high)s."), params=bounds)
        return percent / 100


class LimitsForm(forms.ModelForm):
    class Meta:
        model = EnginePolicy
        fields = [
            "margin_floor",
            "share_of_value",
            "household_days",
            "accepted_in_year",
            "goodwill_in_year",
            "hold_out",
        ]
        field_classes = dict.fromkeys(("margin_floor", "share_of_value", "hold_out"), PercentField)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["margin_floor"].lowest, self.fields["hold_out"].highest = -100, 50
        for field in self.fields.values():
            if isinstance(field, PercentField):
                field.label = f"{field.label}, %"
                field.widget.attrs |= {"step": "0.1", "min": field.lowest, "max": field.highest}


class BudgetForm(forms.ModelForm):
    class Meta:
        model = Budget
        fields = ["month", "incentive", "team", "amount"]
        widgets = {"month": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["incentive"].empty_label = _("all incentives")
        self.fields["team"].empty_label = _("all teams")
        for name in ("month", "incentive", "team") if self.instance.pk else ():  # what is reserved was reserved there
            self.fields[name].disabled = True

    def clean_month(self) -> Any:
        return self.cleaned_data["month"].replace(day=1)
