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

Place = tuple[datetime, str]  # (at, key) of the last entry shown


def page(customer_id: int, *, kind: str, after: Place | None, size: int) -> tuple[list[Entry], bool]:
    """The `size` entries that follow `after`, newest first by (at, key), and whether more follow.

    One query a source (one in all with a `kind`). A source that was cut off may have cut through entries of one
    moment; it is asked again for more rather than trusted, so that none is lost between two pages.
    """
    sources = [timeline.get(kind)] if kind else list(timeline)
    found: list[Entry] = []
    for source in sources:
        if source is not None:
            found += _following(source, customer_id, after, size + 1)
    found.sort(key=_place, reverse=True)
    return found[:size], len(found) > size


def _following(source: Source, customer_id: int, after: Place | None, wanted: int) -> list[Entry]:
    limit = wanted + 5  # room for the last one shown and a few of the same moment: rarely asked twice
    while True:
        entries = list(source(customer_id, after[0] if after else None, limit))
        following = [entry for entry in entries if after is None or _place(entry) < after]
        if len(entries) < limit:
            return following
        whole = [entry for entry in following if entry.at > entries[-1].at]
        if len(whole) >= wanted:
            return whole
        limit *= 2


def _place(entry: Entry) -> Place:
    return entry.at, entry.key
