"""The company's limits: what may never be suggested, whatever marketing's rules say. Each refusal is a code and the
numbers behind it, so that a page can say it in any language (`cancellations.wording`)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cancellations.engine import values
from cancellations.engine.values import Contract, Economics

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limits:
    """The company's own figures. Shares are of 1; None means no bound."""

    margin_floor: Decimal = Decimal("0.10")  # of a year's price, left after the incentive
    share_of_value: Decimal = Decimal("0.50")  # C ≤ share · V
    household_days: int = 90
    accepted_in_year: int = 2
    goodwill_in_year: Decimal | None = Decimal(150)  # of all apps, the new incentive included


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the customer and the call when the guards are asked. Days are since the last accepted incentive
    of that kind of person, None: never."""

    contract: Contract
    value: Decimal
    days_since_own: int | None = None
    days_since_household: int | None = None
    accepted_in_year: int = 0
    accepted_by_incentive: Mapping[int, int] = field(default_factory=dict)  # in 12 months
    running: bool = False  # an accepted incentive still runs: nothing is stacked on it
    goodwill: Decimal = Decimal(0)
    bereaved: bool = False
    vulnerable: bool = False
    reason_forbids: bool = False


@dataclass(frozen=True, slots=True)
class Priced:
    """Incentives as they would be for this customer, a column each; `budget_left` is infinite without a budget."""

    incentives: Sequence[int]
    extends: Bools  # whether it binds the customer for longer
    cooldown_days: Array
    max_accepted: Array
    cost: Array
    budget_left: Array


@dataclass(frozen=True, slots=True)
class Barred:
    """Why not: a stable code and its numbers."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, **{k: str(v) if isinstance(v, Decimal) else v for k, v in self.facts.items()}}


def case_guards(standing: Standing, limits: Limits) -> Iterator[Barred]:
    """What bars every incentive in this case."""
    if standing.bereaved:
        yield Barred("bereaved")
    if standing.reason_forbids:
        yield Barred("reason_forbids")
    if standing.running:
        yield Barred("stacking")
    if standing.accepted_in_year >= limits.accepted_in_year:
        yield Barred("count_in_year", {"accepted": standing.accepted_in_year, "limit": limits.accepted_in_year})
    if standing.days_since_household is not None and standing.days_since_household < limits.household_days:
        yield Barred("household_cool_down", {"days": standing.days_since_household, "wait": limits.household_days})


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What an incentive may cost this customer at most, by each limit; computed once a case."""

    by_value: Decimal
    by_margin: Decimal
    by_goodwill: Decimal | None


def ceilings(standing: Standing, limits: Limits, economics: Economics) -> Ceilings:
    contract, year = standing.contract, values.annuity(economics.horizon, economics)
    goodwill = limits.goodwill_in_year
    return Ceilings(
        by_value=values.cents(limits.share_of_value * standing.value),
        by_margin=(contract.margin - limits.margin_floor * contract.price) * year,
        by_goodwill=None if goodwill is None else goodwill - standing.goodwill,
    )


def offer_guards(
    offers: Priced, standing: Standing, limits: Limits, most: Ceilings, economics: Economics
) -> Iterator[tuple[Bools, Callable[[int], Barred]]]:
    """Guard by guard: which incentives it bars for this customer, and what it says of the one at a place."""
    cost, wait, often, left = offers.cost, offers.cooldown_days, offers.max_accepted, offers.budget_left
    if (days := standing.days_since_own) is not None:
        yield days < wait, lambda i: Barred("cool_down", {"days": days, "wait": int(wait[i])})
    taken = np.array([standing.accepted_by_incentive.get(key, 0) for key in offers.incentives])
    yield (
        taken >= often,
        lambda i: Barred("count_of_incentive", {"accepted": int(taken[i]), "limit": int(often[i])}),
    )
    if standing.vulnerable:
        yield offers.extends, lambda i: Barred("vulnerable")
    yield (
        cost > float(most.by_value),
        lambda i: Barred("share_of_value", {"cost": money(cost[i]), "most": most.by_value}),
    )

    def floor(i: int) -> Barred:
        kept = values.margin_after(standing.contract, money(cost[i]), economics)
        return Barred("margin_floor", {"left": round(float(kept), 4), "floor": float(limits.margin_floor)})

    yield cost > float(most.by_margin), floor
    if most.by_goodwill is not None:
        given = {"given": standing.goodwill, "limit": limits.goodwill_in_year}
        yield cost > float(most.by_goodwill), lambda i: Barred("goodwill", {**given, "cost": money(cost[i])})
    yield cost > left, lambda i: Barred("budget", {"cost": money(cost[i]), "left": max(money(left[i]), Decimal(0))})


def money(amount: float) -> Decimal:
    return values.cents(Decimal(amount))


def price_of_budget(spent: float, budget: float | None, month_gone: float) -> float:
    """λ: what a unit of budget costs beyond itself. 0 while spending keeps pace with the month; then it rises with the
    pace, so that the last money goes to the calls where it brings most, and reaches 3 when nothing is left.

        λ = min(3, max(0, used/gone − 1)) · used²,   used = spent/budget, gone = share of the month, at least a tenth
    """
    if budget is None:
        return 0.0
    if budget <= 0:
        return 3.0
    used = min(max(spent / budget, 0.0), 1.0)
    pace = used / max(month_gone, 0.1) - 1
    return 3.0 if used >= 1 else min(3.0, max(0.0, pace)) * used * used
