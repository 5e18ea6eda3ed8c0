"""One row's cells as values that the database takes, or what is wrong with them, field by field."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from customers.imports.mapping import CUSTOMER_FIELDS, SUBSCRIPTION_FIELDS, Columns, Spec
from customers.imports.phones import to_e164
from customers.models import Customer

CENT = Decimal("0.01")
LARGEST = Decimal("999999.99")
_PLAIN_EMAIL = re.compile(r"[a-z0-9][a-z0-9._+-]{0,60}@[a-z0-9][a-z0-9-]{0,60}\.[a-z]{2,10}", re.IGNORECASE)
_YES = frozenset(["1", "yes", "y", "true", "x", "ja", "j", "wahr"])
_NO = frozenset(["", "0", "no", "n", "false", "nej", "nein", "falsch"])
_LANGUAGES = {code: code for code, _name in settings.LANGUAGES} | {
    "english": "en",
    "engelska": "en",
    "englisch": "en",
    "swedish": "sv",
    "svenska": "sv",
    "schwedisch": "sv",
    "german": "de",
    "deutsch": "de",
    "tyska": "de",
}


@dataclass(frozen=True, slots=True)
class Fault:
    field: str
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.column or self.field}: {self.reason}"


class Converter:
    """Turns rows of one heading into values; knows the numbers it has seen."""

    def __init__(self, columns: Columns, width: int, *, plan_codes: set[str], today: date) -> None:
        self.columns, self.width, self.plan_codes, self.today = columns, width, plan_codes, today
        self.seen: dict[str, int] = {}
        self.names = {"given_name", "family_name", "full_name", "company"} & columns.fields.keys()
        self.parsers = {name: self._parser(name) for name in (*CUSTOMER_FIELDS, *SUBSCRIPTION_FIELDS)}
        self.plain = [
            (name, spec, self.parsers[name])
            for name, spec in columns.fields.items()
            if name in CUSTOMER_FIELDS and name not in ("number", "phone", "full_name")
        ]
        self.priced = [name for name in SUBSCRIPTION_FIELDS if name in columns.fields and name != "monthly_margin"]

    def __call__(self, line: int, cells: Sequence[str]) -> dict[str, Any] | list[Fault]:
        """The row's values by field (None: keep what is there, or the default), or its faults."""
        if len(cells) != self.width and (len(cells) < self.width or any(cells[self.width :])):
            words = _("The row has %(cells)s cells, the heading %(width)s.")
            return [Fault("", "", words % {"cells": len(cells), "width": self.width})]
        faults: list[Fault] = []
        values: dict[str, Any] = {}
        for name, spec, parse in self.plain:
            text = spec.text(cells)
            try:
                values[name] = parse(text) if text else _EMPTY.get(name, "")
            except ValueError as error:
                faults.append(Fault(name, spec.source, str(error)))
        self._number(line, cells, values, faults)
        self._name(cells, values, faults)
        self._phone(cells, values, faults)
        if "plan" in self.columns.fields:
            self._subscription(cells, values, faults)
        return faults or values

    def _number(self, line: int, cells: Sequence[str], values: dict[str, Any], faults: list[Fault]) -> None:
        spec = self.columns.fields["number"]
        number = _clean(spec.text(cells))
        if not number:
            faults.append(Fault("number", spec.source, _("There is no customer number.")))
        elif len(number) > 30:
            faults.append(Fault("number", spec.source, _too_long(number, 30)))
        elif number in self.seen:
            words = _("“%(number)s” stands in line %(line)s already.") % {"number": number, "line": self.seen[number]}
            faults.append(Fault("number", spec.source, words))
        else:
            self.seen[number] = line
            values["number"] = number

    def _name(self, cells: Sequence[str], values: dict[str, Any], faults: list[Fault]) -> None:
        if spec := self.columns.fields.get("full_name"):
            family, comma, given = spec.text(cells).partition(",")
            if not comma:
                given, _space, family = spec.text(cells).rpartition(" ")
            for name, text in (("given_name", given), ("family_name", family)):
                try:
                    values.setdefault(name, self.parsers[name](text))
                except ValueError as error:
                    faults.append(Fault(name, spec.source, str(error)))
        named = any(values.get(name) for name in ("given_name", "family_name", "company"))
        if self.names and not named and not any(fault.field in self.names for fault in faults):
            faults.append(Fault("family_name", "", _("There is no name: neither a person's nor a company's.")))

    def _phone(self, cells: Sequence[str], values: dict[str, Any], faults: list[Fault]) -> None:
        spec = self.columns.fields.get("phone")
        if not spec:
            return
        text = spec.text(cells)
        try:
            values["phone"] = to_e164(text, values.get("country") or settings.KVAR_COUNTRY) if text else ""
        except ValueError:
            faults.append(Fault("phone", spec.source, _("“%(text)s” is no phone number.") % {"text": text[:40]}))

    def _subscription(self, cells: Sequence[str], values: dict[str, Any], faults: list[Fault]) -> None:
        """The plan, with an ended one's own rules where the mapping has some."""
        fields = self.columns.fields
        ended = bool(fields["ended_on"].text(cells)) if "ended_on" in fields else False
        for name in self.priced:
            spec = fields[name]
            try:
                values[name] = self._value(name, spec, cells)
            except ValueError as error:
                spare = self.columns.if_ended.get(name) if ended else None
                if spare is None:
                    faults.append(Fault(name, spec.source, str(error)))
                    continue
                try:
                    values[name] = self._value(name, spare, cells)
                except ValueError:
                    faults.append(Fault(name, spec.source, str(error)))
        if not values.get("plan"):
            return
        price = values.get("monthly_price")
        if spec := fields.get("monthly_margin"):
            try:
                values["monthly_margin"] = self._margin(spec, cells, price)
            except ValueError as error:
                faults.append(Fault("monthly_margin", spec.source, str(error)))
        self._term(values, faults)
        for name in ("category", "reason"):
            if ended and name in fields:
                values[name] = _clean(fields[name].text(cells))[:120]

    def _value(self, name: str, spec: Spec, cells: Sequence[str]) -> Any:
        text = spec.text(cells)
        return self.parsers[name](text) if text else None

    def _margin(self, spec: Spec, cells: Sequence[str], price: Decimal | None) -> Decimal | None:
        if spec.share_of_price is not None:
            return None if price is None else (price * spec.share_of_price).quantize(CENT)
        text = spec.text(cells)
        margin = to_money(text, lowest=-LARGEST) if text else None
        if margin is not None and price is not None and margin > price:
            raise ValueError(_("The margin %(margin)s is above the price.") % {"margin": margin})
        return margin

    def _term(self, values: dict[str, Any], faults: list[Fault]) -> None:
        """The contract's end from its months: the first one that is not over yet."""
        started, ended = values.get("started_on"), values.get("ended_on")
        months = values.pop("contract_months", None)
        if months and started and not ended:
            end, periods = started, 0
            while end <= self.today and periods < 600:
                periods += 1
                year, month = divmod(started.year * 12 + started.month - 1 + months * periods, 12)
                end = date(year, month + 1, min(started.day, 28))
            values["contract_end"] = end
        for name in ("contract_end", "ended_on"):
            if started and values.get(name) and values[name] < started:
                faults.append(Fault(name, "", _("%(day)s is before the start.") % {"day": values[name]}))

    def _parser(self, name: str) -> Callable[[str], Any]:
        match name:
            case "birthday" | "customer_since" | "started_on" | "contract_end" | "ended_on":
                past = name in ("birthday", "customer_since", "started_on")
                return lambda text: to_day(text, self.columns.date_format, self.today if past else None)
            case "monthly_price":
                return to_money
            case "notice_months" | "contract_months":
                return _months
            case "plan":
                return self._plan
            case "language":
                return _language
            case "country":
                return _country
            case "email":
                return _email
            case "segment":
                return _segment
            case "is_vulnerable" | "is_bereaved" | "in_debt" | "may_be_contacted":
                return to_flag
            case "number" | "phone" | "full_name" | "monthly_margin":
                return _clean
        longest = Customer._meta.get_field(name).max_length
        return lambda text: _text(text, longest)

    def _plan(self, text: str) -> str:
        if text not in self.plan_codes:
            raise ValueError(_("There is no plan “%(code)s”.") % {"code": text[:40]})
        return text


