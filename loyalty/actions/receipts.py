"""Sales and returns, by whichever door they come: told twice they count once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.actions import books
from loyalty.errors import Moved, ReceiptConflict
from loyalty.models import (
    CardToken,
    Membership,
    Product,
    ProgrammeVersion,
    Receipt,
    ReceiptLine,
    StampRequest,
    Store,
)
from loyalty.rules.account import EARN, Account
from loyalty.rules.cards import normalise
from loyalty.rules.earning import Line, Outcome, earn
from loyalty.rules.facts import Key, ReceiptFacts, key_as_json
from loyalty.rules.terms import Terms
from staff.errors import DomainError
from staff.models import User

Answer = Receipt | DomainError


@dataclass(slots=True)
class Shelf:
    """What receipts refer to by name; loaded once for a file, afresh for one receipt."""

    stores: dict[str, Store]
    products: dict[str, Product]

    @classmethod
    def for_facts(cls, batch: Sequence[ReceiptFacts]) -> "Shelf":
        skus = {line.sku for facts in batch for line in facts.lines if line.sku}
        return cls(
            {store.code: store for store in Store.objects.filter(code__in={facts.store for facts in batch})},
            {p.sku: p for p in Product.objects.select_related("category").filter(sku__in=skus)} if skus else {},
        )

    def line(self, line: Line) -> Line:
        """The line with what the shop knows of its product."""
        product = self.products.get(line.sku)
        if product is None:
            return line
        kind = "gift_card" if product.is_gift_card and line.kind == "sale" else line.kind
        return replace(line, kind=kind, category=product.category.code if product.category else "")


def record_receipt(facts: ReceiptFacts, *, by: User | None, now: datetime, late_ok: bool = False) -> Receipt:
    """A sale or (with `original`) a return. The same receipt again gives the stored one; under the same number with
    other contents ReceiptConflict. Raises CardRefused and DomainError as the card or the facts deserve.

    About a dozen queries; every wait is for one membership's row.
    """
    for attempt in (1, 2):
        try:
            with transaction.atomic():
                if facts.original:
                    from loyalty.actions.returns import record_return  # returns need sales, sales parked returns

                    return record_return(facts, by=by, now=now)
                (answer,) = record_sales([facts], by=by, now=now, late_ok=late_ok)
                if isinstance(answer, DomainError):
                    raise answer
                return answer
        except Moved:
            if attempt == 2:
                raise
        except IntegrityError as error:  # another till told the same receipt at this moment: it is known now
            if attempt == 2 or "loyalty_receipt_once" not in str(error):
                raise
    raise AssertionError


def record_sales(
    batch: Sequence[ReceiptFacts],
    *,
    by: User | None,
    now: datetime,
    late_ok: bool = False,
    shelf: Shelf | None = None,
) -> list[Answer]:
    """Sales, each answered by its receipt or its refusal, in the order given. The caller holds the transaction.

    The same rules for one as for thousands: cards resolved, memberships locked in key order, only then looked at what
    is known already. The number of queries does not depend on the number of receipts.
    """
    shelf = shelf or Shelf.for_facts(batch)
    cards, refusals = _cards(batch)
    members = books.lock_all([card.membership_id for card in cards.values()]) if cards else {}
    known = _known(batch)
    versions = _versions({member.programme_id for member in members.values()})
    terms = {version.pk: version.terms for rows in versions.values() for version in rows}
    pasts = Pasts(
        {member.pk for member in members.values()} if any(t.looks_back for t in terms.values()) else set(),
        [facts.occurred_at for facts in batch],
    )
    accounts: dict[int, Account] = {}
    postings: list[books.Posting] = []
    receipts: list[Receipt] = []
    told: list[tuple[Receipt, list[Line]]] = []
    late: list[tuple[Receipt, Membership]] = []
    answers: dict[int, Answer] = {}
    for place in sorted(range(len(batch)), key=lambda i: (batch[i].occurred_at, batch[i].number)):
        facts = batch[place]
        number = normalise(facts.card)
        try:
            if facts.key in known:
                answers[place] = _told_before(known[facts.key], facts)
                continue
            store = _check(facts, shelf, now)
            if number in refusals:
                raise refusals[number]
            card = cards.get(number)
            member = members[card.membership_id] if card else None
            if member:
                books.refuse_inactive(member)
        except DomainError as refusal:
            answers[place] = refusal
            continue
        seen = [shelf.line(line) for line in facts.lines]
        receipt = _receipt(facts, store, by=by, now=now)
        version = None
        if member is None:
            receipt.state, receipt.trace = Receipt.State.UNIDENTIFIED, [{"say": "no_card"}]
        else:
            receipt.membership, receipt.card = member, card
            version = next((v for v in versions[member.programme_id] if in_force(v, facts.occurred_at)), None)
            if version and not late_ok and facts.occurred_at < now - timedelta(days=version.backdate_days):
                receipt.state = Receipt.State.HELD
                receipt.trace = [{"say": "late", "days": version.backdate_days}]
                late.append((receipt, member))
            else:
                receipt.state = Receipt.State.COUNTED
                outcome = count(
                    seen,
                    version,
                    terms.get(version.pk) if version else None,
                    at=facts.occurred_at,
                    store=facts.store,
                    past=pasts.of(member, facts.occurred_at),
                )
                pasts.add(member, facts.occurred_at, outcome.stamps)
                settle(receipt, outcome, version)
                member.last_visit_at = max(member.last_visit_at or facts.occurred_at, facts.occurred_at)
        receipts.append(receipt)
        known[facts.key] = answers[place] = receipt
        told.append((receipt, seen))
        if member and receipt.state == Receipt.State.COUNTED:
            account = accounts.setdefault(member.pk, books.account_of(member))
            if version:
                credit(account, receipt, outcome, version)
            postings.append(books.Posting(member, account, version, facts.occurred_at))
    books.insert(receipts)
    lines = [_line(receipt, line, shelf) for receipt, seen in told for line in seen]
    books.insert(lines)
    point_at_lines(accounts.values(), {(line.receipt_id, line.number): line for line in lines})
    _write(postings, by=by, now=now)
    for receipt, member in late:
        ask(receipt, member, by=by, now=now)
    _redeem_paid_with(receipts, lines, by=by, now=now)
    _match_parked(receipts, by=by, now=now)
    return [answers[place] for place in range(len(batch))]


def count(
    lines: Sequence[Line],
    version: ProgrammeVersion | None,
    terms: Terms | None,
    *,
    at: datetime,
    store: str,
    past: tuple[int, float | None],
) -> Outcome:
    """What a sale earns for its card under the version of its day."""
    if version is None or terms is None:
        return Outcome((), ({"say": "no_programme"},), room=0)
    return earn(
        lines,
        terms,
        local=timezone.localtime(at),
        store=store,
        earned_today=past[0],
        minutes_since_last=past[1],
    )


def settle(receipt: Receipt, outcome: Outcome, version: ProgrammeVersion | None) -> None:
    receipt.version, receipt.stamps, receipt.room = version, outcome.stamps, outcome.room
    receipt.trace = list(outcome.trace)


def credit(
    account: Account,
    receipt: Receipt,
    outcome: Outcome,
    version: ProgrammeVersion,
) -> None:
    """Put the earnings on the account; each change knows its line by number until the lines are stored."""
    circumstances = {"version": version, "occurred_at": receipt.occurred_at, "receipt": receipt}
    made, before = 0, len(account.changes)
    for earning in outcome.earnings:
        made += account.credit(EARN, earning.stamps, version.stamps_needed, line=earning.line, rule=earning.rule)
    for change in account.changes[before:]:
        change.extra = circumstances | change.extra
    if made:
        receipt.trace.append({"say": "rewarded", "rewards": made})


def point_at_lines(accounts: Iterable[Account], lines: Mapping[tuple[int, int], ReceiptLine]) -> None:
    for account in accounts:
        for change in account.changes:
            if number := change.extra.get("line"):
                change.extra["line"] = lines[change.extra["receipt"].pk, number]


def _write(postings: Sequence[books.Posting], *, by: User | None, now: datetime) -> None:
    """One posting per account: its changes carry their own circumstances."""
    latest = {posting.membership.pk: posting for posting in postings}
    books.write(list(latest.values()), by=by, now=now)


def _cards(batch: Sequence[ReceiptFacts]) -> tuple[dict[str, CardToken], dict[str, DomainError]]:
    numbers = {normalise(facts.card) for facts in batch if facts.card}
    found = {card.number: card for card in CardToken.objects.filter(number__in=numbers)} if numbers else {}
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


def _known(batch: Sequence[ReceiptFacts]) -> dict[Key, Receipt]:
    """Which of these sales are in the books; one query by the unique key."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id FROM unnest(%s::text[], %s::text[], %s::date[], %s::text[]) AS k(source, store, day, number)"
            " JOIN loyalty_store s ON s.code = k.store JOIN loyalty_receipt r ON r.source = k.source"
            " AND r.store_id = s.id AND r.business_date = k.day AND r.number = k.number AND r.kind = 'sale'",
            [list(column) for column in zip(*(facts.key for facts in batch), strict=True)],
        )
        found = [pk for (pk,) in cursor.fetchall()]
    rows = Receipt.objects.select_related("store").filter(pk__in=found) if found else []
    return {(row.source, row.store.code, row.business_date, row.number): row for row in rows}


