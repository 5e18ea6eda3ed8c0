"""Honest figures: intervals, uplift with its power, off-policy estimates that refuse to speak of too little.

All shares of 1, money as float; intervals are 95 %.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from staff.rates import Rate, needed, of_shares

Array = NDArray[np.float64]
LEAST_SAMPLE = 200
BOOTSTRAPS = 500


@dataclass(frozen=True, slots=True)
class Uplift:
    """Treated minus hold-out, by intention to treat; Newcombe's interval (1998, method 10). `more` is how many further
    mature cases the two arms need at their present ratio until the interval is ± 5 points; 0 when it is already."""

    treated: Rate
    held: Rate
    points: float | None
    low: float | None
    high: float | None
    more: int | None

    @classmethod
    def of(cls, treated: Rate, held: Rate) -> "Uplift":
        found = of_shares(treated, held)
        more = None if found.value is None else needed(treated, held)
        return cls(treated, held, found.value, found.low, found.high, more)


@dataclass(frozen=True, slots=True)
class Logged:
    """One decision with a known propensity: what led, what it brought, and for every action what the model expects."""

    action: int
    propensity: float
    reward: float
    expected: dict[int, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class OffPolicy:
    """What another policy would have brought a case, from what was logged. `sample` is Kish's effective sample size;
    under 200 the estimates are None: refused."""

    cases: int
    sample: float
    ips: Estimate | None
    snips: Estimate | None
    dr: Estimate | None


def off_policy(rows: Sequence[Logged], target: Sequence[dict[int, float]], *, seed: int = 7) -> OffPolicy:
    """IPS (Horvitz–Thompson), SNIPS (Swaminathan & Joachims 2015) and doubly robust (Dudík et al. 2011) with bootstrap
    intervals. `target`: for each row the other policy's probability of each action."""
    n = len(rows)
    if not n:
        return OffPolicy(0, 0.0, None, None, None)
    weight = np.array([t.get(r.action, 0.0) / r.propensity for r, t in zip(rows, target, strict=True)])
    sample = float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0
    if sample < LEAST_SAMPLE:
        return OffPolicy(n, sample, None, None, None)
    reward = np.array([r.reward for r in rows])
    direct = np.array(
        [sum(p * r.expected.get(a, 0.0) for a, p in t.items()) for r, t in zip(rows, target, strict=True)]
    )
    residual = reward - np.array([r.expected.get(r.action, 0.0) for r in rows])
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, n, (BOOTSTRAPS, n)) if n <= 5_000 else rng.integers(0, n, (200, n))

    def estimate(at: NDArray[np.int64]) -> tuple[float, float, float]:
        w = weight[at]
        return (
            float((w * reward[at]).mean()),
            float((w * reward[at]).sum() / max(w.sum(), 1e-12)),
            float((direct[at] + w * residual[at]).mean()),
        )

    whole = estimate(np.arange(n))
    boots = np.array([estimate(row) for row in picks])
    low, high = np.quantile(boots, [0.025, 0.975], axis=0)
    ips, snips, dr = (Estimate(whole[i], float(low[i]), float(high[i])) for i in range(3))
    return OffPolicy(n, sample, ips, snips, dr)