# What an empty cell means where it is not an empty text: nothing said, so nothing changed.
_EMPTY: dict[str, None] = dict.fromkeys(
    (
        "language",
        "country",
        "birthday",
        "customer_since",
        "segment",
        "is_vulnerable",
        "is_bereaved",
        "in_debt",
        "may_be_contacted",
    )
)
_ODD = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ufeff]|[\ud800-\udfff]")


def _clean(text: str) -> str:
    """Without characters that cannot be seen or stored."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return unicodedata.normalize("NFC", _ODD.sub(" ", text)).strip()


def _too_long(text: str, longest: int) -> str:
    return _("%(length)s characters; %(longest)s are possible.") % {"length": len(text), "longest": longest}


def _text(text: str, longest: int) -> str:
    text = _clean(text)
    if len(text) > longest:
        raise ValueError(_too_long(text, longest))
    return text


def _email(text: str) -> str:
    if not _PLAIN_EMAIL.fullmatch(text):
        try:
            validate_email(text)
        except ValidationError:
            raise ValueError(_("“%(text)s” is no e-mail address.") % {"text": text[:60]}) from None
    return _text(text, 254)


def to_day(text: str, form: str, latest: date | None) -> date:
    for attempt in (form, "%Y-%m-%d", "%d.%m.%Y", "%Y%m%d") if form else ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d"):
        try:
            day = date.fromisoformat(text) if attempt == "%Y-%m-%d" else datetime.strptime(text, attempt).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        if day.year < 1880 or day.year > 2200 or (latest and day > latest):
            raise ValueError(_("%(day)s cannot be: it is in the future or too long ago.") % {"day": day})
        return day
    raise ValueError(_("“%(text)s” is no date; write 2026-11-30.") % {"text": text[:40]})


def to_money(text: str, lowest: Decimal = Decimal(0)) -> Decimal:
    """“1 234,50”, “1.234,50”, “1,234.50” and “49.9” alike: the last mark is the decimal one."""
    plain = "".join(text.split()).replace("'", "").replace("\u2212", "-")
    comma, point = plain.rfind(","), plain.rfind(".")
    plain = plain.replace(".", "").replace(",", ".") if comma > point else plain.replace(",", "")
    try:
        amount = Decimal(plain).quantize(CENT)
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is no amount.") % {"text": text[:40]}) from None
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise ValueError(_("“%(text)s” is no possible amount.") % {"text": text[:40]})
    if amount < lowest:
        raise ValueError(_("%(amount)s is negative.") % {"amount": amount})
    return amount


def _months(text: str) -> int:
    if not text.isdecimal() or int(text) > 120:
        raise ValueError(_("“%(text)s” is no number of months.") % {"text": text[:40]})
    return int(text)


def _language(text: str) -> str:
    plain = text.casefold()
    code = _LANGUAGES.get(plain) or _LANGUAGES.get(plain[:2] if len(plain) in (2, 5) else "")
    if not code:
        raise ValueError(_("“%(text)s” is no language of ours.") % {"text": text[:40]})
    return code


def _country(text: str) -> str:
    if len(text) != 2 or not text.isascii() or not text.isalpha():
        raise ValueError(_("“%(text)s” is no country; write its two letters.") % {"text": text[:40]})
    return text.upper()


def _segment(text: str) -> str:
    plain = text.casefold()
    if plain not in Customer.Segment.values:
        raise ValueError(_("“%(text)s” is no segment of ours.") % {"text": text[:40]})
    return plain


def to_flag(text: str) -> bool:
    plain = text.casefold()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise ValueError(_("“%(text)s” is neither yes nor no.") % {"text": text[:40]})
