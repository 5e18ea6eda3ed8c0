"""The customer page's contract: each app answers with its entries, and one timeline merges them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a customer's history. `key` is unique over all apps and breaks ties of time: "case-12-move-3"."""

    at: datetime
    key: str
    kind: str  # the source's name, for the filter
    title: str
    detail: str = ""
    by: str = ""
    url: str = ""
    tone: str = ""  # "", "green", "amber", "red"


class Source(Protocol):
    def __call__(self, customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
        """The newest `limit` entries at or before `before` (all when None), newest first. One query, by index."""


timeline: Registry[Source] = Registry()
