"""Queries whose SQL is put together once in a process.

Django takes longer to write a dozen joins than PostgreSQL to answer them, and a page asks the same ten every time:

    @kept
    def cases(pk: int) -> QuerySet[CancellationCase]:
        return CancellationCase.objects.select_related("customer", "subscription__plan").filter(pk=pk)

    cases(17)  # a list, as list(queryset) gives it
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache, wraps
from itertools import count
from typing import Any, ParamSpec, TypeVar

from django.db import connection, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import Model, QuerySet
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
M = TypeVar("M", bound=Model)
R = TypeVar("R")

SHAPES = 64  # statements kept of one function
PREPARED_FROM = 2  # times a statement was asked before on the same connection

# What stands in a statement for a value until a call puts its own there.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    int: lambda place: -1_000_000_007 - place,
    datetime: lambda place: datetime(1001, 2, 3, 4, 5, 6, place, tzinfo=UTC),
    date: lambda place: date(1001, 2, 3 + place),
}


def kept(build: Callable[P, QuerySet[M, R]]) -> Callable[P, list[R]]:
    """A function that gives the rows of `build`'s queryset as a list; one query, and those of its prefetches.

    Integers, days and moments among the (positional) arguments, or in tuples of them, may differ from call to call and
    must reach the SQL as they are: reckoned with, cut by (`[:limit]`) or not used, they raise TypeError. Whatever else
    is given belongs to the statement, as does the length of a tuple: there is one for each, so they are few and
    hashable. Rows to be locked are read in a transaction, else it raises TransactionManagementError.
    """

    @lru_cache(maxsize=SHAPES)
    def statement(shape: tuple[Hashable, ...]) -> _Statement:
        places = count()
        return _Statement.of(build, [_stand_in(part, places) for part in shape])

    @wraps(build)
    def rows(*args: Any) -> list[R]:
        return list(statement(_shape(args)).rows(list(_varying(args))))

    return rows  # type: ignore[return-value]  # by position only, which ParamSpec cannot say


# Of the arguments (17, ("a", 3)) the shape is (int, ("a", int)): one statement for all calls that share it. The varying
# values are 17 and 3. The statement is written with stand-ins for them, which are then looked for among its parameters.


def _shape(arg: Any) -> Any:
    if type(arg) is tuple:
        return tuple(map(_shape, arg))
    return type(arg) if type(arg) in _STAND_INS else arg


def _stand_in(shape: Any, places: Iterator[int]) -> Any:
    """The arguments of a shape, with values that nobody else uses, each another."""
    if type(shape) is tuple:
        return tuple(_stand_in(part, places) for part in shape)
    return _STAND_INS[shape](next(places)) if isinstance(shape, type) and shape in _STAND_INS else shape


def _varying(arg: Any) -> Iterator[Any]:
    if type(arg) is tuple:
        for part in arg:
            yield from _varying(part)
    elif type(arg) in _STAND_INS:
        yield arg


@dataclass(frozen=True, slots=True)
class _Statement:
    """A queryset compiled once, with what Django needs to read the rows of its SQL."""

    queryset: QuerySet[Any, Any]
    compiler: Any
    converters: Any
    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]  # (where among params, which of the varying values)

    @classmethod
    def of(cls, build: Callable[..., QuerySet[Any, Any]], args: list[Any]) -> "_Statement":
        queryset = build(*args)
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, params = compiler.as_sql()
        vary = list(_varying(tuple(args)))
        places = tuple(
            (at, which)
            for at, value in enumerate(params)
            for which, stand_in in enumerate(vary)
            if type(value) is type(stand_in) and value == stand_in
        )
        if lost := set(range(len(vary))) - {which for _at, which in places}:
            raise TypeError(f"Of {build.__qualname__} value {min(lost) + 1} does not reach the SQL as it is.")
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        return cls(queryset, compiler, converters, sql, tuple(params), places)

    def rows(self, values: list[Any]) -> QuerySet[Any, Any]:
        """The queryset again, unasked: a copy of its query gives out a copy of the compiler, whose SQL is written
        already and has these values. From there on it is Django's own."""
        params = list(self.params)
        for at, which in self.places:
            params[at] = values[which]
        compiler, query = copy(self.compiler), copy(self.queryset.query)
        compiler.connection = connections[self.queryset.db]  # the compiled one's belongs to another thread
        if query.select_for_update and compiler.connection.get_autocommit():
            raise TransactionManagementError("Rows are locked in a transaction only.")
        compiler.as_sql = lambda *_args, **_options: (self.sql, params)
        compiler.get_converters = lambda _columns: self.converters
        query.get_compiler = lambda *_args, **_options: compiler  # type: ignore[method-assign]  # of this copy only
        rows = object.__new__(type(self.queryset))  # `all()` would copy the query whole, with every part of a union
        rows.__dict__ = {**self.queryset.__dict__, "_query": query}
        return rows


@contextmanager
def prepared() -> Iterator[None]:
    """In it, or in a function that it decorates, PostgreSQL keeps the plan of what it is asked again and again.

    For small statements by key, which are planned for longer than they run. Not for lists, reports and spans of time,
    whose plan must fit their values (decision 24). A rollback forgets what was prepared.
    """
    connection.ensure_connection()
    link = connection.connection
    before = link.cursor_factory, link.prepare_threshold
    link.cursor_factory, link.prepare_threshold = ServerBindingCursor, PREPARED_FROM
    try:
        yield
    finally:
        link.cursor_factory, link.prepare_threshold = before
