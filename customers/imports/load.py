"""Loading rows in sets: copied into a staging table, then matched by customer number. The database does the work."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from customers.history import Ended, histories
from customers.imports.mapping import CUSTOMER_FIELDS, Columns
from customers.imports.reader import Row, Table
from customers.imports.rows import Converter, Fault
from customers.lexemes import vector
from customers.models import Customer, Plan

CHUNK = 20_000

_TYPES = {
    "birthday": "date",
    "customer_since": "date",
    "is_vulnerable": "boolean",
    "is_bereaved": "boolean",
    "in_debt": "boolean",
    "may_be_contacted": "boolean",
}
_STORED = [name for name in CUSTOMER_FIELDS if name not in ("number", "full_name")]
_SUBSCRIPTION = {
    "plan": "text",
    "monthly_price": "numeric",
    "monthly_margin": "numeric",
    "started_on": "date",
    "contract_end": "date",
    "notice_months": "integer",
    "ended_on": "date",
    "category": "text",
    "reason": "text",
}

_SEARCHED = ("number", "given_name", "family_name", "company", "email", "phone")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

# For a batch's own transaction: the search index takes it up in one go at its end, not in many small ones, and it is
# looked up by number in the index, where the planner would else read a million customers for it.
_SETTINGS = """
    SET LOCAL gin_pending_list_limit = '64MB'; SET LOCAL work_mem = '64MB'; SET LOCAL random_page_cost = 1.1
"""


@dataclass(frozen=True, slots=True)
class Reject:
    line: int
    cells: Sequence[str]
    faults: Sequence[Fault]


@dataclass
class Batch:
    """What became of some rows, by line."""

    values: dict[int, Mapping[str, Any]]
    cells: Mapping[int, Sequence[str]]
    created: set[int] = field(default_factory=set)
    updated: set[int] = field(default_factory=set)
    rejected: list[Reject] = field(default_factory=list)
    copied: str = ""  # the rows as COPY takes them

    @property
    def read(self) -> int:
        return len(self.values) + len(self.rejected)

    @property
    def unchanged(self) -> int:
        return len(self.values) - len(self.created) - len(self.updated)

    @property
    def counts(self) -> dict[str, int]:
        """`{"read": n, "created": n, "updated": n, "unchanged": n, "rejected": n}`."""
        return {
            "read": self.read,
            "created": len(self.created),
            "updated": len(self.updated),
            "unchanged": self.unchanged,
            "rejected": len(self.rejected),
        }


def load(table: Table, columns: Columns, *, now: datetime, dry_run: bool) -> Iterator[Batch]:
    """Load a table batch by batch, each in its own transaction, so that an import never holds the desk up for long
    and one that was cut short is finished by running it again. A dry run rolls each batch back.

    Rows are converted in a thread of their own while the database works on the batch before. Constant queries a batch.
    """
    codes = _plans(columns)
    convert = Converter(columns, len(table.header), plan_codes=codes, today=timezone.localdate(now))
    staging = _staging(columns)
    for batch in _ahead(_converted(table.rows, convert, staging)):
        with transaction.atomic():
            _store(batch, columns, staging, now)
            if dry_run:
                transaction.set_rollback(True)
        yield batch


def _plans(columns: Columns) -> set[str]:
    """The codes that rows may name: the company's plans and those that the mapping brings along."""
    return set(Plan.objects.values_list("code", flat=True)) | set(columns.plans)


def _staging(columns: Columns) -> dict[str, str]:
    """The fields of the staging table and their types, in the order in which they are copied."""
    parted = ("given_name", "family_name") if "full_name" in columns.fields else ()
    kept = {name: _TYPES.get(name, "text") for name in _STORED if name in columns.fields or name in parted}
    return {"number": "text"} | kept | (_SUBSCRIPTION if "plan" in columns.fields else {})


def _converted(rows: Iterator[Row], convert: Converter, staging: Iterable[str]) -> Iterator[Batch]:
    while chunk := list(islice(rows, CHUNK)):
        values, rejected, lines = {}, [], []
        for line, cells in chunk:
            found = convert(line, cells)
            if isinstance(found, list):
                rejected.append(Reject(line, cells, found))
                continue
            values[line] = found
            search = vector(*(found.get(name) or "" for name in _SEARCHED))
            lines.append("\t".join(map(_copied, (line, search, *map(found.get, staging)))))
        yield Batch(values, dict(chunk), rejected=rejected, copied="\n".join(lines))