def _told_before(receipt: Receipt, facts: ReceiptFacts) -> Receipt:
    if receipt.body_hash and receipt.body_hash != facts.body_hash:
        raise ReceiptConflict(
            _("Receipt %(number)s of this store and day was recorded with other contents.") % {"number": facts.number},
            field="number",
        )
    return receipt


def _check(facts: ReceiptFacts, shelf: Shelf, now: datetime) -> Store:
    store = shelf.stores.get(facts.store)
    if store is None:
        raise DomainError(_("No store has the code “%s”.") % facts.store, code="store_unknown", field="store")
    if facts.occurred_at > now + timedelta(hours=1):
        raise DomainError(_("This receipt is from the future; check its date."), code="in_future", field="occurred_at")
    if len({line.number for line in facts.lines}) < len(facts.lines):
        raise DomainError(_("Two lines have the same number."), code="line_twice", field="lines")
    return store


def _versions(programmes: set[int]) -> dict[int, list[ProgrammeVersion]]:
    rows: dict[int, list[ProgrammeVersion]] = defaultdict(list)
    if programmes:
        for version in ProgrammeVersion.objects.filter(
            programme_id__in=programmes, state=ProgrammeVersion.State.PUBLISHED
        ).order_by("-valid_from"):
            rows[version.programme_id].append(version)
    return rows


