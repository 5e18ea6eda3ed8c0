"""The approvals queue's contract: each app answers what waits for this person's decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from django.apps import apps
from django.db.models import QuerySet

from staff.decisions import Decision, Verdict
from staff.models import User
from staff.registry import Registry

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Pending:
    """One row of the queue.

    `url` is the app's own decision page. Asked by htmx it answers the panel alone: what is asked, what it costs, and a
    form that posts to it with buttons data-key="a" (approve), "t" (change terms), "d" (decline). Its answer says in
    the header `HX-Trigger: decided` that the queue should look again.
    """

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


D = TypeVar("D", bound=Decision)


def undecided(model: type[D], user: User, *joined: str) -> QuerySet[D]:
    """What colleagues of `user` asked for and nobody has decided, oldest first, with who asks and looks. One query."""
    rows = model._default_manager.filter(verdict=Verdict.PENDING).exclude(requested_by=user)
    return rows.select_related("requested_by", "looked_at_by", *joined).order_by("requested_at", "pk")


def pending_of(asked: Decision, user: User, **told: Any) -> Pending:
    """A decision as `user` finds it in the queue. `told` must be `key`, `url`, `customer` and `asks_for`; the rest of a
    Pending may be told otherwise than the decision has it. No query for rows of `undecided`."""
    said = {
        "why": asked.reason,
        "requested_by": asked.requested_by.short_name,
        "requested_at": asked.requested_at,
        "due_at": asked.due_at,
        "cost": asked.amount,
        "looked_at_by": asked.watcher(user),
    }
    return Pending(**{**said, **told})


class Source(Protocol):
    def __call__(self, user: User, limit: int) -> Sequence[Pending]:
        """What waits and `user` may decide, oldest first; never his or her own requests. One query."""


approvals: Registry[Source] = Registry()


def waiting(user: User) -> list[Pending]:
    """What waits for this person, the most urgent first: by the time an answer is wanted, then by age.

    One query a source, at most LIMIT rows of each.
    """
    rows = [row for source in approvals for row in source(user, LIMIT)]
    return sorted(rows, key=lambda row: (row.due_at is None, row.due_at or row.requested_at, row.requested_at))


def waiting_count(user: User) -> int:
    return len(waiting(user))


def waits(since: datetime) -> list[float]:
    """Seconds from asking to answer of every decision made by a person since then; one query a kind of decision."""
    return [
        (decided_at - requested_at).total_seconds()
        for model in apps.get_models()
        if issubclass(model, Decision)
        for requested_at, decided_at in model._default_manager.filter(
            decided_at__gte=since, decided_by__isnull=False
        ).values_list("requested_at", "decided_at")
    ]
