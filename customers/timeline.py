"""The customer page's contract: each app says where its part of a customer's history stands and how a row is told;
all parts are read in one statement and merged by time."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Expression, F, IntegerField, QuerySet, Value
from django.db.models.functions import JSONObject
from django.utils.translation import get_language

from staff.models import short_name
from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a customer's history. `key` is unique over all apps and breaks ties of time: "case-12-move-3"."""

    at: datetime
    key: str
    kind: str  # the source's name, for the filter
    title: str
    detail: str = ""
    by: str = ""
    url: str = ""
    tone: str = ""  # "", "green", "amber", "red"


Facts = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Strand:
    """Rows of one model, each a line of the history.

    `rows` answers a customer's rows; an index must lead from the customer to them by time. `at` is the moment, a field
    or an expression. `facts` names what `tell(at, pk, facts)` makes the line of: paths or expressions that come as
    JSON, so dates as ISO text; an amount of money is cast to text by the strand (`Cast("amount", CharField())`).
    `rows` is asked once and its SQL kept: it may depend on nothing but the customer.
    """

    rows: Callable[[int], QuerySet[Any]]
    at: str | Expression
    facts: Mapping[str, str | Expression]
    tell: Callable[[datetime, int, Facts], Entry]


timeline: Registry[Sequence[Strand]] = Registry()

Place = tuple[datetime, str]  # (at, key) of the last entry shown


def author(path: str = "by") -> dict[str, str]:
    """Facts that `said_by` reads: who did it."""
    return {name: f"{path}__{name}" for name in ("first_name", "last_name", "username")}


def said_by(facts: Facts) -> str:
    """The colleague of `author` as “Åsa L.”, "" for nobody."""
    return short_name(facts["first_name"], facts["last_name"], facts["username"]) if facts["username"] else ""


def named(path: str) -> dict[str, str]:
    """Facts that `name_in` reads: a name kept in each language."""
    return {name: f"{path}__{name}" for name in ("name", "name_sv", "name_de")}


def name_in(facts: Facts) -> str:
    """The name of `named` in the language in force, which falls back to English; "" for none."""
    return facts.get(f"name_{get_language()}") or facts["name"] or ""


def page(customer_id: int, *, kind: str, after: Place | None, size: int) -> tuple[list[Entry], bool]:
    """The `size` entries that follow `after`, newest first by (at, key), and whether more follow.

    One query for all sources. What was cut off may have been cut through entries of one moment; it is asked again for
    more rather than trusted, so that none is lost between two pages.
    """
    strands = tuple(strand for name, source in timeline.items() if kind in ("", name) for strand in source)
    if not strands:
        return [], False
    wanted = size + 1
    limit = wanted + 5  # room for the last one shown and a few of the same moment: rarely asked twice
    while True:
        entries = _read(strands, customer_id, after and after[0], limit)
        found = [entry for entry in entries if after is None or _place(entry) < after]
        if len(entries) < limit:
            break
        found = [entry for entry in found if entry.at > entries[-1].at]
        if len(found) >= wanted:
            break
        limit *= 2
    found.sort(key=_place, reverse=True)
    return found[:size], len(found) > size


def _place(entry: Entry) -> Place:
    return entry.at, entry.key


def _read(strands: tuple[Strand, ...], customer_id: int, before: datetime | None, limit: int) -> list[Entry]:
    """The newest `limit` entries at or before `before` of all strands, newest first; one query."""
    sql, params = _statement(strands, before is not None, limit)
    given = {_CUSTOMER: customer_id, _BEFORE: before}
    with connection.cursor() as cursor:
        cursor.execute(
            sql, [given.get(value, value) if isinstance(value, int | datetime) else value for value in params]
        )
        return [strands[number].tell(at, pk, json.loads(facts)) for number, at, pk, facts in cursor.fetchall()]


_CUSTOMER = -1_000_000_007  # stand in the statement for what each reading puts in their place
_BEFORE = datetime(1, 2, 3, tzinfo=UTC)


@lru_cache(maxsize=128)
def _statement(strands: tuple[Strand, ...], paged: bool, limit: int) -> tuple[str, tuple[Any, ...]]:
    """The strands in one UNION ALL, each bounded, so that PostgreSQL walks as many indexes and reads `limit` rows of
    each at most. Kept, since Django needs longer to write a dozen joins than PostgreSQL to answer them."""
    parts = [_part(number, strand, paged, limit) for number, strand in enumerate(strands)]
    if len(parts) == 1:
        return parts[0].query.sql_with_params()
    return parts[0].union(*parts[1:], all=True).order_by("-line_at", "-line_pk")[:limit].query.sql_with_params()


def _part(number: int, strand: Strand, paged: bool, limit: int) -> QuerySet[Any]:
    at = F(strand.at) if isinstance(strand.at, str) else strand.at
    rows = strand.rows(_CUSTOMER).annotate(
        line_of=Value(number, IntegerField()), line_at=at, line_pk=F("pk"), line_facts=JSONObject(**strand.facts)
    )
    if paged:
        rows = rows.filter(line_at__lte=_BEFORE)
    return rows.order_by("-line_at", "-line_pk").values_list("line_of", "line_at", "line_pk", "line_facts")[:limit]
