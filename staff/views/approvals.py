"""The approvals queue: what waits for this person, over all apps, moving by itself."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from statistics import median

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from staff import formats
from staff.approvals import Pending, waiting, waits

HASTY = 15 * 60  # a wait within this many seconds is counted on a running clock


@dataclass(frozen=True, slots=True)
class Row:
    """A pending decision, its figures written out."""

    pending: Pending
    cost: str
    gain: str
    waited: int
    allowed: str  # "2:00", empty where nobody stands waiting
    left: str
    late: bool
    running: bool

    @classmethod
    def of(cls, pending: Pending, now: datetime) -> "Row":
        waited = int((now - pending.requested_at).total_seconds())
        left = (pending.due_at - now).total_seconds() if pending.due_at else None
        allowed = int((pending.due_at - pending.requested_at).total_seconds()) if pending.due_at else None
        running = allowed is not None and allowed <= HASTY
        return cls(
            pending=pending,
            cost=formats.money(pending.cost),
            gain=formats.money(pending.gain),
            waited=waited,
            allowed=_clock(allowed) if running and allowed is not None else "",
            left=formats.span(left if left is not None else waited),
            late=left is not None and left < 0,
            running=running and left is not None and left >= 0,
        )

    @property
    def clock(self) -> str:
        return _clock(self.waited)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _seen(rows: list[Pending], now: datetime) -> str:
    """What the queue looks like, as a short word: it changes when a row comes, goes, is looked at or gets late."""
    look = [(row.key, row.looked_at_by, row.asks_for, bool(row.due_at and row.due_at < now)) for row in rows]
    return sha256(repr(look).encode()).hexdigest()[:16]


@require_safe
@permission_required("staff.view_approvals", raise_exception=True)
def approvals_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    pending = waiting(request.user)
    chosen = next((row for row in pending if row.key == request.GET.get("open")), pending[0] if pending else None)
    return render(request, "staff/approvals.html", {"chosen": chosen, **_queue(pending, now)})


@require_safe
@permission_required("staff.view_approvals", raise_exception=True)
def approvals_queue(request: HttpRequest) -> HttpResponse:
    """The rows as they are now; 204 when they look as they did. One query a source."""
    now = timezone.now()
    pending = waiting(request.user)
    if _seen(pending, now) == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "staff/approvals_queue.html", _queue(pending, now))


def _queue(pending: list[Pending], now: datetime) -> dict[str, object]:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = waits(midnight)
    return {
        "rows": [Row.of(row, now) for row in pending],
        "seen": _seen(pending, now),
        "median": formats.span(median(today)) if today else "",
    }