def _copied(value: Any) -> str:
    """As COPY reads it."""
    if value is None:
        return "\\N"
    text = str(value)
    return text if text.isprintable() and "\\" not in text else text.translate(_ESCAPES)


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one made while this one is used, in the language of whoever asks.

    What the maker raises is raised here. It ends with the one who uses its batches, even if that is before the last.
    """
    ready: Queue[Batch | BaseException | None] = Queue(maxsize=1)
    left, language = Event(), translation.get_language()

    def make() -> None:
        try:
            with translation.override(language):
                for batch in batches:
                    ready.put(batch)
                    if left.is_set():
                        return
            ready.put(None)
        except BaseException as error:
            ready.put(error)

    Thread(target=make, daemon=True).start()
    try:
        while (batch := ready.get()) is not None:
            if isinstance(batch, BaseException):
                raise batch
            yield batch
    finally:
        left.set()
        with suppress(Empty):  # nothing lay there
            ready.get_nowait()


def _store(batch: Batch, columns: Columns, staging: Mapping[str, str], now: datetime) -> None:
    kept = [name for name in _STORED if name in staging]
    declared = ", ".join(f"{name} {kind}" for name, kind in staging.items())
    with connection.cursor() as cursor:
        for code, said in columns.plans.items():
            _plan(code, said)
        cursor.execute(_SETTINGS)
        cursor.execute(f"CREATE TEMP TABLE staged (line bigint, search tsvector, {declared}) ON COMMIT DROP")
        with cursor.copy(f"COPY staged (line, search, {', '.join(staging)}) FROM STDIN") as copy:
            copy.write(batch.copied)
        cursor.execute("ANALYZE staged (number)")
        _leave_out(cursor, batch, _ERASED, _("This customer was erased: whoever it is comes back as a new one."))
        if not {"given_name", "family_name", "company"} & set(kept):
            words = _("There is no customer with this number, and the file has no names to make one.")
            _leave_out(cursor, batch, _UNKNOWN, words)
        _customers(cursor, batch, kept, now)
        if "plan" in staging:
            _announce(cursor, "customers_customer", len(batch.created))
            _subscriptions(cursor, batch)
            _past(cursor, columns, now)
        cursor.execute("DROP TABLE staged")
        cursor.execute("SELECT gin_clean_pending_list('customers_customer_search')")
    batch.updated -= batch.created


# Nobody comes back by a file; and without a name nobody can be made: such a file only changes whom we know.
_ERASED = "EXISTS (SELECT FROM customers_customer c WHERE c.number = s.number AND c.erased_at IS NOT NULL)"
_UNKNOWN = "NOT EXISTS (SELECT FROM customers_customer c WHERE c.number = s.number)"


def _leave_out(cursor: Any, batch: Batch, which: str, words: str) -> None:
    cursor.execute(f"DELETE FROM staged s WHERE {which} RETURNING line")
    for (line,) in cursor.fetchall():
        del batch.values[line]
        batch.rejected.append(Reject(line, batch.cells[line], [Fault("number", "", words)]))


def _plan(code: str, said: Mapping[str, Any]) -> None:
    Plan.objects.get_or_create(code=code, defaults=dict(said))


def _customers(cursor: Any, batch: Batch, names: Sequence[str], now: datetime) -> None:
    if names:
        new = [f"COALESCE(s.{name}, c.{name})" for name in names]
        cursor.execute(
            f"UPDATE customers_customer c SET version = c.version + 1,"
            f" {', '.join(f'{name} = {value}' for name, value in zip(names, new, strict=True))}"
            f" FROM staged s WHERE c.number = s.number AND c.erased_at IS NULL"
            f" AND ({', '.join(f'c.{name}' for name in names)}) IS DISTINCT FROM ({', '.join(new)}) RETURNING s.line"
        )
        batch.updated.update(line for (line,) in cursor.fetchall())
    defaults = {
        name: Customer._meta.get_field(name).get_default() for name in _STORED if name not in ("customer_since",)
    } | {"customer_since": timezone.localdate(now)}
    values = [f"COALESCE(s.{name}, %({name})s)" if name in names else f"%({name})s" for name in _STORED]
    cursor.execute(
        f"INSERT INTO customers_customer (number, {', '.join(_STORED)}, search, created_at, version)"
        f" SELECT s.number, {', '.join(values)}, s.search, %(now)s, 1 FROM staged s"
        f" WHERE NOT EXISTS (SELECT 1 FROM customers_customer c WHERE c.number = s.number) ORDER BY s.line"
        f" ON CONFLICT (number) DO NOTHING RETURNING number",
        defaults | {"now": now},
    )
    made = {number for (number,) in cursor.fetchall()}
    batch.created.update(line for line, row in batch.values.items() if row["number"] in made)


def _announce(cursor: Any, table: str, made: int) -> None:
    """Let the planner count a table of which it knows less than this batch has added: after a dry run it takes it for
    empty, and would read it whole for each row."""
    cursor.execute("SELECT reltuples < %s FROM pg_class WHERE oid = %s::regclass", [made, table])
    if cursor.fetchone() == (True,):
        cursor.execute(f"ANALYZE {table}")


# Which subscription a row speaks of: the customer's first one of that plan. What the file does not say stays as it is,
# else it is the plan's.
_MATCH = """
    CREATE TEMP TABLE staged_subscriptions ON COMMIT DROP AS
    SELECT line, customer_id, plan_id, id, monthly_price, LEAST(margin, monthly_price) AS monthly_margin, started_on,
        CASE WHEN term_end >= started_on THEN term_end END AS contract_end, notice_months, ends_on,
        CASE WHEN ended_on IS NOT NULL THEN 'ended' ELSE COALESCE(status, 'active') END AS status,
        ended_on, category, reason
    FROM (
        SELECT s.line, c.id AS customer_id, p.id AS plan_id, x.id, x.status, s.ended_on, s.category, s.reason,
            COALESCE(s.monthly_price, x.monthly_price, p.monthly_price) AS monthly_price,
            COALESCE(s.monthly_margin, x.monthly_margin, p.monthly_margin) AS margin,
            COALESCE(s.started_on, x.started_on, c.customer_since) AS started_on,
            COALESCE(s.contract_end, x.contract_end) AS term_end,
            COALESCE(s.notice_months, x.notice_months, p.notice_months) AS notice_months,
            COALESCE(s.ended_on, x.ends_on) AS ends_on
        FROM staged s JOIN customers_customer c ON c.number = s.number JOIN customers_plan p ON p.code = s.plan
        LEFT JOIN LATERAL (
            SELECT * FROM customers_subscription y WHERE y.customer_id = c.id AND y.plan_id = p.id ORDER BY y.id LIMIT 1
        ) x ON true
    ) told
