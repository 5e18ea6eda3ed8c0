"""What a customer is worth over twelve months, and what an incentive costs if it is accepted.

Money is Decimal, rounded to cents at the end. Months count from the next bill, t = 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

CENT = Decimal("0.01")
NOTHING = Decimal(0)
Terms = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Economics:
    """How the future is counted: the share of customers that stays from month to month, and the monthly interest."""

    survival: Decimal = Decimal("0.97")
    discount: Decimal = Decimal("0.008")
    horizon: int = 12


STANDARD = Economics()


@cache
def annuity(months: int, economics: Economics = STANDARD) -> Decimal:
    """Σ over t = 1 … months of survivalᵗ / (1 + discount)ᵗ: what one unit a month is worth today."""
    step = economics.survival / (1 + economics.discount)
    return sum((step**t for t in range(1, months + 1)), NOTHING)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Contract:
    """What the customer pays a month, what is left of it, and how long he or she is bound."""

    price: Decimal
    margin: Decimal
    months_left: int = 0


def value(contract: Contract, economics: Economics = STANDARD) -> Decimal:
    """V = Σ over 12 months of margin · survival / (1 + d)ᵗ, before any incentive; never below zero."""
    return cents(max(contract.margin, NOTHING) * annuity(economics.horizon, economics))


# --- cost of each kind if accepted: (terms, economics) → contract → money, so that terms are read once ----------------
Price = Callable[[Contract], Decimal]
Cost = Callable[[Terms, Economics], Price]


def _decimal(terms: Terms, name: str) -> Decimal:
    return Decimal(str(terms.get(name) or 0))


def _during(terms: Terms, economics: Economics) -> Decimal:
    """What one unit a month is worth while the incentive runs."""
    return annuity(min(int(terms.get("months") or 0), economics.horizon), economics)


def _percent_off(terms: Terms, economics: Economics) -> Price:
    share = _decimal(terms, "percent") / 100 * _during(terms, economics)
    return lambda contract: contract.price * share


def _amount_off(terms: Terms, economics: Economics) -> Price:
    amount, during = _decimal(terms, "amount"), _during(terms, economics)
    return lambda contract: min(amount, contract.price) * during


def _free_months(terms: Terms, economics: Economics) -> Price:
    during = _during(terms, economics)
    return lambda contract: contract.price * during


def _pause(terms: Terms, economics: Economics) -> Price:
    """Nothing is paid and nothing served: the margin is forgone."""
    during = _during(terms, economics)
    return lambda contract: max(contract.margin, NOTHING) * during


def _plan_change(terms: Terms, economics: Economics) -> Price:
    """The margin that the new plan brings less, over the whole horizon."""
    margin, year = _decimal(terms, "monthly_margin"), annuity(economics.horizon, economics)
    return lambda contract: max(contract.margin - margin, NOTHING) * year


def _price_lock(terms: Terms, economics: Economics) -> Price:
    """The rise in price that will not be asked while the lock holds."""
    rise = _decimal(terms, "expected_rise") / 100 * _during(terms, economics)
    return lambda contract: contract.price * rise


def _addon(terms: Terms, economics: Economics) -> Price:
    return _always(_decimal(terms, "monthly_cost") * _during(terms, economics))


def _bonus_stamps(terms: Terms, economics: Economics) -> Price:
    return _always(_decimal(terms, "stamps") * _decimal(terms, "stamp_cost"))


def _amount(terms: Terms, economics: Economics) -> Price:
    return _always(_decimal(terms, "amount"))


def _once(terms: Terms, economics: Economics) -> Price:
    return _always(_decimal(terms, "cost"))


def _always(amount: Decimal) -> Price:
    return lambda contract: amount


COSTS: dict[str, Cost] = {
    "percent_off": _percent_off,
    "amount_off": _amount_off,
    "free_months": _free_months,
    "pause": _pause,
    "plan_change": _plan_change,
    "addon": _addon,
    "bonus_stamps": _bonus_stamps,
    "gift": _once,
    "fee_waiver": _amount,
    "price_lock": _price_lock,
    "service_fix": _once,
    "custom": _once,
}
EXTENDS_CONTRACT = frozenset({"price_lock"})


def cost(kind: str, terms: Terms, contract: Contract, economics: Economics = STANDARD) -> Decimal:
    """C, what the company forgoes or pays over the horizon if this is accepted; with what it costs to carry out."""
    return pricing(kind, terms, economics)(contract)


def pricing(kind: str, terms: Terms, economics: Economics = STANDARD) -> Price:
    """`cost` of these terms, for one contract after the other."""
    forgone, handling = COSTS[kind](terms, economics), _decimal(terms, "handling_cost")
    return lambda contract: cents(forgone(contract) + handling)


@dataclass(frozen=True, slots=True)
class Prices:
    """What the customer pays a month while the incentive runs and after it. `months` 0: from now on."""

    during: Decimal
    after: Decimal
    months: int


def prices(kind: str, terms: Terms, contract: Contract) -> Prices:
    """For the explanation and the written confirmation; a price never falls below zero."""
    price, months = contract.price, int(terms.get("months") or 0)
    match kind:
        case "percent_off":
            during = cents(price * (100 - _decimal(terms, "percent")) / 100)
        case "amount_off":
            during = max(price - _decimal(terms, "amount"), NOTHING)
        case "free_months" | "pause":
            during = NOTHING
        case "plan_change":
            new = _decimal(terms, "monthly_price")
            return Prices(new, new, 0)
        case _:
            during = price
    return Prices(during, price, months)


def margin_after(contract: Contract, spent: Decimal, economics: Economics = STANDARD) -> Decimal:
    """The share of a year's price that is left as margin after `spent`; 0 for a price of zero."""
    revenue = contract.price * annuity(economics.horizon, economics)
    return (contract.margin * annuity(economics.horizon, economics) - spent) / revenue if revenue else NOTHING
