"""Goodwill: all that was given away to a customer, by any app, as one figure that every guard uses."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import QuerySet

from staff.registry import Registry
from staff.statements import kept

Amount = tuple[int, Decimal | None]


class Source(Protocol):
    def __call__(self, customer_ids: Sequence[int], since: datetime, until: datetime) -> QuerySet[Any, Amount]:
        """Rows of (customer, what this app gave in [since, until), in money at cost), not ordered. Keys and moments go
        into the query as they are: its SQL is put together once (`staff.statements`)."""


goodwill: Registry[Source] = Registry()


def given(customer_ids: Sequence[int], since: datetime, until: datetime, *, without: str = "") -> dict[int, Decimal]:
    """The sum over all apps, zero where nothing was given; `without` leaves one app out. One query."""
    sources = tuple(source for name, source in goodwill.items() if name != without)
    rows = _parts(sources, tuple(customer_ids), since, until) if sources else ()
    return dict.fromkeys(customer_ids, Decimal(0)) | added_up(rows)


@kept
def _parts(
    sources: tuple[Source, ...], customers: tuple[int, ...], since: datetime, until: datetime
) -> QuerySet[Any, Amount]:
    return in_one([source(customers, since, until) for source in sources])


def in_one(parts: Sequence[QuerySet[Any, Amount]]) -> QuerySet[Any, Amount]:
    """The rows of all parts, of which there is at least one."""
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def added_up(rows: Iterable[Amount]) -> dict[int, Decimal]:
    """The amounts by their first column."""
    total: dict[int, Decimal] = {}
    for key, amount in rows:
        total[key] = total.get(key, Decimal(0)) + (amount or 0)
    return total
