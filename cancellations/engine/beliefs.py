"""What the engine believes: shrunken estimates on the chain kind → incentive → incentive×reason → …×segment.

    p_l = (k_l + κ_l · p_(l−1)) / (n_l + κ_l)

(a beta-binomial posterior whose prior is the level above). Four quantities: A, accepted of presented; q, active and
paying on day 90 of accepted; u, the same of refused; R0, the same of those who were offered nothing. Facts are dense
arrays over incentive × reason × segment × age, so that learning is arithmetic and a rebuild gives the same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cancellations.engine.special import log_evidence

Array = NDArray[np.float64]

KAPPA = 15.0
KAPPAS = (5.0, 8.0, 15.0, 30.0, 60.0, 120.0)
ACCEPT_ROOT = (6.0, 14.0)
STAY_ROOT = (12.0, 8.0)
LEAVE_ROOT = (4.0, 16.0)
PSEUDO_CASES = 15.0
MAPPED_SHARE = 0.5
BUCKET_DAYS = 15  # facts are counted by age in steps of half a month
OLD_WEIGHT = 0.1  # what a fact from before a change still counts
CHANGE_ODDS = 6.0  # how many nats of evidence a change must show
MIN_BUCKETS = 1


@dataclass(frozen=True)
class Catalogue:
    """The axes: keys of incentives, reasons and segments in a fixed order, and the kind of each incentive.

    `mapped` is marketing's prior: for (incentive, reason) the share expected to accept, worth 15 pseudo-cases;
    `mapped_stay` the same of those who accept and are still there after 90 days.
    """

    incentives: Sequence[int]
    kinds: Sequence[str]
    reasons: Sequence[int]
    segments: Sequence[str]
    mapped: Mapping[tuple[int, int], float] = field(default_factory=dict)
    mapped_stay: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def mapping(self, said: Mapping[tuple[int, int], float]) -> Array:
        """incentive × reason: the expected share, NaN where marketing said nothing."""
        table = np.full((len(self.incentives), len(self.reasons)), np.nan)
        rows = {key: i for i, key in enumerate(self.incentives)}
        columns = {key: i for i, key in enumerate(self.reasons)}
        for (incentive, reason), share in said.items():
            if incentive in rows and reason in columns:
                table[rows[incentive], columns[reason]] = share
        return table

    def membership(self) -> Array:
        """kind × incentive: 1 where the incentive is of the kind."""
        names = sorted(set(self.kinds)) or [""]  # an empty catalogue still has its shape
        rows = [[1.0 if kind == name else 0.0 for kind in self.kinds] for name in names]
        return np.array(rows).reshape(len(names), len(self.kinds))


@dataclass(frozen=True)
class Facts:
    """Counts over incentive × reason × segment × age bucket (0 the newest): successes k of n, for each quantity.

    R0's are over reason × segment × age: nobody offered anything has an incentive.
    """

    accepted: Array
    presented: Array
    stayed_accepted: Array
    mature_accepted: Array
    stayed_refused: Array
    mature_refused: Array
    stayed_none: Array
    mature_none: Array

    @classmethod
    def empty(cls, incentives: int, reasons: int, segments: int, ages: int) -> "Facts":
        offers = (incentives, reasons, segments, ages)
        return cls(*(np.zeros(offers) for _ in range(6)), *(np.zeros(offers[1:]) for _ in range(2)))


@dataclass(frozen=True)
class Posterior:
    """Beta(a, b) and what was counted (k of n, discounted), at every level; the last axis order is the catalogue's."""

    levels: tuple[str, ...]
    mean: tuple[Array, ...]
    strength: tuple[Array, ...]
    k: tuple[Array, ...]
    n: tuple[Array, ...]
    kappas: tuple[float, ...]
    change: int | None = None  # the age bucket where a change was found

    @property
    def a(self) -> Array:
        """At the leaves."""
        return self.mean[-1] * self.strength[-1]

    @property
    def b(self) -> Array:
        return (1 - self.mean[-1]) * self.strength[-1]


@dataclass(frozen=True)
class Model:
    """Everything believed at one moment."""

    accept: Posterior
    stay_accepted: Posterior
    stay_refused: Posterior
    stay_none: Posterior


