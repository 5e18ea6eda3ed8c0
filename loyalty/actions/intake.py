"""What sales and returns share as they come in: known before or new, possible or not, written down with their lines."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.actions import rows
from loyalty.actions.lookups import Shelf
from loyalty.actions.rows import Sheet
from loyalty.errors import ReceiptConflict
from loyalty.models import Receipt, ReceiptLine, Store
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts, key_as_json
from staff.errors import DomainError
from staff.models import User

LARGEST = Decimal(10) ** 9  # a receipt's total


def told_before(receipt: Receipt, facts: ReceiptFacts) -> Receipt:
    if receipt.body_hash and receipt.body_hash != facts.body_hash:
        raise ReceiptConflict(
            _("Receipt %(number)s of this store and day was recorded with other contents.") % {"number": facts.number},
            field="number",
        )
    return receipt


def check(facts: ReceiptFacts, shelf: Shelf, now: datetime) -> Store:
    store = shelf.stores.get(facts.store)
    if store is None:
        raise DomainError(_("No store has the code “%s”.") % facts.store, code="store_unknown", field="store")
    if facts.occurred_at > now + timedelta(hours=1):
        raise DomainError(_("This receipt is from the future; check its date."), code="in_future", field="occurred_at")
    if not -LARGEST <= facts.total <= LARGEST:
        raise DomainError(_("The total of this receipt is too large."), code="too_large", field="lines")
    if len({line.number for line in facts.lines}) < len(facts.lines):
        raise DomainError(_("Two lines have the same number."), code="line_twice", field="lines")
    return store


def new_receipt(
    facts: ReceiptFacts, store: Store, *, by: User | None, now: datetime, number: int | None = None
) -> Receipt:
    """A receipt to be written, under this number of the books if one was taken."""
    return rows.fresh(
        Receipt,
        {"store": store},
        id=number,
        source=facts.source,
        store_id=store.id,
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


LINE = "id, receipt_id, number, sku, product_id, quantity, amount, kind, reward_id"


def lines_of(told: Sequence[tuple[Receipt, Sequence[Line]]], shelf: Shelf, taken: Iterable[int]) -> Sheet:
    """The lines of new receipts as they are written, under these numbers."""
    taken, written = iter(taken), []
    for receipt, lines in told:
        owner = receipt.id
        for line in lines:
            product = shelf.products.get(line.sku)
            written.append(
                (
                    next(taken),
                    owner,
                    line.number,
                    line.sku,
                    product.pk if product else None,
                    line.quantity,
                    line.amount,
                    line.kind,
                    line.reward,
                )
            )
    return Sheet(ReceiptLine._meta.db_table, LINE, written)
