"""A file of receipts into the books, chunk by chunk, in two transactions at once where a chunk is large."""

import csv
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TextIO, TypeVar

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Sum
from django.utils import timezone

from loyalty.actions.lookups import Shelf, articles, known_sales, leads_of
from loyalty.actions.receipts import record_receipt
from loyalty.actions.rows import COPY_FROM, insert
from loyalty.actions.sales import Answer, record_sales
from loyalty.errors import Moved
from loyalty.importing.mapping import FileMapping, MappingError, Reader, Reject
from loyalty.models import (
    CardToken,
    Category,
    LedgerEntry,
    Membership,
    Product,
    Programme,
    ProgrammeVersion,
    Receipt,
    Reward,
    Store,
)
from loyalty.rules.facts import Key, ReceiptFacts
from loyalty.terms import TermsError, read_rules
from staff.errors import DomainError

CHUNK = 2000
Told = Callable[[int, str], None]


@dataclass(slots=True)
class Tally:
    rows: int = 0
    receipts: int = 0
    created: int = 0
    known: int = 0
    without_card: int = 0
    parked: int = 0
    rejected: int = 0
    members_created: int = 0
    stamps: int = 0
    rewards: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(file: TextIO, mapping: FileMapping, *, now: datetime, reject: Told, chunk: int = CHUNK) -> Tally:
    """Import all; `reject(row, reason)` is told of each row left out. Memory holds two chunks, and for a file without
    receipt numbers a hash a row. Raises MappingError before anything is written when the file does not fit."""
    with _seldom_collecting(), closing(_Lanes(now)) as lanes:
        return _run(file, mapping, lanes, now=now, reject=reject, chunk=chunk)


def _run(file: TextIO, mapping: FileMapping, lanes: "_Lanes", *, now: datetime, reject: Told, chunk: int) -> Tally:
    rows = csv.reader(file, delimiter=mapping.delimiter)
    head = next(rows, [])
    mapping.check_head(head)
    programme = programme_for(mapping, now)
    tally, shelf = Tally(), _Shelf(mapping)
    entries_before = LedgerEntry.objects.aggregate(last=Max("pk"))["last"] or 0

    def counted(source: Iterable[list[str]]) -> Iterator[list[str]]:
        for row in source:
            tally.rows += bool(row)
            yield row

    def refuse(row: int, reason: str) -> None:
        tally.rejected += 1
        tally.reasons[reason] = tally.reasons.get(reason, 0) + 1
        reject(row, reason)

    stream = Reader(mapping, head).receipts(counted(rows))
    for batch in _ahead(iter(lambda: list(islice(stream, chunk)), [])):
        told: list[tuple[int, ReceiptFacts]] = []
        for place, facts in batch:
            if isinstance(facts, Reject):
                refuse(place, str(facts))
            else:
                told.append((place, facts))
        tally.receipts += len(told)
        with transaction.atomic():
            shelf.stock([facts for _place, facts in told])
            leads, enrolled = _members_of([facts for _place, facts in told], programme, now)
            tally.members_created += enrolled
        for sales, returns in _runs(told, leads):
            answers = lanes.record([facts for _place, facts in sales], leads, shelf)
            for (place, _facts), answer in zip(sales, answers, strict=True):
                if isinstance(answer, DomainError):
                    refuse(place, str(answer))
                else:
                    _tell(tally, answer, now)
            for place, facts in returns:
                try:
                    _tell(tally, record_receipt(facts, by=None, now=now), now)
                except DomainError as refusal:
                    refuse(place, str(refusal))
    new = LedgerEntry.objects.filter(pk__gt=entries_before, recorded_at=now)
    tally.stamps = new.filter(kind="earn").aggregate(sum=Sum("stamps"))["sum"] or 0
    tally.rewards = Reward.objects.filter(convert__pk__gt=entries_before, issued_at=now).count()
    return tally


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """A chunk makes hundreds of thousands of objects, nearly none of them in a ring: looking for rings as often as in
    ordinary work takes a quarter of the importer's time."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


T = TypeVar("T")


def _ahead(batches: Iterator[T]) -> Iterator[T]:
    """The same, each read while the database has the one before."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


Placed = tuple[int, ReceiptFacts]


def _runs(told: list[Placed], leads: Mapping[str, int]) -> Iterator[tuple[list[Placed], list[Placed]]]:
    """Receipts in runs of sales and the returns after them, so that every card sees its own in the order of the file:
    a sale of a card, or the sale itself, after its return begins a new run. A query or two where goods come back."""
    owners = _owners(told, leads)
    sales: list[Placed] = []
    returns: list[Placed] = []
    waiting: set[int | Key] = set()
    for place, facts in told:
        if facts.original:
            returns.append((place, facts))
            waiting |= {facts.original, owners.get(facts.original, 0)}
            continue
        if waiting and not waiting.isdisjoint((facts.key, owners.get(facts.key, 0) or facts.key)):
            yield sales, returns
            sales, returns, waiting = [], [], set()
        sales.append((place, facts))
    if sales or returns:
        yield sales, returns


def _owners(told: list[Placed], leads: Mapping[str, int]) -> dict[Key, int]:
    """Whose the sales of these receipts are, as far as that is known."""
    wanted = {facts.original for _place, facts in told if facts.original}
    if not wanted:
        return {}
    owners = {facts.key: leads.get(facts.card, 0) for _place, facts in told if not facts.original}
    known, _parked = known_sales(wanted - set(owners))
    return owners | {key: row.membership_id for key, row in known.items() if row.membership_id}


