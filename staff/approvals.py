"""The approvals queue's contract: each app answers what waits for this person's decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from staff.models import User
from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Pending:
    """One row of the queue. `url` is the app's own decision page; `panel_url` answers its detail as an HTML part."""

    key: str  # unique over all apps: "offer-12"
    url: str
    customer: str
    asks_for: str
    why: str
    requested_by: str
    requested_at: datetime
    due_at: datetime | None
    cost: Decimal
    gain: Decimal | None = None
    looked_at_by: str = ""


class Source(Protocol):
    def __call__(self, user: User, limit: int) -> Sequence[Pending]:
        """What waits and `user` may decide, oldest first; never his or her own requests. One query."""


approvals: Registry[Source] = Registry()
