"""What counting a receipt needs to know beforehand, asked for many at once."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from loyalty.actions import books
from loyalty.models import Membership, ProgrammeVersion, Receipt, Store
from loyalty.rules.cards import normalise
from loyalty.rules.earning import Line
from loyalty.rules.facts import Key, ReceiptFacts
from loyalty.rules.terms import Terms, Tier
from staff.errors import DomainError


class Article(NamedTuple):
    """What counting needs of a product."""

    pk: int
    sku: str
    is_gift_card: bool
    category: str


def articles(skus: Collection[str]) -> dict[str, Article]:
    """Products by article number; one query, none for none."""
    if not skus:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.id, p.sku, p.is_gift_card, coalesce(c.code, '') FROM loyalty_product p"
            " LEFT JOIN loyalty_category c ON c.id = p.category_id WHERE p.sku = ANY(%s)",
            [list(skus)],
        )
        return {row[1]: Article(*row) for row in cursor.fetchall()}


@dataclass(slots=True)
class Shelf:
    """What receipts refer to by name; loaded once for a file, afresh for one receipt."""

    stores: dict[str, Store]
    products: dict[str, Article]

    @classmethod
    def for_facts(cls, batch: Sequence[ReceiptFacts]) -> "Shelf":
        """One query for stores, one for products."""
        codes = {facts.store for facts in batch}
        skus = {line.sku for facts in batch for line in facts.lines if line.sku}
        stores = Store.objects.raw("SELECT * FROM loyalty_store WHERE code = ANY(%s)", [list(codes)])
        return cls({store.code: store for store in stores}, articles(skus))

    def line(self, line: Line) -> Line:
        """The line with what the shop knows of its product."""
        product = self.products.get(line.sku)
        if product is None:
            return line
        kind = "gift_card" if product.is_gift_card and line.kind == "sale" else line.kind
        return Line(line.number, line.sku, line.quantity, line.amount, kind, product.category, line.reward)


class Card(NamedTuple):
    """What counting needs of a card."""

    pk: int
    number: str
    membership_id: int
    status: str
    replaced_by_id: int | None


def cards_of(batch: Sequence[ReceiptFacts]) -> tuple[dict[str, Card], dict[str, DomainError]]:
    """The live cards of these receipts by number, and why others are refused; one query."""
    numbers = {normalise(facts.card) for facts in batch if facts.card}
    found: dict[str, Card] = {}
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, number, membership_id, status, replaced_by_id FROM loyalty_cardtoken"
                " WHERE number = ANY(%s)",
                [list(numbers)],
            )
            found = {row[1]: Card(*row) for row in cursor.fetchall()}
    refusals: dict[str, DomainError] = {}
    for number in numbers:
        try:
            if number not in found:
                books.resolve(number)
            else:
                books.refuse_dead(found[number])
        except DomainError as refusal:
            refusals[number] = refusal
    return {number: card for number, card in found.items() if number not in refusals}, refusals


def known_sales(keys: Collection[Key]) -> dict[Key, Receipt]:
    """Which of these sales are in the books; one query by the unique key, one more for what it found."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[]) AS k(source, store, day, number)"
            " JOIN loyalty_store s ON s.code = k.store JOIN loyalty_receipt r ON r.source = k.source"
            " AND r.store_id = s.id AND r.business_date = k.day AND r.number = k.number AND r.kind = 'sale'",
            [list(column) for column in zip(*keys, strict=True)],
        )
        found = [pk for (pk,) in cursor.fetchall()]
    rows = Receipt.objects.select_related("store").filter(pk__in=found) if found else []
    return {(row.source, row.store.code, row.business_date, row.number): row for row in rows}


def versions_of(programmes: set[int]) -> dict[int, list[ProgrammeVersion]]:
    rows: dict[int, list[ProgrammeVersion]] = defaultdict(list)
    if programmes:
        for version in ProgrammeVersion.objects.raw(
            "SELECT * FROM loyalty_programmeversion WHERE programme_id = ANY(%s) AND state = 'published'"
            " ORDER BY valid_from DESC",
            [list(programmes)],
        ):
            rows[version.programme_id].append(version)
    return rows


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
Visit = tuple[datetime, int, bool]  # when, stamps (those of a return are negative), whether it was a sale


class Pasts:
    """What cards earned before, where their terms look back. One query, none where no terms do; merged cards count
    for the one they were merged into."""

    def __init__(self, members: Iterable[Membership], terms: Mapping[int, Terms], times: Sequence[datetime]) -> None:
        self._rows: dict[int, list[Visit]] = defaultdict(list)
        self._zone = timezone.get_current_timezone()
        days = max((one.days_back for one in terms.values() if one.looks_back), default=0)
        if not days:
            return
        since, until = min(times) - timedelta(days=days), max(times) + timedelta(days=1)
        with connection.cursor() as cursor:
            cursor.execute(PASTS, {"members": [m.pk for m in members], "since": since, "until": until})
            for lead, at, stamps, is_sale in cursor.fetchall():
                self._rows[lead].append((at, stamps if is_sale else -stamps, is_sale))

    def of(self, member: Membership, at: datetime, terms: Terms | None) -> Past:
        if terms is None or not terms.looks_back:
            return NOTHING
        rows = self._rows[member.pk]
        here = bisect_right(rows, at, key=_when)
        day = at.astimezone(self._zone).date()
        first, last = (bisect_left(rows, at + timedelta(days=days), key=_when) for days in (-1, 1))
        today = sum(n for when, n, is_sale in rows[first:last] if is_sale and when.astimezone(self._zone).date() == day)
        latest = next((when for when, stamps, is_sale in reversed(rows[:here]) if is_sale and stamps), None)
        return Past(
            today,
            None if latest is None else (at - latest).total_seconds() / 60,
            terms.tier_of(_reached(rows, at, here, terms)) if terms.tiers else None,
        )

    def add(self, member: Membership, at: datetime, stamps: int, terms: Terms | None) -> None:
        if terms and terms.looks_back:
            insort(self._rows[member.pk], (at, stamps, True))


def _when(visit: Visit) -> datetime:
    return visit[0]


def _reached(rows: list[Visit], at: datetime, here: int, terms: Terms) -> int:
    window = rows[bisect_right(rows, at - timedelta(days=terms.tier_days), key=_when) : here]
    if terms.tier_by == ProgrammeVersion.TierBy.VISITS:
        return sum(is_sale and stamps > 0 for _at, stamps, is_sale in window)
    return sum(stamps for _at, stamps, _is_sale in window)
