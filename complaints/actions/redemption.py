"""Spending vouchers: look up, redeem, take back, and a till's reserve → capture or release.

Locks are taken on vouchers first, in the order of their keys, then on a reservation: no two tills can wait in a circle.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.actions.vouchers import done_before, lock, post, request_hash
from complaints.models.vouchers import EntryKind, FailedLookup, HoldState, Reservation, Voucher, VoucherEntry
from complaints.vouchers import codes, rules
from staff.errors import WrongState
from staff.models import User
from staff.statements import kept


def find(text: str, *, by: User, address: str | None, now: datetime) -> Voucher:
    """The voucher behind a code as typed, scanned or pasted. Two queries; none when the code cannot be one.

    Raises UnknownVoucher, the same for mistyped and never issued, and TooManyGuesses once this person or client, or
    this address, has failed too often. Not atomic on purpose: the failure is counted although the caller gets an error.
    """
    code = codes.normalise(text)
    if codes.is_wellformed(code):
        _check_not_guessing(by, address, now)
        if found := Voucher.objects.select_related("customer").filter(fingerprint=codes.fingerprint(code)).first():
            return found
        FailedLookup.objects.create(by=by, address=address, at=now)
    raise rules.UnknownVoucher(
        _("There is no such voucher. Compare the code with the paper: twelve characters, no vowels, no 0 and no 1."),
        field="code",
    )


def _check_not_guessing(by: User, address: str | None, now: datetime) -> None:
    mine, theirs = Q(by=by), Q(address=address) if address else Q(pk=None)
    failed = FailedLookup.objects.filter(mine | theirs, at__gt=now - rules.GUESSING_WINDOW).aggregate(
        by=Count("pk", filter=mine), address=Count("pk", filter=theirs)
    )
    if failed["by"] >= rules.GUESSES_BY_PERSON or failed["address"] >= rules.GUESSES_BY_ADDRESS:
        raise rules.TooManyGuesses(
            _("Too many codes were wrong. Wait a quarter of an hour, or find the voucher on the customer's page."),
            field="code",
        )


@transaction.atomic
def redeem(
    pk: int, *, amount: Decimal | None = None, by: User, now: datetime, reference: str = "", key: str = ""
) -> VoucherEntry:
    """Spend `amount`, or all that is free. Four queries, one more with a key.

    The same `key` with the same request returns the entry it made the first time. Raises NotRedeemable, NotEnough, and
    DomainError for a bad amount or a key used for another request.
    """
    request = request_hash(redeem=pk, amount=amount, reference=reference)
    voucher = lock(pk)
    if done := done_before(key, request):
        return done
    spent = _free(voucher, amount, now)
    return post(voucher, EntryKind.REDEEM, -spent, by=by, now=now, reference=reference, key=key, request=request)


@transaction.atomic
def redeem_several(
    amounts: Mapping[int, Decimal | None], *, by: User, now: datetime, reference: str = "", key: str = ""
) -> list[VoucherEntry]:
    """Pay one purchase with several vouchers, all or none; locked in the order of their keys."""
    locked = Voucher.objects.select_for_update().filter(pk__in=amounts).order_by("pk").in_bulk()
    if missing := amounts.keys() - locked.keys():
        raise Voucher.DoesNotExist(f"no voucher {sorted(missing)}")
    return [
        redeem(pk, amount=amounts[pk], by=by, now=now, reference=reference, key=f"{key}:{pk}" if key else "")
        for pk in sorted(amounts)
    ]


@transaction.atomic
def reverse(
    entry_pk: int,
    *,
    amount: Decimal | None = None,
    by: User,
    now: datetime,
    reference: str = "",
    note: str = "",
    key: str = "",
) -> VoucherEntry:
    """Give back a redemption or a part of it: goods returned, or a slip of the hand. Raises WrongState, NotEnough."""
    request = request_hash(reverse=entry_pk, amount=amount, reference=reference)
    redemption = VoucherEntry.objects.get(pk=entry_pk)
    voucher = lock(redemption.voucher_id)
    if done := done_before(key, request):
        return done
    redemption.voucher = voucher
    before = redemption.reversals.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    back = rules.reversible(redemption, amount, reversed_so_far=before)
    return post(
        voucher,
        EntryKind.REVERSE,
        back,
        by=by,
        now=now,
        reverses=redemption,
        reference=reference,
        note=note,
        key=key,
        request=request,
    )


@transaction.atomic
def reserve(
    pk: int,
    *,
    amount: Decimal | None = None,
    by: User,
    now: datetime,
    lasting: timedelta = rules.HOLD,
    reference: str = "",
) -> Reservation:
    """Hold an amount for a till while the customer pays. Raises NotRedeemable, NotEnough, DomainError."""
    rules.check_hold(lasting)
    voucher = lock(pk)
    return Reservation.objects.create(
        voucher=voucher,
        amount=_free(voucher, amount, now),
        reference=reference,
        by=by,
        created_at=now,
        expires_at=now + lasting,
    )


@transaction.atomic
def capture(
    reservation_pk: int, *, amount: Decimal | None = None, by: User, now: datetime, key: str = ""
) -> VoucherEntry:
    """Turn a standing reservation, or a part of it, into a redemption; the rest is free again.

    A voucher that was valid when reserved is honoured although midnight has passed. Raises WrongState, NotEnough.
    """
    request = request_hash(capture=reservation_pk, amount=amount)
    reservation, voucher = _lock_reservation(reservation_pk)
    if done := done_before(key, request):
        return done
    taken = reservation.amount if amount is None else amount
    rules.check_can_capture(reservation, taken, now)
    reservation.entry = post(
        voucher,
        EntryKind.REDEEM,
        -taken,
        by=by,
        now=now,
        reference=reservation.reference,
        key=key,
        request=request,
    )
    reservation.state, reservation.ended_at = HoldState.CAPTURED, now
    reservation.save(update_fields=["state", "ended_at", "entry"])
    return reservation.entry


@transaction.atomic
def release(reservation_pk: int, *, by: User, now: datetime) -> Reservation:
    """Give a hold up before its time. Raises WrongState when it has ended already."""
    reservation, _voucher = _lock_reservation(reservation_pk)
    if reservation.state != HoldState.HELD:
        raise WrongState(
            _("This reservation has ended already (%(state)s).") % {"state": reservation.get_state_display()}
        )
    reservation.state, reservation.ended_at = HoldState.RELEASED, now
    reservation.save(update_fields=["state", "ended_at"])
    return reservation


def _free(voucher: Voucher, amount: Decimal | None, now: datetime) -> Decimal:
    held = sum(_held(voucher.pk, now), Decimal(0))
    return rules.redeemable(voucher, amount, held=held, today=timezone.localdate(now))


@kept
def _held(voucher: int, now: datetime) -> QuerySet[Reservation, Decimal]:
    return Reservation.objects.standing(now).filter(voucher=voucher).values_list("amount", flat=True)


def _lock_reservation(pk: int) -> tuple[Reservation, Voucher]:
    voucher = lock(Reservation.objects.values_list("voucher_id", flat=True).get(pk=pk))
    return Reservation.objects.select_for_update().get(pk=pk), voucher
