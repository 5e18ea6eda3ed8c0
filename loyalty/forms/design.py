"""The designer's form: a programme's terms in the words of the trade, not as data."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from loyalty.forms.rows import Codes, InterimFormSet, PriceFormSet, Rows, RuleForm, RuleFormSet, TierFormSet, day_input
from loyalty.models import Programme, ProgrammeVersion, Store
from loyalty.terms import Interim, Price, Terms, TermsError, Tier, read_rules


class ProgrammeForm(forms.ModelForm):
    class Meta:
        model = Programme
        fields = ["code", "name", "unit", "reward_name"]


class VersionForm(forms.ModelForm):
    """What a version says once: the goal, caps, lifetimes, costs, when and where it holds."""

    in_stores = Codes(Store.objects.order_by("name"), label=_("Only in these stores"))
    starts_on = forms.DateField(label=_("Valid from"), widget=day_input())
    ends_on = forms.DateField(
        label=_("Valid until, with that day"),
        widget=day_input(),
        required=False,
        help_text=_("Empty: until further notice."),
    )
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
            "tier_by",
            "tier_days",
            "reward_cost",
            "margin",
            "budget",
        ]

    GOAL = ("stamps_needed", "head_start", "reward_cost")
    CAPS = ("cap_receipt", "cap_day", "cooldown_minutes", "backdate_days")
    LIVES = ("stamp_days", "reward_days")
    MONEY = ("margin", "budget")
    VALID = ("starts_on", "ends_on", "in_stores")

    def __init__(self, *args: Any, are_points: bool = False, **kwargs: Any) -> None:
        version = kwargs.get("instance")
        if version:
            until = version.valid_until
            kwargs["initial"] = {
                "in_stores": version.stores,
                "starts_on": timezone.localdate(version.valid_from),
                "ends_on": timezone.localdate(until - timedelta(microseconds=1)) if until else None,
                "edits": version.edits,
            } | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        if are_points:  # the cheapest reward says what there is to reach, and what it costs
            for name in ("stamps_needed", "reward_cost"):
                del self.fields[name]
            self.fields["head_start"].label = _("Points given at the start")
            self.fields["stamp_days"].label = _("A point lives, days")
        self.fields["cap_receipt"].min_value = self.fields["cap_day"].min_value = 1

    def groups(self, *names: str) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        needed, head_start = data.get("stamps_needed"), data.get("head_start")
        if needed is not None and needed < 1:
            self.add_error("stamps_needed", _("At least one stamp."))
        if needed and head_start and head_start >= needed:
            self.add_error("head_start", _("Fewer than the stamps needed."))
        if data.get("margin") is not None and not 0 < data["margin"] <= 1:
            self.add_error("margin", _("A share between 0 and 1, such as 0.6."))
        for name in ("cap_receipt", "cap_day", "stamp_days", "reward_days", "tier_days"):
            if data.get(name) == 0:
                self.add_error(name, _("At least 1, or leave it empty."))
        for name in ("reward_cost", "budget"):
            if data.get(name) is not None and data[name] < 0:
                self.add_error(name, _("Not below zero."))
        if data.get("ends_on") and data.get("starts_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("Not before the first day."))
        return data


class Design:
    """The whole form: a version's own fields, and its rows of rules, rewards and tiers."""

    ROWS = {"rules": RuleFormSet, "interim": InterimFormSet, "prices": PriceFormSet, "tiers": TierFormSet}
    FRESH: dict[str, dict[str, str]] = {"rules": {"per": "item", "stamps": "1"}}

    def __init__(
        self,
        data: MultiValueDict[str, str] | None,
        *,
        programme: Programme,
        version: ProgrammeVersion | None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.are_points = programme.unit == Programme.Unit.POINT
        self.is_bound = data is not None
        self.form = VersionForm(
            data,
            instance=None if self.is_bound else version,
            initial=initial or {},
            are_points=self.are_points,
        )
        shown = self._shown(version)
        self.sets: dict[str, Rows] = {
            name: made(data, prefix=name, initial=None if self.is_bound else shown[name])
            for name, made in self.ROWS.items()
            if name != ("interim" if self.are_points else "prices")
        }

    def _shown(self, version: ProgrammeVersion | None) -> dict[str, list[dict[str, Any]]]:
        if version is None:
            return {
                "rules": [{"per": "amount" if self.are_points else "item"}],
                "interim": [],
                "prices": [],
                "tiers": [],
            }
        return {
            "rules": [RuleForm.words(row) for row in version.rules],
            "interim": version.interim,
            "prices": version.prices,
            "tiers": [
                {"start": row["from"], "name": row["name"], "times": row.get("times", 1)} for row in version.tiers
            ],
        }

    @classmethod
    def with_row(cls, data: MultiValueDict[str, str], name: str) -> MultiValueDict[str, str]:
        """What was typed, and one more row of a kind."""
        more = data.copy()
        total = f"{name}-TOTAL_FORMS"
        count = int(more.get(total, "0")) if more.get(total, "").isdigit() else 0
        more[total] = str(min(count + 1, 40))
        for field, value in cls.FRESH.get(name, {}).items():
            more[f"{name}-{count}-{field}"] = value
        return more

    def is_valid(self) -> bool:
        # every part is asked, so that all faults show at once
        sound = all([self.form.is_valid(), *[rows.is_valid() for rows in self.sets.values()]])
        return sound and self._fits()

    def _fits(self) -> bool:
        """What concerns two parts at once, told at the field to change."""
        sound = True
        needed = self.form.cleaned_data.get("stamps_needed")
        for row in self.sets["interim"].kept if "interim" in self.sets else ():
            if needed and row.cleaned_data["at"] >= needed:
                row.add_error("at", _("Before the card is full: fewer than %(needed)s.") % {"needed": needed})
                sound = False
        if self.are_points and not self.sets["prices"].kept:
            self.sets["prices"].non_form_errors().append(_("Say what points can buy: at least one reward."))
            sound = False
        elif self.are_points and self.form.cleaned_data["head_start"] >= self._cheapest()["points"]:
            self.form.add_error("head_start", _("Fewer than the cheapest reward costs."))
            sound = False
        if sound:
            try:
                read_rules(self._rules())
            except TermsError as error:
                self.form.add_error(None, str(error))
                sound = False
        return sound

    def _rules(self) -> list[dict[str, Any]]:
        rows, taken = [], set()
        for place, form in enumerate(self.sets["rules"].kept, 1):
            row = form.row(place)
            while row["key"] in taken:
                row["key"] = f"{row['per']}-{len(taken) + place}"
            taken.add(row["key"])
            rows.append(row)
        return rows

    def _cheapest(self) -> dict[str, Any]:
        return min((row.cleaned_data for row in self.sets["prices"].kept), key=lambda data: data["points"])

    def terms(self) -> dict[str, Any]:
        """The fields of a version, for the action."""
        data = self.form.cleaned_data
        own = {name: data[name] for name in self.form._meta.fields if name in data}
        if self.are_points:
            cheapest = self._cheapest()
            own |= {"stamps_needed": cheapest["points"], "reward_cost": cheapest["cost"]}
        until = data["ends_on"] + timedelta(days=1) if data["ends_on"] else None
        return own | {
            "rules": self._rules(),
            "interim": sorted(self._plain("interim", "at"), key=lambda row: row["at"]),
            "prices": sorted(self._plain("prices", "points"), key=lambda row: row["points"]),
            "tiers": sorted(
                (
                    {"from": row.cleaned_data["start"], "name": row.cleaned_data["name"]}
                    | {"times": str(row.cleaned_data["times"])}
                    for row in self.sets["tiers"].kept
                ),
                key=lambda row: row["from"],
            ),
            "stores": data["in_stores"],
            "valid_from": _midnight(data["starts_on"]),
            "valid_until": _midnight(until) if until else None,
        }

    def _plain(self, name: str, by: str) -> list[dict[str, Any]]:
        rows = self.sets[name].kept if name in self.sets else []
        return [
            {
                by: row.cleaned_data[by],
                "name": row.cleaned_data["name"],
                "cost": str(row.cleaned_data["cost"]),
            }
            for row in rows
        ]

    def sketch(self) -> Terms:
        """The terms as far as they can be read while they are typed; what is not yet sound is left out."""
        self.form.is_valid()
        data = getattr(self.form, "cleaned_data", {})
        parts = {
            name: [form.cleaned_data for form in rows.kept if not form.errors]
            for name, rows in self.sets.items()
            if rows.is_valid() or True
        }
        prices = [Price(row["points"], row["name"], row["cost"]) for row in parts.get("prices", [])]
        needed = data.get("stamps_needed") or min((price.points for price in prices), default=9)
        needed = min(max(needed, 1), 100_000)
        try:
            rules = read_rules(
                [form.row(place) for place, form in enumerate(self.sets["rules"].kept, 1) if not form.errors]
            )
        except TermsError:
            rules = ()
        return Terms(
            stamps_needed=needed,
            rules=rules,
            interim=tuple(
                Interim(row["at"], row["name"], row["cost"]) for row in parts.get("interim", []) if row["at"] < needed
            ),
            prices=tuple(sorted(prices, key=lambda price: price.points)),
            tiers=tuple(Tier(row["start"], row["name"], Decimal(row["times"])) for row in parts["tiers"]),
            tier_by=data.get("tier_by") or "earned",
            tier_days=data.get("tier_days") or 365,
            cap_receipt=data.get("cap_receipt"),
            cap_day=data.get("cap_day"),
            cooldown_minutes=data.get("cooldown_minutes") or 0,
            stamp_days=data.get("stamp_days"),
            reward_days=data.get("reward_days"),
            head_start=min(data.get("head_start") or 0, needed - 1),
            stores=frozenset(data.get("in_stores") or ()),
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
