"""What the cancellation desk adds to marketing's campaigns: the incentives tied to them, and what those cost."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cancellations import rules
from cancellations.models import Incentive, Offer
from loyalty.contracts import Tied, spending, ties


def register() -> None:
    spending.register("incentives", spent, _("Incentives"))
    ties.register("incentives", tied, _("Incentives"))


def spent(campaign_ids: Sequence[int]) -> Sequence[tuple[int, date, Decimal]]:
    """What was accepted on the campaigns' days, at its cost; one query."""
    campaign = F("incentive_version__incentive__campaigns")
    rows = (
        Offer.objects.filter(state__in=rules.TAKEN_OFFERS, answered_at__isnull=False)
        .annotate(campaign=campaign, day=TruncDate("answered_at"))
        .filter(campaign__in=campaign_ids, day__gte=F("incentive_version__incentive__campaigns__starts_on"))
        .filter(
            Q(incentive_version__incentive__campaigns__ends_on__isnull=True)
            | Q(day__lte=F("incentive_version__incentive__campaigns__ends_on"))
        )
    )
    return list(rows.values_list("campaign", "day").annotate(Sum("cost")).order_by("campaign", "day"))


def tied(campaign_id: int) -> Sequence[Tied]:
    """Its incentives by name; one query."""
    return [
        Tied(row.label(), reverse("cancellations:incentive", args=[row.pk]))
        for row in Incentive.objects.filter(campaigns=campaign_id).order_by("pk")
    ]
