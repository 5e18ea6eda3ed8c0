"""What each offer gains over offering nothing.

    ΔEV(o) = [R(o) − R0] · V − A · C        R(o) = A·q + (1 − A)·u
    score  = lever · (ΔEV − λ · A · C)

"No incentive" is always a candidate, with score 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Number = TypeVar("Number", float, Array)

NONE = 0  # the key of "no incentive"
LEVER = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Shares:
    """Beta parameters of A, q and u for one offer in one context; R0's belong to the context."""

    accept: tuple[float, float]
    stay_accepted: tuple[float, float]
    stay_refused: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer that passed rules and guards. `value` is V, `cost` C, both in money; `price_of_budget` is λ."""

    key: int
    shares: Shares
    value: float
    cost: float
    lever: float = 1.0
    price_of_budget: float = 0.0
    mapped: bool = False  # marketing's first guess for this reason names it

    def as_json(self) -> dict[str, Any]:
        """Plain lists and numbers, read back without loss by `from_json`."""
        shares = self.shares
        return {  # spelled out: `asdict` copies to any depth, and took 45% of a suggestion under the profiler
            "key": self.key,
            "shares": {
                "accept": shares.accept,
                "stay_accepted": shares.stay_accepted,
                "stay_refused": shares.stay_refused,
            },
            "value": self.value,
            "cost": self.cost,
            "lever": self.lever,
            "price_of_budget": self.price_of_budget,
            "mapped": self.mapped,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Candidate":
        shares = Shares(*(tuple(data["shares"][name]) for name in ("accept", "stay_accepted", "stay_refused")))
        return cls(**{**data, "shares": shares})


def gain(accept: Number, stay: Number, refused: Number, none: Number, value: Number, cost: Number) -> Number:
    """ΔEV against offering nothing, in money."""
    return (accept * stay + (1 - accept) * refused - none) * value - accept * cost


def score(gain: Number, accept: Number, cost: Number, lever: Number, price_of_budget: Number) -> Number:
    """Marketing's lever scales the gain (0.5 to 2); λ makes money of a budget that runs out dearer."""
    return lever * (gain - price_of_budget * accept * cost)


def mean(parameters: tuple[float, float]) -> float:
    a, b = parameters
    return a / (a + b)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's expected figures, in money; `accept` and so on are means."""

    key: int
    accept: float
    stay_accepted: float
    stay_refused: float
    gain: float
    score: float


def rank(candidates: Sequence[Candidate], none: tuple[float, float]) -> list[Ranked]:
    """Best first by expected score, "no incentive" among them."""
    ranked = [Ranked(NONE, 0.0, 0.0, mean(none), 0.0, 0.0)]
    for c in candidates:
        a, q, u = mean(c.shares.accept), mean(c.shares.stay_accepted), mean(c.shares.stay_refused)
        delta = gain(a, q, u, mean(none), c.value, c.cost)
        ranked.append(Ranked(c.key, a, q, u, delta, score(delta, a, c.cost, c.lever, c.price_of_budget)))
    return sorted(ranked, key=lambda r: (-r.score, r.key))
