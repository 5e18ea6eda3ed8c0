from typing import Any

from django.core.management.commands import flush
from django.db import connection, connections
from psycopg.sql import SQL, Identifier

# What Django would put back in its place row by row, and the roles made of it.
KEPT = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
SPARE = "spare"  # the schema with copies of what migrations wrote


def keep_spares() -> None:
    """Copy what stands in a new database: every test finds it, whichever ran before."""
    with connection.cursor() as cursor:
        if _spares(cursor):
            return
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SPARE}")
        for name in set(connection.introspection.django_table_names(only_existing=True)) - KEPT:
            table = Identifier(name)
            cursor.execute(SQL("SELECT EXISTS (SELECT FROM {})").format(table))
            if cursor.fetchone() == (True,):
                cursor.execute(SQL("CREATE TABLE {} AS TABLE {}").format(Identifier(SPARE, name), table))


def _spares(cursor: Any) -> list[str]:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SPARE])
    return [name for (name,) in cursor.fetchall()]


class Command(flush.Command):
    """What Django runs after each test that commits, in a thirtieth of its time.

    It makes 160 tables and their indexes anew, and then the permissions; here the few rows are deleted, and ledgers
    that forbid it are told to stand by. What migrations wrote is put back, so tests may run in any order. Taken before
    Django's own because `tests` is an installed app.
    """

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        found = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [Identifier(name) for name in sorted(set(found) - KEPT)]
        with connection.cursor() as cursor:
            spares = [(Identifier(name), Identifier(SPARE, name)) for name in _spares(cursor)]
            # The lock waits for whoever still writes, as Django's TRUNCATE does.
            cursor.execute(
                SQL(
                    "BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; SET LOCAL session_replication_role = replica;"
                ).format(SQL(", ").join(tables))
                + SQL(" ").join(SQL("DELETE FROM {};").format(table) for table in tables)
                + SQL(" ").join(SQL("INSERT INTO {} TABLE {};").format(table, spare) for table, spare in spares)
                + SQL("COMMIT")
            )