def _step(k: Array, n: Array, above: Array, kappas: Sequence[float]) -> tuple[Array, Array, float]:
    """One level: the κ that explains the counts best, the posterior means, their strengths n + κ.

    The choice among κ is empirical Bayes: the sum of log evidences, with a log-normal prior around 15 so that little
    data change nothing.
    """
    above = np.clip(np.broadcast_to(above, k.shape), 0.005, 0.995)
    best, kappa = -np.inf, KAPPA
    if len(kappas) > 1 and n.sum() > 0:
        seen = n > 0
        for candidate in kappas:
            evidence = float(log_evidence(k[seen], n[seen], above[seen], candidate).sum())
            evidence -= 0.5 * (np.log(candidate / KAPPA) / 0.8) ** 2
            if evidence > best:
                best, kappa = evidence, candidate
    elif kappas:
        kappa = kappas[0]
    return (k + kappa * above) / (n + kappa), n + kappa, kappa


def _logit(p: Array) -> Array:
    return np.log(p / (1 - p))


def offer_chain(
    k: Array,
    n: Array,
    kinds: Array,
    *,
    root: tuple[float, float],
    mapped: Array | None = None,
    kappas: Sequence[float] = KAPPAS,
) -> Posterior:
    """Counts over incentive × reason × segment → posteriors at each level.

    Beside the plain chain an incentive's estimate for a reason learns from its kind for that reason (what pauses do
    for those who moved) and leaves from the segment's general inclination: both are log-odds added to the parent's.
    """
    p0 = np.array((k.sum() + root[0]) / (n.sum() + sum(root)))
    by_kind = np.tensordot(kinds, k, axes=1), np.tensordot(kinds, n, axes=1)  # kind × reason × segment
    p1, s1, kappa1 = _step(by_kind[0].sum((1, 2)), by_kind[1].sum((1, 2)), p0, kappas)
    of_kind = kinds.T.nonzero()[1]
    p2, s2, kappa2 = _step(k.sum((1, 2)), n.sum((1, 2)), p1[of_kind], kappas)
    # second parent: kind × reason against the kind
    pr, sr, kappar = _step(by_kind[0].sum(2), by_kind[1].sum(2), p1[:, None], kappas)
    fit = _logit(pr) - _logit(p1)[:, None]
    parent = 1 / (1 + np.exp(-(_logit(p2)[:, None] + fit[of_kind])))
    k3, n3 = k.sum(2), n.sum(2)
    if mapped is not None:
        said = ~np.isnan(mapped)
        parent = np.where(
            said, (KAPPA * parent + PSEUDO_CASES * np.nan_to_num(mapped)) / (KAPPA + PSEUDO_CASES), parent
        )
    p3, s3, kappa3 = _step(k3, n3, parent, kappas)
    # second parent of the leaves: what the segment does in general, for this kind
    ps, _, _ = _step(by_kind[0].sum(1), by_kind[1].sum(1), p1[:, None], kappas)
    lean = _logit(ps) - _logit(p1)[:, None]
    parent4 = 1 / (1 + np.exp(-(_logit(p3)[:, :, None] + lean[of_kind][:, None, :])))
    p4, s4, kappa4 = _step(k, n, parent4, kappas)
    return Posterior(
        levels=("all", "kind", "incentive", "kind×reason", "incentive×reason", "incentive×reason×segment"),
        mean=(p0, p1, p2, pr, p3, p4),
        strength=(np.array(n.sum() + sum(root)), s1, s2, sr, s3, s4),
        k=(k.sum(), by_kind[0].sum((1, 2)), k.sum((1, 2)), by_kind[0].sum(2), k3, k),
        n=(n.sum(), by_kind[1].sum((1, 2)), n.sum((1, 2)), by_kind[1].sum(2), n3, n),
        kappas=(sum(root), kappa1, kappa2, kappar, kappa3, kappa4),
    )


def context_chain(k: Array, n: Array, *, root: tuple[float, float], kappas: Sequence[float] = KAPPAS) -> Posterior:
    """Counts over reason × segment → all → reason → reason×segment: those who were offered nothing."""
    p0 = np.array((k.sum() + root[0]) / (n.sum() + sum(root)))
    p1, s1, kappa1 = _step(k.sum(1), n.sum(1), p0, kappas)
    ps, _, _ = _step(k.sum(0), n.sum(0), p0, kappas)
    lean = _logit(ps) - _logit(p0)
    p2, s2, kappa2 = _step(k, n, 1 / (1 + np.exp(-(_logit(p1)[:, None] + lean))), kappas)
    return Posterior(
        levels=("all", "reason", "reason×segment"),
        mean=(p0, p1, p2),
        strength=(np.array(n.sum() + sum(root)), s1, s2),
        k=(k.sum(), k.sum(1), k),
        n=(n.sum(), n.sum(1), n),
        kappas=(sum(root), kappa1, kappa2),
    )


