"""The worlds that are played: who calls, what they would do, and what the desk gets to know of it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cancellations.engine import beliefs
from cancellations.engine.ranking import gain

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
KINDS = ("percent_off", "percent_off", "free_months", "pause", "plan_change", "addon", "addon", "service_fix")
TYPICAL_VALUE = np.array([140.0, 220.0, 420.0])
SEGMENT_SHARE = np.array([0.6, 0.3, 0.1])
DRIFT_AT = 4_000
HOLD_OUT = 0.10


@dataclass(frozen=True)
class Shape:
    """What kind of world: how much of behaviour is shared between offers of a kind, how many cases, how late."""

    name: str
    structured: bool = True
    reasons: int = 8
    segments: int = 3
    offers: int = 8
    per_day: int = 10
    delay: int = 90
    drifts: bool = False
    varied: bool = False  # every world draws its own constants: nothing was tuned on these
    learn_every: int = 1  # days; sparse worlds see two cases a day
    ideal: bool = False  # played by whoever knows its laws too: that takes the cube of its cells


SHAPES = (
    Shape("structured", ideal=True),
    Shape("unstructured", structured=False),
    Shape("drifting", drifts=True, ideal=True),
    Shape("delayed", delay=180, ideal=True),
    Shape("sparse", reasons=24, offers=12, per_day=2, learn_every=5),
    Shape("varied", varied=True),
)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


@dataclass(frozen=True)
class Behaviour:
    """True shares over reason × segment × offer; `none` over reason × segment."""

    accept: Array
    stay: Array
    refused: Array
    none: Array


def behave(rng: np.random.Generator, shape: Shape, kinds: Sequence[str]) -> Behaviour:
    """Structured: kinds fit reasons, offers and segments vary a little. Unstructured: every cell for itself."""
    r, s, o = shape.reasons, shape.segments, shape.offers
    names = sorted(set(kinds))
    of = np.array([names.index(kind) for kind in kinds])
    scale = rng.uniform(0.4, 1.6, 8) if shape.varied else np.ones(8)
    if shape.structured:
        fit = rng.normal(0, 1.3 * scale[0], (r, len(names)))[:, of]
        offer = rng.normal(0, 0.2 * scale[1], o)
        own = rng.normal(0, 0.3 * scale[2], (s, o)) + rng.normal(0, 0.2 * scale[3], (r, s, o))
        accept = sigmoid(-0.9 * scale[4] + fit[:, None, :] + offer + own)
        kind_stays = rng.normal(0.5 * scale[5], 0.25 * scale[6], len(names))[of]
        stay = sigmoid(kind_stays + 0.35 * scale[7] * fit[:, None, :] + rng.normal(0, 0.15, (r, s, o)))
    else:
        accept = sigmoid(-0.9 + rng.normal(0, 1.1, (r, s, o)))
        stay = sigmoid(0.5 + rng.normal(0, 0.6, (r, s, o)))
    none = sigmoid(-1.4 + rng.normal(0, 0.4, (r, 1)) + rng.normal(0, 0.2, (r, s)))
    refused = np.clip(none[..., None] * rng.uniform(0.8, 1.0, (r, s, o)), 0.01, 0.9)
    return Behaviour(accept, stay, refused, none)


@dataclass(frozen=True)
class Cases:
    """Who calls in one world, and marketing's map of it."""

    reason: Whole  # a case each
    segment: Whole
    value: Array
    cost: Array  # case × offer
    luck: Array  # case × 3: answer, day 90, hold-out
    accept: Array  # case × offer: the true shares
    stay: Array
    refused: Array
    none: Array
    map: Whole  # reason → offer
    guess: Array  # reason: the share that marketing expects to accept
    guess_stay: Array  # reason: and to be still there


def make(shape: Shape, seed: int, cases: int) -> Cases:
    rng = np.random.default_rng([zlib.crc32(shape.name.encode()), seed])
    kinds = kinds_of(shape)
    before, after = behave(rng, shape, kinds), behave(rng, shape, kinds)
    weight = 1 / np.arange(1, shape.reasons + 1) ** 0.7
    reason = rng.choice(shape.reasons, cases, p=weight / weight.sum())
    segment = rng.choice(shape.segments, cases, p=SEGMENT_SHARE)
    value = TYPICAL_VALUE[segment] * rng.lognormal(0, 0.25, cases)
    depth = np.linspace(0.08, 0.42, shape.offers)
    rng.shuffle(depth)
    cost = value[:, None] * depth * rng.lognormal(0, 0.1, (cases, 1))
    luck = rng.random((cases, 3))
    # Marketing knows the trade, not the truth: the right ΔEV of each reason, blurred by as much as the offers differ.
    b, typical = before, TYPICAL_VALUE[:, None]
    true = gain(b.accept, b.stay, b.refused, b.none[..., None], typical, typical * depth)  # reason × segment × offer
    true = (true * SEGMENT_SHARE[:, None]).sum(1)
    blur = rng.uniform(0.5, 2.0) if shape.varied else 1.0
    chosen = (true + rng.normal(0, blur, true.shape) * true.std(1, keepdims=True)).argmax(1)
    cells = np.arange(shape.reasons), chosen
    guess, guess_stay = (
        np.clip(np.round(share[cells] + rng.normal(0, 0.1, shape.reasons), 1), 0.2, 0.8)
        for share in ((shares * SEGMENT_SHARE[:, None]).sum(1) for shares in (b.accept, b.stay))
    )
    drifted = shape.drifts & (np.arange(cases) >= DRIFT_AT)

    def true_of(name: str) -> Array:
        old, new = getattr(before, name)[reason, segment], getattr(after, name)[reason, segment]
        return np.where(drifted.reshape(-1, *(1,) * (old.ndim - 1)), new, old)

    none = before.none[reason, segment]  # those left alone do not drift
    return Cases(
        reason, segment, value, cost, luck, true_of("accept"), true_of("stay"), true_of("refused"), none,
        chosen, guess, guess_stay,
    )  # fmt: skip


