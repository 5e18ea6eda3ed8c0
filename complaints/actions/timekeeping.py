"""Starting, standing, running on and stopping the clocks. The caller holds the case's row lock."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from complaints import clocks
from complaints.calendars import hours_of, policy_for
from complaints.clocks import Hours, NeverOpen
from complaints.models import Breach, Clock, ComplaintCase, Cycle, Pause, Policy

Spans = list[tuple[datetime, datetime | None]]

Kind = Clock.Kind
THRESHOLDS = (75, 90, 100)
FOLLOW_UP = timedelta(days=14)
WITHOUT_PROMISE = timedelta(days=30)  # how far ahead a case stands in the queue when no promise is in force


def start_cycle(case: ComplaintCase, *, at: datetime) -> Cycle:
    """Begin the first cycle, or the next after a reopening, with its clocks. About eight queries."""
    cycle = Cycle.objects.create(case=case, number=case.cycles.count() + 1, started_at=at)
    policy = policy_for(category=case.category, priority=case.priority, day=timezone.localdate(at))
    if policy:
        hours = hours_of(policy.calendar)
        Clock.objects.bulk_create(
            _set(Clock(case=case, cycle=cycle, kind=kind, started_at=at), policy, hours, [], now=at) for kind in Kind
        )
    set_due(case, at=at)
    return cycle


def target_of(policy: Policy, kind: str) -> int:
    """Open seconds; for the statutory clock calendar days."""
    return {
        Kind.FIRST_RESPONSE: policy.first_response_minutes * 60,
        Kind.RESOLUTION: policy.resolution_minutes * 60,
        Kind.STATUTORY: policy.statutory_days,
    }[Kind(kind)]


def _set(clock: Clock, policy: Policy, hours: Hours, pauses: Spans, *, now: datetime) -> Clock:
    """Write what the promise and the pauses make of this clock at `now`."""
    clock.policy, clock.target = policy, target_of(policy, clock.kind)
    if clock.kind == Kind.STATUTORY:
        clock.due_at = clocks.statutory(hours.zone, received=clock.started_at, days=clock.target)
        clock.is_paused = False
    else:
        target = timedelta(seconds=clock.target)
        try:
            reading = clocks.operational(hours, received=clock.started_at, target=target, pauses=pauses, now=now)
        except NeverOpen:  # a calendar without hours promises nothing that can be counted
            reading = clocks.Reading(timedelta(0), target, clock.started_at + WITHOUT_PROMISE)
        clock.is_paused = reading.due is None
        if reading.due:
            clock.due_at = reading.due
        elif clock.due_at is None:
            clock.due_at = clocks.statutory(hours.zone, received=clock.started_at, days=policy.statutory_days)
    clock.warn_at = _next_warning(clock, hours, pauses)
    return clock


def _next_warning(clock: Clock, hours: Hours, pauses: Spans) -> datetime | None:
    """When the next threshold is crossed; None when all were, or while the clock stands."""
    ahead = next((t for t in THRESHOLDS if t > clock.warned), None)
    if ahead is None or clock.is_paused:
        return None
    if ahead == 100:
        return clock.due_at
    if clock.kind == Kind.STATUTORY:
        return clock.started_at + (clock.due_at - clock.started_at) * ahead / 100
    try:
        return clocks.moment_of(
            hours, received=clock.started_at, amount=timedelta(seconds=clock.target) * ahead / 100, pauses=pauses
        )
    except NeverOpen:
        return clock.due_at


def warn(clock: Clock, hours: Hours, pauses: Spans, *, now: datetime) -> None:
    """Mark every threshold that `now` has passed, and say when the next comes. One query."""
    while clock.warn_at is not None and clock.warn_at <= now:
        clock.warned = next(t for t in THRESHOLDS if t > clock.warned)
        clock.warn_at = _next_warning(clock, hours, pauses)
    clock.save(update_fields=["warned", "warn_at"])


def running_clocks(case: ComplaintCase) -> list[Clock]:
    """The current cycle's clocks that have not stopped, with promise and calendar. Three queries."""
    return list(
        Clock.objects.filter(case=case, cycle__ended_at=None, met_at=None, is_cancelled=False)
        .select_related("policy__calendar")
        .prefetch_related("policy__calendar__intervals", "policy__calendar__exceptions")
    )


