"""What has been given away already: the sums that limits are held against."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils import timezone

from cancellations import rules
from cancellations.models import CancellationCase, Offer
from customers import goodwill
from staff.models import User

YEAR = timedelta(days=365)


def spent(case: CancellationCase, *, by: User, now: datetime) -> dict[str, Decimal]:
    """What limits count: given in this case, to this customer in 12 months (by all apps), by this person today.

    Three queries and one an app.
    """
    given = goodwill.given([case.customer_id], now - YEAR, now + timedelta(seconds=1))
    morning = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    sums = Offer.objects.filter(
        Q(case=case) | Q(by=by, answered_at__gte=morning), state__in=rules.TAKEN_OFFERS
    ).aggregate(case=Sum("cost", filter=Q(case=case)), day=Sum("cost", filter=Q(by=by, answered_at__gte=morning)))
    return {
        "case": sums["case"] or Decimal(0),
        "customer_year": given[case.customer_id],
        "agent_day": sums["day"] or Decimal(0),
    }
