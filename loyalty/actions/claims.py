"""Receipts that come to a card later than they were bought."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.actions import books
from loyalty.actions.lookups import Pasts
from loyalty.actions.receipts import record_receipt
from loyalty.actions.returns import remaining
from loyalty.actions.sales import ask, count, credit, is_late, settle
from loyalty.actions.tiers import settle_tiers
from loyalty.models import CardToken, Membership, Receipt, Store
from loyalty.queries.terms import version_at
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts
from staff.errors import DomainError
from staff.models import User


@transaction.atomic
def claim_receipt(
    membership_id: int,
    *,
    store: Store,
    business_date: date,
    number: str,
    lines: Sequence[Line],
    occurred_at: datetime,
    by: User,
    now: datetime,
) -> Receipt:
    """A forgotten card: the receipt on the counter goes onto it afterwards.

    A receipt that the till has told is counted as told, less what came back; one it has not told yet is taken from the
    paper (`lines`). Either counts for one card, once. Beyond the backdating limit it waits for a colleague.
    """
    sale = (
        Receipt.objects.select_for_update(of=("self",))
        .filter(store=store, business_date=business_date, number=number, kind=Receipt.Kind.SALE)
        .order_by("pk")
        .first()
    )
    if sale is None:
        card = CardToken.objects.filter(
            membership=membership_id, status=CardToken.Status.ACTIVE, replaced_by=None
        ).first()
        if card is None:
            raise DomainError(_("Give the member a card first."), code="no_card")
        facts = ReceiptFacts(
            source="till",
            store=store.code,
            business_date=business_date,
            number=number,
            occurred_at=occurred_at,
            lines=tuple(lines),
            card=card.number,
            total=sum((line.amount for line in lines), start=Decimal(0)),
            typed=True,
        )
        return record_receipt(facts, by=by, now=now)
    if sale.membership_id:
        raise DomainError(_("This receipt has been counted for a card already."), code="receipt_taken", field="number")
    membership = books.lock(membership_id)
    books.refuse_inactive(membership)
    version = version_at(membership.programme_id, sale.occurred_at)
    sale.membership = membership
    if version and is_late(version, sale.occurred_at, now):
        sale.state, sale.trace = Receipt.State.HELD, [{"say": "late", "days": version.backdate_days}]
        sale.save(update_fields=["membership", "state", "trace"])
        ask(sale, membership, by=by, now=now)
        return sale
    return _count(sale, membership, by=by, now=now)


def count_held(receipt_id: int, *, by: User, now: datetime) -> Receipt:
    """A colleague lets a late receipt count. The caller holds the transaction."""
    sale, membership = _held(receipt_id)
    return _count(sale, membership, by=by, now=now)


def decline_held(receipt_id: int, *, by: User, now: datetime) -> Receipt:
    """A colleague does not let a late receipt count."""
    sale, _membership = _held(receipt_id)
    sale.state, sale.trace = Receipt.State.REFUSED, [{"say": "late_declined"}]
    sale.save(update_fields=["state", "trace"])
    return sale


def _held(receipt_id: int) -> tuple[Receipt, Membership]:
    """A receipt that waits and its membership, both locked."""
    sale = Receipt.objects.select_for_update(of=("self",)).get(pk=receipt_id)
    if sale.state != Receipt.State.HELD or sale.membership_id is None:
        raise DomainError(_("This receipt does not wait any more."), code="wrong_state")
    return sale, books.lock(sale.membership_id)


def _count(sale: Receipt, membership: Membership, *, by: User, now: datetime) -> Receipt:
    """Count what remains of a sale for a locked membership."""
    version = version_at(membership.programme_id, sale.occurred_at)
    terms = version.terms if version else None
    past = Pasts([membership], {version.pk: terms} if version and terms else {}, [sale.occurred_at])
    local = timezone.localtime(sale.occurred_at)
    outcome = count(remaining(sale), terms, local=local, store=sale.store.code, past=past.of(membership, local, terms))
    settle(sale, outcome, version)
    sale.trace.append({"say": "claimed"})
    if sale.returns.exists():
        sale.trace.append({"say": "returned_before"})
    sale.state, sale.membership = Receipt.State.COUNTED, membership
    account = books.account_of(membership, version)
    if version:
        credit(account, sale, outcome, version)
    sale.save(update_fields=["state", "membership", "version", "stamps", "room", "times", "trace"])
    if terms and terms.tiers:
        settle_tiers([membership], now=now)
    membership.last_visit_at = max(membership.last_visit_at or sale.occurred_at, sale.occurred_at)
    lines = {(sale.pk, number): pk for number, pk in sale.lines.values_list("number", "pk")}
    books.write([books.Posting(membership, account, version, sale.occurred_at)], by=by, now=now, lines=lines)
    return sale
