"""The life of a voucher besides being spent: issue, void, reissue, extend, expire, and the nightly self-check.

Every action locks the voucher's row, appends to its ledger and leaves balance and state as the ledger says; the
database refuses the commit otherwise.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models.vouchers import (
    EntryKind,
    FailedLookup,
    HoldState,
    Reservation,
    Voucher,
    VoucherEntry,
    VoucherExtension,
    VoucherKind,
    VoucherState,
)
from complaints.vouchers import codes, rules
from customers.erasure import living
from staff.errors import DomainError
from staff.models import User
from staff.statements import kept

log = structlog.get_logger()
EXPIRY_BATCH = 500


class Issued(NamedTuple):
    """A new voucher and its code, which is shown to the customer now and never again."""

    voucher: Voucher
    code: str


@transaction.atomic
def issue(
    customer_pk: int,
    *,
    face: Decimal,
    valid_until: date,
    by: User | None,
    now: datetime,
    product: str = "",
    case_pk: int | None = None,
    note: str = "",
) -> Issued:
    """A value voucher, or one for `product` whose `face` is the product's worth. Three queries.

    Raises DomainError for an amount that is not money or a day that has passed, and Erased.
    """
    rules.check_amount(face)
    if valid_until < timezone.localdate(now):
        raise DomainError(_("Choose a day that has not passed."), code="voucher_bad_date", field="valid_until")
    living(customer_pk)
    code = codes.draw()
    voucher = Voucher.objects.create(
        kind=VoucherKind.PRODUCT if product else VoucherKind.VALUE,
        customer_id=customer_pk,
        case_id=case_pk,
        product=product,
        face=face,
        balance=face,
        valid_until=valid_until,
        issued_at=now,
        issued_by=by,
        fingerprint=codes.fingerprint(code),
        last_four=code[-4:],
    )
    VoucherEntry.objects.create(voucher=voucher, kind=EntryKind.ISSUE, amount=face, at=now, by=by, note=note)
    return Issued(voucher, code)


@transaction.atomic
def void(pk: int, *, by: User, now: datetime, note: str) -> VoucherEntry:
    """Take what is left off the voucher for good. A till's hold falls with it. Raises WrongState."""
    voucher = lock(pk)
    rules.check_can_void(voucher)
    release_holds(voucher, now=now)
    return post(voucher, EntryKind.VOID, -voucher.balance, state=VoucherState.VOID, by=by, now=now, note=note)


@transaction.atomic
def reissue(pk: int, *, by: User, now: datetime, note: str) -> Issued:
    """Lost, or never printed: the old code is void, a new one carries what is left, to the same day. Raises WrongState,
    NotRedeemable for one whose last day has passed."""
    taken = void(pk, by=by, now=now, note=note)
    old = taken.voucher
    rules.check_not_over(old, timezone.localdate(now))
    new = issue(
        old.customer_id,
        face=-taken.amount,
        product=old.product,
        valid_until=old.valid_until,
        case_pk=old.case_id,
        by=by,
        now=now,
        note=note,
    )
    Voucher.objects.filter(pk=new.voucher.pk).update(replaces=old)
    new.voucher.replaces = old
    return new


@transaction.atomic
def extend(pk: int, *, valid_until: date, by: User, now: datetime, note: str) -> Voucher:
    """A later last day; what expired comes back by an adjustment. Raises WrongState, DomainError at `valid_until`."""
    voucher = lock(pk)
    rules.check_can_extend(voucher, valid_until, timezone.localdate(now))
    VoucherExtension.objects.create(
        voucher=voucher, before=voucher.valid_until, after=valid_until, by=by, at=now, reason=note
    )
    voucher.valid_until = valid_until
    if voucher.state == VoucherState.EXPIRED:
        expiry = voucher.entries.filter(kind=EntryKind.EXPIRE).latest("id")
        post(voucher, EntryKind.ADJUST, -expiry.amount, by=by, now=now, note=note)
    voucher.save(update_fields=["valid_until"])
    return voucher


