"""Real threads, each with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from time import sleep
from typing import Any

from django.db import connection

from staff.errors import DomainError


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Begin all at the same moment; what each returned, or the refusal it met."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait()
        return _alone(act)

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def held_up(act: Callable[[], Any]) -> "Future[Any]":
    """Begin `act`, which comes as far as a lock that the caller's transaction holds. Ask for the result after it."""
    threads = ThreadPoolExecutor(1)
    coming = threads.submit(_alone, act)
    threads.shutdown(wait=False)
    while not _somebody_waits():
        assert not coming.done(), f"it did not wait: {coming.result()}"
        sleep(0.01)
    return coming


def _alone(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except DomainError as refusal:
        return refusal
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select exists(select from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid)))")
        return cursor.fetchone()[0]
