"""How rows reach the database and come back, one or thousands: plain statements over arrays, several at one go."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import JSONField, Model
from django.db.models.base import ModelState

M = TypeVar("M", bound=Model)
COPY_FROM = 200  # rows from which COPY beats INSERT
Statement = tuple[str, Sequence[Any]]  # SQL and its values
Answer = list[tuple[Any, ...]]


def ask(*statements: Statement) -> list[Answer]:
    """What several statements give, in their order. They are sent together, so that one wait does for all; each sees
    what was committed when its turn came. One query."""
    with connection.cursor() as cursor:
        cursor.execute(";".join(sql for sql, _values in statements), [v for _sql, values in statements for v in values])
        answers: list[Answer] = []
        while True:
            answers.append(cursor.fetchall() if cursor.description else [])
            if not cursor.nextset():
                return answers


NUMBERS = """
SELECT string_agg(nextval((SELECT pg_get_serial_sequence(%s, 'id')::regclass))::text, ',') FROM generate_series(1, %s)
"""


def numbers(model: type[Model], count: int) -> Statement:
    """Asks for numbers of rows that are to be written; `read_numbers` reads the answer."""
    return NUMBERS, (model._meta.db_table, count)


def read_numbers(answer: Answer) -> list[int]:
    text = answer[0][0]
    return list(map(int, text.split(","))) if text else []


@dataclass(slots=True)
class Sheet:
    """New rows of one of our tables; `columns` as SQL lists them."""

    table: str
    columns: str
    rows: Sequence[Sequence[Any]]

    @property
    def statement(self) -> Statement:
        places = f"({', '.join(['%s'] * len(self.rows[0]))})"
        return (
            f'INSERT INTO "{self.table}" ({self.columns}) VALUES {", ".join([places] * len(self.rows))}',  # noqa: S608 names of our own
            [value for row in self.rows for value in row],
        )


def write(sheets: Iterable[Sheet], *then: Statement) -> None:
    """Write new rows, then do the rest: few rows in one query with it, many by COPY."""
    filled = [sheet for sheet in sheets if sheet.rows]
    if sum([len(sheet.rows) for sheet in filled]) >= COPY_FROM:
        _copy(filled)
        filled = []
    if statements := [*(sheet.statement for sheet in filled), *then]:
        ask(*statements)


def _copy(sheets: Iterable[Sheet]) -> None:
    with connection.cursor() as cursor:
        for sheet in sheets:
            with cursor.copy(f'COPY "{sheet.table}" ({sheet.columns}) FROM STDIN') as copy:
                for row in sheet.rows:
                    copy.write_row(row)


def array(values: Iterable[object]) -> str:
    """An array as PostgreSQL reads it, for a statement that says its type. As a literal its length is known to the
    planner; the driver's own list takes several times as long to write."""
    texts = ["NULL" if value is None else _quoted(str(value)) for value in values]
    return f"{{{','.join(texts)}}}"


def _quoted(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


@dataclass(frozen=True, slots=True)
class _Table:
    """How rows of a model are written: its columns but the key, and where structured values stand."""

    name: str
    columns: str
    key: str
    read: Callable[[dict[str, Any]], tuple[Any, ...]]
    structured: tuple[int, ...]

    @classmethod
    @cache
    def of(cls, model: type[Model]) -> "_Table":
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        return cls(
            model._meta.db_table,
            ", ".join(f'"{field.column}"' for field in fields),
            model._meta.pk.attname,
            itemgetter(*(field.attname for field in fields)),
            tuple(place for place, field in enumerate(fields) if isinstance(field, JSONField)),
        )

    def values(self, row: Model) -> list[Any]:
        values = list(self.read(row.__dict__))
        for place in self.structured:
            if values[place] is not None:
                values[place] = json.dumps(values[place])
        return values


def sheet_of(rows: Sequence[Model], taken: Sequence[int]) -> Sheet:
    """New rows as they are written under these numbers, which they have from now on. Column defaults are not looked
    at: a row made by `fresh` or its model's constructor has them."""
    table = _Table.of(type(rows[0]))
    for row, number in zip(rows, taken, strict=True):
        row.__dict__[table.key] = number
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return Sheet(
        table.name,
        f"id, {table.columns}",
        [(number, *table.values(row)) for row, number in zip(rows, taken, strict=True)],
    )


def insert(rows: Sequence[Model]) -> None:
    """Write new rows of one model; two queries, one more for many."""
    if rows:
        (answer,) = ask(numbers(type(rows[0]), len(rows)))
        write([sheet_of(rows, read_numbers(answer))])


@cache
def _blanks(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    fixed: dict[str, Any] = {}
    made: list[tuple[str, Callable[[], Any]]] = []
    for field in model._meta.concrete_fields:
        value = field.get_default()
        if isinstance(value, list | dict):
            made.append((field.attname, field.get_default))
        else:
            fixed[field.attname] = value
    return fixed, made


def fresh(model: type[M], known: dict[str, Model] | None = None, **given: Any) -> M:
    """A new row from its columns' values (`store_id`, not `store`), as unpickling makes one: a fifth of the time of
    the constructor. `known`: related records that need not be asked for again."""
    fixed, made = _blanks(model)
    row = model.__new__(model)
    row.__dict__.update(fixed)
    for name, default in made:
        row.__dict__[name] = default()
    row.__dict__.update(given)
    row._state = ModelState()
    if known:
        row._state.fields_cache = known
    return row


def stored(model: type[M], columns: dict[str, Any]) -> M:
    """A row as it stands in the books, from all its columns; `from_db` at a fifth of the time."""
    row = model.__new__(model)
    row.__dict__.update(columns)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row
