"""Sales, one or thousands at a time: what they earn, and what comes of it on their cards."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.actions import books, rows
from loyalty.actions.intake import check, lines_of, new_receipt, told_before
from loyalty.actions.lookups import Past, Pasts, Shelf, find, in_force
from loyalty.actions.returns import settle_parked
from loyalty.actions.rewards import redeem_with_receipt
from loyalty.actions.tiers import settle_tiers
from loyalty.models import Membership, ProgrammeVersion, Receipt, ReceiptLine, StampRequest
from loyalty.rules.account import EARN, Account
from loyalty.rules.earning import Line, Outcome, Sentence, earn
from loyalty.rules.facts import ReceiptFacts
from loyalty.terms import Terms
from staff.errors import DomainError
from staff.models import User

Answer = Receipt | DomainError


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
    held, known, parked, versions, receipts_taken, lines_taken, shelf = find(batch, shelf)
    fresh_number = iter(receipts_taken)
    terms = {version.pk: version.terms for rows in versions.values() for version in rows}
    pasts = Pasts(held.everybody, terms, [facts.occurred_at for facts in batch])
    accounts = books.accounts_of(held.everybody, with_rewards=any(one.interim for one in terms.values()))
    zone = timezone.get_current_timezone()
    postings: dict[int, books.Posting] = {}
    told: list[tuple[Receipt, Sequence[Line]]] = []
    late: list[tuple[Receipt, Membership]] = []
    answers: dict[int, Answer] = {}
    for place in sorted(range(len(batch)), key=lambda i: (batch[i].occurred_at, batch[i].number)):
        facts = batch[place]
        key, number = facts.key, facts.card
        try:
            if key in known:
                answers[place] = told_before(known[key], facts)
                continue
            store = check(facts, shelf, now)
            if number in held.refusals:
                raise held.refusals[number]
            member = held.members.get(number)
            if member:
                books.refuse_inactive(member)
        except DomainError as refusal:
            answers[place] = refusal
            continue
        seen = shelf.lines(facts.lines)
        receipt = new_receipt(facts, store, by=by, now=now, number=next(fresh_number))
        known[key] = answers[place] = receipt
        told.append((receipt, seen))
        if member is None:
            receipt.state, receipt.trace = Receipt.State.UNIDENTIFIED, [{"say": "no_card"}]
            continue
        receipt.__dict__ |= {"membership_id": member.id, "card_id": held.cards[number].pk}
        receipt._state.fields_cache["membership"] = member
        version = next((v for v in versions[member.programme_id] if in_force(v, facts.occurred_at)), None)
        if version and not late_ok and is_late(version, facts.occurred_at, now):
            receipt.state = Receipt.State.HELD
            receipt.trace = [{"say": "late", "days": version.backdate_days}]
            late.append((receipt, member))
            continue
        receipt.state = Receipt.State.COUNTED
        own, local = terms[version.id] if version else None, facts.occurred_at.astimezone(zone)
        outcome = count(seen, own, local=local, store=facts.store, past=pasts.of(member, local, own))
        settle(receipt, outcome, version)
        pasts.add(member, local, receipt.stamps, own)
        seen_at = vars(member).get("last_visit_at")  # of this batch; the books keep the latest
        member.last_visit_at = facts.occurred_at if seen_at is None else max(seen_at, facts.occurred_at)
        if version:
            credit(accounts[member.id], receipt, outcome, version)
        postings[member.id] = books.Posting(member, accounts[member.id], version, facts.occurred_at)
    receipts = [receipt for receipt, _lines in told]
    sheets = [rows.sheet_of(receipts, [receipt.id for receipt in receipts])] if receipts else []
    lines = lines_of(told, shelf, lines_taken)
    sheets.append(lines)
    if any(one.tiers for one in terms.values()):  # a tier is reckoned by what is written
        rows.write(sheets)
        sheets = []
        settle_tiers([posting.membership for posting in postings.values()], now=now)
    numbered = {(line[1], line[2]): line[0] for line in lines.rows}
    books.write(list(postings.values()), by=by, now=now, lines=numbered, first=sheets)
    for receipt, member in late:
        ask(receipt, member, by=by, now=now)
    _redeem_paid_with(told, by=by, now=now)
    if parked:
        _match_parked(parked, receipts, by=by, now=now)
    return [answers[place] for place in range(len(batch))]


def is_late(version: ProgrammeVersion, occurred_at: datetime, now: datetime) -> bool:
    """Whether a receipt of these terms' day is too old to count without a person's word."""
    return occurred_at < now - timedelta(days=version.backdate_days)


def count(lines: Sequence[Line], terms: Terms | None, *, local: datetime, store: str, past: Past) -> Outcome:
    """What a sale earns for its card under the terms of its day, at its local time."""
    if terms is None:
        return Outcome((), ({"say": "no_programme"},), room=0)
    return earn(
        lines,
        terms,
        local=local,
        store=store,
        earned_today=past.earned_today,
        minutes_since_last=past.minutes_since_last,
        tier=past.tier,
    )


def settle(receipt: Receipt, outcome: Outcome, version: ProgrammeVersion | None) -> None:
    receipt.__dict__ |= {"version_id": version.id if version else None}
    receipt.stamps, receipt.room = outcome.stamps, outcome.room
    receipt.times, receipt.trace = outcome.times, list(outcome.trace)


def credit(account: Account, receipt: Receipt, outcome: Outcome, version: ProgrammeVersion) -> None:
    """Put the earnings on the account; each change names its line by number."""
    terms = version.terms
    made, before = 0, len(account.changes)
    account.about = books.About(version, receipt.occurred_at, receipt)
    for earning in outcome.earnings:
        made += account.credit(EARN, earning.stamps, terms.goal, terms.levels, line=earning.line, rule=earning.rule)
    if terms.interim:
        receipt.trace += on_the_way(account, version, since=before)
    if made:
        receipt.trace.append({"say": "rewarded", "rewards": made})


def on_the_way(account: Account, version: ProgrammeVersion, *, since: int = 0) -> list[Sentence]:
    """What to say of the rewards on the way that the changes from `since` on bring."""
    levels = [level for change in account.changes[since:] for _cycle, level in change.reached]
    names = [step.name for level in levels for step in version.terms.interim if step.at == level]
    return [{"say": "interim", "names": names}] if names else []


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


def _redeem_paid_with(told: Sequence[tuple[Receipt, Sequence[Line]]], *, by: User | None, now: datetime) -> None:
    """Lines paid with a reward by number redeem it, unless the till has already done so."""
    for receipt, lines in told:
        for line in lines:
            if line.reward and line.kind == ReceiptLine.Kind.REWARD:
                redeem_with_receipt(line.reward, receipt, by=by, now=now)


def _match_parked(parked: Sequence[int], sales: Sequence[Receipt], *, by: User | None, now: datetime) -> None:
    """Returns that came before these sales are counted now."""
    keys = {(sale.source, sale.store.code, sale.business_date.isoformat(), sale.number): sale for sale in sales}
    for row in Receipt.objects.filter(pk__in=parked, state=Receipt.State.PARKED).order_by("occurred_at", "pk"):
        if sale := keys.get(tuple(row.original_key or ())):
            settle_parked(row, sale, by=by, now=now)
