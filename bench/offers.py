"""A simulated desk: which share of the best possible net value does each way of suggesting offers reach?

    make bench NAME=offers                                                (16 worlds of each kind, 8,000 cases)
    make bench NAME=offers ARGS="--worlds 8 --cases 3000 --only sparse"   (some of it)
    make bench NAME=offers ARGS="--seeds 1000"                            (the worlds that the engine was tuned on)

The worlds are this file's own, the engine is the one that ships: `cancellations.engine` learns every simulated morning
from what it may know by then (answers at once, retention after the delay) and draws each lead from its vector. Eight
worlds are played side by side, along an axis before all others, which the engine's arithmetic allows. A vector is made
of 50 draws instead of 1,000: how often an offer leads is the same in the mean, whatever the number of draws.

All policies meet the same customers with the same luck. Cases of the hold-out are left out of every policy's sum: they
are the price of measuring, the same for all.
"""

import argparse
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cancellations.engine import beliefs, choice
from cancellations.engine.ranking import Offers, gain

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
KINDS = ("percent_off", "percent_off", "free_months", "pause", "plan_change", "addon", "addon", "service_fix")
TYPICAL_VALUE = np.array([140.0, 220.0, 420.0])
SEGMENT_SHARE = np.array([0.6, 0.3, 0.1])
CHECKPOINTS = (1_000, 3_000, 8_000)
DRIFT_AT = 4_000
RECOVERY = 1_500
HOLD_OUT = 0.10
SIDE_BY_SIDE = 8
PEERS = Path(".venv/bench/bin/python")  # numpy and MABWiser, nothing of the desk: `make bench` installs it
HELD_OUT_SEEDS = 5_000  # what is reported; the engine was tuned on worlds of other seeds (1000 to 1095)


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


