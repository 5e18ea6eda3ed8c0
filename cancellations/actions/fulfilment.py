"""Carrying out what was accepted: billing's side of the desk."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations import budgets, letters, rules
from cancellations.actions._case import locked_with_offer
from cancellations.models import CancellationCase, Fulfilment, Offer
from cancellations.models.incentives import Kind
from cancellations.models.offers import OfferState
from customers.models import Plan, Subscription
from loyalty.actions.gifts import give_bonus_stamps
from staff.errors import DomainError
from staff.models import User


@transaction.atomic
def apply(offer_pk: int, *, by: User, now: datetime, note: str = "") -> Offer:
    """It is carried out: a pause pauses the subscription, a new plan or a longer contract is written there, bonus
    stamps are on the customer's card.

    Raises WrongState, DomainError("ended") when the subscription is over, NotAMember when there is no card to stamp.
    """
    case, offer = locked_with_offer(offer_pk)
    subscription = Subscription.objects.select_for_update(of=("self",)).get(pk=case.subscription_id)
    if subscription.status == Subscription.Status.ENDED:
        raise DomainError(_("The subscription has ended. Mark the offer as failed."), code="ended")
    offer.move_to(OfferState.APPLIED, by=by, at=now, note=note)
    budgets.follow(offer, now=now)
    _noted(offer, by=by, now=now, note=note)
    match offer.incentive_version.incentive.kind:
        case Kind.PAUSE if subscription.status == Subscription.Status.ACTIVE:
            subscription.status = Subscription.Status.PAUSED
        case Kind.BONUS_STAMPS:  # whoever accepted has seen to authority; loyalty counts them as goodwill from here on
            stamps, key = int(offer.terms["stamps"]), f"offer-{offer.pk}"
            give_bonus_stamps(case.customer, stamps, reason=case.number, by=by, now=now, key=key)
        case Kind.PLAN_CHANGE:
            subscription.plan = Plan.objects.filter(code=offer.terms.get("plan")).first() or subscription.plan
            subscription.monthly_price = offer.terms["monthly_price"]
            subscription.monthly_margin = offer.terms["monthly_margin"]
        case Kind.PRICE_LOCK:
            start = max(subscription.contract_end or timezone.localdate(now), timezone.localdate(now))
            subscription.contract_end = rules.add_months(start, int(offer.terms["months"]))
    subscription.save(update_fields=["status", "plan", "monthly_price", "monthly_margin", "contract_end"])
    return offer


@transaction.atomic
def fail(offer_pk: int, *, by: User, now: datetime, note: str) -> Offer:
    """It could not be carried out; the note says why. Raises WrongState, DomainError at "note"."""
    if not note.strip():
        raise DomainError(_("Write what stood in the way."), code="note_needed", field="note")
    _case, offer = locked_with_offer(offer_pk)
    offer.move_to(OfferState.FAILED, by=by, at=now, note=note)
    _noted(offer, by=by, now=now, note=note)
    return offer


@transaction.atomic
def complete(offer_pk: int, *, now: datetime) -> bool:
    """It has run to its end: a paused subscription goes on. False when it is not due (any more)."""
    case, offer = locked_with_offer(offer_pk)
    ends_on = offer.fulfilment.ends_on
    if offer.state != OfferState.APPLIED or (ends_on is not None and ends_on >= timezone.localdate(now)):
        return False
    offer.move_to(OfferState.COMPLETED, by=None, at=now)
    _go_on(case, offer)
    return True


@transaction.atomic
def revoke(offer_pk: int, *, by: User, now: datetime, note: str) -> Offer:
    """Stop what runs before its end, or call off what cannot be carried out: its budget is free again. Raises
    WrongState, DomainError at "note"."""
    if not note.strip():
        raise DomainError(_("Write why it is stopped."), code="note_needed", field="note")
    case, offer = locked_with_offer(offer_pk)
    ran = offer.state == OfferState.APPLIED
    offer.move_to(OfferState.REVOKED, by=by, at=now, note=note)
    budgets.follow(offer, now=now)
    _noted(offer, by=by, now=now, note=note)
    if ran:
        _go_on(case, offer)
    return offer


@transaction.atomic
def remind(fulfilment_pk: int, *, now: datetime) -> bool:
    """Tell the customer that the offer ends soon and what comes after. Once; False when it was done or is not due."""
    row = (
        Fulfilment.objects.select_for_update(of=("self",))
        .select_related(
            "offer__case__customer", "offer__case__subscription__plan", "offer__incentive_version__incentive"
        )
        .get(pk=fulfilment_pk)
    )
    running = row.offer.state in (OfferState.PENDING_FULFILMENT, OfferState.APPLIED)
    if row.reminded_at or not running or row.remind_on is None or row.remind_on > timezone.localdate(now):
        return False
    row.reminded_at = now
    row.save(update_fields=["reminded_at"])
    letters.remind(row, now=now)
    return True


def _go_on(case: CancellationCase, offer: Offer) -> None:
    """What a pause had paused."""
    if offer.incentive_version.incentive.kind == Kind.PAUSE:
        paused = Subscription.objects.filter(pk=case.subscription_id, status=Subscription.Status.PAUSED)
        paused.update(status=Subscription.Status.ACTIVE)


def _noted(offer: Offer, *, by: User, now: datetime, note: str) -> None:
    Fulfilment.objects.filter(offer=offer).update(by=by, at=now, note=note)
