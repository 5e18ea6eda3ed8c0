"""What may be done with a voucher, and why not. Pure: no query, no clock of its own."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from complaints.models.vouchers import EntryKind, Reservation, Voucher, VoucherEntry, VoucherKind, VoucherState
from staff import formats
from staff.errors import DomainError, WrongState

CENT = Decimal("0.01")
HOLD = timedelta(minutes=10)
LONGEST_HOLD = timedelta(hours=1)
GUESSES_BY_PERSON = 10
GUESSES_BY_ADDRESS = 30
GUESSING_WINDOW = timedelta(minutes=15)
VALIDITY = timedelta(days=365)


class UnknownVoucher(DomainError):
    """One answer for a mistyped code and for one that was never issued: a guess learns nothing."""

    code = "voucher_unknown"


class TooManyGuesses(DomainError):
    code = "voucher_throttled"


class NotRedeemable(DomainError):
    code = "voucher_not_redeemable"


class NotEnough(DomainError):
    code = "voucher_not_enough"


def check_amount(amount: Decimal) -> None:
    """Money is positive and in whole cents."""
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        raise DomainError(
            _("Enter an amount above zero with at most two decimals."), code="voucher_bad_amount", field="amount"
        )


def check_valid(voucher: Voucher, today: date) -> None:
    """Raises NotRedeemable with the reason, in the order a person would ask."""
    if voucher.state == VoucherState.VOID:
        raise NotRedeemable(_("This voucher is void. Ask the customer for the one that replaced it."))
    if voucher.state == VoucherState.SPENT:
        raise NotRedeemable(_("This voucher is used up. Its page shows where and when."))
    check_not_over(voucher, today)


def check_not_over(voucher: Voucher, today: date) -> None:
    """Raises NotRedeemable once the last day has passed, whether its entry is written or not."""
    if voucher.state == VoucherState.EXPIRED or today > voucher.valid_until:
        raise NotRedeemable(
            _("This voucher expired on %(day)s. A manager can extend it.") % {"day": formats.day(voucher.valid_until)}
        )


def redeemable(voucher: Voucher, amount: Decimal | None, *, held: Decimal, today: date) -> Decimal:
    """The amount that may be redeemed or held now; None asks for all that is free.

    `held` is the sum of standing reservations. Raises NotRedeemable, NotEnough, DomainError for a bad amount.
    """
    check_valid(voucher, today)
    free = voucher.balance - held
    wanted = free if amount is None else amount
    if held and wanted > free:
        raise NotEnough(
            _("Only %(free)s is free: a till holds %(held)s. Wait until it is paid or released.")
            % {"free": formats.money(free), "held": formats.money(held)},
            field="amount",
        )
    check_amount(wanted)
    if wanted > free:
        raise NotEnough(
            _("Only %(free)s is left on this voucher. Take that, and the rest in another way.")
            % {"free": formats.money(free)},
            field="amount",
        )
    if voucher.kind == VoucherKind.PRODUCT and wanted != voucher.balance:
        raise NotRedeemable(_("A product voucher is redeemed as a whole."), field="amount")
    return wanted


def reversible(redemption: VoucherEntry, amount: Decimal | None, *, reversed_so_far: Decimal) -> Decimal:
    """The amount that may be given back; None asks for all that is left of the redemption."""
    if redemption.kind != EntryKind.REDEEM:
        raise WrongState(_("Only a redemption can be taken back."))
    if redemption.voucher.state == VoucherState.VOID:
        raise NotRedeemable(_("This voucher is void: pay back in another way."))
    left = -redemption.amount - reversed_so_far
    wanted = left if amount is None else amount
    if left <= 0:
        raise WrongState(_("This redemption was taken back already."))
    check_amount(wanted)
    if wanted > left:
        raise NotEnough(
            _("At most %(left)s of this redemption can be taken back.") % {"left": formats.money(left)}, field="amount"
        )
    return wanted


def check_can_void(voucher: Voucher) -> None:
    if voucher.state != VoucherState.ACTIVE:
        raise WrongState(
            _("There is nothing to void: this voucher is “%(state)s”.") % {"state": voucher.get_state_display()}
        )


def check_can_extend(voucher: Voucher, valid_until: date, today: date) -> None:
    if voucher.state not in (VoucherState.ACTIVE, VoucherState.EXPIRED):
        raise WrongState(
            _("Only a valid or an expired voucher can be extended; this one is “%(state)s”.")
            % {"state": voucher.get_state_display()}
        )
    if valid_until <= voucher.valid_until or valid_until < today:
        raise DomainError(
            _("Choose a day after %(day)s, not in the past.") % {"day": formats.day(voucher.valid_until)},
            code="voucher_bad_date",
            field="valid_until",
        )


def check_hold(lasting: timedelta) -> None:
    if not timedelta(0) < lasting <= LONGEST_HOLD:
        raise DomainError(
            _("A reservation lasts between one second and one hour."), code="voucher_bad_hold", field="seconds"
        )


def check_can_capture(reservation: Reservation, amount: Decimal, now: datetime) -> None:
    if not reservation.stands(now):
        raise WrongState(
            _("This reservation does not stand any more (%(state)s). Reserve again.")
            % {"state": reservation.get_state_display()}
        )
    check_amount(amount)
    if amount > reservation.amount:
        raise NotEnough(_("Only %(held)s is reserved.") % {"held": formats.money(reservation.amount)}, field="amount")
