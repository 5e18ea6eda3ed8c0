"""The import's contract: what a file tells of the past goes to the app whose trade it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Ended:
    """A subscription that ended before the file was written. `category` is a reason category's code."""

    customer_id: int
    subscription_id: int
    ended_on: date
    category: str
    reason: str  # in the file's own words, "" when it tells none


class Sink(Protocol):
    def __call__(self, ended: Sequence[Ended], now: datetime) -> None:
        """Keep what is not kept yet; again with the same rows it does nothing. A handful of queries a batch."""


histories: Registry[Sink] = Registry()
