"""What the engine believes: shrunken estimates on the chain kind → incentive → incentive×reason → …×segment.

    p_l = (k_l + κ_l · p_(l−1)) / (n_l + κ_l)

(a beta-binomial posterior whose prior is the level above; κ by empirical Bayes). Four quantities: A, accepted of
presented; q, active and paying on day 90 of accepted; u, the same of refused; R0, the same of those who were offered
nothing. Facts are dense arrays over incentive × reason × segment × age, so that learning is arithmetic and a rebuild
gives the same numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cancellations.engine.special import log_evidence

Array = NDArray[np.float64]

KAPPA = 15.0  # cases that the level above is worth while the cells say nothing of it
KAPPA_RANGE = (2.0, 120.0)
KAPPA_PAIRS = 300.0  # how much of the cells' own word it takes to move κ: pairs of callers in one cell
ACCEPT_ROOT = (6.0, 14.0)
STAY_ROOT = (12.0, 8.0)
LEAVE_ROOT = (4.0, 16.0)
PSEUDO_CASES = 15.0  # what marketing's guess of a share is worth
FIT_STAYS = 0.5  # of what a kind gains or loses in acceptance for a reason (log-odds), staying is expected to follow
OLD_WEIGHT = 0.005  # what a fact from before a change still counts
CHANGE_ODDS = 6.0  # how many nats of evidence a change must show
CHANGE_CASES = 50  # below this there is nothing to compare
MAP_CASES = 5.0  # what marketing's word against an offer that its map does not name is worth (see `choice`)


@dataclass(frozen=True)
class Catalogue:
    """The axes: keys of incentives, reasons and segments in a fixed order, and the kind of each incentive.

    `mapped` is marketing's prior: for (incentive, reason) the share expected to accept, worth 15 pseudo-cases;
    `mapped_stay` the same of those who accept and are still there after 90 days; `said` how old the guess is, by
    `age` (not there: older than every fact).
    """

    incentives: Sequence[int]
    kinds: Sequence[str]
    reasons: Sequence[int]
    segments: Sequence[str]
    mapped: Mapping[tuple[int, int], float] = field(default_factory=dict)
    mapped_stay: Mapping[tuple[int, int], float] = field(default_factory=dict)
    said: Mapping[tuple[int, int], float] = field(default_factory=dict)

    def mapping(self, said: Mapping[tuple[int, int], float]) -> Array:
        """incentive × reason, NaN where marketing said nothing."""
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

    def prior(self) -> "Prior":
        guesses = (self.mapping(about) for about in (self.mapped, self.mapped_stay, self.said))
        return Prior(self.membership(), *guesses)


@dataclass(frozen=True)
class Prior:
    """What is known before there are facts: which kind each incentive is of, kind × incentive, and marketing's guesses
    with their age over incentive × reason, NaN where there is none."""

    kinds: Array
    accepts: Array
    stays: Array
    said: Array

    def word(self, *changes: NDArray[np.int64]) -> Array:
        """What each guess is worth, in cases: nothing when callers have changed since it was said."""
        worth = np.full(self.accepts.shape, PSEUDO_CASES)
        for change in changes:
            since = np.asarray(change)[..., None, None]
            worth = np.where((since == 0) | (self.said < since), worth, 0.0)
        return worth


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
    kappas: tuple[Array, ...]
    change: NDArray[np.int64] | None = None  # the age bucket from which on callers behaved otherwise; 0: never

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
    map_cases: Array  # marketing's word against an offer that its map does not name, in cases


def _step(k: Array, n: Array, above: Array, cells: int, known: ArrayLike = np.inf) -> tuple[Array, Array, Array]:
    """One level: posterior means, their strengths, and κ, which is one for all of the last `cells` axes.

    κ by moments (Kleinman 1973): with ρ = 1 / (κ + 1), the cells scatter about the level above by
    E Σ (k − np)² / p(1 − p) = Σ n + ρ · Σ n(n − 1). A prior of `KAPPA_PAIRS` pairs at κ = 15 steadies it.

    The strength s stands for the variance p(1 − p) / (s + 1): that of n + κ cases, and of the level above, which is
    itself `known` only to some strength, as far as the mean rests on it: (κ / (n + κ))² · p(1 − p) / (known + 1).
    """
    above = np.clip(np.broadcast_to(above, k.shape), 0.005, 0.995)
    axes = tuple(range(-cells, 0))
    excess = ((k - n * above) ** 2 / (above * (1 - above)) - n).sum(axes)
    pairs = (n * np.maximum(n - 1, 0)).sum(axes)
    rho = (excess + KAPPA_PAIRS / (KAPPA + 1)) / (pairs + KAPPA_PAIRS)
    kappa = np.clip(1 / np.maximum(rho, 1e-3) - 1, *KAPPA_RANGE)
    each = kappa.reshape(kappa.shape + (1,) * cells)
    cases = n + each
    doubt = 1 / (cases + 1) + (each / cases) ** 2 / (np.asarray(known) + 1)
    return (k + each * above) / cases, 1 / doubt - 1, kappa


def age(days: ArrayLike) -> NDArray[np.int64]:
    """The bucket of facts so many days old, 0 the newest: of five days for two months, so that a change is seen soon,
    then of fifteen."""
    days = np.asarray(days, dtype=np.int64)
    return np.where(days < 60, days // 5, 8 + days // 15)


OLDEST = int(age(3 * 365))  # what is older stands there


def _logit(p: Array) -> Array:
    p = np.clip(p, 0.005, 0.995)
    return np.log(p / (1 - p))


def _expit(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def offer_chain(
    k: Array,
    n: Array,
    kinds: Array,
    *,
    root: tuple[float, float],
    mapped: Array,
    word: Array,
    fit_of: ArrayLike = 0.0,
) -> Posterior:
    """Counts over incentive × reason × segment → posteriors at each level.

    Beside the plain chain an incentive's estimate for a reason learns from its kind for that reason (what pauses do
    for those who moved) and leaves from the segment's general inclination: both are log-odds added to the parent's.
    Whoever chooses puts an offer where it fits, so none of them is judged by its own rate: a kind is by its reasons,
    each counting once however often it was tried, an incentive and a segment against what the same reasons say to the
    same kinds.
    `fit_of`, kind × reason in log-odds, is what another quantity says of how a kind fits a reason. `mapped` are
    marketing's guesses, `word` what each is worth in cases.
    """
    of_kind = kinds.T.nonzero()[1]
    all_k, all_n = k.sum((-1, -2, -3)), n.sum((-1, -2, -3))
    p0, s0 = (all_k + root[0]) / (all_n + sum(root)), all_n + sum(root)
    kind_k, kind_n = (np.einsum("ji,...irs->...jrs", kinds, counts) for counts in (k, n))
    kr, nr = kind_k.sum(-1), kind_n.sum(-1)
    p1, s1, kappa1 = _kinds(kr, nr, fit_of, root)
    pr, sr, kappar = _step(kr, nr, _expit(_logit(p1)[..., None] + np.asarray(fit_of)), 2, s1[..., None])
    k2, n2 = k.sum((-1, -2)), n.sum((-1, -2))
    expected = _expected(n.sum(-1), pr[..., of_kind, :], p1[..., of_kind])
    p2, s2, kappa2 = _step(k2, n2, expected, 1, s1[..., of_kind])
    parent = _expit(_logit(pr)[..., of_kind, :] + (_logit(p2) - _logit(expected))[..., None])
    word = np.where(np.isnan(mapped), 0, word)
    parent = (KAPPA * parent + word * np.nan_to_num(mapped)) / (KAPPA + word)
    k3, n3 = k.sum(-1), n.sum(-1)
    p3, s3, kappa3 = _step(k3, n3, parent, 2, sr[..., of_kind, :] + word)
    # second parent of the leaves: what the segment does in general, for this kind
    expected = _expected(np.swapaxes(kind_n, -1, -2), pr[..., None, :], p1[..., None])
    ps, _, _ = _step(kind_k.sum(-2), kind_n.sum(-2), expected, 2)
    lean = _logit(ps) - _logit(expected)
    leaning = _expit(_logit(p3)[..., None] + lean[..., of_kind, None, :])
    p4, s4, kappa4 = _step(k, n, leaning, 3, s3[..., None])
    return Posterior(
        levels=("all", "kind", "incentive", "kind×reason", "incentive×reason", "incentive×reason×segment"),
        mean=(p0, p1, p2, pr, p3, p4),
        strength=(s0, s1, s2, sr, s3, s4),
        k=(all_k, kr.sum(-1), k2, kr, k3, k),
        n=(all_n, nr.sum(-1), n2, nr, n3, n),
        kappas=(np.full_like(p0, sum(root)), kappa1, kappa2, kappar, kappa3, kappa4),
    )


def _kinds(k: Array, n: Array, fit: ArrayLike, root: tuple[float, float]) -> tuple[Array, Array, Array]:
    """Counts over kind × reason → what a kind does in general: mean, strength and κ. However often a reason was tried,
    it is one: n callers of a cell tell of its parent what n(κ + 1) / (n + κ) callers of different cells would (by the
    variance of a beta-binomial share). What `fit` explains is taken off."""
    worth = (KAPPA + 1) / (KAPPA + n)
    k, n = worth * k, worth * n

    def level() -> tuple[Array, Array, Array]:
        cases = (n.sum((-1, -2)) + sum(root))[..., None]
        everywhere = (k.sum((-1, -2))[..., None] + root[0]) / cases
        return _step(k.sum(-1), n.sum(-1), everywhere, 1, cases)

    mean = level()[0][..., None]
    k = np.clip(k - n * (_expit(_logit(mean) + np.asarray(fit)) - mean), 0, n)
    return level()


def _expected(n: Array, share: Array, without: Array) -> Array:
    """The mean of `share` over the last axis as often as each was met, `n`; `without` where none was."""
    mean: Array = ((n * share).sum(-1) + without) / (n.sum(-1) + 1)
    return mean


def context_chain(k: Array, n: Array, *, root: tuple[float, float]) -> Posterior:
    """Counts over reason × segment → all → reason → reason×segment: those who were offered nothing."""
    all_k, all_n = k.sum((-1, -2)), n.sum((-1, -2))
    p0, s0 = (all_k + root[0]) / (all_n + sum(root)), all_n + sum(root)
    p1, s1, kappa1 = _step(k.sum(-1), n.sum(-1), p0[..., None], 1, s0[..., None])
    ps, _, _ = _step(k.sum(-2), n.sum(-2), p0[..., None], 1)
    lean = _logit(ps) - _logit(p0)[..., None]
    p2, s2, kappa2 = _step(k, n, _expit(_logit(p1)[..., :, None] + lean[..., None, :]), 2, s1[..., None])
    return Posterior(
        levels=("all", "reason", "reason×segment"),
        mean=(p0, p1, p2),
        strength=(s0, s1, s2),
        k=(all_k, k.sum(-1), k),
        n=(all_n, n.sum(-1), n),
        kappas=(np.full_like(p0, sum(root)), kappa1, kappa2),
    )


def refused_chain(k: Array, n: Array, none: Posterior) -> Posterior:
    """u: who refuses stays or goes much as one who was offered nothing, so R0 of the same reason and segment is the
    parent; above it stands one overall shift, learned from everybody who refused."""
    base = none.mean[-1]
    expected = (n.sum(-3) * base).sum((-1, -2))
    shift = (k.sum((-1, -2, -3)) + 10.0) / (expected + 10.0)
    p1, s1, kappa1 = _step(k.sum(-3), n.sum(-3), np.clip(base * shift[..., None, None], 0.005, 0.95), 2)
    p2, s2, kappa2 = _step(k, n, p1[..., None, :, :], 3, s1[..., None, :, :])
    return Posterior(
        levels=("reason×segment", "incentive×reason×segment"),
        mean=(p1, p2),
        strength=(s1, s2),
        k=(k.sum(-3), k),
        n=(n.sum(-3), n),
        kappas=(kappa1, kappa2),
    )


def find_change(k: Array, n: Array) -> NDArray[np.int64]:
    """The age bucket from which on callers behaved otherwise, if the counts say so clearly; 0 when one rate per cell
    explains them as well.

    Bayes factor of two periods against one, cell by cell (incentive × reason) with a beta prior around the overall
    rate; a change must win by `CHANGE_ODDS` nats. `k`, `n` have age as last axis.
    """
    k, n = k.sum(-2), n.sum(-2)
    total = n.sum((-1, -2, -3))
    p = np.clip(k.sum((-1, -2, -3)) / np.maximum(total, 1), 0.02, 0.98)[..., None, None, None]
    recent_k, recent_n = k.cumsum(-1), n.cumsum(-1)
    whole_k, whole_n = recent_k[..., -1:], recent_n[..., -1:]
    whole = log_evidence(whole_k, whole_n, p, KAPPA).sum((-2, -3))
    split = log_evidence(recent_k, recent_n, p, KAPPA) + log_evidence(whole_k - recent_k, whole_n - recent_n, p, KAPPA)
    gain = split.sum((-2, -3)) - whole
    clear = (gain.max(-1) > CHANGE_ODDS) & (total >= CHANGE_CASES)
    return np.where(clear, gain.argmax(-1) + 1, 0)


def weights(ages: int, change: NDArray[np.int64]) -> Array:
    """What a fact of each age counts: 1, or `OLD_WEIGHT` from before a change."""
    age, since = np.arange(ages), np.asarray(change)[..., None]
    return np.where((since > 0) & (age >= since), OLD_WEIGHT, 1.0)


def learn(facts: Facts, prior: Prior) -> Model:
    """Facts → beliefs. Deterministic; no memory of its own, so today's model is always the one a rebuild gives.

    A change in who accepts is seen within days, one in who stays only months later. So the first forgets both: what
    makes people say yes is most of what makes them stay. R0 and u are forgotten by the evidence of staying alone.

    Axes before those of `Facts` are desks apart, each with beliefs of its own: so the simulated desk learns in many
    worlds at once.
    """
    ages = facts.presented.shape[-1]

    def counted(counts: Array, weight: Array) -> Array:
        axes = counts.ndim - weight.ndim
        weighted: Array = counts * weight.reshape(weight.shape[:-1] + (1,) * axes + (ages,))
        total: Array = weighted.sum(-1)
        return total

    moved = find_change(facts.accepted, facts.presented)
    weight = weights(ages, moved)
    accept = offer_chain(
        counted(facts.accepted, weight),
        counted(facts.presented, weight),
        prior.kinds,
        root=ACCEPT_ROOT,
        mapped=prior.accepts,
        word=prior.word(moved),
    )
    fit = _logit(accept.mean[3]) - _logit(accept.mean[1])[..., :, None]
    left = find_change(facts.stayed_accepted, facts.mature_accepted)
    weight = np.minimum(weight, weights(ages, left))
    stay = offer_chain(
        counted(facts.stayed_accepted, weight),
        counted(facts.mature_accepted, weight),
        prior.kinds,
        root=STAY_ROOT,
        mapped=prior.stays,
        word=prior.word(moved, left),
        fit_of=FIT_STAYS * fit,
    )
    weight = weights(ages, left)
    none = context_chain(counted(facts.stayed_none, weight), counted(facts.mature_none, weight), root=LEAVE_ROOT)
    refused = refused_chain(counted(facts.stayed_refused, weight), counted(facts.mature_refused, weight), none)
    return Model(
        replace(accept, change=moved),
        replace(stay, change=left),
        refused,
        none,
        map_cases=np.where(moved > 0, 0.0, MAP_CASES),
    )