SHAPES = (
    Shape("structured"),
    Shape("unstructured", structured=False),
    Shape("drifting", drifts=True),
    Shape("delayed", delay=180),
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

    def facts(self, day: int) -> beliefs.Facts:
        """Counts by age as of the morning of `day`: answers up to yesterday, retention whose delay is over."""
        shape, c = self.worlds.shape, self.worlds.of
        known = day * shape.per_day
        case = np.arange(known)
        ages = min(int(beliefs.age(day)), beliefs.OLDEST) + 1
        age = np.minimum(beliefs.age(day - 1 - case // shape.per_day), ages - 1)
        offer, accepted, stayed = self.offer[:, :known], self.accepted[:, :known], self.stayed[:, :known]
        mature = np.broadcast_to(case // shape.per_day + shape.delay < day, offer.shape)
        offered = offer >= 0
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


DRAWS = 50
Policy = Callable[[Worlds], Log]


def engine(worlds: Worlds) -> Log:
    shape, log, c = worlds.shape, Log(worlds), worlds.of
    kinds = kinds_of(shape)
    guesses = []
    for guess in (c.guess, c.guess_stay):
        table = np.full((worlds.count, shape.offers, shape.reasons), np.nan)
        table[worlds.world, c.map, np.arange(shape.reasons)] = guess
        guesses.append(table)
    said = np.full((worlds.count, shape.offers, shape.reasons), float(beliefs.OLDEST))  # before the first call
    prior = beliefs.Prior(beliefs.Catalogue(range(shape.offers), kinds, (), ()).membership(), *guesses, said)
    rng = np.random.default_rng(1)
    for day in range(worlds.cases // shape.per_day):
        if day % shape.learn_every == 0:
            model = beliefs.learn(log.facts(day), prior)
            by_offer = [
                np.moveaxis(np.stack([p.a, p.b], -1), 1, -2)
                for p in (model.accept, model.stay_accepted, model.stay_refused)
            ]
            without = np.stack([model.stay_none.a, model.stay_none.b], -1)
            tried = np.moveaxis(model.accept.n[-2], 1, -1)
        calls = slice(day * shape.per_day, (day + 1) * shape.per_day)
        at = worlds.world, c.reason[:, calls], c.segment[:, calls]
        offers = Offers(
            tuple(range(1, shape.offers + 1)),
            *(pairs[at] for pairs in by_offer),
            value=c.value[:, calls, None],
            cost=c.cost[:, calls],
            lever=np.ones(shape.offers),
            price_of_budget=np.zeros(shape.offers),
            mapped=np.arange(shape.offers) == c.map[at[:2]][..., None],
            tried=tried[at[:2]],
        )
        won = choice.wins(offers, without[at], rng, draws=DRAWS, map_cases=model.map_cases[:, None])
        vector = (1 - choice.EPSILON) * won + choice.EPSILON / won.shape[-1]
        ticket = rng.random((*won.shape[:-1], 1)) * vector.sum(-1, keepdims=True)
        log.play(calls, (ticket >= vector.cumsum(-1)).sum(-1) - 1)
    return log


def always(worlds: Worlds, lead: Whole) -> Log:
    log = Log(worlds)
    log.play(slice(None), np.broadcast_to(lead, log.offer.shape))
    return log


def random_offer(worlds: Worlds) -> Log:
    return always(worlds, np.random.default_rng(5).integers(-1, worlds.shape.offers, (worlds.count, worlds.cases)))


def best_fixed(worlds: Worlds) -> Log:
    """The one offer that would have brought most, known only afterwards."""
    return always(worlds, worlds.gains.sum(1).argmax(-1)[:, None])


def static_map(worlds: Worlds) -> Log:
    return always(worlds, worlds.of.map[worlds.world, worlds.of.reason])


def mabwiser(name: str) -> Policy:
    """MABWiser with what it offers: the net value of day 90 as reward, one-hot reason and segment as context. It is
    taught once in five simulated days, all that has matured since."""

    def play(worlds: Worlds) -> Log:
        from mabwiser.mab import MAB, LearningPolicy

        shape, log, c = worlds.shape, Log(worlds), worlds.of
        ways = {
            "LinTS": LearningPolicy.LinTS(alpha=0.3, l2_lambda=1.0),
            "ε-greedy": LearningPolicy.LinGreedy(epsilon=0.05, l2_lambda=1.0),
        }
        rng = np.random.default_rng(3)
        arms = list(range(-1, shape.offers))
        bandits = [MAB(arms=arms, learning_policy=ways[name], seed=7 + world) for world in range(worlds.count)]
        context = np.concatenate(
            [
                np.eye(shape.reasons)[c.reason],
                np.eye(shape.segments)[c.segment],
                np.ones((worlds.count, worlds.cases, 1)),
            ],
            axis=-1,
        )
        scale = c.value.mean()
        block = 5 * shape.per_day
        taught = 0
        for start in range(0, worlds.cases, block):
            calls = slice(start, start + block)
            ripe = max(start - shape.delay * shape.per_day, 0)
            lead = rng.integers(-1, shape.offers, (worlds.count, context[:, calls].shape[1]))
            for world, bandit in enumerate(bandits):
                if ripe > taught:
                    known = slice(taught, ripe)
                    offer = log.offer[world, known]
                    cost = c.cost[world, known][np.arange(ripe - taught), np.maximum(offer, 0)]
                    net = log.stayed[world, known] * c.value[world, known] - log.accepted[world, known] * cost
                    learn = bandit.partial_fit if taught else bandit.fit
                    learn(decisions=offer, rewards=net / scale, contexts=context[world, known])
                if ripe:
                    lead[world] = np.atleast_1d(bandit.predict(context[world, calls]))
            taught = max(taught, ripe)
            log.play(calls, lead)
        return log

    return play


def policies() -> dict[str, Policy]:
    found: dict[str, Policy] = {
        "random": random_offer,
        "best fixed in hindsight": best_fixed,
        "static map": static_map,
        "engine": engine,
    }
    if find_spec("mabwiser") is None:
        return found
    return found | {"MABWiser LinTS": mabwiser("LinTS"), "MABWiser ε-greedy": mabwiser("ε-greedy")}


def windows(shape: Shape, cases: int) -> dict[str, slice]:
    """Which cases are summed, under the heading of the table's column."""
    found = {f"{n:,}": slice(0, n) for n in CHECKPOINTS if n <= cases}
    if shape.drifts and cases >= DRIFT_AT + 2 * RECOVERY:
        found |= {
            "before drift": slice(DRIFT_AT - 500, DRIFT_AT),
            "at once": slice(DRIFT_AT, DRIFT_AT + 500),
            f"{RECOVERY:,} later": slice(DRIFT_AT + RECOVERY, DRIFT_AT + RECOVERY + 500),
            "at the end": slice(cases - 500, cases),
        }
    return found


def one(task: tuple[Shape, tuple[int, ...], int, str]) -> tuple[str, str, Array]:
    """Some worlds under one policy → the share of the best possible in each window, world × window."""
    shape, seeds, cases, name = task
    worlds = Worlds(shape, seeds, cases)
    log = policies()[name](worlds)
    done = np.take_along_axis(worlds.gains, np.maximum(log.offer, 0)[..., None], -1)[..., 0]
    done = np.where(worlds.held_out | (log.offer < 0), 0.0, done)
    best = np.where(worlds.held_out, 0.0, np.maximum(worlds.gains.max(-1), 0))
    shares = [done[:, calls].sum(1) / best[:, calls].sum(1) for calls in windows(shape, cases).values()]
    return shape.name, name, np.stack(shares, -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("--cases", type=int, default=8_000)
    parser.add_argument("--only", default="", help="kinds of worlds, with commas")
    parser.add_argument("--policies", default="", help="some of them, with commas")
    parser.add_argument("--seeds", type=int, default=HELD_OUT_SEEDS, help="the first of them")
    options = parser.parse_args()
    if find_spec("mabwiser") is None and PEERS.exists():  # the peers have an environment of their own
        subprocess.run([PEERS, "-m", "bench.offers", *sys.argv[1:]], check=True)  # noqa: S603 our own words
        return
    names = [n for n in policies() if not options.policies or n in options.policies.split(",")]
    if not any(n.startswith("MABWiser") for n in policies()):
        print("MABWiser is not installed here: its rows are left out (`make bench` installs it).")
    shapes = [s for s in SHAPES if not options.only or s.name in options.only.split(",")]
    seeds = range(options.seeds, options.seeds + options.worlds)
    batches = [tuple(seeds[i : i + SIDE_BY_SIDE]) for i in range(0, len(seeds), SIDE_BY_SIDE)]
    tasks = [(s, batch, options.cases, n) for s in shapes for n in names for batch in batches]
    started = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(one, tasks))
    for shape in shapes:
        print(f"\n### {shape.name}\n")
        heads = list(windows(shape, options.cases))
        print("| policy | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
        found = {
            name: np.concatenate([shares for s, n, shares in results if (s, n) == (shape.name, name)]) for name in names
        }
        for name, rows in found.items():
            print(f"| {name} | {_cells(rows)} |")
        if {"engine", "static map"} <= set(names):
            print(f"| engine − map, world by world | {_cells(found['engine'] - found['static map'], sign='+')} |")
    print(f"\n{options.worlds} worlds a kind from seed {options.seeds}, {time.perf_counter() - started:.0f} s")


def _cells(rows: Array, sign: str = "") -> str:
    """Mean ± standard error of each column."""
    error = rows.std(0, ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.zeros(rows.shape[1])
    return " | ".join(f"{mean:{sign}.2f} ± {se:.2f}" for mean, se in zip(rows.mean(0), error, strict=True))


if __name__ == "__main__":
    main()
