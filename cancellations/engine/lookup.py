"""A model's estimates by the keys of the desk, with an answer for everything the model has not met yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cancellations.engine.beliefs import KAPPA, Catalogue, Model, Posterior

Array = NDArray[np.float64]
NOT_TOLD = 0  # the reason's key when none was given
TELLING = 10  # cases from which on a group's own figures are worth telling


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Of some incentives in one context, a row each: Beta(a, b) of A, q and u, what marketing said and what was seen.

    `of_reason` says whose `accepted` of `presented` are told: of the callers with this reason, or of all who were
    offered the incentive.
    """

    accept: Array
    stay_accepted: Array
    stay_refused: Array
    mapped: NDArray[np.bool_]
    tried: Array
    of_reason: NDArray[np.bool_]
    accepted: Array
    presented: Array


@dataclass(frozen=True, eq=False)
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

    @property
    def map_cases(self) -> float:
        """What marketing's word against offers that its map does not name is worth, in cases."""
        return float(self.model.map_cases)

    def estimates(self, incentives: Sequence[int], kinds: Sequence[str], reason: int, segment: str) -> Estimates:
        """Of these incentives, of these kinds, for a reason and a segment. No query; one pass for all of them."""
        at = np.array([self._incentive.get(key, -1) for key in incentives], dtype=int)
        kind = np.array([self._kind.get(name, -1) for name in kinds], dtype=int)
        r, s = self._reason.get(reason), self._segment.get(segment)
        accept, met = self.model.accept, at >= 0
        level = {name: i for i, name in enumerate(accept.levels)}
        whole_k, whole_n, here_k, here_n = np.zeros((4, len(at)))
        whole_k[met], whole_n[met] = (part[level["incentive"]][at[met]] for part in (accept.k, accept.n))
        if r is not None:
            here_k[met], here_n[met] = (part[level["incentive×reason"]][at[met], r] for part in (accept.k, accept.n))
        of_reason = (r is not None) & met & ((here_n >= TELLING) | (whole_n < TELLING))
        return Estimates(
            accept=self._pairs(accept, at, kind, r, s),
            stay_accepted=self._pairs(self.model.stay_accepted, at, kind, r, s),
            stay_refused=self._pairs(self.model.stay_refused, at, kind, r, s),
            mapped=np.array([(key, reason) in self.catalogue.mapped for key in incentives], dtype=bool),
            tried=here_n,
            of_reason=of_reason,
            accepted=np.where(of_reason, here_k, whole_k),
            presented=np.where(of_reason, here_n, whole_n),
        )

    def _pairs(
        self, posterior: Posterior, at: NDArray[np.int64], kind: NDArray[np.int64], r: int | None, s: int | None
    ) -> Array:
        """Beta(a, b) of each: the leaf where it is known, else the narrowest level above it that is."""
        strength, met = np.full(len(at), KAPPA), at >= 0
        if "kind" in posterior.levels:
            of_kind = posterior.mean[posterior.levels.index("kind")]
            mean = np.where(kind >= 0, of_kind[kind], posterior.mean[0])
            mean[met] = posterior.mean[posterior.levels.index("incentive")][at[met]]
        else:
            whole = slice(None)
            context = posterior.mean[0][whole if r is None else r, whole if s is None else s]
            mean = np.full(len(at), context.mean())
        if r is not None and s is not None:
            mean[met] = posterior.mean[-1][at[met], r, s]
            strength[met] = posterior.strength[-1][at[met], r, s]
        return np.stack([mean * strength, (1 - mean) * strength], -1)

    def none(self, reason: int, segment: str) -> tuple[float, float]:
        """Beta parameters of R0."""
        posterior = self.model.stay_none
        r, s = self._reason.get(reason), self._segment.get(segment)
        if r is not None and s is not None:
            mean, strength = posterior.mean[-1][r, s], posterior.strength[-1][r, s]
        else:
            mean, strength = posterior.mean[0], KAPPA
        return float(mean * strength), float((1 - mean) * strength)
