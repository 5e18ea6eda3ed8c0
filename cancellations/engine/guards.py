"""The company's limits: what may never be suggested, whatever marketing's rules say. Each refusal is a code and the
numbers behind it, so that a page can say it in any language (`cancellations.wording`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from cancellations.engine import values
from cancellations.engine.values import Contract, Economics


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


class Priced(NamedTuple):
    """An incentive as it would be for this customer."""

    key: int
    incentive: int
    kind: str
    cost: Decimal
    cooldown_days: int
    max_accepted: int
    budget_left: Decimal | None = None


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
    offer: Priced, standing: Standing, limits: Limits, most: Ceilings, economics: Economics
) -> Iterator[Barred]:
    """What bars this incentive for this customer, every reason of it."""
    if standing.days_since_own is not None and standing.days_since_own < offer.cooldown_days:
        yield Barred("cool_down", {"days": standing.days_since_own, "wait": offer.cooldown_days})
    taken = standing.accepted_by_incentive.get(offer.incentive, 0)
    if taken >= offer.max_accepted:
        yield Barred("count_of_incentive", {"accepted": taken, "limit": offer.max_accepted})
    if standing.vulnerable and offer.kind in values.EXTENDS_CONTRACT:
        yield Barred("vulnerable")
    if offer.cost > most.by_value:
        yield Barred("share_of_value", {"cost": offer.cost, "most": most.by_value})
    if offer.cost > most.by_margin:
        left = values.margin_after(standing.contract, offer.cost, economics)
        yield Barred("margin_floor", {"left": round(float(left), 4), "floor": float(limits.margin_floor)})
    if most.by_goodwill is not None and offer.cost > most.by_goodwill:
        facts = {"given": standing.goodwill, "cost": offer.cost, "limit": limits.goodwill_in_year}
        yield Barred("goodwill", facts)
    if offer.budget_left is not None and offer.cost > offer.budget_left:
        yield Barred("budget", {"cost": offer.cost, "left": max(offer.budget_left, Decimal(0))})


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
