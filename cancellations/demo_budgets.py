"""The demo company's money of this month and the last, as its calls of the past have used it."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from cancellations import rules
from cancellations.models import Budget, BudgetUse, IncentiveVersion, Offer
from cancellations.models.offers import OfferState
from staff.models import Team

RESERVED, CONSUMED = BudgetUse.State.RESERVED, BudgetUse.State.CONSUMED


def spend(now: datetime) -> None:
    """A budget for all that is offered, for each team, and for the incentives that are bounded."""
    month = timezone.localdate(now).replace(day=1)
    months = [(month - timedelta(days=1)).replace(day=1), month]
    bounded = IncentiveVersion.objects.exclude(monthly_budget=None).select_related("incentive").order_by("pk")
    places = [(None, None), *((None, team) for team in Team.objects.order_by("name")), *((v, None) for v in bounded)]
    offers = Offer.objects.filter(state__in=rules.TAKEN_OFFERS, presented_at__date__gte=months[0])
    used = [(_month(offer), offer, _state(offer)) for offer in offers.select_related("case", "incentive_version")]
    for first in months:
        for version, team in places:
            mine = [
                (offer, state)
                for at, offer, state in used
                if at == first
                and (version is None or offer.incentive_version_id == version.pk)
                and (team is None or offer.case.team_id == team.pk)
            ]
            sums = {s: sum((o.cost for o, state in mine if state == s), Decimal(0)) for s in (RESERVED, CONSUMED)}
            budget = Budget.objects.create(
                month=first,
                incentive=version.incentive if version else None,
                team=team,
                amount=version.monthly_budget if version else (sum(sums.values()) // 100 + 6) * 100,
                reserved=sums[RESERVED],
                consumed=sums[CONSUMED],
            )
            BudgetUse.objects.bulk_create(
                BudgetUse(
                    budget=budget,
                    offer=offer,
                    amount=offer.cost,
                    state=state,
                    reserved_at=offer.presented_at,
                    settled_at=offer.answered_at if state == CONSUMED else None,
                )
                for offer, state in mine
            )


def _month(offer: Offer) -> object:
    return timezone.localdate(offer.presented_at).replace(day=1)


def _state(offer: Offer) -> BudgetUse.State:
    return CONSUMED if offer.state in (OfferState.APPLIED, OfferState.COMPLETED) else RESERVED
