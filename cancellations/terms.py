"""The terms of each kind of incentive: what must be filled in, and how they read in one line.

What they cost and what the customer pays meanwhile: `cancellations.engine.values`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from cancellations.models.incentives import Kind
from staff import formats

Terms = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the terms. `type` is "months", "count", "percent", "money" or "text"."""

    name: str
    label: str | Promise
    type: str
    lowest: Decimal = Decimal(0)
    highest: Decimal = Decimal(10_000)
    required: bool = True

    def clean(self, value: object) -> str | int | None:
        """As it is stored: whole numbers as int, money and percent as text with a point. Raises ValidationError."""
        if value in (None, ""):
            if self.required:
                raise ValidationError(_now("This value is needed."))
            return None
        if self.type == "text":
            return str(value).strip()[:200]
        try:
            number = Decimal(str(value).replace(",", "."))
        except InvalidOperation as error:
            raise ValidationError(_now("Write a number.")) from error
        if not number.is_finite() or not self.lowest <= number <= self.highest:
            raise ValidationError(
                _now("Write a number from %(lowest)s to %(highest)s.")
                % {"lowest": self.lowest, "highest": self.highest}
            )
        if self.type in ("months", "count"):
            if number != int(number):
                raise ValidationError(_now("Write a whole number."))
            return int(number)
        return str(number.quantize(Decimal("0.01")))


ONE, CENT = Decimal(1), Decimal("0.01")
MONTHS = Field("months", _("Months"), "months", ONE, Decimal(24))
WHAT = Field("what", _("What the customer gets"), "text")
COST = Field("cost", _("Cost to the company"), "money")
HANDLING = Field("handling_cost", _("Cost of carrying it out"), "money", required=False)

FIELDS: dict[str, tuple[Field, ...]] = {
    Kind.PERCENT_OFF: (Field("percent", _("Percent off"), "percent", CENT, Decimal(100)), MONTHS, HANDLING),
    Kind.AMOUNT_OFF: (Field("amount", _("Amount off a month"), "money", CENT), MONTHS, HANDLING),
    Kind.FREE_MONTHS: (MONTHS, HANDLING),
    Kind.PAUSE: (Field("months", _("Months"), "months", ONE, Decimal(6)), HANDLING),
    Kind.PLAN_CHANGE: (
        Field("plan", _("Code of the new plan"), "text"),
        Field("monthly_price", _("New price a month"), "money"),
        Field("monthly_margin", _("New margin a month"), "money"),
        HANDLING,
    ),
    Kind.ADDON: (WHAT, Field("monthly_cost", _("Cost to the company a month"), "money"), MONTHS, HANDLING),
    Kind.BONUS_STAMPS: (
        Field("stamps", _("Stamps"), "count", ONE, Decimal(100)),
        Field("stamp_cost", _("Cost of a stamp"), "money"),
    ),
    Kind.GIFT: (WHAT, COST, HANDLING),
    Kind.FEE_WAIVER: (WHAT, Field("amount", _("Fee waived"), "money", CENT), HANDLING),
    Kind.PRICE_LOCK: (
        Field("months", _("Months the contract is extended and the price stays"), "months", ONE, Decimal(24)),
        Field("expected_rise", _("Rise in price that is forgone, percent"), "percent", Decimal(0), Decimal(100)),
        HANDLING,
    ),
    Kind.SERVICE_FIX: (WHAT, COST, HANDLING),
    Kind.CUSTOM: (WHAT, COST, HANDLING),
}
# What a manager may lower or raise when approving "with a change".
CHANGEABLE = frozenset({"percent", "amount", "months", "stamps", "cost"})


def clean(kind: str, terms: Terms) -> dict[str, Any]:
    """Terms as they are stored. Raises ValidationError with a message per field; unknown fields are refused."""
    errors: dict[str, Any] = {}
    cleaned: dict[str, Any] = {}
    known = {field.name for field in FIELDS[kind]}
    for name in set(terms) - known:
        errors[name] = _now("This kind of incentive has no such value.")
    for field in FIELDS[kind]:
        try:
            value = field.clean(terms.get(field.name))
        except ValidationError as error:
            errors[field.name] = error
        else:
            if value is not None:
                cleaned[field.name] = value
    if errors:
        raise ValidationError(errors)
    return cleaned


def headline(kind: str, terms: Terms, name: str, language: str | None = None) -> str:
    """The offer in one line, in the language given (else the one in force): “20% off for 6 months”.

    `name` is the incentive's own, used where the terms say too little.
    """
    with translation.override(language or translation.get_language()):
        months = int(terms.get("months") or 0)
        span = ngettext("%d month", "%d months", months) % months
        match kind:
            case Kind.PERCENT_OFF:
                share = formats.percent(Decimal(str(terms["percent"])) / 100)
                return _now("%(share)s off for %(span)s") % {"share": share, "span": span}
            case Kind.AMOUNT_OFF:
                amount = formats.money(Decimal(str(terms["amount"])))
                return _now("%(amount)s off a month for %(span)s") % {"amount": amount, "span": span}
            case Kind.FREE_MONTHS:
                return ngettext("%d month free", "%d months free", months) % months
            case Kind.PAUSE:
                return _now("Pause for %(span)s") % {"span": span}
            case Kind.PLAN_CHANGE:
                price = formats.money(Decimal(str(terms["monthly_price"])))
                return _now("%(name)s at %(price)s a month") % {"name": name, "price": price}
            case Kind.ADDON:
                return _now("%(name)s free for %(span)s") % {"name": name, "span": span}
            case Kind.BONUS_STAMPS:
                stamps = int(terms["stamps"])
                return ngettext("%d extra stamp", "%d extra stamps", stamps) % stamps
            case Kind.FEE_WAIVER:
                amount = formats.money(Decimal(str(terms["amount"])))
                return _now("%(name)s: %(amount)s waived") % {"name": name, "amount": amount}
            case Kind.PRICE_LOCK:
                return _now("Same price for %(span)s with a longer contract") % {"span": span}
        return name
