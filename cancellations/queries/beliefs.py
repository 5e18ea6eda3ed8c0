"""Beliefs and budgets as people look at them."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils import timezone

from cancellations.candidates import LITTLE
from cancellations.engine.special import beta_interval
from cancellations.models import Belief, Budget, BudgetUse, Incentive, LearnedModel

COURSE = 30  # models back


@dataclass(frozen=True)
class Row:
    name: str
    incentive_id: int | None
    k: float
    n: float
    mean: float
    low: float
    high: float
    little: bool
    course: Sequence[float]


def rows(model: LearnedModel, quantity: str, incentive: Incentive | None) -> list[Row]:
    """The whole and each incentive, or each reason of one incentive, most cases first. For what has no incentive (no
    offer, or having refused) each reason. Three queries."""
    found = Belief.objects.filter(model=model, quantity=quantity).select_related("incentive", "reason")
    if incentive is not None:
        found = found.filter(incentive=incentive).filter(Q(level="incentive") | Q(level="incentive×reason"))
    else:
        found = found.filter(level__in=["all", "incentive", "reason"])
    listed = list(found.order_by("-n")[:200])
    recent = list(LearnedModel.objects.order_by("-as_of").values_list("pk", flat=True)[:COURSE])
    course: dict[tuple[str, int | None, int | None], list[float]] = {}
    for level, i, r, mean in (
        Belief.objects.filter(model__in=recent, quantity=quantity, level__in={row.level for row in listed})
        .filter(Q(incentive=incentive) if incentive else Q())
        .order_by("model__as_of")
        .values_list("level", "incentive_id", "reason_id", "mean")
    ):
        course.setdefault((level, i, r), []).append(mean)
    shown = []
    for row in listed:
        low, high = beta_interval(row.mean * row.strength, (1 - row.mean) * row.strength)
        name = row.reason or ("" if row.level in ("all", "incentive×reason") else row.incentive) or ""
        if row.level == "incentive" and incentive is not None:
            name = ""
        shown.append(
            Row(
                str(name),
                row.incentive_id,
                row.k,
                row.n,
                row.mean,
                float(low),
                float(high),
                row.n < LITTLE,
                course.get((row.level, row.incentive_id, row.reason_id), []),
            )
        )
    return sorted(shown, key=lambda row: (bool(row.name), -row.n))


def burn_down(month: date) -> list[tuple[Budget, list[tuple[int, float]]]]:
    """Each budget of the month with the share that was left at the end of each day so far. Two queries."""
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
    today = timezone.localdate()
    last = (
        today.day
        if (today.year, today.month) == (month.year, month.month)
        else calendar.monthrange(month.year, month.month)[1]
    )
    found = []
    for budget in budgets:
        total = float(budget.amount) or 1.0
        points = [
            (day, max(1 - sum(a for d, a in uses.get(budget.pk, []) if d <= day) / total, 0.0))
            for day in range(1, last + 1)
        ]
        found.append((budget, points))
    return found
