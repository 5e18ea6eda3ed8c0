"""The call: it begins, the notice is taken, the reason, the permission, the end date."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations import rules
from cancellations.actions._case import edited, locked, touched
from cancellations.models import OPEN_STATES, CancellationCase, CaseMove, CaseNumber, Notice, Reason, Suggestion
from cancellations.suggestions import suggest_for
from customers.contributions import referrals
from customers.models import Subscription
from staff.errors import DomainError
from staff.models import User

State = CancellationCase.State


@transaction.atomic
def open_case(
    subscription_pk: int, *, by: User, now: datetime, notice: str | None = Notice.Channel.PHONE
) -> CancellationCase:
    """Begin the call, or go on with the one that is open for this subscription: an unfinished call is never lost.

    With `notice` (its channel) the customer's declaration is taken down in the same step; None for one who only asks.
    Whoever takes it up becomes its agent. Raises DomainError("ended") and ("already_registered").
    """
    if going := _going(subscription_pk):  # locked before the subscription, as by all who close it
        return _take_up(going, by=by, now=now)
    subscription = (
        Subscription.objects.select_for_update(of=("self",)).select_related("customer").get(pk=subscription_pk)
    )
    if going := _going(subscription_pk):  # opened by a colleague at this moment
        return _take_up(going, by=by, now=now)
    if subscription.status == Subscription.Status.ENDED:
        raise DomainError(_("This subscription has ended already."), code="ended")
    if subscription.status == Subscription.Status.ENDING:
        raise DomainError(_("Its cancellation is registered already."), code="already_registered")
    case = CancellationCase.objects.create(
        number=CaseNumber.draw(timezone.localdate(now).year),
        subscription=subscription,
        customer=subscription.customer,
        price_before=subscription.monthly_price,
        opened_by=by,
        agent=by,
        team_id=by.team_id,
        opened_at=now,
        touched_at=now,
    )
    if notice is not None:
        take_notice(case, channel=notice, received_at=now, by=by, now=now)
    return case


def _going(subscription_pk: int) -> CancellationCase | None:
    """The subscription's open case, under its lock."""
    cases = CancellationCase.objects.select_for_update(of=("self",))
    return cases.filter(subscription=subscription_pk, state__in=OPEN_STATES).first()


def _take_up(case: CancellationCase, *, by: User, now: datetime) -> CancellationCase:
    if case.agent_id != by.pk:
        case.agent, case.team_id = by, by.team_id
        edited(case, CaseMove.What.AGENT, by=by, at=now)
    else:
        touched(case, now)
    return case


@transaction.atomic
def resume(pk: int, *, by: User, now: datetime) -> CancellationCase:
    """Take over an unfinished call. Raises WrongState when it is closed."""
    case = locked(pk)
    rules.check_open(case)
    return _take_up(case, by=by, now=now)


def take_notice(
    case: CancellationCase, *, channel: str, received_at: datetime, by: User | None, now: datetime
) -> Notice:
    """The notice of a locked case in state “opened”."""
    case.noticed_at, case.touched_at = received_at, now
    case.move_to(State.NOTICE_RECORDED, by=by, at=now)
    return Notice.objects.create(case=case, received_at=received_at, channel=channel, by=by)


@transaction.atomic
def record_notice(
    pk: int, *, by: User, now: datetime, channel: str = Notice.Channel.PHONE, received_at: datetime | None = None
) -> Notice:
    """The customer declares to leave. A letter counts from the day it came. Raises WrongState when taken."""
    received_at = received_at or now
    if received_at > now:
        raise DomainError(_("A notice cannot arrive in the future."), code="future", field="received_at")
    return take_notice(locked(pk), channel=channel, received_at=received_at, by=by, now=now)


@transaction.atomic
def set_reason(
    pk: int,
    *,
    reason: Reason | None,
    by: User,
    now: datetime,
    own_reading: Reason | None = None,
    note: str = "",
    competitor: str = "",
    version: int | None = None,
) -> CancellationCase:
    """Why the customer leaves, as told, and the agent's own reading beside it; None when it was skipped.

    With permission to offer, a changed reason asks for a new suggestion. Raises WrongState, Stale.
    """
    case = locked(pk, by=by, version=version)
    rules.check_open(case)
    case.reason, case.own_reading, case.reason_note, case.competitor = reason, own_reading, note, competitor
    edited(case, CaseMove.What.REASON, by=by, at=now, note=reason.code if reason else "")
    _suggest(case, by=by, now=now)
    return case


