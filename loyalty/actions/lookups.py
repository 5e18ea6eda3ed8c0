"""What counting a receipt needs to know beforehand, asked for many at once."""

import json
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from loyalty.actions import books
from loyalty.models import Membership, ProgrammeVersion, Receipt, Store
from loyalty.rules.earning import Line
from loyalty.rules.facts import Key, ReceiptFacts, key_as_json
from loyalty.terms import Terms, Tier
from staff.errors import DomainError
from staff.statements import kept


class Article(NamedTuple):
    """What counting needs of a product."""

    pk: int
    sku: str
    is_gift_card: bool
    category: str


ARTICLES = """
SELECT p.id, p.sku, p.is_gift_card, coalesce(c.code, '') FROM loyalty_product p
LEFT JOIN loyalty_category c ON c.id = p.category_id WHERE p.sku = ANY(%s)
"""
SHELF = f"""
SELECT s.id, s.code, s.is_open, s.name, true FROM loyalty_store s WHERE s.code = ANY(%s)
UNION ALL SELECT a.*, false FROM ({ARTICLES}) a
"""  # noqa: S608 no value is put in


def articles(skus: Collection[str]) -> dict[str, Article]:
    """Products by article number; one query, none for none."""
    if not skus:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ARTICLES, [list(skus)])
        return {row[1]: Article(*row) for row in cursor.fetchall()}


@dataclass(slots=True)
class Shelf:
    """What receipts refer to by name; loaded once for a file, afresh for one receipt."""

    stores: dict[str, Store]
    products: dict[str, Article]

    @classmethod
    def for_facts(cls, batch: Sequence[ReceiptFacts]) -> "Shelf":
        """One query."""
        codes = {facts.store for facts in batch}
        skus = {line.sku for facts in batch for line in facts.lines if line.sku}
        shelf = cls({}, {})
        with connection.cursor() as cursor:
            cursor.execute(SHELF, [list(codes), list(skus)])
            for pk, code, flag, text, is_store in cursor.fetchall():
                if is_store:
                    shelf.stores[code] = Store(id=pk, code=code, name=text, is_open=flag)
                else:
                    shelf.products[code] = Article(pk, code, flag, text)
        return shelf

    def lines(self, lines: Sequence[Line]) -> list[Line]:
        """The lines with what the shop knows of their products."""
        seen = []
        for line in lines:
            if product := self.products.get(line.sku):
                kind = "gift_card" if product.is_gift_card and line.kind == "sale" else line.kind
                line = line._replace(kind=kind, category=product.category)
            seen.append(line)
        return seen


class Card(NamedTuple):
    """What counting needs of a card; `membership_id` is its own, before merges."""

    pk: int
    number: str
    membership_id: int
    status: str
    replaced_by_id: int | None


MEMBER = [field.attname for field in Membership._meta.concrete_fields]
# In key order, so that two who need the same never wait in a ring; a merge is followed before its lock.
HELD = f"""
SELECT c.id, c.number, c.membership_id, c.status, c.replaced_by_id, m.{", m.".join(MEMBER)}
FROM loyalty_cardtoken c JOIN loyalty_membership own ON own.id = c.membership_id
JOIN loyalty_membership m ON m.id = coalesce(own.merged_into_id, own.id)
WHERE c.number = ANY(%s::text[]) ORDER BY m.id FOR UPDATE OF m
"""  # noqa: S608 names of our own columns


@dataclass(slots=True)
class Held:
    """The live cards of some receipts by number, their locked memberships, and why other cards are refused."""

    cards: dict[str, Card]
    members: dict[str, Membership]
    refusals: dict[str, DomainError]

    @property
    def everybody(self) -> list[Membership]:
        return list({member.id: member for member in self.members.values()}.values())


def hold(numbers: Set[str]) -> Held:
    """Resolve cards and lock their memberships; one query, another where merges were followed. Raises Moved."""
    held = Held({}, {}, {})
    if not numbers:
        return held
    members: dict[int, Membership] = {}
    with connection.cursor() as cursor:
        cursor.execute(HELD, [books.array(numbers)])
        for row in cursor.fetchall():
            card, lead = Card(*row[:5]), row[5]
            held.cards[card.number] = card
            if lead not in members:
                members[lead] = books.stored(Membership, dict(zip(MEMBER, row[5:], strict=True)))
            held.members[card.number] = members[lead]
    books.check_leads(members, {card.membership_id for card in held.cards.values()})
    for number in numbers:
        try:
            if number not in held.cards:
                raise books.unknown_card()
            books.refuse_dead(held.cards[number])
        except DomainError as refusal:
            held.refusals[number] = refusal
    return held


LEADS = """
SELECT c.number, coalesce(m.merged_into_id, m.id) FROM loyalty_cardtoken c
JOIN loyalty_membership m ON m.id = c.membership_id
WHERE c.number = ANY(%s::text[])
"""


def leads_of(numbers: Set[str]) -> dict[str, int]:
    """The memberships to which known cards lead, merges followed; one query."""
    with connection.cursor() as cursor:
        cursor.execute(LEADS, [books.array(numbers)])
        return dict(cursor.fetchall())


KNOWN = """
SELECT r.id, true FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[]) AS k(source, store, day, number)
JOIN loyalty_store s ON s.code = k.store JOIN loyalty_receipt r ON r.store_id = s.id AND r.business_date = k.day
 AND r.number = k.number AND r.source = k.source AND r.kind = 'sale'
UNION ALL
SELECT r.id, false FROM loyalty_receipt r WHERE r.state = 'parked' AND r.original_key = ANY(%s::jsonb[])
"""


