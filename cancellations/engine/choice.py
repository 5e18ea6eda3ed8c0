"""Who leads: tempered Thompson sampling with a propensity that is exact because the lead is drawn from it.

1,000 seeded draws from Beta(16a, 16b), taken through their log-odds (docs/decisions says why), say how often each
candidate would be best; the shares, mixed with ε uniform, are the vector that is stored, and the lead is sampled from
the stored vector.

Marketing's map is the prior. An offer that it does not name for this reason is taken to gain less than half of what
its own choice is expected to gain, until callers have shown otherwise (`unproven`): where nothing is known the map
leads, and what is promising is tried all the same, from the first call on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cancellations.engine import ranking
from cancellations.engine.beliefs import MAP_CASES
from cancellations.engine.ranking import NONE, Expected, Offers
from cancellations.engine.special import digamma, trigamma

Array = NDArray[np.float64]

DRAWS = 1_000
TEMPER = 16.0
EPSILON = 0.02
UNPROVEN = 0.4  # of the map's gain: what an untried offer beside it is taken to gain at most
CONTENDERS = 12  # so many are drawn; the rest cannot win and lead only by ε
UNIT = 10**9  # the vector is stored in billionths: exact in JSON, in CSV and in a replay


@dataclass(frozen=True, slots=True)
class Chosen:
    """Keys (0: no incentive), the probability of each to lead, and the lead with its own."""

    keys: tuple[int, ...]
    vector: tuple[float, ...]
    lead: int
    propensity: float


def unproven(scores: Array, offers: Offers, expected: Expected, map_cases: ArrayLike) -> Array:
    """Scores, of offers that marketing's map does not name for this reason, held down while they are untried:

        w · UNPROVEN · (score expected of the map's choice) + (1 − w) · score,  w = map_cases / (tried + map_cases)

    where that is less. Without a choice of the map among the offers nothing is held down. `scores` may have draws as
    first axis.
    """
    best = np.where(offers.mapped, expected.score, -np.inf).max(-1, keepdims=True)
    say = np.asarray(map_cases, dtype=float)[..., None]
    weight = say / np.maximum(offers.tried + say, 1e-9)
    held = weight * UNPROVEN * np.maximum(best, 0) + (1 - weight) * scores
    return np.where(offers.mapped | np.isneginf(best), scores, np.minimum(held, scores))


def contenders(offers: Offers, none: ArrayLike, map_cases: float) -> Offers:
    """Those that may come out best: by the score three standard deviations above their expectation, the map's choices
    in any case. With at most `CONTENDERS` it is all of them. For one call."""
    if len(offers) <= CONTENDERS:
        return offers
    e = ranking.expect(offers, none)

    def spread(pairs: Array) -> Array:
        total = pairs.sum(-1)
        variance: Array = pairs[:, 0] * pairs[:, 1] / (total * total * (total * TEMPER + 1))
        return np.sqrt(variance)

    swing = (
        abs((e.stay_accepted - e.stay_refused) * offers.value - (1 + offers.price_of_budget) * offers.cost)
        * spread(offers.accept)
        + e.accept * offers.value * spread(offers.stay_accepted)
        + (1 - e.accept) * offers.value * spread(offers.stay_refused)
    )
    optimistic = np.where(offers.mapped, np.inf, unproven(e.score + 3 * offers.lever * swing, offers, e, map_cases))
    return offers.take(np.sort(np.argsort(-optimistic, kind="stable")[:CONTENDERS]))


def wins(
    offers: Offers, none: ArrayLike, rng: np.random.Generator, *, draws: int = DRAWS, map_cases: ArrayLike = MAP_CASES
) -> Array:
    """How often each would be best, as shares of the draws: "no incentive" first, then the offers in order. `none` is
    Beta(a, b) of R0; axes before the offers' are calls, each drawn for itself."""
    pairs = [offers.accept, offers.stay_accepted, offers.stay_refused, np.asarray(none, dtype=float)[..., None, :]]
    drawn = _draw(rng, TEMPER * np.concatenate(pairs, axis=-2), draws)
    accept, stay, refused = np.split(drawn[..., :-1], 3, axis=-1)
    delta = ranking.gain(accept, stay, refused, drawn[..., -1:], offers.value, offers.cost)
    scores = ranking.score(delta, accept, offers.cost, offers.lever, offers.price_of_budget)
    scores = unproven(scores, offers, ranking.expect(offers, none), map_cases)
    best = np.where(scores.max(-1) > 0, scores.argmax(-1) + 1, 0)
    won: Array = (best[..., None] == np.arange(scores.shape[-1] + 1)).mean(0)
    return won


def _draw(rng: np.random.Generator, pairs: Array, draws: int) -> Array:
    """draws × … from each Beta(a, b) by way of their log-odds: a normal with the exact mean and variance."""
    a, b = pairs[..., 0], pairs[..., 1]
    spread = np.sqrt(trigamma(a) + trigamma(b))
    odds = rng.standard_normal((draws, *a.shape))
    odds *= spread
    odds += digamma(a) - digamma(b)
    np.negative(odds, out=odds)
    with np.errstate(over="ignore"):
        np.exp(odds, out=odds)
    odds += 1
    share: Array = np.reciprocal(odds, out=odds)
    return share


def vector(
    drawn: Offers,
    none: ArrayLike,
    seed: int,
    *,
    others: Sequence[int] = (),
    draws: int = DRAWS,
    map_cases: float = MAP_CASES,
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Keys and probabilities, "no incentive" first, the others by key; the probabilities sum to 1 in billionths.

    `drawn` are the contenders, `others` the keys of whatever else may lead, by ε alone. The same offers in any order,
    seed and numpy give the same vector, bit by bit. About 1 ms for any number of them.
    """
    drawn = drawn.take(np.argsort(drawn.keys, kind="stable"))
    keys = (NONE, *sorted((*drawn.keys, *others)))
    shares = np.zeros(len(keys))
    if drawn.keys:
        at = np.searchsorted(keys, (NONE, *drawn.keys))
        shares[at] = wins(drawn, none, np.random.default_rng(seed), draws=draws, map_cases=map_cases)
    else:
        shares[0] = 1.0
    parts = (((1 - EPSILON) * shares + EPSILON / len(keys)) * UNIT).astype(np.int64)
    parts[parts.argmax()] += UNIT - parts.sum()
    return keys, tuple((parts / UNIT).tolist())


def sample(keys: Sequence[int], probabilities: Sequence[float], seed: int) -> int:
    """The lead, drawn from the stored vector in whole billionths: its propensity is exactly what is stored."""
    ticket = np.random.default_rng([seed, 1]).integers(UNIT)
    until = np.rint(np.array(probabilities) * UNIT).cumsum()
    return keys[int(np.searchsorted(until, ticket, side="right"))]


def choose(
    drawn: Offers,
    none: ArrayLike,
    seed: int,
    *,
    others: Sequence[int] = (),
    draws: int = DRAWS,
    map_cases: float = MAP_CASES,
) -> Chosen:
    """The stored vector and the lead sampled from it."""
    keys, probabilities = vector(drawn, none, seed, others=others, draws=draws, map_cases=map_cases)
    lead = sample(keys, probabilities, seed)
    return Chosen(keys, probabilities, lead, probabilities[keys.index(lead)])
