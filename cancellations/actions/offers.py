"""Putting an offer to the customer, and what he or she says to it."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations import budgets, candidates, letters, rules
from cancellations.actions import endings
from cancellations.actions._case import (
    NotFound,
    locked,
    locked_with_offer,
    locked_with_offers,
    offers_of,
    touched,
)
from cancellations.actions.calls import reasons_of
from cancellations.engine import values
from cancellations.models import CancellationCase, Fulfilment, IncentiveVersion, Offer
from cancellations.models.offers import OfferState
from cancellations.queries.spending import spent
from staff.authority import authority_of
from staff.errors import AlreadyDecided, DomainError
from staff.models import User
from staff.statements import kept, prepared

REMIND_BEFORE = timedelta(days=14)


def drawn(case: CancellationCase, version_id: int, *, by: User, now: datetime) -> Offer:
    """A new offer from the suggestion in force; what the engine said of it is frozen. The case is locked. Its first
    move writes it down.

    Raises NotFound when nothing of the kind is suggested (any more).
    """
    suggestion = candidates.in_force(case.pk)
    row = candidates.of_version(suggestion, version_id) if suggestion else None
    if suggestion is None or row is None or not row["shown"]:
        raise NotFound(_("This is not suggested any more. Choose from the suggestions on the page."))
    (version,) = _versions(version_id)
    if version.state != IncentiveVersion.State.PUBLISHED:
        raise NotFound(_("This incentive has been retired. Choose another suggestion."))
    return Offer(
        case=case,
        incentive_version=version,
        suggestion=suggestion,
        was_lead=suggestion.chosen_id == version_id,
        terms=version.terms,
        cost=Decimal(row["cost"]),
        gain=Decimal(row["gain"]),
        customer_value=Decimal(row["value"]),
        propensity=row["probability"],
        explanation=dict(row),
        created_at=now,
        by=by,
    )


@kept
def _versions(pk: int) -> QuerySet[IncentiveVersion]:
    return IncentiveVersion.objects.select_related("incentive").filter(pk=pk)


@prepared()
@transaction.atomic
def present(
    case_pk: int, *, version_id: int, by: User, now: datetime, consent: bool = False, version: int | None = None
) -> Offer:
    """Put a suggested incentive to the customer: within one's authority, or as a manager approved it.

    `consent`: the customer's consent to a longer contract is on record. Raises NoOffers (permission, number of
    offers, bereavement, vulnerability), AboveAuthority, WrongState, Stale, NotFound.
    """
    case = locked(case_pk, by=by, version=version)
    offers = offers_of(case)
    put = [offer for offer in offers if offer.presented_at is not None]
    rules.check_can_offer(case, case.customer, reasons_of(case), presented=len(put))
    if any(offer.state == OfferState.PRESENTED for offer in put):
        raise DomainError(_("Note the answer to the offer on the table first."), code="answer_first")
    if any(offer.incentive_version_id == version_id for offer in put):
        raise rules.NoOffers(_("This has been offered in this call already."), code="offered_before")
    offer = next((o for o in offers if o.incentive_version_id == version_id and o.state in rules.WAITING_OFFERS), None)
    if offer is not None and offer.state == OfferState.NEEDS_APPROVAL:
        raise DomainError(_("A manager has not decided on this yet."), code="awaiting_approval")
    approved = offer is not None and not rules.needs_approval(offer)
    if offer is None:
        offer = drawn(case, version_id, by=by, now=now)
    rules.check_may_extend(offer.incentive_version.incentive.kind, case.customer, consent=consent)
    if not approved:
        rules.check_authority(authority_of(by, "offer"), offer.cost, **spent(case, by=by, now=now))
    offer.presented_at, offer.by = now, by
    offer.consent_at = now if consent else None
    offer.move_to(OfferState.PRESENTED, by=by, at=now)
    if approved:
        budgets.follow(offer, now=now)
    else:
        budgets.reserve(offer, now=now)
    touched(case, now)
    return offer


@prepared()
@transaction.atomic
def accept(offer_pk: int, *, by: User, now: datetime, only_a_better_price: bool = False) -> Offer:
    """The customer takes it: billing gets its order, the customer a written confirmation, the call is closed.

    The case is watched for 90 days (“saved”), or is a renegotiated price when that was all the customer wanted.
    Raises WrongState, AlreadyDecided when a colleague noted the answer first.
    """
    case, offer, others = locked_with_offers(offer_pk)
    if offer.state in rules.TAKEN_OFFERS:
        raise AlreadyDecided(_("The acceptance has been noted already."))
    rules.check_open(case)
    offer.answered_at = now
    offer.move_to(OfferState.ACCEPTED, OfferState.PENDING_FULFILMENT, by=by, at=now)
    subscription = case.subscription
    contract = values.Contract(subscription.monthly_price, subscription.monthly_margin)
    prices = values.prices(offer.incentive_version.incentive.kind, offer.terms, contract)
    starts = timezone.localdate(now)
    ends = rules.add_months(starts, prices.months) if prices.months else None
    fulfilment = Fulfilment(
        offer=offer,
        price_before=subscription.monthly_price,
        price_during=prices.during,
        price_after=prices.after,
        starts_on=starts,
        ends_on=ends,
        remind_on=ends - REMIND_BEFORE if ends else None,
    )
    endings.close(
        case,
        CancellationCase.State.RATE_RENEGOTIATED if only_a_better_price else CancellationCase.State.SAVED_PENDING,
        others,
        by=by,
        now=now,
    )
    fulfilment.confirmation = letters.confirm_offer(case, offer, fulfilment, now=now)
    fulfilment.save()
    endings.give_receipt(case, fulfilment.confirmation)
    return offer


@transaction.atomic
def refuse(offer_pk: int, *, by: User, now: datetime, note: str = "") -> Offer:
    """The customer says no to this offer. Raises WrongState."""
    case, offer = locked_with_offer(offer_pk)
    offer.answered_at = now
    offer.move_to(OfferState.REFUSED, by=by, at=now, note=note)
    budgets.follow(offer, now=now)
    touched(case, now)
    return offer


@transaction.atomic
def withdraw(offer_pk: int, *, by: User, now: datetime, note: str = "") -> Offer:
    """Take an offer or a request for approval back before the customer answered. Raises WrongState."""
    case, offer = locked_with_offer(offer_pk)
    rules.check_open(case)
    endings.drop_offer(offer, by=by, now=now, note=note)
    endings.stop_waiting(case, now=now)
    touched(case, now)
    return offer
