"""A simulated desk: which share of the best possible net value does each way of suggesting offers reach?

    make bench NAME=offers                                                (16 worlds of each kind, 8,000 cases)
    make bench NAME=offers ARGS="--worlds 8 --cases 3000 --only sparse"   (some of it)
    make bench NAME=offers ARGS="--seeds 1000"                            (the worlds that the engine was tuned on)

The worlds are this file's own, the engine is the one that ships: `cancellations.engine` learns every simulated morning
from what it may know by then (answers at once, retention after the delay) and draws each lead from its vector. Eight
worlds are played side by side, along an axis before all others, which the engine's arithmetic allows. A vector is made
of 50 draws instead of 1,000: how often an offer leads is the same in the mean, whatever the number of draws.

Where the worlds follow laws, one more row is of somebody who knows them and the day of a drift, and only has to learn
what was drawn (`bench.offers.ideal`): as much as the cases can teach.

All policies meet the same customers with the same luck. Cases of the hold-out are left out of every policy's sum: they
are the price of measuring, the same for all.
"""

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from bench.offers.ideal import ideal
from bench.offers.policies import Policy, best_fixed, engine, mabwiser, random_offer, static_map
from bench.offers.worlds import DRIFT_AT, SHAPES, Array, Shape, Worlds

CHECKPOINTS = (1_000, 3_000, 8_000)
RECOVERY = 1_500
SIDE_BY_SIDE = 8
PEERS = Path(".venv/bench/bin/python")  # numpy and MABWiser, nothing of the desk: `make bench` installs it
HELD_OUT_SEEDS = 5_000  # what is reported; the engine was tuned on worlds of other seeds (1000 to 1095)


def ways(shape: Shape) -> dict[str, Policy]:
    found: dict[str, Policy] = {
        "random": random_offer,
        "best fixed in hindsight": best_fixed,
        "static map": static_map,
        "engine": engine,
    }
    if find_spec("mabwiser") is not None:
        found |= {"MABWiser LinTS": mabwiser("LinTS"), "MABWiser ε-greedy": mabwiser("ε-greedy")}
    return found | ({"who knows the laws": ideal} if shape.ideal else {})


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
    log = ways(shape)[name](worlds)
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
        alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # two processes have the two cores
        subprocess.run([PEERS, "-m", "bench.offers", *sys.argv[1:]], check=True, env=alone)  # noqa: S603 our own words
        return
    if find_spec("mabwiser") is None:
        print("MABWiser is not installed here: its rows are left out (`make bench` installs it).")
    shapes = [s for s in SHAPES if not options.only or s.name in options.only.split(",")]
    seeds = range(options.seeds, options.seeds + options.worlds)
    batches = [tuple(seeds[i : i + SIDE_BY_SIDE]) for i in range(0, len(seeds), SIDE_BY_SIDE)]
    names = {s: [n for n in ways(s) if not options.policies or n in options.policies.split(",")] for s in shapes}
    tasks = [(s, batch, options.cases, n) for s in shapes for n in names[s] for batch in batches]
    started = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        results = list(pool.map(one, tasks))
    for shape in shapes:
        print(f"\n### {shape.name}\n")
        heads = list(windows(shape, options.cases))
        print("| policy | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
        found = {
            name: np.concatenate([shares for s, n, shares in results if (s, n) == (shape.name, name)])
            for name in names[shape]
        }
        for name, rows in found.items():
            print(f"| {name} | {_cells(rows)} |")
        for other in ("static map", "who knows the laws"):
            if {"engine", other} <= set(found):
                print(f"| engine − {other}, world by world | {_cells(found['engine'] - found[other], sign='+')} |")
    print(f"\n{options.worlds} worlds a kind from seed {options.seeds}, {time.perf_counter() - started:.0f} s")


def _cells(rows: Array, sign: str = "") -> str:
    """Mean ± standard error of each column."""
    error = rows.std(0, ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.zeros(rows.shape[1])
    return " | ".join(f"{mean:{sign}.2f} ± {se:.2f}" for mean, se in zip(rows.mean(0), error, strict=True))
