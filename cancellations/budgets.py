"""The month's money: reserved when an offer is approved or put to the customer, consumed when it is carried out, given
back when it comes to nothing. The callers hold the offer's lock and a transaction."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations.models import Budget, BudgetUse, Offer
from cancellations.models.offers import OfferState
from staff import formats
from staff.errors import DomainError
from staff.statements import kept

HOLDS = (OfferState.APPROVED, OfferState.APPROVED_WITH_CHANGE, OfferState.PRESENTED)
COMES_TO_NOTHING = (  # revoked: of what was not carried out yet; what was is consumed
    OfferState.REFUSED,
    OfferState.WITHDRAWN,
    OfferState.DECLINED,
    OfferState.APPROVAL_EXPIRED,
    OfferState.REVOKED,
)


class BudgetSpent(DomainError):
    """The month's budget does not hold this offer any more."""

    code = "budget_spent"


def month_of(now: datetime) -> date:
    return timezone.localdate(now).replace(day=1)


def follow(offer: Offer, *, now: datetime) -> None:
    """Bring the budgets in line with the state the offer has just moved to. Raises BudgetSpent.

    Two queries when no budget concerns it, else two more for each budget.
    """
    if offer.state in HOLDS:
        _hold(offer, now=now)
    elif offer.state in COMES_TO_NOTHING:
        _settle(offer, BudgetUse.State.RELEASED, now=now)
    elif offer.state == OfferState.APPLIED:
        _settle(offer, BudgetUse.State.CONSUMED, now=now)


def _hold(offer: Offer, *, now: datetime) -> None:
    """What was reserved already stays; changed terms reserve anew."""
    held = _held(offer.pk)
    if held and all(use.amount == offer.cost for use in held):
        return
    if held:
        _settle(offer, BudgetUse.State.RELEASED, now=now)
    reserve(offer, now=now)


def reserve(offer: Offer, *, now: datetime) -> None:
    """For an offer for which nothing is: of every budget of the month that covers the incentive and the team, all or
    none. One query when no budget concerns it, else two more for each. Raises BudgetSpent."""
    month, version = month_of(now), offer.incentive_version
    if version.monthly_budget is not None:
        Budget.objects.get_or_create(
            month=month, incentive_id=version.incentive_id, team=None, defaults={"amount": version.monthly_budget}
        )
    for budget in _covering(month, version.incentive_id, offer.case.team_id):
        taken = Budget.objects.filter(pk=budget.pk, amount__gte=F("reserved") + F("consumed") + offer.cost).update(
            reserved=F("reserved") + offer.cost
        )
        if not taken:
            budget.refresh_from_db()
            raise BudgetSpent(
                _("The month's budget has %(left)s left, this costs %(cost)s. Choose another offer.")
                % {
                    "left": formats.money(max(budget.amount - budget.reserved - budget.consumed, Decimal(0))),
                    "cost": formats.money(offer.cost),
                }
            )
        BudgetUse.objects.create(budget=budget, offer=offer, amount=offer.cost, reserved_at=now)


@kept
def _held(offer: int) -> QuerySet[BudgetUse]:
    return BudgetUse.objects.filter(offer=offer, state=BudgetUse.State.RESERVED).order_by("budget_id")


@kept
def _covering(month: date, incentive: int, team: int | None) -> QuerySet[Budget]:
    """In the order of their keys, in which everybody takes them: no deadlock."""
    budgets = Budget.objects.filter(Q(incentive=incentive) | Q(incentive=None), month=month)
    return budgets.filter(Q(team=team) | Q(team=None)).order_by("pk")


def _settle(offer: Offer, to: str, *, now: datetime) -> None:
    for use in _held(offer.pk):
        if BudgetUse.objects.filter(pk=use.pk, state=BudgetUse.State.RESERVED).update(state=to, settled_at=now):
            consumed = use.amount if to == BudgetUse.State.CONSUMED else Decimal(0)
            Budget.objects.filter(pk=use.budget_id).update(
                reserved=F("reserved") - use.amount, consumed=F("consumed") + consumed
            )
