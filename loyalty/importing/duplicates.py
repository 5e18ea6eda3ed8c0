"""People who took part twice: a file of pairs of cards, each pair merged by the desk's own action."""

import csv
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TextIO

from loyalty.actions import merge
from loyalty.actions.books import unknown_card
from loyalty.importing.mapping import MappingError
from loyalty.queries.members import find
from staff.errors import DomainError
from staff.models import User


@dataclass(slots=True)
class Tally:
    rows: int = 0
    merged: int = 0
    known: int = 0  # one already
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(file: TextIO, *, by: User, now: datetime, reject: Callable[[int, str], None]) -> Tally:
    """Merge the membership of each row's `card` into that of its `into`; of three cards of one person two rows do.

    Each row is a transaction: imported again, what is one already stays so. `reject(row, reason)` is told of each row
    left out. Raises MappingError for a file without these columns.
    """
    rows = csv.DictReader(file)
    if missing := sorted({"card", "into"} - set(rows.fieldnames or ())):
        raise MappingError(f"The file has no column “{missing[0]}”; it needs card and into.")
    tally = Tally()
    for place, row in enumerate(rows, 2):
        tally.rows += 1
        try:
            source, target = _membership(row["card"]), _membership(row["into"])
            if source == target:
                tally.known += 1
                continue
            merge(source, into_id=target, by=by, now=now)
            tally.merged += 1
        except DomainError as refusal:
            reason = str(refusal)
            tally.rejected += 1
            tally.reasons[reason] = tally.reasons.get(reason, 0) + 1
            reject(place, reason)
    return tally


def _membership(number: str | None) -> int:
    """Whose card this is, dead ones too, merges followed."""
    pk = find(number or "")
    if pk is None:
        raise unknown_card()
    return pk
