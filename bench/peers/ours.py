"""Ours, measured in this process; the peer, asked for its figures; and both side by side."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from django.test import Client
from psycopg import sql

from bench import complaints
from bench.measure import Table, opened
from bench.peers import COUNT, RUNS, WORD
from complaints.models import ComplaintCase

OURS, THEIRS = "kvar_bench_peers", "kvar_bench_helpdesk"
PEER = Path(".venv/peers/bin/python")


def main() -> None:
    if not PEER.exists():
        print("django-helpdesk is not installed (`make bench` does it): nothing to compare with.")
        return
    if connection.settings_dict["NAME"] != OURS:  # the other measurements have millions of rows in theirs
        again = [sys.executable, "-m", "bench", "peers"]
        subprocess.run(again, env=os.environ | {"KVAR_BENCH_DATABASE": OURS}, check=True)  # noqa: S603  this program
        return
    ours = measured()
    theirs = {row["name"]: row for row in _asked_of_the_peer()}
    print("| what | django-helpdesk p50 / p95 ms | queries | Kvar p50 / p95 ms | queries | times |")
    print("|---|---:|---:|---:|---:|---:|")
    for row in ours.rows:
        peer = theirs[row.name]
        print(
            f"| {row.name} | {peer['p50']:.0f} / {peer['p95']:.0f} | {peer['queries']} | {row.p50:.0f} / {row.p95:.0f} "
            f"| {row.queries} | {peer['p50'] / row.p50:.1f} |",
            flush=True,
        )


def measured() -> Table:
    """Ours: the queue, what is found by a word, a case, and the page an agent starts the day with."""
    settings.ALLOWED_HOSTS = ["*"]
    user = complaints.fill(COUNT)
    case = ComplaintCase.objects.filter(is_open=True).order_by("-pk")[0]
    client, table = Client(HTTP_HOST="localhost"), Table()
    client.force_login(user)
    pages: dict[str, Callable[[], None]] = {
        "list of open cases": lambda: opened(client, "/complaints/"),
        "search in text": lambda: opened(client, "/complaints/", {"view": "all", "q": WORD}),
        "one case": lambda: opened(client, f"/complaints/{case.pk}/"),
        "dashboard": lambda: opened(client, "/"),
    }
    for name, call in pages.items():
        table.add(name, call, runs=RUNS)
    return table


def _asked_of_the_peer() -> list[dict[str, float]]:
    server = {
        key: value for key, value in connection.get_connection_params().items() if key in ("host", "port", "user")
    }
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as maintenance:
        if not maintenance.execute("select 1 from pg_database where datname = %s", [THEIRS]).fetchone():
            maintenance.execute(sql.SQL("create database {}").format(sql.Identifier(THEIRS)))
    told = subprocess.run(  # noqa: S603  the peer, in the environment that the lock file fills
        [PEER, "-W", "ignore", "-m", "bench.peers.helpdesk"],
        env={"PATH": os.environ["PATH"], "PEER_DATABASE": json.dumps(server | {"dbname": THEIRS})},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(told.stdout.splitlines()[-1])