def kinds_of(shape: Shape) -> tuple[str, ...]:
    return tuple(KINDS[i % len(KINDS)] for i in range(shape.offers))


class Worlds:
    """Some worlds of a shape side by side: every column of `Cases` with the world as first axis."""

    def __init__(self, shape: Shape, seeds: Sequence[int], cases: int) -> None:
        made = [make(shape, seed, cases) for seed in seeds]
        self.shape, self.cases, self.count = shape, cases, len(seeds)
        self.of = Cases(*(np.stack([getattr(one, f.name) for one in made]) for f in fields(Cases)))
        c = self.of
        self.world = np.arange(self.count)[:, None]
        self.held_out = c.luck[..., 2] < HOLD_OUT
        self.gains = gain(c.accept, c.stay, c.refused, c.none[..., None], c.value[..., None], c.cost)


class Log:
    """What happened, as the desk's own records would have it; world × case. `offer` −1: none."""

    def __init__(self, worlds: Worlds) -> None:
        size = worlds.count, worlds.cases
        self.worlds = worlds
        self.offer = np.full(size, -1)
        self.accepted, self.stayed = np.zeros(size, bool), np.zeros(size, bool)

    def play(self, calls: slice, lead: Whole) -> None:
        """Put `lead` (−1: none; world × call) to these cases, nothing to those of the hold-out."""
        c = self.worlds.of
        lead = np.where(self.worlds.held_out[:, calls], -1, lead)
        accept, stay, refused = (
            np.take_along_axis(shares[:, calls], np.maximum(lead, 0)[..., None], -1)[..., 0]
            for shares in (c.accept, c.stay, c.refused)
        )
        self.offer[:, calls] = lead
        self.accepted[:, calls] = accepted = (lead >= 0) & (c.luck[:, calls, 0] < accept)
        stays = np.where(lead < 0, c.none[:, calls], np.where(accepted, stay, refused))
        self.stayed[:, calls] = c.luck[:, calls, 1] < stays

    def facts(self, day: int, *, since: int = 0) -> beliefs.Facts:
        """Counts by age as of the morning of `day`: answers up to yesterday, retention whose delay is over; `since`
        which case."""
        shape, c = self.worlds.shape, self.worlds.of
        known = day * shape.per_day
        case = np.arange(known)
        ages = min(int(beliefs.age(day)), beliefs.OLDEST) + 1
        age = np.minimum(beliefs.age(day - 1 - case // shape.per_day), ages - 1)
        offer, accepted, stayed = self.offer[:, :known], self.accepted[:, :known], self.stayed[:, :known]
        mature = np.broadcast_to(case // shape.per_day + shape.delay < day, offer.shape)
        offered, mature = (offer >= 0) & (case >= since), mature & (case >= since)
        context = (shape.reasons, shape.segments, ages)
        sizes = {True: (self.worlds.count, shape.offers, *context), False: (self.worlds.count, *context)}
        rest = (c.reason[:, :known] * shape.segments + c.segment[:, :known]) * ages + age
        cells = int(np.prod(context))
        flat = {
            True: (self.worlds.world * shape.offers + np.maximum(offer, 0)) * cells + rest,
            False: self.worlds.world * cells + rest,
        }

        def count(which: NDArray[np.bool_], *, by_offer: bool = True) -> Array:
            size = sizes[by_offer]
            return np.bincount(flat[by_offer][which], minlength=int(np.prod(size))).astype(float).reshape(size)

        yes, no, none = offered & mature & accepted, offered & mature & ~accepted, ~offered & mature
        return beliefs.Facts(
            accepted=count(offered & accepted),
            presented=count(offered),
            stayed_accepted=count(yes & stayed),
            mature_accepted=count(yes),
            stayed_refused=count(no & stayed),
            mature_refused=count(no),
            stayed_none=count(none & stayed, by_offer=False),
            mature_none=count(none, by_offer=False),
        )
