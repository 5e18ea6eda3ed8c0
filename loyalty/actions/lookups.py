"""What counting a receipt needs to know beforehand, asked for many at once."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone

from loyalty.actions import books, rows
from loyalty.models import Membership, ProgrammeVersion, Receipt, ReceiptLine, Store
from loyalty.rules.earning import Line
from loyalty.rules.facts import Key, ReceiptFacts
from loyalty.terms import Terms, Tier
from staff.errors import DomainError


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
    (found,) = rows.ask((ARTICLES, [list(skus)]))
    return {row[1]: Article(*row) for row in found}


@dataclass(slots=True)
class Shelf:
    """What receipts refer to by name; loaded once for a file, afresh for one receipt."""

    stores: dict[str, Store]
    products: dict[str, Article]

    @classmethod
    def for_facts(cls, batch: Sequence[ReceiptFacts]) -> "Shelf":
        """One query."""
        return cls.read(*rows.ask(cls.asking(batch)))

    @staticmethod
    def asking(batch: Sequence[ReceiptFacts]) -> rows.Statement:
        codes = {facts.store for facts in batch}
        skus = {line.sku for facts in batch for line in facts.lines if line.sku}
        return SHELF, [list(codes), list(skus)]

    @classmethod
    def read(cls, answer: rows.Answer) -> "Shelf":
        shelf = cls({}, {})
        for pk, code, flag, text, is_store in answer:
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
                number, sku, quantity, amount, kind, _category, reward = line
                if product.is_gift_card and kind == "sale":
                    kind = "gift_card"
                line = Line(number, sku, quantity, amount, kind, product.category, reward)
            seen.append(line)
        return seen


class Card(NamedTuple):
    """What counting needs of a card; `membership_id` is its own, before merges."""

    pk: int
    number: str
    membership_id: int
    status: str
    replaced_by_id: int | None


# Of a membership's other columns nothing is asked, unless somebody looks at them.
OWN = ("id", "programme_id", "customer_id", "status", "balance", "seq", "cycle_needed", "cycle", "tier")
MEMBER = [*OWN, "merged_into_id"]
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


def _held(answer: rows.Answer, numbers: Set[str]) -> Held:
    """Resolved cards and their locked memberships; a query where merges were followed. Raises Moved."""
    held = Held({}, {}, {})
    members: dict[int, Membership] = {}
    for row in answer:
        card, lead = Card(*row[:5]), row[5]
        held.cards[card.number] = card
        if lead not in members:
            members[lead] = rows.stored(Membership, dict(zip(MEMBER, row[5:], strict=True)))
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
    (found,) = rows.ask((LEADS, [rows.array(numbers)]))
    return dict(found)


KNOWN = """
WITH k AS (
  SELECT * FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[]) AS k(source, store, day, number)
)
SELECT r.id, true FROM k
JOIN loyalty_store s ON s.code = k.store JOIN loyalty_receipt r ON r.store_id = s.id AND r.business_date = k.day
 AND r.number = k.number AND r.source = k.source AND r.kind = 'sale'
UNION ALL
SELECT r.id, false FROM k JOIN loyalty_receipt r ON r.state = 'parked'
 AND r.original_key = jsonb_build_array(k.source, k.store, k.day, k.number)
