"""Goods that come back: the stamps they brought go, by the rules of the day they were bought."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.actions import books, rows
from loyalty.actions.intake import check, lines_of, new_receipt, told_before
from loyalty.actions.lookups import Shelf
from loyalty.actions.rewards import unredeem_with_receipt
from loyalty.actions.tiers import settle_tiers
from loyalty.models import Receipt, ReceiptLine, Reward
from loyalty.rules.account import REVERSE, UNCONVERT
from loyalty.rules.earning import Line, Sentence, earned_by
from loyalty.rules.facts import Key, ReceiptFacts
from staff.errors import DomainError
from staff.models import User


def record_return(facts: ReceiptFacts, original: Key, *, by: User | None, now: datetime) -> Receipt:
    """A return of the sale `original`; before that is known it is parked. The caller holds the transaction.

    Raises DomainError("more_than_sold") when more comes back than was bought.
    """
    shelf = Shelf.for_facts([facts])
    sale = _sale(original)
    known = (
        Receipt.objects.select_related("store")
        .filter(
            source=facts.source,
            store__code=facts.store,
            business_date=facts.business_date,
            number=facts.number,
            kind=Receipt.Kind.RETURN,
        )
        .first()
    )
    if known:
        return told_before(known, facts)
    store = check(facts, shelf, now)
    receipt = new_receipt(facts, store, by=by, now=now)
    receipt.state, receipt.trace = Receipt.State.PARKED, [{"say": "parked"}]
    receipt.save(force_insert=True)
    (taken,) = rows.ask(rows.numbers(ReceiptLine, len(facts.lines)))
    rows.write([lines_of([(receipt, facts.lines)], shelf, rows.read_numbers(taken))])
    if sale:
        settle_return(receipt, sale, by=by, now=now)
    return receipt


def settle_return(receipt: Receipt, sale: Receipt, *, by: User | None, now: datetime) -> None:
    """Count a return against its sale, whose row the caller holds. About ten queries.

    due = what the sale earned − what the lines kept would have earned that day − what earlier returns took back.
    """
    receipt.original = sale
    kept = remaining(sale, with_return=receipt)
    if sale.membership_id is None:
        said = "sale_without_card"
        receipt.state, receipt.trace = Receipt.State.UNIDENTIFIED, [{"say": said}]
        receipt.save(update_fields=["original", "state", "trace"])
        return
    _rewards_back(receipt, sale, by=by, now=now)
    membership = books.lock(sale.membership_id)
    worth = 0
    if sale.version and sale.state == Receipt.State.COUNTED:
        worth = earned_by(
            kept,
            sale.version.terms,
            local=timezone.localtime(sale.occurred_at),
            store=sale.store.code,
            room=sale.room,
            times=sale.times,
        )
    taken = sum(
        sale.returns.filter(state=Receipt.State.COUNTED).exclude(pk=receipt.pk).values_list("stamps", flat=True)
    )
    due = max(sale.stamps - worth - taken, 0)
    trace: list[Sentence] = list(receipt.trace) if receipt.trace and receipt.trace[0]["say"] != "parked" else []
    account = books.account_of(membership, sale.version, for_debit=True)
    unit = {"unit": "point"} if sale.version and sale.version.prices else {}
    if due and sale.version:
        account.about = books.About(sale.version, receipt.occurred_at, receipt)
        account.debit(REVERSE, due, sale.version.goal)
        trace.append({"say": "reversed", "stamps": due} | unit)
        if unmade := sum(change.kind == UNCONVERT for change in account.changes):
            trace.append({"say": "unconverted", "rewards": unmade})
        if any(change.fell for change in account.changes):
            trace.append({"say": "interim_back"})
        if account.balance < 0:
            trace.append({"say": "debt", "stamps": -account.balance} | unit)
        books.write([books.Posting(membership, account, sale.version, receipt.occurred_at)], by=by, now=now)
    elif not trace:
        trace.append({"say": "nothing_reversed"})
    receipt.state, receipt.membership, receipt.card = Receipt.State.COUNTED, membership, sale.card
    receipt.version, receipt.stamps, receipt.trace = sale.version, due, trace
    receipt.save(update_fields=["original", "state", "membership", "card", "version", "stamps", "trace"])
    if due and membership.tier:
        settle_tiers([membership], now=now)
        books.save_figures([membership])


def settle_parked(receipt: Receipt, sale: Receipt, *, by: User | None, now: datetime) -> None:
    """Count a return that waited; one that does not fit its sale is refused for a person to look at, not the sale."""
    try:
        with transaction.atomic():
            settle_return(receipt, sale, by=by, now=now)
    except DomainError as refusal:
        Receipt.objects.filter(pk=receipt.pk).update(
            state=Receipt.State.REFUSED, original=None, trace=[{"say": "refused", "why": str(refusal)}]
        )


FOUND = """
SELECT b.id, r.id FROM loyalty_receipt b
JOIN loyalty_store s ON s.code = b.original_key->>1
JOIN loyalty_receipt r ON r.store_id = s.id AND r.business_date = (b.original_key->>2)::date
 AND r.number = b.original_key->>3 AND r.source = b.original_key->>0 AND r.kind = 'sale'
