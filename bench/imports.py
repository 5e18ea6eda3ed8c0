"""A million customers out of a CSV file, by the command a company would use: into an empty database, and once more.

The file is made first and not timed. The command runs as a process of its own, so that its memory is its own too; the
database's processes are not in that figure.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

import psycopg
from django.conf import settings
from django.db import connection

from bench.customers import COLUMNS, people
from customers.imports.phones import to_e164

ROWS = int(os.environ.get("KVAR_BENCH_ROWS", "1000000"))
DATABASE = "kvar_bench_imports"
TAKEN = (
    "number",
    "given_name",
    "family_name",
    "email",
    "phone",
    "language",
    "street",
    "city",
    "country",
    "customer_since",
)


def write(path: Path) -> None:
    """The bench's own people, one in five hundred with a fault."""
    places = [COLUMNS.index(name) for name in TAKEN]
    phone, email = TAKEN.index("phone"), TAKEN.index("email")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TAKEN)
        for n, person in enumerate(people(ROWS)):
            row = [person[place] for place in places]
            row[phone], row[email] = _possible(str(row[phone])), f"customer.{n}@example.com"
            if n % 500 == 499:
                row[email] = "nobody at home"
            writer.writerow(row)


def _possible(number: str) -> str:
    """The number, or none where its digits were drawn outside of what its country has given out."""
    try:
        return to_e164(number, "SE")
    except ValueError:
        return ""


def command(*arguments: str) -> str:
    """`manage.py …` on the database of this measurement; its last line."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.settings", "KVAR_BENCH_DATABASE": DATABASE}
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return done.stdout.strip().rpartition("\n")[2]


def main() -> None:
    path = settings.VAR_DIR / "bench-customers.csv"
    write(path)
    params = connection.get_connection_params()
    wanted = {key: params[key] for key in ("host", "port", "user", "password") if key in params}
    with psycopg.connect(**wanted, dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
        command("migrate", "--verbosity=0")
        print("| what | seconds | rows a second | memory of the process, MB | answer |\n|---|---:|---:|---:|---|")
        for what in ("into an empty database", "the same file again"):
            start = perf_counter()
            answer = command("import_customers", str(path), "--rejects", os.devnull)
            took = perf_counter() - start
            memory = getrusage(RUSAGE_CHILDREN).ru_maxrss / 1024
            print(f"| {ROWS:,} rows {what} | {took:.0f} | {ROWS / took:,.0f} | {memory:.0f} | `{answer}` |", flush=True)
        server.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    path.unlink()
