"""The embedded server survives what -9 leaves behind. A real cluster, short-lived, without durability."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

START = """
import sys, time; sys.path.insert(0, {root!r})
from pathlib import Path
from config.database import embedded
at = embedded(Path({data!r}))
print(at["HOST"], flush=True)
if {stay}: time.sleep(600)
"""
ROOT = str(Path(__file__).resolve().parents[2])


@pytest.fixture
def data() -> Iterator[Path]:
    """Not among pytest's own folders: another run that begins shuts those to the server's user."""
    with TemporaryDirectory() as folder:
        yield Path(folder) / "postgres"


def start(data: Path, *, stay: bool = False) -> subprocess.Popen[str]:
    code = START.format(root=ROOT, data=str(data), stay=stay)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def answers(host: str) -> bool:
    with psycopg.connect(host=host, user="postgres", dbname="postgres") as database:
        return database.execute("select 1").fetchone() == (1,)


def test_survives_every_kill(data):
    # killed while the cluster is made
    making = start(data)
    while not (data / "PG_VERSION").exists():
        time.sleep(0.01)
    making.send_signal(signal.SIGKILL)
    making.wait()

    # its process killed, then the server itself, which nobody may have buried; the lock is then half written
    first = start(data, stay=True)
    host = first.stdout.readline().strip()
    assert answers(host)
    first.send_signal(signal.SIGKILL)
    first.wait()
    lock = data / "postmaster.pid"
    os.kill(int(lock.read_text().splitlines()[0]), signal.SIGKILL)
    lock.write_text(lock.read_text()[:40])
    (data / ".handle_pids.json").write_text("[12")

    # the last to leave stops it
    second, third = start(data, stay=True), start(data)
    assert answers(second.stdout.readline().strip())
    assert third.wait(60) == 0
    assert lock.exists()
    second.send_signal(signal.SIGTERM)
    second.wait()
    assert start(data).wait(60) == 0
    assert not lock.exists()


def test_a_path_too_long_for_a_socket_and_a_planner_that_trusts_indexes(data):
    data = data / ("long" * 30) / "postgres"
    process = start(data, stay=True)
    try:
        host = process.stdout.readline().strip()
        assert answers(host)
        with psycopg.connect(host=host, user="postgres", dbname="postgres") as database:
            told = "SELECT setting FROM pg_file_settings WHERE name = 'random_page_cost'"
            assert database.execute(told).fetchall() == [("1.1",)]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        start(data).wait(60)
