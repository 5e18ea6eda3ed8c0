"""What each offer gains over offering nothing.

    ΔEV(o) = [R(o) − R0] · V − A · C        R(o) = A·q + (1 − A)·u
    score  = lever · (ΔEV − λ · A · C)

"No incentive" is always a candidate, with score 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

NONE = 0  # the key of "no incentive"


@dataclass(frozen=True, slots=True)
class Offers:
    """Those that passed rules and guards, as columns: the last axis is the offer, axes before it are calls.

    `accept`, `stay_accepted` and `stay_refused` are Beta parameters of A, q and u in this context, with a last axis of
    two. `value` is V, `cost` C, both in money; `price_of_budget` is λ; `mapped`: marketing's map names it for this
    reason; `tried`: callers of this reason to whom it was put, as learning counts them.
    """

    keys: tuple[int, ...]
    accept: Array
    stay_accepted: Array
    stay_refused: Array
    value: Array
    cost: Array
    lever: Array
    price_of_budget: Array
    mapped: NDArray[np.bool_]
    tried: Array

    @classmethod
    def of(cls, keys: Sequence[int], **columns: ArrayLike) -> "Offers":
        """Of one call, from anything array-like; lever 1, λ 0, not mapped and untried unless it is said."""
        n = len(keys)
        usual: dict[str, ArrayLike] = {"lever": 1.0, "price_of_budget": 0.0, "mapped": False, "tried": 0.0}
        given = {**usual, **columns}
        found = {name: np.asarray(column, dtype=bool if name == "mapped" else float) for name, column in given.items()}
        for name, column in found.items():
            found[name] = column.reshape(n, 2) if name in PAIRS else np.broadcast_to(column, (n,))
        return cls(tuple(keys), **found)

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, at: Sequence[int] | NDArray[np.int64]) -> "Offers":
        """These only, in this order; for one call."""
        where = np.asarray(at, dtype=int)
        columns = {f.name: getattr(self, f.name)[where] for f in fields(self) if f.name != "keys"}
        return Offers(tuple(self.keys[i] for i in where.tolist()), **columns)

    def as_json(self) -> dict[str, Any]:
        """Plain lists and numbers, read back without loss by `from_json`."""
        return {f.name: list(self.keys) if f.name == "keys" else getattr(self, f.name).tolist() for f in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Offers":
        return cls.of(**data)


PAIRS = ("accept", "stay_accepted", "stay_refused")


def gain(accept: Array, stay: Array, refused: Array, none: Array, value: Array, cost: Array) -> Array:
    """ΔEV against offering nothing, in money."""
    return (accept * stay + (1 - accept) * refused - none) * value - accept * cost


def score(gain: Array, accept: Array, cost: Array, lever: Array, price_of_budget: Array) -> Array:
    """Marketing's lever scales the gain (0.5 to 2); λ makes money of a budget that runs out dearer."""
    return lever * (gain - price_of_budget * accept * cost)


def mean(parameters: ArrayLike) -> Array:
    """Of Beta(a, b), with a and b on the last axis."""
    pairs = np.asarray(parameters, dtype=float)
    share: Array = pairs[..., 0] / pairs.sum(-1)
    return share


@dataclass(frozen=True, slots=True)
class Expected:
    """The offers' expected figures, a column each: shares of 1, gain and score in money."""

    accept: Array
    stay_accepted: Array
    stay_refused: Array
    gain: Array
    score: Array


def expect(offers: Offers, none: ArrayLike) -> Expected:
    a, q, u = mean(offers.accept), mean(offers.stay_accepted), mean(offers.stay_refused)
    delta = gain(a, q, u, mean(none)[..., None], offers.value, offers.cost)
    return Expected(a, q, u, delta, score(delta, a, offers.cost, offers.lever, offers.price_of_budget))
