"""How a case ends, and what becomes of it afterwards."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations import budgets, letters, rules
from cancellations.actions._case import locked, offers_of, unanswered
from cancellations.actions.calls import end_date, hand_over, take_notice
from cancellations.models import CancellationCase, Notice, Offer, OfferDecision
from cancellations.models.offers import OfferState
from customers.contributions import referrals
from customers.erasure import living
from customers.models import Document, Subscription
from staff.decisions import Verdict
from staff.errors import AlreadyDecided, DomainError
from staff.models import User

State = CancellationCase.State
KEPT = (State.SAVED_PENDING, State.RATE_RENEGOTIATED, State.NOTICE_WITHDRAWN)


@transaction.atomic
def register_cancellation(
    pk: int,
    *,
    by: User | None,
    now: datetime,
    mode: str | None = None,
    ends_on: date | None = None,
    note: str = "",
) -> CancellationCase:
    """Write the cancellation down: one step from every state of an open case, whoever asks, whatever is missing.

    Without `mode` it ends as chosen in the case (end of term unless changed). Requests and offers still open fall
    away; the receipt is made at once; an earlier save of the same subscription becomes a boomerang. `by` is None
    when the system registers a call that dropped. Raises AlreadyDecided (the call was closed another way: who, how)
    and DomainError at "ends_on".
    """
    case = locked(pk)
    if not case.is_open:
        raise AlreadyDecided(already(case))
    if case.state == State.OPENED:
        take_notice(case, channel=Notice.Channel.PHONE, received_at=now, by=by, now=now)
    if mode is not None or case.ends_on is None or case.ends_on < timezone.localdate(now):
        case.end_mode = mode or case.end_mode
        chosen = ends_on if mode is not None else case.ends_on
        case.ends_on = end_date(case, mode=case.end_mode, chosen=chosen, now=now)
    subscription = Subscription.objects.select_for_update(of=("self",)).get(pk=case.subscription_id)
    subscription.status, subscription.ends_on = Subscription.Status.ENDING, case.ends_on
    subscription.save(update_fields=["status", "ends_on"])
    close(case, State.CANCELLED_SCHEDULED, offers_of(case), by=by, now=now, note=note)
    _boomerangs(case, by=by, now=now)
    give_receipt(case, letters.receipt(case, now=now))
    return case


@transaction.atomic
def call_dropped(pk: int, *, by: User | None, now: datetime) -> CancellationCase:
    """The line went dead. After a notice that is a cancellation, never a save; before one, nothing was declared."""
    case = locked(pk)
    if not case.is_open:
        raise AlreadyDecided(already(case))
    if case.state == State.OPENED:
        close(case, State.NOTICE_WITHDRAWN, offers_of(case), by=by, now=now, note="call dropped before notice")
        return case
    return register_cancellation(case.pk, by=by, now=now, note="call dropped")


@transaction.atomic
def abandoned(pk: int, *, now: datetime) -> bool:
    """`call_dropped` by the clock. False when somebody closed the call or went on with it meanwhile."""
    case = locked(pk)
    if not case.is_open or case.touched_at > now - rules.ABANDONED_AFTER:
        return False
    call_dropped(pk, by=None, now=now)
    return True


@transaction.atomic
def keep(pk: int, *, outcome: str, by: User, now: datetime, note: str = "") -> CancellationCase:
    """The customer stays without an offer: convinced (saved, to be confirmed on day 90), with a better price agreed
    otherwise, or because the notice is taken back. In writing, too. Raises AlreadyDecided, DomainError("outcome")."""
    case = locked(pk)
    if not case.is_open:
        raise AlreadyDecided(already(case))
    if outcome not in KEPT:
        raise DomainError(_("Say why the customer stays."), code="outcome", field="outcome")
    if case.state == State.OPENED and outcome == State.SAVED_PENDING:
        raise DomainError(_("Nobody is saved who gave no notice."), code="no_notice", field="outcome")
    noticed = case.noticed_at is not None
    close(case, outcome, offers_of(case), by=by, now=now, note=note)
    if noticed:
        give_receipt(case, letters.stays(case, now=now))
    return case


@transaction.atomic
def reinstate(pk: int, *, by: User, now: datetime, note: str = "") -> CancellationCase:
    """The customer takes a registered cancellation back before it takes effect. Raises WrongState."""
    case = locked(pk)
    case.move_to(State.REINSTATED, by=by, at=now, note=note)
    _activate(case)
    letters.stays(case, now=now)
    return case


@transaction.atomic
def win_back(pk: int, *, by: User, now: datetime, note: str = "") -> CancellationCase:
    """A customer who had left comes back. Raises WrongState, and Erased."""
    case = locked(pk)
    living(case.customer_id)
    case.move_to(State.WON_BACK, by=by, at=now, note=note)
    _activate(case)
    return case


@transaction.atomic
def make_effective(pk: int, *, now: datetime) -> bool:
    """The last day of a registered cancellation is over: the subscription ends, what ran for it stops, and what was
    accepted but never carried out is called off.

    False when it is not (any more) due.
    """
    case = locked(pk)
    today = timezone.localdate(now)
    if case.state != State.CANCELLED_SCHEDULED or case.ends_on is None or case.ends_on >= today:
        return False
    case.move_to(State.CANCELLED_EFFECTIVE, by=None, at=now)
    promised = (OfferState.APPLIED, OfferState.PENDING_FULFILMENT, OfferState.FAILED)
    offers = Offer.objects.select_for_update(of=("self",)).filter(case__subscription_id=case.subscription_id)
    for offer in offers.filter(state__in=promised).order_by("pk"):  # locked before the subscription, as by billing
        offer.move_to(OfferState.REVOKED, by=None, at=now, note=case.number)
        budgets.follow(offer, now=now)
    Subscription.objects.filter(pk=case.subscription_id).update(status=Subscription.Status.ENDED, ends_on=case.ends_on)
    return True


@transaction.atomic
def follow_up(pk: int, *, now: datetime) -> bool:
    """Look at a closed case again. A saved one whose subscription is ending is a boomerang at once; on day 90 it is
    written down whether the customer is active and paying, and a save is then confirmed.

    One who pauses on day 90 is not paying; such a save stays open until the customer pays again or leaves. False
    when nothing changed.
    """
    case = locked(pk)
    subscription = case.subscription
    due = case.window_until is not None and case.window_until <= timezone.localdate(now)
    before = (case.state, case.paying_on_day_90)
    if due and case.paying_on_day_90 is None:
        case.paying_on_day_90 = rules.is_paying(subscription)
    if case.state == State.SAVED_PENDING and rules.has_left(subscription):
        if case.paying_on_day_90 is None:
            case.paying_on_day_90 = False
        case.move_to(State.BOOMERANG, by=None, at=now)
    elif case.state == State.SAVED_PENDING and due and rules.is_paying(subscription):
        case.move_to(State.SAVED_CONFIRMED, by=None, at=now)
    elif before != (case.state, case.paying_on_day_90):
        case.save(update_fields=["paying_on_day_90"])
    return before != (case.state, case.paying_on_day_90)


# --- shared by the endings; the case is locked ------------------------------------------------------------------------
def close(
    case: CancellationCase, state: str, offers: Iterable[Offer], *, by: User | None, now: datetime, note: str = ""
) -> None:
    """Leave the open states: those of the case's `offers` that are not answered fall away, a billing dispute goes to
    complaints, the window starts."""
    for offer in unanswered(offers):
        drop_offer(offer, by=by, now=now)
    if by is not None and case.reason is not None and case.reason.opens_complaint and referrals.get("complaint"):
        hand_over(case, text="", by=by, now=now)
    case.closed_at = case.touched_at = now
    case.window_until = timezone.localdate(now) + rules.SAVE_WINDOW
    case.move_to(state, by=by, at=now, note=note)


def drop_offer(offer: Offer, *, by: User | None, now: datetime, note: str = "") -> None:
    """Withdraw an offer that is not answered, and with it the question to the manager."""
    for decision in OfferDecision.objects.select_for_update(of=("self",)).filter(offer=offer, verdict=Verdict.PENDING):
        decision.decide(Verdict.VOID, by=None, at=now)
    offer.move_to(OfferState.WITHDRAWN, by=by, at=now, note=note)
    budgets.follow(offer, now=now)


def stop_waiting(case: CancellationCase, *, now: datetime) -> None:
    """Back to offering, once no request is pending."""
    waiting = case.offers.filter(state=OfferState.NEEDS_APPROVAL).exists()
    if case.state == State.AWAITING_APPROVAL and not waiting:
        case.move_to(State.OFFERING, by=None, at=now)


def give_receipt(case: CancellationCase, document: Document) -> None:
    Notice.objects.filter(case=case).update(receipt=document)


def already(case: CancellationCase) -> str:
    """“Åsa L. was first: cancellation registered.”; one query."""
    move = case.moves.select_related("by").filter(to_state=case.state).order_by("pk").first()
    who = move.by.short_name if move and move.by else _("The clock")
    return _("%(who)s was first: %(verdict)s.") % {"who": who, "verdict": case.get_state_display()}


def _boomerangs(case: CancellationCase, *, by: User | None, now: datetime) -> None:
    """Saves of the same subscription that are still watched were none."""
    saved = CancellationCase.objects.select_for_update(of=("self",)).filter(
        subscription_id=case.subscription_id, state=State.SAVED_PENDING
    )
    for earlier in saved:
        earlier.paying_on_day_90 = False
        earlier.move_to(State.BOOMERANG, by=by, at=now, note=case.number)


def _activate(case: CancellationCase) -> None:
    Subscription.objects.filter(pk=case.subscription_id).update(status=Subscription.Status.ACTIVE, ends_on=None)
