"""What has been given away already: the sums that limits are held against."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, QuerySet, Sum, Value
from django.utils import timezone

from cancellations import rules
from cancellations.models import CancellationCase, Offer
from customers import goodwill
from staff.models import User
from staff.statements import kept

YEAR = timedelta(days=365)
NOTHING = Decimal(0)
CASE, DAY = -1, -2  # where a customer's key stands for the others


def spent(case: CancellationCase, *, by: User, now: datetime) -> dict[str, Decimal]:
    """What limits count: given in this case, to this customer in 12 months (by all apps), by this person today.

    One query: the sums of this case and this day are two more parts of the customer's year.
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
    own = [
        mine.values_list(Value(key, BigIntegerField())).annotate(given=Sum("cost"))
        for key, mine in ((CASE, taken.filter(case=case)), (DAY, taken.filter(by=by, answered_at__gte=morning)))
    ]
    return goodwill.in_one([*(source([customer], since, until) for source in sources), *own])