def refused_chain(k: Array, n: Array, none: Posterior, *, kappas: Sequence[float] = KAPPAS) -> Posterior:
    """u: who refuses stays or goes much as one who was offered nothing, so R0 of the same reason and segment is the
    parent; above it stands one overall shift, learned from everybody who refused."""
    base = none.mean[-1]
    expected = float((n.sum(0) * base).sum())
    shift = (k.sum() + 10.0) / (expected + 10.0) if expected else 1.0
    p1, s1, kappa1 = _step(k.sum(0), n.sum(0), np.clip(base * shift, 0.005, 0.95), kappas)
    p2, s2, kappa2 = _step(k, n, p1[None], kappas)
    return Posterior(
        levels=("reason×segment", "incentive×reason×segment"),
        mean=(p1, p2),
        strength=(s1, s2),
        k=(k.sum(0), k),
        n=(n.sum(0), n),
        kappas=(kappa1, kappa2),
    )


def find_change(k: Array, n: Array) -> int | None:
    """The age bucket at which behaviour changed, if the counts say so clearly; None when one rate per cell explains
    them as well.

    Bayes factor of two periods against one, cell by cell (incentive × reason) with a beta prior around the overall
    rate; a change must win by `CHANGE_ODDS` nats. `k`, `n` have age as last axis.
    """
    k, n = k.sum(2), n.sum(2)
    if n.sum() < 50:
        return None
    p = np.clip(np.array(k.sum() / n.sum()), 0.02, 0.98)
    recent_k, recent_n = k.cumsum(-1), n.cumsum(-1)
    whole_k, whole_n = recent_k[..., -1:], recent_n[..., -1:]
    whole = log_evidence(whole_k, whole_n, p, KAPPA).sum((0, 1))
    split = log_evidence(recent_k, recent_n, p, KAPPA) + log_evidence(whole_k - recent_k, whole_n - recent_n, p, KAPPA)
    gain = split.sum((0, 1)) - whole
    at = int(gain.argmax())
    return at + 1 if gain[at] > CHANGE_ODDS else None


def weights(ages: int, change: int | None, half_life: float | None = None) -> Array:
    """What a fact of each age counts: 1, or `OLD_WEIGHT` from before a change; halved every `half_life` buckets."""
    weight = np.ones(ages) if half_life is None else 0.5 ** (np.arange(ages) / half_life)
    if change is not None:
        weight[change:] *= OLD_WEIGHT
    return weight


TRUST_FROM, TRUST_CASES = 4.0, 6.0


def trust(mature_accepted: Array | float) -> Array | float:
    """The say of what was learned against marketing's map: m / (m + 6), where m counts the callers of the reason who
    accepted and whose 90 days are over, beyond the first four. Before anybody knows who stays, acceptance alone would
    favour what is cheap and liked."""
    beyond = np.maximum(mature_accepted - TRUST_FROM, 0.0)
    return beyond / (beyond + TRUST_CASES)


def learn(
    facts: Facts, catalogue: Catalogue, *, kappas: Sequence[float] = KAPPAS, watch_for_change: bool = True
) -> Model:
    """Facts → beliefs. Deterministic; no memory of its own, so today's model is always the one a rebuild gives."""
    kinds = catalogue.membership()
    ages = facts.presented.shape[-1]
    moved = find_change(facts.accepted, facts.presented) if watch_for_change else None
    weight = weights(ages, moved)
    accept = offer_chain(
        facts.accepted @ weight,
        facts.presented @ weight,
        kinds,
        root=ACCEPT_ROOT,
        mapped=catalogue.mapping(catalogue.mapped),
        kappas=kappas,
    )
    left = find_change(facts.stayed_accepted, facts.mature_accepted) if watch_for_change else None
    weight = weights(ages, left)
    stay = offer_chain(
        facts.stayed_accepted @ weight,
        facts.mature_accepted @ weight,
        kinds,
        root=STAY_ROOT,
        mapped=catalogue.mapping(catalogue.mapped_stay),
        kappas=kappas,
    )
    none = context_chain(facts.stayed_none @ weight, facts.mature_none @ weight, root=LEAVE_ROOT, kappas=kappas)
    refused = refused_chain(facts.stayed_refused @ weight, facts.mature_refused @ weight, none, kappas=kappas)
    return Model(accept, stay, refused, none)
