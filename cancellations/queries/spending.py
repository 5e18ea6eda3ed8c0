"""What has been given away already: the sums that limits are held against."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet, Sum, Value
from django.utils import timezone

from cancellations import budgets, rules
from cancellations.models import CancellationCase, Offer, OfferDecision
from customers import goodwill
from staff.decisions import Verdict
from staff.models import User
from staff.statements import kept

YEAR = timedelta(days=365)
NOTHING = Decimal(0)
CASE, DAY = -1, -2  # where a customer's key stands for the others


def spent(case: CancellationCase, *, by: User, now: datetime) -> dict[str, Decimal]:
    """What limits count: given in this case, to this customer in 12 months (by all apps), on this person's word today.

    An offer above the agent's authority is given on the word of the manager who approved it: it counts on the manager's
    day, from the approval on unless it comes to nothing, and not on the agent's. One query: the sums of this case and
    this day are three more parts of the customer's year.
    """
    morning = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    year, soon = now - YEAR, now + timedelta(seconds=1)
    sums = goodwill.added_up(_sums(tuple(goodwill.goodwill), case.customer_id, year, soon, case.pk, by.pk, morning))
    return {
        "case": sums.get(CASE, NOTHING),
        "customer_year": sums.get(case.customer_id, NOTHING),
        "agent_day": sums.get(DAY, NOTHING),
    }


@kept
def _sums(
    sources: tuple[goodwill.Source, ...],
    customer: int,
    since: datetime,
    until: datetime,
    case: int,
    by: int,
    morning: datetime,
) -> QuerySet[Any, goodwill.Amount]:
    taken = Offer.objects.filter(state__in=rules.TAKEN_OFFERS)
    approved = OfferDecision.objects.filter(verdict__in=(Verdict.APPROVED, Verdict.CHANGED))
    without_asking = taken.exclude(Exists(approved.filter(offer=OuterRef("pk"))))
    standing = approved.filter(offer__state__in=(*budgets.HOLDS, *rules.TAKEN_OFFERS))
    own = [
        _sum(CASE, taken.filter(case=case), "cost"),
        _sum(DAY, without_asking.filter(by=by, answered_at__gte=morning), "cost"),
        _sum(DAY, standing.filter(decided_by=by, decided_at__gte=morning), "offer__cost"),
    ]
    return goodwill.in_one([*(source([customer], since, until) for source in sources), *own])


def _sum(key: int, rows: QuerySet[Any], cost: str) -> QuerySet[Any, Any]:
    summed: QuerySet[Any, Any] = rows.values_list(Value(key, BigIntegerField())).annotate(given=Sum(cost))
    return summed
