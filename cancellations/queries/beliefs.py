"""Beliefs and budgets as people look at them."""

import calendar
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date
from math import ceil

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from cancellations.candidates import LITTLE
from cancellations.engine.guards import price_of_budget
from cancellations.engine.special import beta_interval
from cancellations.learning import believed
from cancellations.models import Belief, Budget, BudgetUse, Incentive, LearnedModel, Reason
from customers.models import Customer

COURSE = 60  # models of the past that a course is drawn through, evenly spread
KINDS = dict(Incentive.Kind.choices)


@dataclass(frozen=True, slots=True)
class Row:
    """One estimate. `depth`: 0 the whole, 1 a kind, 2 what is within it."""

    name: str
    depth: int
    incentive_id: int | None
    reason_id: int | None
    k: float
    n: float
    mean: float
    low: float
    high: float
    course: Sequence[float] = ()

    @property
    def little(self) -> bool:
        return self.n < LITTLE


@dataclass(frozen=True, slots=True)
class Moved:
    """What one estimate was on a day."""

    day: date
    mean: float
    low: float
    high: float


def rows(model: LearnedModel, quantity: str, incentive: Incentive | None) -> list[Row]:
    """The whole, each kind and its incentives; of one incentive its kind, itself and each reason. For what has no
    incentive (no offer, or having refused) each reason, by segment. Most cases first. Four queries."""
    found = Belief.objects.filter(model=model, quantity=quantity).select_related("incentive", "reason__category")
    if incentive is not None:
        own = Q(incentive=incentive, level__in=["incentive", "incentive×reason"])
        found = found.filter(own | Q(level="kind", kind=incentive.kind))
    elif quantity in (Belief.Quantity.STAY_NONE, Belief.Quantity.STAY_REFUSED):
        found = found.filter(level__in=["all", "reason", "reason×segment"])
    else:
        found = found.filter(level__in=["all", "kind", "incentive"])
    listed = list(found.order_by("-n")[:300])
    course: dict[tuple[object, ...], list[float]] = {}
    levels = {row.level for row in listed}
    for *key, mean in (
        Belief.objects.filter(model__in=_models(), quantity=quantity, level__in=levels)
        .filter(Q(incentive=incentive) | Q(level="kind", kind=incentive.kind) if incentive else Q())
        .order_by("model__as_of")
        .values_list("level", "kind", "incentive_id", "reason_id", "segment", "mean")
    ):
        course.setdefault(tuple(key), []).append(mean)
    segments = dict(Customer.Segment.choices)
    shown = []
    for row in listed:
        if row.reason:
            within = row.reason.said()
        else:
            within = _("not told") if "reason" in row.level else str((incentive is None and row.incentive) or "")
        name = KINDS.get(row.kind, row.kind) if row.level == "kind" else within or ""
        low, high = beta_interval(row.mean * row.strength, (1 - row.mean) * row.strength)
        shown.append(
            (
                _place(row, listed),
                Row(
                    " · ".join(str(part) for part in (name, segments.get(row.segment, "")) if part),
                    _depth(row, incentive, levels),
                    row.incentive_id,
                    row.reason_id,
                    row.k,
                    row.n,
                    row.mean,
                    float(low),
                    float(high),
                    course.get((row.level, row.kind, row.incentive_id, row.reason_id, row.segment), ()),
                ),
            )
        )
    return [row for _at, row in sorted(shown, key=lambda pair: pair[0])]


def _depth(row: Belief, incentive: Incentive | None, levels: Set[str]) -> int:
    if row.level == "all":
        return 0
    if incentive is not None:
        return {"kind": 0, "incentive": 1}.get(row.level, 2)
    return 1 if row.level in ("kind", "reason") or not levels & {"kind", "reason"} else 2