WHERE b.state = 'parked' ORDER BY b.id
"""


def match_parked_returns(*, now: datetime) -> int:
    """Count the parked returns whose sale has come meanwhile (both may have been told at the same moment); how many.

    Each in a transaction of its own, with the locks in the order of any return: sale, card.
    """
    with connection.cursor() as cursor:
        cursor.execute(FOUND)
        found = cursor.fetchall()
    matched = 0
    for parked, sold in found:
        with transaction.atomic():
            sale = Receipt.objects.select_for_update(of=("self",)).select_related("store").get(pk=sold)
            rows = Receipt.objects.select_for_update(of=("self",)).filter(pk=parked, state=Receipt.State.PARKED)
            if receipt := rows.first():
                settle_parked(receipt, sale, by=None, now=now)
                matched += 1
    return matched


def _sale(key: Key) -> Receipt | None:
    """The sale of this key, locked."""
    source, store, business_date, number = key
    return (
        Receipt.objects.select_for_update(of=("self",))
        .select_related("store")
        .filter(source=source, store__code=store, business_date=business_date, number=number, kind=Receipt.Kind.SALE)
        .first()
    )


def remaining(sale: Receipt, *, with_return: Receipt | None = None) -> list[Line]:
    """The sale's lines less all that came back, and comes back now; three queries.

    Raises DomainError("more_than_sold").
    """
    returned: dict[int, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    returns = [
        *sale.returns.exclude(state=Receipt.State.REFUSED).values_list("pk", flat=True),
        *([with_return.pk] if with_return else []),
    ]
    for back in ReceiptLine.objects.filter(receipt__in=set(returns)) if returns else ():
        quantity, amount = returned[back.number]
        returned[back.number] = (quantity + back.quantity, amount + abs(back.amount))
    lines: list[Line] = []
    for row in sale.lines.select_related("product__category").order_by("number"):
        quantity, amount = returned.pop(row.number, (0, Decimal(0)))
        if quantity > row.quantity:
            raise DomainError(
                _("Line %(line)s: more comes back than was sold.") % {"line": row.number},
                code="more_than_sold",
                field="lines",
            )
        line = as_line(row)
        left = row.quantity - quantity
        share = row.amount - amount if amount else row.amount * left / row.quantity if row.quantity else Decimal(0)
        lines.append(line._replace(quantity=left, amount=max(share, Decimal(0)) if left else Decimal(0)))
    if returned:
        raise DomainError(
            _("Line %(line)s is not on the sale.") % {"line": min(returned)}, code="more_than_sold", field="lines"
        )
    return lines


def as_line(row: ReceiptLine) -> Line:
    category = row.product.category if row.product else None
    return Line(
        number=row.number,
        sku=row.sku,
        quantity=row.quantity,
        amount=row.amount,
        kind=row.kind,
        category=category.code if category else "",
        reward=row.reward_id,
    )


def _rewards_back(receipt: Receipt, sale: Receipt, *, by: User | None, now: datetime) -> None:
    """A free item that came back opens its reward again, or repays a debt; never cash."""
    numbers = receipt.lines.values_list("number", flat=True)
    paid: Sequence[int] = list(
        sale.lines.filter(kind=ReceiptLine.Kind.REWARD, reward__isnull=False, number__in=numbers).values_list(
            "reward_id", flat=True
        )
    )
    backs = [unredeem_with_receipt(pk, receipt, by=by, now=now) for pk in paid]
    said = {Reward.State.REVOKED: "reward_repaid"}
    receipt.trace = [{"say": said.get(Reward.State(back.state), "reward_back")} for back in backs if back]