def expire_due(*, now: datetime) -> int:
    """Write EXPIRE for every voucher whose last local day has passed, unless a till holds it. Safe to run beside tills.

    Batches of EXPIRY_BATCH, each its own transaction; rows that somebody redeems at this moment wait for the next run.
    """
    count = 0
    while True:
        with transaction.atomic():
            due = list(
                Voucher.objects.select_for_update(skip_locked=True)
                .filter(state=VoucherState.ACTIVE, valid_until__lt=timezone.localdate(now))
                .exclude(pk__in=Reservation.objects.standing(now).values("voucher"))
                .order_by("pk")[:EXPIRY_BATCH]
            )
            VoucherEntry.objects.bulk_create(
                VoucherEntry(voucher=voucher, kind=EntryKind.EXPIRE, amount=-voucher.balance, at=now) for voucher in due
            )
            Voucher.objects.filter(pk__in=[voucher.pk for voucher in due]).update(state=VoucherState.EXPIRED, balance=0)
        count += len(due)
        if len(due) < EXPIRY_BATCH:
            return count


def lapse_holds(*, now: datetime) -> int:
    """Close the reservations whose time is over (they hold nothing already). One query."""
    return Reservation.objects.filter(state=HoldState.HELD, expires_at__lte=now).update(
        state=HoldState.LAPSED, ended_at=now
    )


def forget_guesses(*, now: datetime) -> int:
    """Failed look-ups are kept for the throttle only. One query."""
    return FailedLookup.objects.filter(at__lt=now - 2 * rules.GUESSING_WINDOW).delete()[0]


def self_check() -> Sequence[int]:
    """Vouchers whose balance is not the sum of their ledger: none, unless a backup or a hand without triggers was here.

    One query over the whole ledger; each fault is logged as an error for the people who run Kvar.
    """
    wrong = list(
        Voucher.objects.annotate(ledger=Coalesce(Sum("entries__amount"), Decimal(0)))
        .exclude(ledger=F("balance"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for pk in wrong:
        log.error("voucher_out_of_balance", voucher=pk)
    return wrong


def lock(pk: int) -> Voucher:
    """The voucher under its row's lock; one query. Raises Voucher.DoesNotExist."""
    for voucher in _locked(pk):
        return voucher
    raise Voucher.DoesNotExist(f"no voucher {pk}")


@kept
def _locked(pk: int) -> QuerySet[Voucher]:
    return Voucher.objects.select_for_update().filter(pk=pk)


def release_holds(voucher: Voucher, *, now: datetime) -> int:
    return voucher.reservations.filter(state=HoldState.HELD).update(state=HoldState.RELEASED, ended_at=now)


def post(
    voucher: Voucher,
    kind: EntryKind,
    amount: Decimal,
    *,
    by: User | None,
    now: datetime,
    state: VoucherState | None = None,
    key: str = "",
    request: str = "",
    **fields: Any,
) -> VoucherEntry:
    """Append a signed amount to the ledger of a locked voucher and carry it to balance and state; two queries.

    Raises DomainError("idempotency_conflict") when `key` was used on another voucher at the same moment.
    """
    voucher.balance += amount
    voucher.state = state or (VoucherState.ACTIVE if voucher.balance else VoucherState.SPENT)
    try:
        entry = VoucherEntry.objects.create(
            voucher=voucher, kind=kind, amount=amount, at=now, by=by, key=key or None, request_hash=request, **fields
        )
    except IntegrityError as error:
        if key and "key" in str(error):
            raise key_conflict() from None
        raise
    voucher.save(update_fields=["balance", "state"])
    return entry


def request_hash(**values: Any) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def done_before(key: str, request: str) -> VoucherEntry | None:
    """The entry that this key made already; one query, none without a key. Raises DomainError for another request."""
    for entry in VoucherEntry.objects.select_related("voucher").filter(key=key) if key else ():
        if entry.request_hash != request:
            raise key_conflict()
        return entry
    return None


def key_conflict() -> DomainError:
    return DomainError(
        _("This Idempotency-Key was used for another request. Draw a new key."), code="idempotency_conflict"
    )
