"""How long something takes, and how long the same SQL takes without us.

    measured = Table()
    measured.add("search “Meier”", lambda: search("Meier"))
    measured.add("stamp", stamp, raw=stamp_in_sql)
    measured.print()

Times are milliseconds of the wall clock. Compare the ratio, which was taken in one run on one machine, never times
across machines. Anchors: docs/decisions and bench/README.md.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

import psycopg
from django.db import connection
from django.test import Client

READS = ("SELECT", "WITH", "EXPLAIN", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    p50: float
    p95: float
    own: float  # median of our process's own time on a processor: what a busy machine does not stretch
    queries: int
    raw_p50: float | None
    raw_p95: float | None

    @property
    def ratio(self) -> float | None:
        """Our median in medians of the bare SQL."""
        return self.p50 / self.raw_p50 if self.raw_p50 else None


@dataclass
class Table:
    rows: list[Row] = field(default_factory=list)

    def add(
        self,
        name: str,
        call: Callable[[], object],
        *,
        raw: Callable[[], object] | None = None,
        undone: bool = False,
        runs: int = 60,
    ) -> Row:
        """Time `call` and, turn by turn with it, the same SQL bare: what `call` was seen to ask in a warm process,
        or `raw` where that run writes and so cannot be repeated as it was. `undone`: what a run of either writes is
        taken back, so that each finds what the first found; no commit is in either time."""
        if undone:
            call = _taken_back(call)
        if undone or raw is None:
            call()
        with _recorded() as asked:
            call()
        replay = raw
        with _bare() as bare:
            reads = all(sql.lstrip("( \n").upper().startswith(READS) for sql, _ in asked)
            if replay is None and asked and (reads or undone):
                replay = _replay(bare, [(sql, values) for sql, values in asked if not _is_savepoint(sql)], undone)
            for _ in range(3):
                call()
                if replay:
                    replay()
            ours, own, theirs = [], [], []
            for _ in range(runs):
                begun = process_time()
                ours.append(_time(call))
                own.append((process_time() - begun) * 1000)
                if replay:
                    theirs.append(_time(replay))
        row = Row(name, *percentiles(ours), median(own), len(asked), *(percentiles(theirs) if theirs else (None, None)))
        self.rows.append(row)
        return row

    def print(self) -> None:
        print("| what | p50 ms | p95 ms | our processor time | queries | bare SQL p50 / p95 | ratio |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for row in self.rows:
            bare = "" if row.raw_p50 is None else f"{row.raw_p50:.2f} / {row.raw_p95:.2f}"
            ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
            print(
                f"| {row.name} | {row.p50:.2f} | {row.p95:.2f} | {row.own:.1f} | {row.queries} | {bare} | {ratio} |",
                flush=True,
            )


def _time(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000


def percentiles(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=20, method="inclusive")
    return cuts[9], cuts[18]


def _is_savepoint(sql: str) -> bool:
    return sql.upper().startswith(("SAVEPOINT", "RELEASE"))


@contextmanager
def _recorded() -> Iterator[list[tuple[str, Any]]]:
    asked: list[tuple[str, Any]] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield asked


@contextmanager
def _bare() -> Iterator[psycopg.Connection[Any]]:
    params = connection.get_connection_params()
    wanted = {key: params[key] for key in ("host", "port", "user", "password", "dbname") if key in params}
    # A statement is planned for its values each time, as for us but in `staff.statements.prepared`.
    with psycopg.connect(**wanted, autocommit=True, prepare_threshold=None) as bare:
        yield bare


def _replay(bare: psycopg.Connection[Any], asked: list[tuple[str, Any]], undone: bool) -> Callable[[], None]:
    def replay() -> None:
        with bare.transaction(force_rollback=True) if undone else nullcontext():
            for sql, values in asked:
                cursor = bare.execute(sql, values or None)
                if cursor.description:
                    cursor.fetchall()

    return replay


def _taken_back(call: Callable[[], object]) -> Callable[[], None]:
    """What it would commit is rolled back. Psycopg is not told: it would forget what is prepared, which it does not at
    a commit."""

    def instead_of_commit() -> None:
        connection.connection.pgconn.exec_(b"ROLLBACK")
        connection.run_on_commit.clear()  # nothing is mailed

    def run() -> None:
        with patch.object(connection, "_commit", instead_of_commit):
            call()

    return run


def settle() -> None:
    """After rows by the million: what vacuum and checkpoint would do behind the first minutes' back is done before
    anything is timed. Outside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")


def opened(client: Client, address: str, query: dict[str, Any] | None = None) -> None:
    """The page through the whole stack of middleware; anything but a page is no measurement."""
    response = client.get(address, query or {})
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")
