"""The yardstick: whoever knows the laws of a structured world, only not what was drawn, and is told the day of a drift.

The laws are those of `worlds.behave`: log-odds are sums of normal parts with known variances, and staying leans on the
same fit of kind and reason as accepting. So all that is to be known is one normal vector, over reason × segment ×
offer for both quantities; what was seen of it is binomial, and its posterior is taken by Laplace's approximation
(Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, algorithm 3.1). R0 and u are learned as the
engine learns them. No desk could do this: nobody is told the laws. It shows what the cases seen so far can teach.
"""

import numpy as np

from bench.offers.policies import DRAWS, prior, put
from bench.offers.worlds import DRIFT_AT, Array, Log, Worlds, kinds_of
from cancellations.engine import beliefs
from cancellations.engine.ranking import gain

TEMPER = 2.0  # its draws; the best of 1, 2, 4 and 8 after 1,500 cases
LEARN_EVERY = 10  # days


class Laws:
    """Prior mean and covariance of the log-odds; accepting first, then staying."""

    def __init__(self, worlds: Worlds) -> None:
        shape = worlds.shape
        kinds = np.unique(kinds_of(shape), return_inverse=True)[1]
        axes = np.meshgrid(range(shape.reasons), range(shape.segments), range(shape.offers), indexing="ij")
        reason, segment, offer = (axis.ravel() for axis in axes)

        def same(*parts: Array) -> Array:
            equal = [part[:, None] == part for part in parts]
            return np.logical_and.reduce(equal).astype(float)

        self.cells = len(reason)
        fit, own = 1.3**2 * same(reason, kinds[offer]), np.eye(self.cells)
        accept = fit + 0.2**2 * same(offer) + 0.3**2 * same(segment, offer) + 0.2**2 * own
        stay = 0.35**2 * fit + 0.25**2 * same(kinds[offer]) + 0.15**2 * own
        self.covariance = np.block([[accept, 0.35 * fit], [0.35 * fit, stay]])
        self.mean = np.repeat([-0.9, 0.5], self.cells)

    def posterior(self, k: Array, n: Array, start: Array) -> tuple[Array, Array]:
        """World × cell: mean and variance of the log-odds after k of n, by Newton's steps from `start`."""
        about = start - self.mean
        for _ in range(12):
            p = 1 / (1 + np.exp(-about - self.mean))
            root = np.sqrt(np.maximum(n * p * (1 - p), 1e-9))
            b = root * root * about + k - n * p
            inverse = np.linalg.inv(np.eye(len(self.mean)) + root[..., None] * self.covariance * root[..., None, :])
            outer = (inverse @ (root * (b @ self.covariance))[..., None])[..., 0]
            step = (b - root * outer) @ self.covariance - about
            about = about + np.clip(step, -2, 2)
            if abs(step).max() < 0.01:
                break
        known = root[..., None] * self.covariance
        return about + self.mean, np.diag(self.covariance) - (known * (inverse @ known)).sum(-2)


def ideal(worlds: Worlds) -> Log:
    shape, log, c = worlds.shape, Log(worlds), worlds.of
    laws, said, rng = Laws(worlds), prior(worlds), np.random.default_rng(1)
    odds = np.tile(laws.mean, (worlds.count, 1))
    for day in range(worlds.cases // shape.per_day):
        if day % LEARN_EVERY == 0:
            facts = log.facts(day)
            model = beliefs.learn(facts, said)
            since = log.facts(day, since=DRIFT_AT) if shape.drifts and day * shape.per_day > DRIFT_AT else facts
            k, n = (
                np.concatenate([np.moveaxis(part.sum(-1), 1, -1).reshape(worlds.count, -1) for part in parts], -1)
                for parts in ((since.accepted, since.stayed_accepted), (since.presented, since.mature_accepted))
            )
            odds, variance = laws.posterior(k, n, odds)
            table = worlds.count, 2, shape.reasons, shape.segments, shape.offers
            mean, spread = odds.reshape(table), np.sqrt(np.maximum(variance, 0) / TEMPER).reshape(table)
            refused, none = np.moveaxis(model.stay_refused.mean[-1], 1, -1), model.stay_none.mean[-1]
        calls = slice(day * shape.per_day, (day + 1) * shape.per_day)
        at = worlds.world, c.reason[:, calls], c.segment[:, calls]
        accept, stay = (
            1 / (1 + np.exp(-mean[:, q][at] - spread[:, q][at] * rng.standard_normal((DRAWS, *mean[:, q][at].shape))))
            for q in range(2)
        )
        gained = gain(accept, stay, refused[at], none[at][..., None], c.value[:, calls, None], c.cost[:, calls])
        best = np.where(gained.max(-1) > 0, gained.argmax(-1) + 1, 0)
        put(log, calls, (best[..., None] == np.arange(shape.offers + 1)).mean(0), rng)
    return log
