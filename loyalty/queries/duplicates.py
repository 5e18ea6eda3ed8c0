"""Pairs of memberships that may be one person's."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from loyalty.models import CardToken, Duplicate, Membership, Programme
from loyalty.queries.members import name_of
from loyalty.rules.cards import grouped
from loyalty.words import amount_of
from staff import formats
from staff.paging import Page, keyset_page

SIZE = 25


@dataclass(frozen=True, slots=True)
class Side:
    pk: int
    name: str
    says: str  # card, balance, since when


@dataclass(frozen=True, slots=True)
class Row:
    pk: int
    first: Side
    second: Side
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Judged:
    pk: int
    names: str
    verdict: str
    note: str
    by: str
    at: str


def _pairs() -> QuerySet[Duplicate]:
    return Duplicate.objects.select_related("first__customer", "second__customer")


def open_page(cursor: str | None) -> Page[Duplicate]:
    """Pairs of two active memberships that nobody has judged, the last found first; one query."""
    active = Membership.Status.ACTIVE
    rows = _pairs().select_related("first__programme", "second__programme")
    rows = rows.filter(verdict=Duplicate.Verdict.OPEN, first__status=active, second__status=active)
    return keyset_page(rows, order=["-id"], cursor=cursor, size=SIZE)


def listed(pairs: list[Duplicate]) -> list[Row]:
    """A page of them written out, with the youngest card of each; one query."""
    if not pairs:
        return []
    members = {member for pair in pairs for member in (pair.first_id, pair.second_id)}
    cards = CardToken.objects.filter(membership__in=members, status=CardToken.Status.ACTIVE).order_by("pk")
    numbers = dict(cards.values_list("membership", "number"))
    words = {value: str(label) for value, label in Duplicate.Sign.choices}

    def side(member: Membership) -> Side:
        number = grouped(numbers[member.pk]) if member.pk in numbers else "–"
        stamps = amount_of(member.balance, points=member.programme.unit == Programme.Unit.POINT)
        says = f"{number} · {stamps} · {formats.day(member.enrolled_at)}"
        return Side(member.pk, name_of(member), says)

    return [Row(pair.pk, side(pair.first), side(pair.second), [words[sign] for sign in pair.signs]) for pair in pairs]


def judged(now: datetime, limit: int = 20) -> list[Judged]:
    """The last that somebody judged; one query."""
    rows = _pairs().select_related("by").filter(by__isnull=False).order_by("-at")[:limit]
    return [
        Judged(
            row.first_id,
            " · ".join(dict.fromkeys((name_of(row.first), name_of(row.second)))),
            row.get_verdict_display(),
            row.note,
            row.by.short_name if row.by else "",
            formats.when(row.at, now) if row.at else "",
        )
        for row in rows
    ]
