"""Sales and returns, by whichever door they come: told twice they count once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.actions import books
from loyalty.actions.lookups import NOTHING, Past, Pasts, Shelf, cards_of, in_force, known_sales, versions_of
from loyalty.actions.tiers import settle_tiers
from loyalty.errors import Moved, ReceiptConflict
from loyalty.models import Membership, ProgrammeVersion, Receipt, ReceiptLine, StampRequest, Store
from loyalty.rules.account import EARN, Account
from loyalty.rules.cards import normalise
from loyalty.rules.earning import Line, Outcome, Sentence, earn
from loyalty.rules.facts import ReceiptFacts, key_as_json
from loyalty.rules.terms import Terms
from staff.errors import DomainError
from staff.models import User

Answer = Receipt | DomainError


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
    if not batch:
        return []
    shelf = shelf or Shelf.for_facts(batch)
    cards, refusals = cards_of(batch)
    members = books.lock_all([card.membership_id for card in cards.values()]) if cards else {}
    known = known_sales([facts.key for facts in batch])
    versions = versions_of({member.programme_id for member in members.values()})
    terms = {version.pk: version.terms for rows in versions.values() for version in rows}
    pasts = Pasts(members.values(), terms, [facts.occurred_at for facts in batch])
    accounts = books.accounts_of(members.values(), with_rewards=any(one.interim for one in terms.values()))
    postings: dict[int, books.Posting] = {}
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
            receipt.membership_id, receipt.card_id = member.pk, card.pk if card else None
            receipt._state.fields_cache["membership"] = member
            version = next((v for v in versions[member.programme_id] if in_force(v, facts.occurred_at)), None)
            if version and not late_ok and facts.occurred_at < now - timedelta(days=version.backdate_days):
                receipt.state = Receipt.State.HELD
                receipt.trace = [{"say": "late", "days": version.backdate_days}]
                late.append((receipt, member))
            else:
                receipt.state = Receipt.State.COUNTED
                own = version.terms if version else None
                past = pasts.of(member, facts.occurred_at, own)
                outcome = count(seen, own, at=facts.occurred_at, store=facts.store, past=past)
                pasts.add(member, facts.occurred_at, outcome.stamps, own)
                settle(receipt, outcome, version)
                member.last_visit_at = max(member.last_visit_at or facts.occurred_at, facts.occurred_at)
        receipts.append(receipt)
        known[facts.key] = answers[place] = receipt
        told.append((receipt, seen))
        if member and receipt.state == Receipt.State.COUNTED:
            account = accounts[member.pk]
            if version:
                credit(account, receipt, outcome, version)
            postings[member.pk] = books.Posting(member, account, version, facts.occurred_at)
    books.insert(receipts)
    lines = [_line(receipt, line, shelf) for receipt, seen in told for line in seen]
    books.insert(lines)
    point_at_lines(accounts.values(), {(line.receipt_id, line.number): line for line in lines})
    if any(one.tiers for one in terms.values()):
        settle_tiers([posting.membership for posting in postings.values()], now=now)
    books.write(list(postings.values()), by=by, now=now)
    for receipt, member in late:
        ask(receipt, member, by=by, now=now)
    _redeem_paid_with(receipts, lines, by=by, now=now)
    _match_parked(receipts, by=by, now=now)
    return [answers[place] for place in range(len(batch))]


def count(lines: Sequence[Line], terms: Terms | None, *, at: datetime, store: str, past: Past = NOTHING) -> Outcome:
    """What a sale earns for its card under the terms of its day."""
    if terms is None:
        return Outcome((), ({"say": "no_programme"},), room=0)
    return earn(
        lines,
        terms,
        local=timezone.localtime(at),
        store=store,
        earned_today=past.earned_today,
        minutes_since_last=past.minutes_since_last,
        tier=past.tier,
    )


def settle(receipt: Receipt, outcome: Outcome, version: ProgrammeVersion | None) -> None:
    receipt.version_id, receipt.stamps, receipt.room = version.pk if version else None, outcome.stamps, outcome.room
    receipt.times, receipt.trace = outcome.times, list(outcome.trace)


def credit(account: Account, receipt: Receipt, outcome: Outcome, version: ProgrammeVersion) -> None:
    """Put the earnings on the account; each change knows its line by number until the lines are stored."""
    circumstances = {"version": version, "occurred_at": receipt.occurred_at, "receipt": receipt}
    terms = version.terms
    made, before = 0, len(account.changes)
    for earning in outcome.earnings:
        made += account.credit(EARN, earning.stamps, terms.goal, terms.levels, line=earning.line, rule=earning.rule)
    for change in account.changes[before:]:
        change.extra = circumstances | change.extra
    receipt.trace += on_the_way(account, version, since=before)
    if made:
        receipt.trace.append({"say": "rewarded", "rewards": made})


def on_the_way(account: Account, version: ProgrammeVersion, *, since: int = 0) -> list[Sentence]:
    """What to say of the rewards on the way that the changes from `since` on bring."""
    levels = [level for change in account.changes[since:] for _cycle, level in change.reached]
    names = [step.name for level in levels for step in version.terms.interim if step.at == level]
    return [{"say": "interim", "names": names}] if names else []


def point_at_lines(accounts: Iterable[Account], lines: Mapping[tuple[int, int], ReceiptLine]) -> None:
    for account in accounts:
        for change in account.changes:
            if number := change.extra.get("line"):
                change.extra["line"] = lines[change.extra["receipt"].pk, number]


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


def _receipt(facts: ReceiptFacts, store: Store, *, by: User | None, now: datetime) -> Receipt:
    return books.fresh(
        Receipt,
        {"store": store},
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

    keys = {(sale.source, sale.store.code, sale.business_date.isoformat(), sale.number): sale for sale in sales}
    if not keys:
        return
    rows = Receipt.objects.raw(
        "SELECT * FROM loyalty_receipt WHERE state = 'parked' AND original_key = ANY(%s::jsonb[])"
        " ORDER BY occurred_at, id",
        [[json.dumps(key) for key in keys]],
    )
    for row in rows:
        settle_parked(row, keys[tuple(row.original_key or ())], by=by, now=now)
