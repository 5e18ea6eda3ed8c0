"""Goodwill: all that was given away to a customer, by any app, as one figure that every guard uses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from staff.registry import Registry


class Source(Protocol):
    def __call__(self, customer_ids: Sequence[int], since: datetime, until: datetime) -> Mapping[int, Decimal]:
        """What this app gave each of these customers in [since, until), in money at cost. One query."""


goodwill: Registry[Source] = Registry()


def given(customer_ids: Sequence[int], since: datetime, until: datetime) -> dict[int, Decimal]:
    """The sum over all apps, zero where nothing was given; one query an app."""
    total = dict.fromkeys(customer_ids, Decimal(0))
    for source in goodwill:
        for customer_id, amount in source(customer_ids, since, until).items():
            total[customer_id] += amount
    return total