def spans_of(case: ComplaintCase) -> Spans:
    return list(case.pauses.values_list("started_at", "ended_at"))


def recompute(case: ComplaintCase, *, now: datetime) -> None:
    """After a change of priority, category or promise: from the same start and pauses. A breach is noted first, so
    that no later promise can erase it."""
    running = running_clocks(case)
    if not running:
        return
    note_breaches(running, now=now)
    policy = policy_for(category=case.category, priority=case.priority, day=timezone.localdate(running[0].started_at))
    if policy:
        hours, pauses = hours_of(policy.calendar), spans_of(case)
        for clock in running:
            _set(clock, policy, hours, pauses, now=now)
        _save(running)
    set_due(case, at=now)


def _save(running: Iterable[Clock]) -> None:
    Clock.objects.bulk_update(running, ["policy", "target", "due_at", "is_paused", "warn_at", "warned"])


def note_breaches(running: Iterable[Clock], *, now: datetime) -> list[Breach]:
    """One row for each clock past its deadline that has none yet."""
    return Breach.objects.bulk_create(
        [
            Breach(clock=clock, due_at=clock.due_at, policy_id=clock.policy_id, noticed_at=now)
            for clock in running
            if not clock.is_paused and clock.due_at < now
        ],
        ignore_conflicts=True,
    )


def pause(case: ComplaintCase, *, at: datetime, reason: str) -> None:
    """The operational clocks stand: only the customer can go on."""
    Pause.objects.create(case=case, started_at=at, reason=reason)
    _refresh(case, now=at)


def resume(case: ComplaintCase, *, at: datetime) -> None:
    """The operational clocks run on with what was left. Without a pause nothing happens."""
    if Pause.objects.filter(case=case, ended_at=None).update(ended_at=at):
        _refresh(case, now=at)


def _refresh(case: ComplaintCase, *, now: datetime) -> None:
    """Work the due dates out again under the promise each clock has."""
    running, pauses = running_clocks(case), spans_of(case)
    note_breaches(running, now=now)
    for clock in running:
        _set(clock, clock.policy, hours_of(clock.policy.calendar), pauses, now=now)
    _save(running)
    set_due(case, at=now)


def stop(case: ComplaintCase, kinds: Iterable[str], *, at: datetime, cancelled: bool = False) -> None:
    """These promises are kept (or, too late, broken). `cancelled`: the case ended otherwise; what was not due yet is
    not counted."""
    running = [clock for clock in running_clocks(case) if clock.kind in kinds]
    if not running:
        return
    pauses = spans_of(case)
    note_breaches(running, now=at)
    for clock in running:
        clock.met_at, clock.warn_at = at, None
        clock.is_cancelled = cancelled and clock.due_at >= at
        if clock.kind == Kind.STATUTORY:
            clock.elapsed = max(int((at - clock.started_at).total_seconds()), 0)
        else:
            hours = hours_of(clock.policy.calendar)
            clock.elapsed = int(clocks.elapsed(hours, clock.started_at, at, pauses).total_seconds())
    Clock.objects.bulk_update(running, ["met_at", "warn_at", "is_cancelled", "elapsed"])
    set_due(case, at=at)


def end_cycle(case: ComplaintCase, *, at: datetime, cancelled: bool = False) -> None:
    """Freeze the cycle's results."""
    resume(case, at=at)
    stop(case, list(Kind), at=at, cancelled=cancelled)
    case.cycles.filter(ended_at=None).update(ended_at=at)


def set_due(case: ComplaintCase, *, at: datetime) -> None:
    """The queue's deadline: the nearest that runs; when all have stopped, two weeks to see the remedies through.
    Writes the instance only; `move_to` or the caller saves it. One query."""
    nearest = (
        Clock.objects.filter(case=case, cycle__ended_at=None, met_at=None, is_cancelled=False, is_paused=False)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
    )
    if nearest:
        case.due_at = nearest
    elif case.clocks.exists():
        case.due_at = at + FOLLOW_UP
