"""Shares, means and their differences with 95 % intervals, refused where there is too little to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Rate:
    """k of n with Wilson's interval (1927); `share` None when n is 0."""

    k: int
    n: int
    share: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, k: int, n: int) -> "Rate":
        if not n:
            return cls(k, n, None, None, None)
        p, z2 = k / n, Z95 * Z95
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z95 * (p * (1 - p) / n + z2 / (4 * n * n)) ** 0.5 / (1 + z2 / n)
        return cls(k, n, p, max(centre - half, 0.0), min(centre + half, 1.0))


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure less another, with its interval; all None where either side is too small to speak."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def of_shares(one: Rate, other: Rate, *, least: int = 1) -> Difference:
    """one − other by Newcombe's hybrid score interval (1998, method 10)."""
    if min(one.n, other.n) < max(least, 1):
        return Difference()
    p, q = one.share or 0.0, other.share or 0.0
    low = p - q - sqrt((p - (one.low or 0.0)) ** 2 + ((other.high or 0.0) - q) ** 2)
    high = p - q + sqrt(((one.high or 0.0) - p) ** 2 + (q - (other.low or 0.0)) ** 2)
    return Difference(p - q, low, high)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of n values and its variance, from their sum and the sum of their squares."""

    n: int
    mean: float
    variance: float

    @classmethod
    def of(cls, n: int, total: float, squares: float) -> "Mean":
        if n < 2:
            return cls(n, total if n else 0.0, 0.0)
        mean = total / n
        return cls(n, mean, max(squares - n * mean * mean, 0.0) / (n - 1))

    @property
    def interval(self) -> tuple[float, float]:
        half = Z95 * sqrt(self.variance / self.n) if self.n else 0.0
        return self.mean - half, self.mean + half


def of_means(one: Mean, other: Mean, *, least: int = 2) -> Difference:
    """one − other by Welch's standard error (1947); the normal quantile, so `least` should be thirty or so."""
    if min(one.n, other.n) < max(least, 2):
        return Difference()
    difference = one.mean - other.mean
    half = Z95 * sqrt(one.variance / one.n + other.variance / other.n)
    return Difference(difference, difference - half, difference + half)


def of_strata(pairs: Sequence[tuple[Rate, Rate]]) -> Difference:
    """The mean difference one − other over strata, each weighted by its `one`: what it was for those it happened to.

    The standard error is that of a sum of independent strata, each share shrunk by one success and one failure
    (Agresti, Caffo 2000), so that a stratum of few does not feign certainty. Strata without both sides are left out.
    """
    used = [(one, other) for one, other in pairs if one.n and other.n]
    whole = sum(one.n for one, _other in used)
    if not whole:
        return Difference()
    value = variance = 0.0
    for one, other in used:
        weight = one.n / whole
        value += weight * ((one.share or 0.0) - (other.share or 0.0))
        for rate in (one, other):
            p = (rate.k + 1) / (rate.n + 2)
            variance += weight * weight * p * (1 - p) / (rate.n + 2)
    half = Z95 * sqrt(variance)
    return Difference(value, value - half, value + half)


def needed(one: Rate, other: Rate, *, half: float = 0.05) -> int:
    """How many more both sides need together, at their present ratio, until the interval is ± `half`; 0 when enough."""
    if not one.n or not other.n:
        return 0
    total = one.n + other.n
    share = other.n / total
    p = (one.k + other.k + 1) / (total + 2)
    return max(ceil((Z95 / half) ** 2 * p * (1 - p) * (1 / share + 1 / (1 - share))) - total, 0)