"""


def known_sales(keys: Collection[Key]) -> tuple[dict[Key, Receipt], list[int]]:
    """Which of these sales are in the books, and the returns that wait for one of them; one query by index, one more
    for the sales it found."""
    return _known(*rows.ask(_known_by(keys))) if keys else ({}, [])


def _known_by(keys: Collection[Key]) -> rows.Statement:
    return KNOWN, [rows.array(part) for part in zip(*keys, strict=True)]


def _known(answer: rows.Answer) -> tuple[dict[Key, Receipt], list[int]]:
    sales = [pk for pk, is_sale in answer if is_sale]
    stored = Receipt.objects.select_related("store").filter(pk__in=sales) if sales else []
    known = {(row.source, row.store.code, row.business_date, row.number): row for row in stored}
    return known, [pk for pk, is_sale in answer if not is_sale]


PUBLISHED = """
SELECT v.id, v.valid_until FROM loyalty_programmeversion v
WHERE v.state = 'published' AND v.valid_from <= %s AND (v.valid_until IS NULL OR v.valid_until > %s)
ORDER BY v.valid_from DESC
"""
# Published terms never change but for the day they end, a trigger sees to it: a process reads each version once.
_read: dict[int, dict[str, Any]] = {}


def _versions(answer: rows.Answer, programmes: Set[int]) -> dict[int, list[ProgrammeVersion]]:
    """Published versions of these programmes, the youngest first; a query for those not read yet."""
    if unread := {pk for pk, _until in answer if pk not in _read}:
        for version in ProgrammeVersion.objects.filter(pk__in=unread):
            _read[version.pk] = {name: value for name, value in vars(version).items() if name != "_state"}
            _read[version.pk]["terms"] = version.terms
    found: dict[int, list[ProgrammeVersion]] = defaultdict(list)
    for pk, until in answer:
        if _read[pk]["programme_id"] in programmes:
            version = rows.stored(ProgrammeVersion, _read[pk] | {"valid_until": until})
            found[version.programme_id].append(version)
    return found


class Found(NamedTuple):
    """What is known of some sales once their cards' memberships are locked."""

    held: Held
    known: dict[Key, Receipt]
    parked: list[int]  # returns that wait for one of them
    versions: dict[int, list[ProgrammeVersion]]
    receipts: list[int]  # numbers for as many new ones, and for their lines
    lines: list[int]
    shelf: Shelf


def find(batch: Sequence[ReceiptFacts], shelf: Shelf | None) -> Found:
    """Lock the memberships of the cards, only then look at what is known already. One query; another for each: merges
    that were followed, sales known already, terms this process has not read yet. Raises Moved."""
    live = {facts.card for facts in batch if facts.card}
    cards = rows.array(live)
    times = [facts.occurred_at for facts in batch]
    locked, known, published, receipts, lines, *goods = rows.ask(
        (HELD, [cards]),
        _known_by([facts.key for facts in batch]),
        (PUBLISHED, [max(times), min(times)]),
        rows.numbers(Receipt, len(batch)),
        rows.numbers(ReceiptLine, sum([len(facts.lines) for facts in batch])),
        *([Shelf.asking(batch)] if shelf is None else []),
    )
    held = _held(locked, live)
    return Found(
        held,
        *_known(known),
        _versions(published, {member.programme_id for member in held.everybody}),
        rows.read_numbers(receipts),
        rows.read_numbers(lines),
        Shelf.read(*goods) if shelf is None else shelf,
    )


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
WITH asked AS (SELECT unnest(%s::bigint[]) AS id)
SELECT coalesce(m.merged_into_id, m.id), extract(epoch FROM r.occurred_at)::float8, r.stamps, r.kind = 'sale'
FROM loyalty_receipt r JOIN loyalty_membership m ON m.id = r.membership_id
WHERE r.membership_id IN (
        SELECT id FROM asked
        UNION ALL SELECT o.id FROM loyalty_membership o JOIN asked ON asked.id = o.merged_into_id)
  AND r.state = 'counted' AND r.occurred_at BETWEEN %s AND %s
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
        self._has_cooldown = any(one.cooldown_minutes for one in terms.values())
        days = max((one.days_back for one in terms.values() if one.looks_back), default=0)
        pks = [member.pk for member in members]
        if not days or not pks:
            return
        since, until = min(times) - timedelta(days=days), max(times) + timedelta(days=1)
        zone = timezone.get_current_timezone()
        (found,) = rows.ask((PASTS, [rows.array(pks), since, until]))
        for lead, at, stamps, is_sale in found:
            self._add(self._cards[lead], datetime.fromtimestamp(at, zone), stamps, is_sale)

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
            if self._has_cooldown:
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
