"""Carrying remedies out: each from agreed to done by its own way, and the award done with the last of them."""

from collections.abc import Set
from datetime import datetime
from functools import partial

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from complaints.actions import awards, vouchers
from complaints.models import Award, Remedy, Voucher
from complaints.models.compensation import RemedyState
from complaints.models.guidance import BY_OTHERS, VOUCHERS, RemedyKind
from complaints.vouchers import letter
from complaints.vouchers.rules import VALIDITY
from customers.letters import hand_over
from loyalty.actions.gifts import give_bonus_stamps
from staff.errors import DomainError, WrongState
from staff.models import User


@transaction.atomic
def issue_voucher(remedy_pk: int, *, by: User, now: datetime) -> vouchers.Issued:
    """Issue the agreed voucher now, for the printer: its code is in the answer and nowhere else. Raises WrongState."""
    remedy = _lock(remedy_pk)
    _check_kind(remedy, VOUCHERS)
    if remedy.state == RemedyState.ORDERED:
        raise WrongState(_("The worker is sending this voucher by e-mail."))
    return _issue(remedy, by=by, now=now)


@transaction.atomic
def send_voucher(remedy_pk: int, *, by: User, now: datetime) -> Remedy:
    """Have the worker issue the voucher and e-mail it: until it is sent there is no voucher. Raises WrongState,
    DomainError without an address."""
    remedy = _lock(remedy_pk)
    _check_kind(remedy, VOUCHERS)
    if not remedy.award.case.customer.email:
        raise DomainError(_("The customer has no e-mail address. Print the voucher."), code="no_address")
    remedy.move_to(RemedyState.ORDERED, by=by, at=now)
    transaction.on_commit(partial(_have_mailed, remedy.pk, by.pk))
    return remedy


def _have_mailed(remedy_pk: int, by_pk: int) -> None:
    app.configure_task("complaints.jobs.mail_voucher", queue="mail").defer(remedy_id=remedy_pk, by_id=by_pk)


@transaction.atomic
def issue_by_mail(remedy_pk: int, *, by: User, now: datetime) -> Voucher | None:
    """Issue and send in one transaction: when the mail server refuses, nothing was issued; when this process dies after
    sending, the code that went out is nobody's and the next attempt sends a good one. Never two valid codes, never a
    code in the database. None when it was done already."""
    remedy = _lock(remedy_pk)
    if remedy.state != RemedyState.ORDERED:
        return None
    issued = _issue(remedy, by=by, now=now)
    customer = remedy.award.case.customer
    voucher = Voucher.objects.select_related("customer", "case").get(pk=issued.voucher.pk)
    with translation.override(customer.language):
        message = EmailMessage(
            _("Your voucher"),
            _("Dear %(name)s,\n\nyour voucher is attached. Keep it like money.\n\nKind regards")
            % {"name": customer.name},
            to=[customer.email],
        )
    message.attach("voucher.pdf", letter.pdf(voucher, issued.code, today=timezone.localdate(now)), "application/pdf")
    hand_over(message)
    return voucher


@transaction.atomic
def give_stamps(remedy_pk: int, *, by: User, now: datetime) -> Remedy:
    """Bonus stamps on the customer's card, once. Raises WrongState, and loyalty's refusals."""
    remedy = _lock(remedy_pk)
    _check_kind(remedy, {RemedyKind.STAMPS})
    give_bonus_stamps(
        remedy.award.case.customer,
        remedy.stamps or 0,
        reason=remedy.award.case.number,
        by=by,
        now=now,
        key=f"remedy-{remedy.pk}",
    )
    return _done(remedy, by=by, now=now)


@transaction.atomic
def order(remedy_pk: int, *, by: User, now: datetime, reference: str = "") -> Remedy:
    """Hand a refund, credit, repair or gift to who carries it out. Raises WrongState."""
    remedy = _lock(remedy_pk)
    _check_kind(remedy, BY_OTHERS)
    remedy.reference = reference or remedy.reference
    remedy.move_to(RemedyState.ORDERED, by=by, at=now)
    return remedy


@transaction.atomic
def complete(remedy_pk: int, *, by: User, now: datetime, reference: str = "", note: str = "") -> Remedy:
    """It was paid, credited, repaired, delivered or said. Vouchers and stamps are done by issuing them only."""
    remedy = _lock(remedy_pk)
    _check_kind(remedy, BY_OTHERS | {RemedyKind.APOLOGY})
    remedy.reference = reference or remedy.reference
    return _done(remedy, by=by, now=now, note=note)


@transaction.atomic
def fail(remedy_pk: int, *, by: User | None, now: datetime, note: str) -> Remedy:
    """It did not work (wrong account, nothing in store, no mail server). Raises WrongState, DomainError without a
    reason."""
    if not note.strip():
        raise DomainError(_("Say why it failed, so that a colleague knows what to try next."), field="note")
    remedy = _lock(remedy_pk)
    remedy.move_to(RemedyState.FAILED, by=by, at=now, note=note)
    return remedy


@transaction.atomic
def cancel(remedy_pk: int, *, by: User, now: datetime, note: str) -> Remedy:
    """Leave an agreed remedy undone. Raises WrongState before it is agreed, under way or done, DomainError without a
    reason."""
    remedy = _lock(remedy_pk)
    if remedy.state == RemedyState.PROPOSED:
        raise WrongState(_("A colleague is asked about this. Withdraw the whole proposal to change it."))
    if not note.strip():
        raise DomainError(_("Say why it is left out: the customer may ask."), field="note")
    remedy.move_to(RemedyState.CANCELLED, by=by, at=now, note=note)
    awards.settle(remedy.award, by=by, now=now)
    return remedy


def _issue(remedy: Remedy, *, by: User, now: datetime) -> vouchers.Issued:
    issued = vouchers.issue(
        remedy.award.case.customer_id,
        face=remedy.amount,
        product=remedy.what if remedy.kind == RemedyKind.PRODUCT_VOUCHER else "",
        valid_until=timezone.localdate(now) + VALIDITY,
        case_pk=remedy.award.case_id,
        by=by,
        now=now,
    )
    remedy.voucher = issued.voucher
    _done(remedy, by=by, now=now)
    return issued


def _done(remedy: Remedy, *, by: User, now: datetime, note: str = "") -> Remedy:
    remedy.done_at = now
    remedy.move_to(RemedyState.DONE, by=by, at=now, note=note)
    awards.settle(remedy.award, by=by, now=now)
    return remedy


def _lock(pk: int) -> Remedy:
    """The remedy with its award, case and customer; award and remedy locked in that order."""
    award_pk = Remedy.objects.values_list("award", flat=True).get(pk=pk)
    award = Award.objects.select_for_update(of=("self",)).select_related("case__customer").get(pk=award_pk)
    remedy = Remedy.objects.select_for_update(of=("self",)).get(pk=pk)
    remedy.award = award
    return remedy


def _check_kind(remedy: Remedy, kinds: Set[RemedyKind]) -> None:
    if remedy.kind not in kinds:
        raise WrongState(_("“%(kind)s” is carried out in another way.") % {"kind": remedy.get_kind_display()})
