"""Who leads: tempered Thompson sampling with a propensity that is exact because the lead is drawn from it.

1,000 seeded draws from Beta(4a, 4b), taken through their log-odds (a normal with the exact mean and variance: a
quarter of the time and no difference that a vote among draws could show), say how often each candidate would be best;
the shares, mixed with ε uniform, are the vector that is stored, and the lead is sampled from the stored vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cancellations.engine import ranking
from cancellations.engine.ranking import NONE, Candidate
from cancellations.engine.special import digamma, trigamma

Array = NDArray[np.float64]

DRAWS = 1_000
TEMPER = 4.0
EPSILON = 0.05
CONTENDERS = 12  # so many are drawn; the rest cannot win and lead only by ε
DIGITS = 9  # the vector is stored in billionths: exact in JSON, in CSV and in a replay


@dataclass(frozen=True, slots=True)
class Chosen:
    """Keys (0: no incentive), the probability of each to lead, and the lead with its own."""

    keys: tuple[int, ...]
    vector: tuple[float, ...]
    lead: int
    propensity: float


def _spread(parameters: tuple[float, float]) -> float:
    a, b = parameters
    total = a + b
    return float(np.sqrt(a * b / (total * total * (total * TEMPER + 1))))


def contenders(candidates: Sequence[Candidate], none: tuple[float, float]) -> list[Candidate]:
    """The candidates that may come out best: by the score three standard deviations above their expectation.

    With at most `CONTENDERS` candidates it is all of them.
    """
    if len(candidates) <= CONTENDERS:
        return list(candidates)
    expected = {r.key: r for r in ranking.rank(candidates, none)}

    def optimistic(c: Candidate) -> float:
        r = expected[c.key]
        swing = (
            abs((r.stay_accepted - r.stay_refused) * c.value - (1 + c.price_of_budget) * c.cost)
            * _spread(c.shares.accept)
            + r.accept * c.value * _spread(c.shares.stay_accepted)
            + (1 - r.accept) * c.value * _spread(c.shares.stay_refused)
        )
        return float("inf") if c.mapped else r.score + 3 * c.lever * swing

    best = sorted(candidates, key=lambda c: (-optimistic(c), c.key))[:CONTENDERS]
    return sorted(best, key=lambda c: c.key)


def _draw(rng: np.random.Generator, a: Array, b: Array, draws: int) -> Array:
    """Rows of draws from each Beta(a, b), by way of their log-odds."""
    centre, spread = digamma(a) - digamma(b), np.sqrt(trigamma(a) + trigamma(b))
    odds = rng.standard_normal((len(a), draws))
    odds *= -spread[:, None]
    odds -= centre[:, None]
    np.exp(odds, out=odds)
    odds += 1
    return np.reciprocal(odds, out=odds)


def vector(
    candidates: Sequence[Candidate],
    none: tuple[float, float],
    seed: int,
    *,
    draws: int = DRAWS,
    temper: float = TEMPER,
    epsilon: float = EPSILON,
    trust: float = 1.0,
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Keys and probabilities, "no incentive" first, the others by key; the probabilities sum to 1 in billionths.

    `trust` is the say of what was learned; the rest goes to the offers of marketing's map, if one is among the
    candidates. The same candidates, seed and numpy give the same vector, bit by bit. About 1 ms for eight candidates,
    5 for 200.
    """
    everyone = sorted(candidates, key=lambda c: c.key)
    keys = (NONE, *(c.key for c in everyone))
    drawn = contenders(everyone, none)
    wins = dict.fromkeys(keys, 0.0)
    if not any(c.mapped for c in drawn):
        trust = 1.0
    if drawn:
        rng = np.random.default_rng(seed)
        parameters = np.array(
            [none] + [pair for c in drawn for pair in (c.shares.accept, c.shares.stay_accepted, c.shares.stay_refused)]
        )
        every = _draw(rng, temper * parameters[:, 0], temper * parameters[:, 1], draws)
        base, shares = every[0], every[1:].reshape(len(drawn), 3, draws).swapaxes(0, 1)
        value = np.array([c.value for c in drawn])[:, None]
        cost = np.array([c.cost for c in drawn])[:, None]
        lever = np.array([c.lever for c in drawn])[:, None]
        price = np.array([c.price_of_budget for c in drawn])[:, None]
        delta = ranking.gain(shares[0], shares[1], shares[2], base[None], value, cost)
        scores = ranking.score(delta, shares[0], cost, lever, price)
        best = np.where(scores.max(0) > 0, scores.argmax(0), -1)
        for index, count in enumerate(np.bincount(best + 1, minlength=len(drawn) + 1)):
            wins[drawn[index - 1].key if index else NONE] += trust * int(count)
        if trust < 1:
            guessed = np.flatnonzero([c.mapped for c in drawn])
            for index, count in enumerate(np.bincount(scores[guessed].argmax(0), minlength=len(guessed))):
                wins[drawn[guessed[index]].key] += (1 - trust) * int(count)
    else:
        wins[NONE] = draws
    unit = 10**DIGITS
    uniform = epsilon / len(keys)
    parts = [int(((1 - epsilon) * wins[key] / draws + uniform) * unit) for key in keys]
    parts[max(range(len(keys)), key=lambda i: parts[i])] += unit - sum(parts)
    return keys, tuple(part / unit for part in parts)


def sample(keys: Sequence[int], probabilities: Sequence[float], seed: int) -> int:
    """The lead, drawn from the stored vector in whole billionths: its propensity is exactly what is stored."""
    unit = 10**DIGITS
    ticket = int(np.random.default_rng([seed, 1]).integers(unit))
    for key, probability in zip(keys, probabilities, strict=True):
        ticket -= round(probability * unit)
        if ticket < 0:
            return key
    raise ValueError("The probabilities sum to less than one.")


def choose(
    candidates: Sequence[Candidate],
    none: tuple[float, float],
    seed: int,
    *,
    draws: int = DRAWS,
    trust: float = 1.0,
) -> Chosen:
    """The stored vector and the lead sampled from it."""
    keys, probabilities = vector(candidates, none, seed, draws=draws, trust=trust)
    lead = sample(keys, probabilities, seed)
    return Chosen(keys, probabilities, lead, probabilities[keys.index(lead)])
