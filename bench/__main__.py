"""`python -m bench [name …] [--option …]`: prepare the bench database, run the named measurements (else all), print
their tables. What begins with a dash, and all after it, is the measurement's own.
"""

import os
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    import django

    django.setup()
    import psycopg
    from django.core.management import call_command
    from django.db import connection

    wanted = connection.settings_dict["NAME"]
    maintenance = connection.get_connection_params() | {"dbname": "postgres"}
    with psycopg.connect(
        **{key: maintenance[key] for key in ("host", "port", "user", "password", "dbname") if key in maintenance},
        autocommit=True,
    ) as server:
        if not server.execute("select 1 from pg_database where datname = %s", [wanted]).fetchone():
            server.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(wanted)))
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    call_command("sync_roles")
    call_command("collectstatic", verbosity=0, interactive=False)

    here, rest = Path(__file__).parent, {"__init__", "__main__", "measure", "settings", "stories"}
    known = {path.stem for path in here.glob("*.py")} | {path.parent.name for path in here.glob("*/__init__.py")}
    known -= rest
    said = next((at for at, word in enumerate(sys.argv) if word.startswith("-")), len(sys.argv))
    names = sys.argv[1:said] or sorted(known)
    del sys.argv[1:said]
    if unknown := set(names) - known:
        sys.exit(f"No such measurement: {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}.")
    for name in names:
        print(f"\n## {name}\n", flush=True)
        import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
