"""What guards and rules want to know of a customer in a call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from cancellations import learning, variables
from cancellations.engine import values
from cancellations.engine.guards import Standing
from cancellations.engine.values import Contract
from cancellations.models import CancellationCase, Offer
from cancellations.models.offers import OfferState
from customers import contributions, goodwill
from staff.statements import kept

YEAR = timedelta(days=365)
OVER = (OfferState.COMPLETED, OfferState.REVOKED)  # what was accepted, and does not run any more


@dataclass(frozen=True)
class Known:
    standing: Standing
    values: dict[str, Any]


def known(case: CancellationCase, *, asks: frozenset[str], now: datetime) -> Known:
    """What guards and rules want to know of this call: one query, one for what all apps gave, one for each app
    whose variables a published rule names."""
    subscription, customer = case.subscription, case.customer
    today = timezone.localdate(now)
    contract = Contract(subscription.monthly_price, subscription.monthly_margin)
    worth = values.value(contract)
    taken = _taken(customer.pk, customer.household_id, now - YEAR, now, case.pk)
    own_days: int | None = None
    household_days: int | None = None
    by_incentive: dict[int, int] = {}
    accepted, running = 0, False
    for customer_id, incentive, at, state, ends_on in taken:
        days = (now - at).days
        if customer_id != customer.pk:
            household_days = days if household_days is None else min(days, household_days)
            continue
        own_days = days if own_days is None else min(days, own_days)
        by_incentive[incentive] = by_incentive.get(incentive, 0) + 1
        accepted += 1
        running = running or (state not in OVER and ends_on is not None and ends_on > today)
    given = goodwill.given([customer.pk], now - YEAR, now)[customer.pk]
    found = variables.of_case(case, today=today, value=worth, goodwill=given, accepted=accepted, days_since=own_days)
    if asks - variables.OWN:
        for source in contributions.variables:
            found |= source([customer.pk], now)[customer.pk]
    reasons = [reason for reason in (case.reason, case.own_reading) if reason]
    standing = Standing(
        contract=contract,
        value=worth,
        days_since_own=own_days,
        days_since_household=household_days,
        accepted_in_year=accepted,
        accepted_by_incentive=by_incentive,
        running=running,
        goodwill=given,
        bereaved=customer.is_bereaved,
        vulnerable=customer.is_vulnerable,
        reason_forbids=any(reason.never_offer for reason in reasons),
    )
    return Known(standing, found)


@kept
def _taken(customer: int, household: int | None, since: datetime, until: datetime, case: int) -> QuerySet[Offer, Any]:
    """What the customer and the household accepted in other calls."""
    people = Q(case__customer_id=customer)
    if household:
        people |= Q(case__customer__household_id=household)
    return (
        Offer.objects.filter(people, state__in=learning.YES, answered_at__gt=since, answered_at__lte=until)
        .exclude(case_id=case)
        .values_list(
            "case__customer_id",
            "incentive_version__incentive_id",
            "answered_at",
            "state",
            "fulfilment__ends_on",
        )
    )
