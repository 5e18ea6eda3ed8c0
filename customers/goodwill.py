"""Goodwill: all that was given away to a customer, by any app, as one figure that every guard uses."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import QuerySet

from staff.registry import Registry


class Source(Protocol):
    def __call__(
        self, customer_ids: Sequence[int], since: datetime, until: datetime
    ) -> QuerySet[Any, tuple[int, Decimal | None]]:
        """Rows of (customer, what this app gave in [since, until), in money at cost), not ordered."""


goodwill: Registry[Source] = Registry()


def given(customer_ids: Sequence[int], since: datetime, until: datetime, *, without: str = "") -> dict[int, Decimal]:
    """The sum over all apps, zero where nothing was given; `without` leaves one app out. One query."""
    parts = [source(customer_ids, since, until) for name, source in goodwill.items() if name != without]
    return dict.fromkeys(customer_ids, Decimal(0)) | added_up(parts)


def added_up(parts: Sequence[QuerySet[Any, tuple[int, Decimal | None]]]) -> dict[int, Decimal]:
    """The amounts of all parts by their first column; one query."""
    total: dict[int, Decimal] = {}
    for key, amount in parts[0].union(*parts[1:], all=True) if parts else ():
        total[key] = total.get(key, Decimal(0)) + (amount or 0)
    return total
