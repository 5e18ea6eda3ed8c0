"""A simulated desk: which share of the best possible net value does each way of suggesting offers reach?

    python -m bench.offers [--worlds 16] [--cases 8000] [--only structured,drifting]

The worlds are this file's own (fixed seeds), the engine is the one that ships: `cancellations.engine` learns every
simulated day from what it may know by then (answers at once, retention after the delay) and draws its lead from the
vector. All policies meet the same customers with the same luck. Cases of the hold-out are left out of every policy's
sum: they are the price of measuring, the same for all.
"""

import argparse
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from cancellations.engine import beliefs, choice
from cancellations.engine.ranking import Candidate, Shares, gain

Array = NDArray[np.float64]
KINDS = ("percent_off", "percent_off", "free_months", "pause", "plan_change", "addon", "addon", "service_fix")
CHECKPOINTS = (1_000, 3_000, 8_000)
DRIFT_AT = 4_000
RECOVERY = 1_500
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


SHAPES = (
    Shape("structured"),
    Shape("unstructured", structured=False),
    Shape("drifting", drifts=True),
    Shape("delayed", delay=180),
    Shape("sparse", reasons=24, offers=12, per_day=2),
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


@dataclass(frozen=True)
class World:
    shape: Shape
    kinds: tuple[str, ...]
    before: Behaviour
    after: Behaviour
    reason: NDArray[np.int64]  # a case each
    segment: NDArray[np.int64]
    value: Array
    cost: Array  # case × offer
    luck: Array  # case × 3: answer, day 90, hold-out
    map: NDArray[np.int64]  # reason → offer
    guess: Array  # reason: the share that marketing expects to accept
    guess_stay: Array  # reason: and to be still there

    def behaviour(self, case: int) -> Behaviour:
        return self.after if self.shape.drifts and case >= DRIFT_AT else self.before

    def gains(self, case: int) -> Array:
        """True ΔEV of every offer for this case."""
        b, r, s = self.behaviour(case), self.reason[case], self.segment[case]
        value = self.value[case]
        return gain(b.accept[r, s], b.stay[r, s], b.refused[r, s], b.none[r, s], value, self.cost[case])


def behave(rng: np.random.Generator, shape: Shape, kinds: Sequence[str]) -> Behaviour:
    """Structured: kinds fit reasons, offers and segments vary a little. Unstructured: every cell for itself."""
    r, s, o = shape.reasons, shape.segments, shape.offers
    names = sorted(set(kinds))
    of = np.array([names.index(kind) for kind in kinds])
    if shape.structured:
        fit = rng.normal(0, 1.3, (r, len(names)))[:, of]
        offer = rng.normal(0, 0.2, o)
        accept = sigmoid(-0.9 + fit[:, None, :] + offer + rng.normal(0, 0.3, (s, o)) + rng.normal(0, 0.2, (r, s, o)))
        kind_stays = rng.normal(0.5, 0.25, len(names))[of]
        stay = sigmoid(kind_stays + 0.35 * fit[:, None, :] + rng.normal(0, 0.15, (r, s, o)))
    else:
        accept = sigmoid(-0.9 + rng.normal(0, 1.1, (r, s, o)))
        stay = sigmoid(0.5 + rng.normal(0, 0.6, (r, s, o)))
    none = sigmoid(-1.4 + rng.normal(0, 0.4, (r, 1)) + rng.normal(0, 0.2, (r, s)))
    refused = np.clip(none[..., None] * rng.uniform(0.8, 1.0, (r, s, o)), 0.01, 0.9)
    return Behaviour(accept, stay, refused, none)


def make(shape: Shape, seed: int, cases: int) -> World:
    rng = np.random.default_rng([zlib.crc32(shape.name.encode()), seed])
    kinds = tuple(KINDS[i % len(KINDS)] for i in range(shape.offers))
    before, after = behave(rng, shape, kinds), behave(rng, shape, kinds)
    weight = 1 / np.arange(1, shape.reasons + 1) ** 0.7
    reason = rng.choice(shape.reasons, cases, p=weight / weight.sum())
    segment = rng.choice(shape.segments, cases, p=[0.6, 0.3, 0.1][: shape.segments])
    value = np.array([140.0, 220.0, 420.0])[segment] * rng.lognormal(0, 0.25, cases)
    depth = np.linspace(0.08, 0.42, shape.offers)
    rng.shuffle(depth)
    cost = value[:, None] * depth * rng.lognormal(0, 0.1, (cases, 1))
    world = World(
        shape, kinds, before, replace(after, none=before.none), reason, segment, value, cost,
        rng.random((cases, 3)), np.zeros(0, int), np.zeros(0), np.zeros(0),
    )  # fmt: skip
    # Marketing knows the trade, not the truth: the right ΔEV of each reason, blurred by as much as the offers differ.
    typical = np.array([140.0, 220.0, 420.0])
    share = np.array([0.6, 0.3, 0.1])
    b = before
    true = gain(
        b.accept, b.stay, b.refused, b.none[..., None], typical[:, None], typical[:, None] * depth
    )  # reason × segment × offer
    true = (true * share[:, None]).sum(1)
    seen = true + rng.normal(0, 1.0, true.shape) * true.std(1, keepdims=True)
    chosen = seen.argmax(1)
    cells = np.arange(shape.reasons), chosen
    guess, guess_stay = (
        np.clip(np.round((b_ * share[:, None]).sum(1)[cells] + rng.normal(0, 0.1, shape.reasons), 1), 0.2, 0.8)
        for b_ in (b.accept, b.stay)
    )
    return replace(world, map=chosen, guess=guess, guess_stay=guess_stay)


@dataclass
class Log:
    """What happened, as the desk's own records would have it."""

    offer: NDArray[np.int64]  # −1: none
    accepted: NDArray[np.bool_]
    stayed: NDArray[np.bool_]

    @classmethod
    def empty(cls, cases: int) -> "Log":
        return cls(np.full(cases, -1), np.zeros(cases, bool), np.zeros(cases, bool))

    def play(self, world: World, case: int, offer: int) -> None:
        b, r, s = world.behaviour(case), world.reason[case], world.segment[case]
        self.offer[case] = offer
        if offer < 0:
            self.stayed[case] = world.luck[case, 1] < b.none[r, s]
            return
        self.accepted[case] = world.luck[case, 0] < b.accept[r, s, offer]
        stays = b.stay[r, s, offer] if self.accepted[case] else b.refused[r, s, offer]
        self.stayed[case] = world.luck[case, 1] < stays


def facts(world: World, log: Log, day: int) -> beliefs.Facts:
    """Counts by age bucket as of the morning of `day`: answers up to yesterday, retention whose delay is over."""
    shape = world.shape
    ages = day // beliefs.BUCKET_DAYS + 1
    known = day * shape.per_day
    case = np.arange(known)
    age = (day - 1 - case // shape.per_day) // beliefs.BUCKET_DAYS
    r, s, o = world.reason[:known], world.segment[:known], log.offer[:known]
    accepted, stayed = log.accepted[:known], log.stayed[:known]
    mature = case // shape.per_day + shape.delay < day
    offered = o >= 0

    def count(which: NDArray[np.bool_], *axes: tuple[NDArray[np.int64], int]) -> Array:
        sizes = [size for _, size in axes]
        flat = np.ravel_multi_index([index[which] for index, _ in axes], sizes)
        return np.bincount(flat, minlength=int(np.prod(sizes))).astype(float).reshape(sizes)

    full = ((o, shape.offers), (r, shape.reasons), (s, shape.segments), (age, ages))
    return beliefs.Facts(
        accepted=count(offered & accepted, *full),
        presented=count(offered, *full),
        stayed_accepted=count(offered & mature & accepted & stayed, *full),
        mature_accepted=count(offered & mature & accepted, *full),
        stayed_refused=count(offered & mature & ~accepted & stayed, *full),
        mature_refused=count(offered & mature & ~accepted, *full),
        stayed_none=count(~offered & mature & stayed, *full[1:]),
        mature_none=count(~offered & mature, *full[1:]),
    )


Policy = Callable[[World], Log]


def engine(world: World, *, draws: int = choice.DRAWS, **how: object) -> Log:
    shape, log = world.shape, Log.empty(len(world.reason))
    catalogue = beliefs.Catalogue(
        incentives=range(1, shape.offers + 1),
        kinds=world.kinds,
        reasons=range(shape.reasons),
        segments=[str(s) for s in range(shape.segments)],
        mapped={(int(o) + 1, r): float(world.guess[r]) for r, o in enumerate(world.map)},
        mapped_stay={(int(o) + 1, r): float(world.guess_stay[r]) for r, o in enumerate(world.map)},
    )
    for day in range(len(world.reason) // shape.per_day):
        model = beliefs.learn(facts(world, log, day), catalogue, **how)  # type: ignore[arg-type]
        parameters = [
            np.stack([p.a, p.b], -1) for p in (model.accept, model.stay_accepted, model.stay_refused, model.stay_none)
        ]
        trust = beliefs.trust(model.stay_accepted.n[-1].sum((0, 2)))
        for case in range(day * shape.per_day, (day + 1) * shape.per_day):
            if world.luck[case, 2] < HOLD_OUT:
                log.play(world, case, -1)
                continue
            r, s = world.reason[case], world.segment[case]
            offers = [
                Candidate(
                    o + 1,
                    Shares(*(tuple(p[o, r, s]) for p in parameters[:3])),
                    world.value[case],
                    world.cost[case, o],
                    mapped=o == world.map[r],
                )
                for o in range(shape.offers)
            ]
            lead = choice.choose(offers, tuple(parameters[3][r, s]), case, draws=draws, trust=trust[r]).lead
            log.play(world, case, lead - 1)
    return log


def _always(pick: Callable[[World, int], int]) -> Policy:
    def policy(world: World) -> Log:
        log = Log.empty(len(world.reason))
        for case in range(len(world.reason)):
            log.play(world, case, -1 if world.luck[case, 2] < HOLD_OUT else pick(world, case))
        return log

    return policy


def random_offer(world: World) -> Log:
    rng = np.random.default_rng(5)
    return _always(lambda w, case: int(rng.integers(-1, w.shape.offers)))(world)


def best_fixed(world: World) -> Log:
    """The one offer that would have brought most, known only afterwards."""
    total = sum(world.gains(case) for case in range(len(world.reason)))
    best = int(np.argmax(total))
    return _always(lambda w, case: best)(world)


def static_map(world: World) -> Log:
    return _always(lambda w, case: int(w.map[w.reason[case]]))(world)


def mabwiser(policy: str) -> Policy:
    """MABWiser with what it offers: the net value of day 90 as reward, one-hot reason and segment as context."""

    def play(world: World) -> Log:
        from mabwiser.mab import MAB, LearningPolicy

        shape, log = world.shape, Log.empty(len(world.reason))
        context = np.hstack(
            [
                np.eye(shape.reasons)[world.reason],
                np.eye(shape.segments)[world.segment],
                np.ones((len(world.reason), 1)),
            ]
        )
        how = (
            LearningPolicy.LinTS(alpha=0.3, l2_lambda=1.0)
            if policy == "LinTS"
            else LearningPolicy.LinGreedy(epsilon=0.05, l2_lambda=1.0)
        )
        bandit = MAB(arms=list(range(-1, shape.offers)), learning_policy=how, seed=7)
        rng = np.random.default_rng(3)
        scale = world.value.mean()
        fitted = False
        for day in range(len(world.reason) // shape.per_day):
            known = np.arange((day - 1 - shape.delay) * shape.per_day, (day - shape.delay) * shape.per_day)
            known = known[known >= 0]
            if len(known):
                cost = np.where(log.accepted[known], world.cost[known, np.maximum(log.offer[known], 0)], 0.0)
                reward = (log.stayed[known] * world.value[known] - cost) / scale
                learn = bandit.partial_fit if fitted else bandit.fit
                learn(decisions=log.offer[known], rewards=reward, contexts=context[known])
                fitted = True
            today = np.arange(day * shape.per_day, (day + 1) * shape.per_day)
            picks = (
                np.atleast_1d(bandit.predict(context[today])) if fitted else rng.integers(-1, shape.offers, len(today))
            )
            for case, pick in zip(today, picks, strict=True):
                log.play(world, int(case), -1 if world.luck[case, 2] < HOLD_OUT else int(pick))
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


def earned(world: World, log: Log) -> tuple[Array, Array]:
    """True ΔEV of what was done, and of the best that could be done, for each case outside the hold-out."""
    done, best = np.zeros(len(world.reason)), np.zeros(len(world.reason))
    for case in range(len(world.reason)):
        if world.luck[case, 2] >= HOLD_OUT:
            gains = world.gains(case)
            best[case] = max(gains.max(), 0)
            done[case] = gains[log.offer[case]] if log.offer[case] >= 0 else 0.0
    return done, best


def one(task: tuple[Shape, int, int, str]) -> tuple[str, str, int, list[float]]:
    """One world, one policy → the share at each checkpoint; in drifting worlds also before and after the drift."""
    shape, seed, cases, name = task
    world = make(shape, seed, cases)
    done, best = earned(world, policies()[name](world))
    shares = [float(done[:n].sum() / best[:n].sum()) for n in CHECKPOINTS if n <= cases]
    if shape.drifts and cases >= DRIFT_AT + RECOVERY + 500:
        for window in ((DRIFT_AT - 1_000, DRIFT_AT), (DRIFT_AT, DRIFT_AT + 500),
                       (DRIFT_AT + RECOVERY - 250, DRIFT_AT + RECOVERY + 250)):  # fmt: skip
            shares.append(float(done[slice(*window)].sum() / best[slice(*window)].sum()))
    return shape.name, name, seed, shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=16)
    parser.add_argument("--cases", type=int, default=8_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--policies", default="")
    # Under `python -m bench` the arguments name measurements: then a small table, which a person can wait for.
    own = sys.argv[0].endswith("offers.py")
    options = parser.parse_args(None if own else ["--worlds", "2", "--cases", "3000"])
    names = [n for n in policies() if not options.policies or n in options.policies.split(",")]
    if not any(n.startswith("MABWiser") for n in policies()):
        print("MABWiser is not installed here: its rows are left out (`make bench` installs it).")
    shapes = [s for s in SHAPES if not options.only or s.name in options.only.split(",")]
    tasks = [(s, w, options.cases, n) for s in shapes for n in names for w in range(options.worlds)]
    started = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(one, tasks, chunksize=1))
    for shape in shapes:
        print(f"\n## {shape.name}: share of the best possible net value, mean ± standard error")
        heads = [f"{n:,}" for n in CHECKPOINTS if n <= options.cases]
        if shape.drifts:
            heads += ["before drift", "500 after", f"{RECOVERY:,} after"]
        print("| policy | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
        for name in names:
            rows = np.array([shares for s, n, _, shares in results if (s, n) == (shape.name, name)])
            error = rows.std(0, ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.zeros(rows.shape[1])
            cells = " | ".join(f"{m:.2f} ± {e:.2f}" for m, e in zip(rows.mean(0), error, strict=True))
            print(f"| {name} | {cells} |")
    print(f"\n{options.worlds} worlds a kind, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