def known_sales(keys: Collection[Key]) -> tuple[dict[Key, Receipt], list[int]]:
    """Which of these sales are in the books, and the returns that wait for one of them; one query by index, one more
    for the sales it found."""
    if not keys:
        return {}, []
    with connection.cursor() as cursor:
        told = [json.dumps(key_as_json(key), ensure_ascii=False) for key in keys]
        cursor.execute(KNOWN, [*map(books.array, zip(*keys, strict=True)), books.array(told)])
        found = cursor.fetchall()
    sales = [pk for pk, is_sale in found if is_sale]
    rows = Receipt.objects.select_related("store").filter(pk__in=sales) if sales else []
    known = {(row.source, row.store.code, row.business_date, row.number): row for row in rows}
    return known, [pk for pk, is_sale in found if not is_sale]


def versions_of(programmes: set[int]) -> dict[int, list[ProgrammeVersion]]:
    rows: dict[int, list[ProgrammeVersion]] = defaultdict(list)
    for version in _published(tuple(sorted(programmes))) if programmes else ():
        rows[version.programme_id].append(version)
    return rows


@kept
def _published(programmes: tuple[int, ...]) -> QuerySet[ProgrammeVersion]:
    rows = ProgrammeVersion.objects.filter(programme__in=programmes, state=ProgrammeVersion.State.PUBLISHED)
    return rows.order_by("-valid_from")


def in_force(version: ProgrammeVersion, at: datetime) -> bool:
    return version.valid_from <= at and (version.valid_until is None or at < version.valid_until)


@dataclass(frozen=True, slots=True)
class Past:
    """What a card did before a receipt, as far as its terms ask."""

    earned_today: int = 0
    minutes_since_last: float | None = None
    tier: Tier | None = None


NOTHING = Past()
PASTS = """
SELECT coalesce(m.merged_into_id, m.id), r.occurred_at, r.stamps, r.kind = 'sale'
FROM loyalty_receipt r JOIN loyalty_membership m ON m.id = r.membership_id
WHERE r.membership_id IN (
        SELECT id FROM loyalty_membership WHERE id = ANY(%(members)s)
        UNION ALL SELECT id FROM loyalty_membership WHERE merged_into_id = ANY(%(members)s))
  AND r.state = 'counted' AND r.occurred_at BETWEEN %(since)s AND %(until)s
ORDER BY r.occurred_at
"""


@dataclass(slots=True)
class _Card:
    """What one card did, as far back as its terms look."""

    days: dict[date, int] = field(default_factory=dict)  # stamps of sales by local day
    visits: list[datetime] = field(default_factory=list)  # the sales that earned, in order
    times: list[datetime] = field(default_factory=list)  # all that counts towards a tier, in order
    counts: list[tuple[int, bool]] = field(default_factory=list)  # its stamps (a return's negative), and if a visit


class Pasts:
    """What cards earned before, where their terms look back. One query, none where no terms do; merged cards count
    for the one they were merged into."""

    def __init__(self, members: Iterable[Membership], terms: Mapping[int, Terms], times: Sequence[datetime]) -> None:
        self._cards: dict[int, _Card] = defaultdict(_Card)
        self._has_tiers = any(one.tiers for one in terms.values())
        days = max((one.days_back for one in terms.values() if one.looks_back), default=0)
        pks = [member.pk for member in members]
        if not days or not pks:
            return
        since, until = min(times) - timedelta(days=days), max(times) + timedelta(days=1)
        zone = timezone.get_current_timezone()
        with connection.cursor() as cursor:
            cursor.execute(PASTS, {"members": pks, "since": since, "until": until})
            for lead, at, stamps, is_sale in cursor.fetchall():
                self._add(self._cards[lead], at.astimezone(zone), stamps, is_sale)

    def of(self, member: Membership, local: datetime, terms: Terms | None) -> Past:
        """What matters to a receipt of this local time."""
        if terms is None or not terms.looks_back:
            return NOTHING
        card = self._cards[member.id]
        before = bisect_right(card.visits, local)
        return Past(
            card.days.get(local.date(), 0),
            (local - card.visits[before - 1]).total_seconds() / 60 if before else None,
            terms.tier_of(_reached(card, local, terms)) if terms.tiers else None,
        )

    def add(self, member: Membership, local: datetime, stamps: int, terms: Terms | None) -> None:
        if terms and terms.looks_back:
            self._add(self._cards[member.id], local, stamps, True)

    def _add(self, card: _Card, at: datetime, stamps: int, is_sale: bool) -> None:
        if is_sale and stamps:
            day = at.date()
            card.days[day] = card.days.get(day, 0) + stamps
            insort(card.visits, at)
        if self._has_tiers and stamps:
            place = bisect_right(card.times, at)
            card.times.insert(place, at)
            card.counts.insert(place, (stamps if is_sale else -stamps, is_sale))


def _reached(card: _Card, at: datetime, terms: Terms) -> int:
    window = card.counts[bisect_right(card.times, at - timedelta(days=terms.tier_days)) : bisect_right(card.times, at)]
    if terms.tier_by == ProgrammeVersion.TierBy.VISITS:
        return sum(is_visit for _stamps, is_visit in window)
    return sum(stamps for stamps, _is_visit in window)
