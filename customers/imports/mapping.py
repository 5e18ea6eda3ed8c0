"""Which column is which field: from a TOML file, or by the columns' own names."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from customers.imports.reader import Unreadable

MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"

CUSTOMER_FIELDS = (
    "number",
    "given_name",
    "family_name",
    "full_name",
    "company",
    "email",
    "phone",
    "language",
    "street",
    "postcode",
    "city",
    "country",
    "birthday",
    "customer_since",
    "segment",
    "is_vulnerable",
    "is_bereaved",
    "in_debt",
    "may_be_contacted",
)
SUBSCRIPTION_FIELDS = (
    "plan",
    "monthly_price",
    "monthly_margin",
    "started_on",
    "contract_end",
    "contract_months",
    "notice_months",
    "ended_on",
)
HISTORY_FIELDS = ("category", "reason")

# What columns are called where people speak English, Swedish or German.
SYNONYMS = {
    "number": "customer_number customer_id customerid kundnummer kundnr kundennummer kunden_nr id",
    "given_name": "first_name firstname förnamn vorname",
    "family_name": "last_name lastname surname efternamn nachname familienname",
    "full_name": "name namn kund kunde customer",
    "company": "företag firma company_name",
    "email": "e_mail mail epost e_post",
    "phone": "telephone telefon mobile mobil phone_number telefonnummer",
    "language": "språk sprache",
    "street": "address adress gata straße strasse",
    "postcode": "postal_code zip zip_code postnummer plz postleitzahl",
    "city": "town ort stad stadt",
    "country": "land",
    "birthday": "date_of_birth födelsedag geburtstag",
    "customer_since": "since kund_sedan kunde_seit",
    "plan": "abonnemang tarif plan_code",
    "monthly_price": "price månadspris monatspreis",
    "started_on": "start startdatum",
    "contract_end": "bindning_till vertragsende",
    "ended_on": "end slutdatum ende",
}

Cell = Callable[[Sequence[str]], str]  # a field's text out of a row's cells


@dataclass(frozen=True)
class Spec:
    """Where one field's text comes from, as the TOML says it: a column's name, or one of

    {column=…, values={text=replacement, "*"=the rest}} · {value=…} · {template="Customer {Customer ID}"} ·
    {months_ago=column} counted back from `as_of` · {average=[total, count]} · {share_of_price="0.35"}
    """

    text: Cell
    source: str  # the column to name in a fault
    share_of_price: Decimal | None = None


@dataclass(frozen=True)
class Columns:
    """A mapping bound to a heading."""

    fields: Mapping[str, Spec]
    if_ended: Mapping[str, Spec] = field(default_factory=dict)
    plans: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    date_format: str = ""


def known_mappings() -> list[str]:
    """The names of the mappings that come along."""
    return sorted(path.stem for path in MAPPINGS.glob("*.toml"))


def bind(header: Sequence[str], mapping: Mapping[str, Any] | None) -> Columns:
    """Find every mapped column in the heading. Raises Unreadable for one that is missing."""
    if mapping is None:
        return by_place(header, guess(header))
    places = {name: place for place, name in enumerate(header)}
    as_of = mapping.get("as_of")
    tables = {"customer": CUSTOMER_FIELDS, "subscription": SUBSCRIPTION_FIELDS, "history": HISTORY_FIELDS}
    fields: dict[str, Spec] = {}
    for table, allowed in tables.items():
        for name, said in mapping.get(table, {}).items():
            if name == "if_ended":
                continue
            if name not in allowed:
                raise Unreadable(_("The mapping names an unknown field: %(name)s.") % {"name": f"{table}.{name}"})
            fields[name] = _spec(said, places, as_of)
    if "number" not in fields:
        raise Unreadable(_("The mapping names no column for the customer number."))
    special = mapping.get("subscription", {}).get("if_ended", {})
    return Columns(
        fields,
        {name: _spec(said, places, as_of) for name, said in special.items()},
        mapping.get("plans", {}),
        mapping.get("date_format", ""),
    )


def specs(said: Mapping[str, Any], header: Sequence[str], as_of: date | None) -> dict[str, Spec]:
    """One table of a mapping bound to a heading. Raises Unreadable for a column that is missing."""
    places = {name: place for place, name in enumerate(header)}
    return {name: _spec(what, places, as_of) for name, what in said.items()}


def read_mapping(path: Path) -> dict[str, Any]:
    """The TOML of a mapping; Unreadable when it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise Unreadable(_("The mapping cannot be read: %(why)s") % {"why": error}) from error


def guess(header: Sequence[str]) -> dict[int, str]:
    """The fields that columns are by their names, by the column's place; the first of two that are the same."""
    wanted = {name: name for name in (*CUSTOMER_FIELDS, *SUBSCRIPTION_FIELDS)}
    wanted |= {word: name for name, words in SYNONYMS.items() for word in words.split()}
    found: dict[int, str] = {}
    for place, column in enumerate(header):
        plain = "_".join(column.casefold().replace("-", " ").replace("_", " ").split())
        name = wanted.get(plain)
        if name and name not in found.values():
            found[place] = name
    return found


def by_place(header: Sequence[str], fields: Mapping[int, str]) -> Columns:
    """Each of these columns as the field it is said to be. Raises Unreadable when none is the customer number."""
    if "number" not in fields.values():
        raise Unreadable(
            _("No column is the customer number. Name one “number”, or give a mapping. Columns found: %(columns)s.")
            % {"columns": ", ".join(header)[:300]}
        )
    return Columns({name: Spec(_cell(place), header[place]) for place, name in fields.items()})


def _cell(place: int) -> Cell:
    return lambda cells: cells[place].strip()


def _spec(said: Any, places: Mapping[str, int], as_of: date | None) -> Spec:
    def cell(column: str) -> Cell:
        if column not in places:
            raise Unreadable(_("The file has no column “%(column)s”.") % {"column": column})
        return _cell(places[column])

    match said:
        case str():
            return Spec(cell(said), said)
        case {"column": column, "values": values}:
            text, rest = cell(column), values.get("*")
            if rest is None:
                return Spec(lambda cells: values.get(text(cells), text(cells)), column)
            return Spec(lambda cells: values.get(text(cells), rest), column)
        case {"value": value}:
            return Spec(lambda cells: value, "")
        case {"template": template}:
            parts = {column: cell(column) for column in places if f"{{{column}}}" in template}
            return Spec(lambda cells: _filled(template, parts, cells), ", ".join(parts))
        case {"months_ago": column} if as_of:
            text = cell(column)
            return Spec(lambda cells: _months_before(as_of, text(cells)), column)
        case {"average": [total, count]}:
            over, by = cell(total), cell(count)
            return Spec(lambda cells: _average(over(cells), by(cells)), total)
        case {"share_of_price": share}:
            return Spec(lambda cells: "", "", Decimal(share))
    raise Unreadable(_("The mapping says something unknown: %(said)s") % {"said": said})


def _filled(template: str, parts: Mapping[str, Cell], cells: Sequence[str]) -> str:
    for column, text in parts.items():
        template = template.replace(f"{{{column}}}", text(cells))
    return template


def _months_before(day: date, count: str) -> str:
    if not count.isdigit() or int(count) > 1200:
        return count  # refused as a date, in its own words
    year, month = divmod(day.year * 12 + day.month - 1 - int(count), 12)
    return date(year, month + 1, min(day.day, 28)).isoformat()


def _average(total: str, count: str) -> str:
    try:
        return str((Decimal(total) / max(Decimal(count), Decimal(1))).quantize(Decimal("0.01")))
    except (InvalidOperation, ArithmeticError):
        return total
