"""What may be done to a case, and when a subscription ends: pure decisions that say why."""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from cancellations.models import CancellationCase, Offer, Reason
from cancellations.models.incentives import Kind
from cancellations.models.offers import OfferState
from customers.models import Customer, Subscription
from staff.authority import Authority
from staff.errors import AboveAuthority, DomainError, WrongState

SAVE_WINDOW = timedelta(days=90)
ANSWER_WITHIN = timedelta(seconds=120)  # what a caller waits for a manager
ABANDONED_AFTER = timedelta(hours=2)  # without a touch, a call with notice has dropped
LATEST_END = timedelta(days=3 * 366)
WAITING_OFFERS = (OfferState.SUGGESTED, OfferState.NEEDS_APPROVAL, OfferState.APPROVED, OfferState.APPROVED_WITH_CHANGE)
LIVE_OFFERS = (*WAITING_OFFERS, OfferState.PRESENTED)
TAKEN_OFFERS = (
    OfferState.ACCEPTED,
    OfferState.PENDING_FULFILMENT,
    OfferState.APPLIED,
    OfferState.FAILED,
    OfferState.COMPLETED,
)
EXTENDING = frozenset({Kind.PRICE_LOCK})  # kinds that bind the customer for longer


class NoOffers(DomainError):
    """Nothing may be offered: by law, by the customer's word, or out of decency."""

    code = "no_offers"


# --- when it ends ---------------------------------------------------------------------------------------------------
def add_months(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where there is no such day (31 Jan + 1 = 28/29 Feb)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of_term(received: date, contract_end: date | None, notice_months: int) -> date:
    """The day the subscription ends by itself after a notice received on `received`.

    The contract's last day if the notice period still fits before it; else (month by month, or too late, when the
    contract goes on by the month) the end of the notice period.
    """
    earliest = add_months(received, notice_months)
    return contract_end if contract_end is not None and contract_end >= earliest else earliest


def end_date(mode: str, subscription: Subscription, *, received: date, today: date, chosen: date | None) -> date:
    """The last day for each mode. Raises DomainError at "ends_on" for a date that is missing, past or absurd."""
    if mode == CancellationCase.EndMode.IMMEDIATE:
        return today
    if mode == CancellationCase.EndMode.DATE:
        if chosen is None:
            raise DomainError(_("Choose the day it shall end."), code="no_end_date", field="ends_on")
        if not today <= chosen <= today + LATEST_END:
            raise DomainError(
                _("Choose a day from today on, at most three years ahead."), code="bad_end_date", field="ends_on"
            )
        return chosen
    return max(end_of_term(received, subscription.contract_end, subscription.notice_months), today)


# --- what may be offered ----------------------------------------------------------------------------------------------
def max_offers(country: str) -> int:
    """How many offers may be put in one case in this country."""
    return int(settings.KVAR_OFFERS_BY_COUNTRY.get(country, settings.KVAR_OFFERS_PER_CASE))


def why_no_offers(case: CancellationCase, customer: Customer, reasons: Collection[Reason]) -> NoOffers | None:
    """Why nothing may be offered in this case, or None. `reasons`: as told, and the agent's own reading."""
    if customer.is_bereaved or any(reason.never_offer for reason in reasons):
        return NoOffers(_("A bereaved household is never offered anything. Register the cancellation."))
    if case.permission == CancellationCase.Permission.REFUSED:
        return NoOffers(_("The customer does not want to hear of offers."))
    if max_offers(customer.country) == 0:
        return NoOffers(_("Offers on cancelling are not allowed in this country."))
    return None


def check_can_offer(case: CancellationCase, customer: Customer, reasons: Collection[Reason], *, presented: int) -> None:
    """Guard of `present` and `request_approval`. `presented`: offers put in this case so far.

    Raises WrongState (call closed), NoOffers.
    """
    check_open(case)
    if refusal := why_no_offers(case, customer, reasons):
        raise refusal
    if case.permission != CancellationCase.Permission.GRANTED:
        raise NoOffers(_("Ask first whether the customer wants to hear of an offer."), code="permission_first")
    if presented >= max_offers(customer.country):
        raise NoOffers(_("All offers of this call have been made. Register the cancellation."), code="offers_used_up")


def check_open(case: CancellationCase) -> None:
    """Raises WrongState when the call is closed."""
    if not case.is_open:
        raise WrongState(
            _("This call is closed: “%(state)s”. Reload to see what happened.") % {"state": case.get_state_display()}
        )


def check_may_extend(kind: str, customer: Customer, *, consent: bool) -> None:
    """A longer contract: never for a vulnerable customer, and only with consent on record. Raises NoOffers."""
    if kind not in EXTENDING:
        return
    if customer.is_vulnerable:
        raise NoOffers(_("A vulnerable customer is never bound for longer."), code="vulnerable")
    if not consent:
        raise NoOffers(_("Record the customer's consent to the longer contract first."), code="consent_first")


def check_authority(
    authority: Authority, cost: Decimal, *, case: Decimal, customer_year: Decimal, agent_day: Decimal
) -> None:
    """The sums are what was given before, without `cost`. Raises AboveAuthority."""
    if not within(authority, cost, case=case, customer_year=customer_year, agent_day=agent_day):
        raise AboveAuthority(_("This is above your limit. Ask a manager."))


def within(authority: Authority, cost: Decimal, *, case: Decimal, customer_year: Decimal, agent_day: Decimal) -> bool:
    return authority.covers(case=case + cost, customer_year=customer_year + cost, agent_day=agent_day + cost)


def needs_approval(offer: Offer) -> bool:
    return offer.state not in (OfferState.APPROVED, OfferState.APPROVED_WITH_CHANGE)


# --- day 90 -----------------------------------------------------------------------------------------------------------
def is_paying(subscription: Subscription) -> bool:
    """Active and paying: paused is not, and neither is one about to end."""
    return subscription.status == Subscription.Status.ACTIVE


def has_left(subscription: Subscription) -> bool:
    return subscription.status in (Subscription.Status.ENDING, Subscription.Status.ENDED)
