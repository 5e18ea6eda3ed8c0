"""A model's estimates by the keys of the desk, with an answer for everything the model has not met yet."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cancellations.engine.beliefs import KAPPA, Catalogue, Model, Posterior, trust
from cancellations.engine.explain import Share
from cancellations.engine.ranking import Shares

Array = NDArray[np.float64]
NOT_TOLD = 0  # the reason's key when none was given


@dataclass(frozen=True)
class Believed:
    """`catalogue` must hold NOT_TOLD among its reasons. An unknown reason or segment is read as the whole above it, an
    unknown incentive as its kind (or everything) with the strength of a prior: 15 cases."""

    catalogue: Catalogue
    model: Model

    @cached_property
    def _incentive(self) -> dict[int, int]:
        return {key: i for i, key in enumerate(self.catalogue.incentives)}

    @cached_property
    def _kind(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(sorted(set(self.catalogue.kinds)))}

    @cached_property
    def _reason(self) -> dict[int, int]:
        return {key: i for i, key in enumerate(self.catalogue.reasons)}

    @cached_property
    def _segment(self) -> dict[str, int]:
        return {key: i for i, key in enumerate(self.catalogue.segments)}

    def _of(self, posterior: Posterior, incentive: int, kind: str, reason: int, segment: str) -> tuple[float, float]:
        i, r, s = self._incentive.get(incentive), self._reason.get(reason), self._segment.get(segment)
        if i is not None and r is not None and s is not None:
            mean, strength = posterior.mean[-1][i, r, s], posterior.strength[-1][i, r, s]
        elif "kind" in posterior.levels:
            at = self._kind.get(kind)
            level = posterior.levels.index("kind")
            mean = posterior.mean[0] if at is None else posterior.mean[level][at]
            if i is not None:
                mean = posterior.mean[posterior.levels.index("incentive")][i]
            strength = KAPPA
        else:
            mean, strength = posterior.mean[0].mean() if r is None else posterior.mean[0][r].mean(), KAPPA
        return float(mean * strength), float((1 - mean) * strength)

    def shares(self, incentive: int, kind: str, reason: int, segment: str) -> Shares:
        of = (incentive, kind, reason, segment)
        return Shares(
            self._of(self.model.accept, *of),
            self._of(self.model.stay_accepted, *of),
            self._of(self.model.stay_refused, *of),
        )

    def none(self, reason: int, segment: str) -> tuple[float, float]:
        """Beta parameters of R0."""
        posterior = self.model.stay_none
        r, s = self._reason.get(reason), self._segment.get(segment)
        if r is not None and s is not None:
            mean, strength = posterior.mean[-1][r, s], posterior.strength[-1][r, s]
        else:
            mean, strength = posterior.mean[0], KAPPA
        return float(mean * strength), float((1 - mean) * strength)

    def is_mapped(self, incentive: int, reason: int) -> bool:
        """Whether marketing's first guess names this incentive for this reason."""
        return (incentive, reason) in self.catalogue.mapped

    def trust(self, reason: int) -> float:
        """The say of what was learned for this reason against marketing's map, 0 to 1."""
        posterior, at = self.model.stay_accepted, self._reason.get(reason)
        if at is None:
            return 0.0
        return float(trust(posterior.n[posterior.levels.index("incentive×reason")][:, at].sum()))

    def counted(self, posterior: Posterior, incentive: int, reason: int) -> tuple[str, float, float]:
        """The narrowest group with cases worth telling, and its k of n: this reason's, else all of the incentive."""
        i, r = self._incentive.get(incentive), self._reason.get(reason)
        if i is None:
            return "incentive", 0.0, 0.0
        here, whole = posterior.levels.index("incentive×reason"), posterior.levels.index("incentive")
        if r is not None and (posterior.n[here][i, r] >= 10 or posterior.n[whole][i] < 10):
            return "reason", float(posterior.k[here][i, r]), float(posterior.n[here][i, r])
        return "incentive", float(posterior.k[whole][i]), float(posterior.n[whole][i])

    def share(self, quantity: str, parameters: tuple[float, float], incentive: int, reason: int) -> Share:
        scope, k, n = self.counted(getattr(self.model, quantity), incentive, reason)
        return Share.of(*parameters, scope=scope, k=k, n=n)