def _place(row: Belief, listed: Sequence[Belief]) -> tuple[float, ...]:
    """Each kind, or reason, before what is within it; the one with most cases first."""
    if row.level == "all":
        return (0,)
    if row.level in ("incentive×reason", "reason×segment") and not row.kind:
        above = next((one for one in listed if one.level == "reason" and one.reason_id == row.reason_id), None)
    else:
        above = next((one for one in listed if one.level == "kind" and one.kind == row.kind), None)
    group = (1, -above.n, above.pk) if above else (2, 0, 0)
    return (*group, {"kind": 0, "reason": 0, "incentive": 1}.get(row.level, 2), -row.n, row.pk)


def _models() -> list[int]:
    every = list(LearnedModel.objects.order_by("-as_of").values_list("pk", flat=True))
    return every[:: max(ceil(len(every) / COURSE), 1)]


def moved(quantity: str, incentive: Incentive | None, reason: Reason | None) -> list[Moved]:
    """How the estimate of all, of an incentive, or of an incentive for a reason moved. Two queries."""
    level = "incentive×reason" if incentive and reason else "incentive" if incentive else "all"
    found = Belief.objects.filter(
        model__in=_models(), quantity=quantity, level=level, incentive=incentive, reason=reason
    ).order_by("model__as_of")
    points = []
    for as_of, mean, strength in found.values_list("model__as_of", "mean", "strength"):
        low, high = beta_interval(mean * strength, (1 - mean) * strength)
        points.append(Moved(timezone.localdate(as_of), mean, float(low), float(high)))
    return points


def by_segment(model: LearnedModel, quantity: str, incentive: Incentive, reason: Reason) -> list[Row]:
    """The last link of the chain: an incentive, for a reason, in each segment. At most one query."""
    held = believed(model.pk)
    axes, posterior = held.catalogue, getattr(held.model, quantity)
    if incentive.pk not in axes.incentives or reason.pk not in axes.reasons or quantity == Belief.Quantity.STAY_NONE:
        return []
    at = list(axes.incentives).index(incentive.pk), list(axes.reasons).index(reason.pk)
    labels = dict(Customer.Segment.choices)
    found = []
    for place, segment in enumerate(axes.segments):
        k, n, mean, strength = (
            float(part[-1][(*at, place)]) for part in (posterior.k, posterior.n, posterior.mean, posterior.strength)
        )
        low, high = beta_interval(mean * strength, (1 - mean) * strength)
        name = str(labels.get(segment, segment))
        found.append(Row(name, 2, incentive.pk, reason.pk, k, n, mean, float(low), float(high)))
    return found


@dataclass(frozen=True, slots=True)
class BurnDown:
    """A budget with the share that was left of it at the end of each day so far, the share that an even pace would
    leave, and λ as it stands: what a unit of it costs beyond itself when offers are ranked."""

    budget: Budget
    left: Sequence[tuple[int, float]]
    even: Sequence[tuple[int, float]]
    price: float


def burn_down(month: date) -> list[BurnDown]:
    """Of each budget of the month. Two queries."""
    budgets = list(
        Budget.objects.filter(month=month).select_related("incentive", "team").order_by("incentive__name", "team__name")
    )
    uses: dict[int, list[tuple[int, float]]] = {}
    for budget_id, at, amount in (
        BudgetUse.objects.filter(budget__in=budgets)
        .exclude(state=BudgetUse.State.RELEASED)
        .values_list("budget_id", "reserved_at", "amount")
    ):
        uses.setdefault(budget_id, []).append((timezone.localdate(at).day, float(amount)))
    today, length = timezone.localdate(), calendar.monthrange(month.year, month.month)[1]
    last = min(max((today - month).days + 1, 0), length)
    found = []
    for budget in budgets:
        total, taken = float(budget.amount), float(budget.reserved + budget.consumed)
        left = [
            (day, max(1 - sum(a for d, a in uses.get(budget.pk, []) if d <= day) / (total or 1.0), 0.0))
            for day in range(1, last + 1)
        ]
        even = [(day, 1 - day / length) for day in range(1, length + 1)]
        found.append(BurnDown(budget, left, even, price_of_budget(taken, total, last / length)))
    return found


def budget_months() -> list[date]:
    """Those for which there is a budget, newest first. One query."""
    return list(Budget.objects.order_by("-month").values_list("month", flat=True).distinct()[:24])