"""
_COLUMNS = ("monthly_price", "monthly_margin", "started_on", "contract_end", "notice_months", "ends_on", "status")
_ALL, _OLD, _NEW = (", ".join(f"{of}{name}" for name in _COLUMNS) for of in ("", "x.", "s."))
_CHANGE = f"""
    UPDATE customers_subscription x SET ({_ALL}) = ({_NEW}) FROM staged_subscriptions s
    WHERE x.id = s.id AND ({_OLD}) IS DISTINCT FROM ({_NEW}) RETURNING s.line
"""
_ADD = f"""
    INSERT INTO customers_subscription (customer_id, plan_id, {_ALL})
    SELECT customer_id, plan_id, {_ALL} FROM staged_subscriptions WHERE id IS NULL ORDER BY line
"""
_ENDED = """
    SELECT s.customer_id, min(x.id), s.ended_on, s.category, COALESCE(s.reason, '')
    FROM staged_subscriptions s
    JOIN customers_subscription x ON x.customer_id = s.customer_id AND x.plan_id = s.plan_id
    WHERE s.ended_on IS NOT NULL AND s.category <> '' GROUP BY s.line, s.customer_id, s.ended_on, s.category, s.reason
    ORDER BY s.line
"""


def _subscriptions(cursor: Any, batch: Batch) -> None:
    cursor.execute(_MATCH)
    cursor.execute(_CHANGE)
    batch.updated.update(line for (line,) in cursor.fetchall())
    cursor.execute("SELECT line FROM staged_subscriptions WHERE id IS NULL")
    batch.updated.update(line for (line,) in cursor.fetchall())
    cursor.execute(_ADD)
    _announce(cursor, "customers_subscription", cursor.rowcount)


def _past(cursor: Any, columns: Columns, now: datetime) -> None:
    if "category" in columns.fields:
        cursor.execute(_ENDED)
        if ended := [Ended(*row) for row in cursor.fetchall()]:
            for keep in histories:
                keep(ended, now)
    cursor.execute("DROP TABLE staged_subscriptions")