def in_force(version: ProgrammeVersion, at: datetime) -> bool:
    return version.valid_from <= at and (version.valid_until is None or at < version.valid_until)


class Pasts:
    """What cards earned earlier the same day, where the terms ask for it (no members: they do not); one query."""

    def __init__(self, members: set[int], times: Sequence[datetime]) -> None:
        self._rows: dict[int, list[tuple[datetime, int]]] | None = None
        if not members:
            return
        self._rows = defaultdict(list)
        for member, at, stamps in Receipt.objects.filter(
            membership__in=members,
            kind=Receipt.Kind.SALE,
            state=Receipt.State.COUNTED,
            occurred_at__range=(min(times) - timedelta(days=1), max(times) + timedelta(days=1)),
        ).values_list("membership_id", "occurred_at", "stamps"):
            self._rows[member].append((at, stamps))

    def of(self, member: Membership, at: datetime) -> tuple[int, float | None]:
        if self._rows is None:
            return 0, None
        rows = self._rows[member.pk]
        today = timezone.localdate(at)
        gaps = [(at - when).total_seconds() / 60 for when, stamps in rows if stamps and when <= at]
        return sum(stamps for when, stamps in rows if timezone.localdate(when) == today), min(gaps, default=None)

    def add(self, member: Membership, at: datetime, stamps: int) -> None:
        if self._rows is not None:
            self._rows[member.pk].append((at, stamps))


def _receipt(facts: ReceiptFacts, store: Store, *, by: User | None, now: datetime) -> Receipt:
    receipt = books.fresh(
        Receipt,
        source=facts.source,
        store_id=store.pk,
        business_date=facts.business_date,
        number=facts.number,
        kind=Receipt.Kind.RETURN if facts.original else Receipt.Kind.SALE,
        occurred_at=facts.occurred_at,
        recorded_at=now,
        total=facts.total,
        cashier=facts.cashier,
        by_id=by.pk if by else None,
        body_hash=facts.body_hash,
        original_key=key_as_json(facts.original) if facts.original else None,
    )
    receipt.store = store
    return receipt


def _line(receipt: Receipt, line: Line, shelf: Shelf) -> ReceiptLine:
    product = shelf.products.get(line.sku)
    return books.fresh(
        ReceiptLine,
        receipt_id=receipt.pk,
        number=line.number,
        sku=line.sku,
        product_id=product.pk if product else None,
        quantity=line.quantity,
        amount=line.amount,
        kind=line.kind,
        reward_id=line.reward,
    )


def ask(receipt: Receipt, member: Membership, *, by: User | None, now: datetime) -> None:
    """A receipt too old to count by itself waits for a person, if a person or a till told it."""
    if by is not None:
        StampRequest.objects.create(
            kind=StampRequest.Kind.LATE,
            membership=member,
            receipt=receipt,
            amount=0,
            requested_by=by,
            requested_at=now,
            reason=_("Receipt %s") % receipt.number,
        )


def _redeem_paid_with(
    receipts: Sequence[Receipt], lines: Sequence[ReceiptLine], *, by: User | None, now: datetime
) -> None:
    """Lines paid with a reward by number redeem it, unless the till has already done so."""
    from loyalty.actions.rewards import redeem_with_receipt

    paid = [line for line in lines if line.reward_id and line.kind == ReceiptLine.Kind.REWARD]
    known = {receipt.pk: receipt for receipt in receipts} if paid else {}
    for line in paid:
        if line.reward_id and known[line.receipt_id].membership_id:
            redeem_with_receipt(line.reward_id, known[line.receipt_id], by=by, now=now)


def _match_parked(sales: Sequence[Receipt], *, by: User | None, now: datetime) -> None:
    """Returns that came before these sales are counted now; one query when there are none."""
    from loyalty.actions.returns import settle_parked

    parked = Receipt.objects.filter(state=Receipt.State.PARKED)
    keys = {(sale.source, sale.store.code, sale.business_date.isoformat(), sale.number): sale for sale in sales}
    if not keys:
        return
    rows = (
        parked.filter(original_key__in=[list(key) for key in keys])
        if len(keys) < books.COPY_FROM
        else parked.order_by("pk")
    )
    for row in rows.order_by("occurred_at", "pk"):
        if sale := keys.get(tuple(row.original_key or ())):
            settle_parked(row, sale, by=by, now=now)