@transaction.atomic
def ask_permission(pk: int, *, granted: bool, by: User, now: datetime, version: int | None = None) -> CancellationCase:
    """What the customer answered to “May I tell you of an offer?”. A no is final for this call.

    A yes moves the case to “offering” and asks for the suggestion. Raises WrongState, Stale, NoOffers.
    """
    case = locked(pk, by=by, version=version)
    rules.check_open(case)
    if case.permission == CancellationCase.Permission.REFUSED and granted:
        raise rules.NoOffers(_("The customer has said no to offers in this call."))
    if case.state == State.OPENED:
        take_notice(case, channel=Notice.Channel.PHONE, received_at=now, by=by, now=now)
    if granted and (refusal := rules.why_no_offers(case, case.customer, reasons_of(case))):
        raise refusal
    case.permission = CancellationCase.Permission.GRANTED if granted else CancellationCase.Permission.REFUSED
    if granted and case.state == State.NOTICE_RECORDED:
        case.move_to(State.OFFERING, by=by, at=now)
    edited(case, CaseMove.What.PERMISSION, by=by, at=now, note=case.permission)
    _suggest(case, by=by, now=now)
    return case


@transaction.atomic
def suggest(pk: int, *, by: User, now: datetime, hardship: str = "") -> Suggestion:
    """What to offer in this call: the decision in force, made now where there is none or what it rests on has changed.

    `hardship`, in words, shows offers to a customer of the hold-out all the same; who did and why is noted, and the
    case is still analysed as hold-out. Raises WrongState, NoOffers, DomainError("not_held_out").
    """
    case = locked(pk)
    rules.check_can_offer(case, case.customer, reasons_of(case), presented=0)
    decision = suggest_for(case, by=by, now=now, override=bool(hardship))
    if hardship:
        if not decision.hold_out:
            raise DomainError(_("This customer is shown offers anyway."), code="not_held_out", field="hardship")
        edited(case, CaseMove.What.HARDSHIP, by=by, at=now, note=hardship)
    return decision


@transaction.atomic
def choose_end(
    pk: int, *, mode: str, ends_on: date | None = None, by: User, now: datetime, version: int | None = None
) -> CancellationCase:
    """How it shall end, should it end; the date is only promised by `register_cancellation`.

    Raises DomainError at "ends_on", WrongState, Stale.
    """
    case = locked(pk, by=by, version=version)
    rules.check_open(case)
    case.end_mode = mode
    case.ends_on = end_date(case, mode=mode, chosen=ends_on, now=now)
    edited(case, CaseMove.What.END, by=by, at=now, note=case.ends_on.isoformat())
    return case


def end_date(case: CancellationCase, *, mode: str, chosen: date | None, now: datetime) -> date:
    return rules.end_date(
        mode,
        case.subscription,
        received=timezone.localdate(case.noticed_at or now),
        today=timezone.localdate(now),
        chosen=chosen,
    )


@transaction.atomic
def refer(pk: int, *, text: str, by: User, now: datetime) -> str:
    """Hand what is in dispute to the complaints desk; returns the complaint's number, the same one when asked again.

    Raises DomainError("no_desk") where no app takes complaints.
    """
    return hand_over(locked(pk), text=text, by=by, now=now)


def hand_over(case: CancellationCase, *, text: str, by: User, now: datetime) -> str:
    """`refer` for a case that is locked already."""
    if case.referred_to:
        return case.referred_to
    complain = referrals.get("complaint")
    if complain is None:
        raise DomainError(_("Nobody takes complaints here."), code="no_desk")
    words = text or case.reason_note or str(case.reason or "")
    case.referred_to = complain(case.customer, text=words, by=by, now=now)
    edited(case, CaseMove.What.REFERRAL, by=by, at=now, note=case.referred_to)
    return case.referred_to


def reasons_of(case: CancellationCase) -> list[Reason]:
    return [reason for reason in (case.reason, case.own_reading) if reason is not None]


def _suggest(case: CancellationCase, *, by: User, now: datetime) -> None:
    """What to offer, once the customer wants to hear of it and nothing forbids it."""
    if case.permission == CancellationCase.Permission.GRANTED and not rules.why_no_offers(
        case, case.customer, reasons_of(case)
    ):
        suggest_for(case, by=by, now=now)