def _tell(tally: Tally, receipt: Receipt, now: datetime) -> None:
    if receipt.recorded_at != now:
        tally.known += 1
        return
    tally.created += 1
    tally.without_card += receipt.state == Receipt.State.UNIDENTIFIED
    tally.parked += receipt.state == Receipt.State.PARKED


def programme_for(mapping: FileMapping, now: datetime) -> Programme:
    """The programme that new cards join: the mapping's, made with its terms when missing; else the only open one.

    Terms that come with a mapping are the operator's own decision: version 1 has neither author nor approver.
    """
    wanted = mapping.programme
    if not wanted:
        rows = list(Programme.objects.filter(is_open=True)[:2])
        if len(rows) != 1:
            raise MappingError("Say in the mapping's [programme] which programme new cards join.")
        return rows[0]
    programme = Programme.objects.filter(code=wanted.get("code", "")).first()
    if programme:
        return programme
    try:
        read_rules(wanted["rules"])
        start = datetime.fromisoformat(wanted["valid_from"])
        with transaction.atomic():
            programme = Programme.objects.create(
                code=wanted["code"], name=wanted["name"], reward_name=wanted["reward_name"]
            )
            ProgrammeVersion.objects.create(
                programme=programme,
                number=1,
                state=ProgrammeVersion.State.PUBLISHED,
                stamps_needed=wanted["stamps_needed"],
                rules=wanted["rules"],
                reward_cost=Decimal(str(wanted.get("reward_cost", 0))),
                valid_from=timezone.make_aware(start) if timezone.is_naive(start) else start,
                published_at=now,
            )
    except (KeyError, TypeError, ValueError, TermsError) as error:
        raise MappingError(f"[programme] is not complete: {error}") from error
    return programme


class _Lanes:
    """Sales recorded in two transactions at once, so that the database writes one while the other is counted.

    All of a member go the same way, and each receipt once, so that neither waits for the other. Within somebody's
    transaction, which no other connection sees, there is one lane.
    """

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._beside = ThreadPoolExecutor(1)

    def record(self, sales: Sequence[ReceiptFacts], leads: Mapping[str, int], shelf: Shelf) -> list[Answer]:
        """Each answered, in the order given."""
        lanes: tuple[list[int], list[int]] = ([], [])
        for place, facts in enumerate(sales):
            lanes[leads.get(facts.card, place) % 2].append(place)
        is_single = connection.in_atomic_block or len({facts.key for facts in sales}) < len(sales)
        if is_single or min(map(len, lanes)) < COPY_FROM:
            return self._lane(sales, shelf)
        other = self._beside.submit(self._lane, [sales[place] for place in lanes[1]], shelf)
        try:
            own = self._lane([sales[place] for place in lanes[0]], shelf)
        finally:
            answers = other.result()
        told = dict(zip(lanes[0] + lanes[1], own + answers, strict=True))
        return [told[place] for place in range(len(sales))]

    def _lane(self, sales: Sequence[ReceiptFacts], shelf: Shelf) -> list[Answer]:
        try:
            return self._once(sales, shelf)
        except (Moved, IntegrityError):  # a card merged, or a receipt told by its till, at this moment
            return self._once(sales, shelf)

    def _once(self, sales: Sequence[ReceiptFacts], shelf: Shelf) -> list[Answer]:
        with transaction.atomic():
            return record_sales(sales, by=None, now=self._now, late_ok=True, shelf=shelf)

    def close(self) -> None:
        self._beside.submit(connection.close)
        self._beside.shutdown()


class _Shelf(Shelf):
    """What the file's receipts refer to; stores and products it has never heard of are made, where it says so."""

    def __init__(self, mapping: FileMapping) -> None:
        super().__init__({s.code: s for s in Store.objects.all()}, {})
        self._mapping = mapping
        self._asked: set[str] = set()

    def stock(self, batch: list[ReceiptFacts]) -> None:
        for code in {facts.store for facts in batch} - set(self.stores):
            if self._mapping.fixed.get("store") == code:  # the mapping itself names it
                self.stores[code] = Store.objects.get_or_create(code=code, defaults={"name": code})[0]
        skus = {line.sku: line for facts in batch for line in facts.lines if line.sku}
        new = set(skus) - self._asked
        if not new:
            return
        self._asked |= new
        found = articles(new)
        if self._mapping.products.get("create") and (missing := new - set(found)):
            code = self._mapping.products.get("category", "other")
            category = Category.objects.get_or_create(code=code, defaults={"name": code.capitalize()})[0]
            made = [Product(sku=sku, name=sku, category=category, price=skus[sku].amount) for sku in sorted(missing)]
            Product.objects.bulk_create(made)
            found |= articles(missing)
        self.products |= found


def _members_of(batch: list[ReceiptFacts], programme: Programme, now: datetime) -> tuple[dict[str, int], int]:
    """The memberships to which the cards of sales lead. Cards nobody has seen belong to nameless members from their
    first receipt on; how many. One query, five with new cards."""
    first: dict[str, ReceiptFacts] = {}
    for facts in batch:
        if facts.original:
            continue
        known = first.get(facts.card)
        if facts.card and (known is None or facts.occurred_at < known.occurred_at):
            first[facts.card] = facts
    leads = leads_of(first.keys())
    new = sorted(first.keys() - leads.keys())
    members = [
        Membership(programme=programme, enrolled_at=min(first[number].occurred_at, now), cycle_needed=None)
        for number in new
    ]
    insert(members)
    insert(
        [
            CardToken(number=number, membership=member, issued_at=member.enrolled_at)
            for number, member in zip(new, members, strict=True)
        ]
    )
    return leads | {number: member.pk for number, member in zip(new, members, strict=True)}, len(new)
