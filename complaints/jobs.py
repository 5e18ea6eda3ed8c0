"""What the worker does for complaints: warn, note a breach, escalate, remind of a question, set deadlines anew after a
promise changed; mail vouchers, and end those whose day has passed."""

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from complaints.actions import chasing, remedies, timekeeping, vouchers
from complaints.actions.records import change, locked
from complaints.calendars import hours_of
from complaints.models import Clock, ComplaintCase, Message, Remedy
from complaints.models.compensation import RemedyState
from complaints.states import State
from customers.letters import NotSent
from staff.models import User

log = structlog.get_logger()
BATCH = 200
ATTEMPTS = 6  # at mailing a voucher


@app.periodic(cron="* * * * *")
@app.task(queue="complaints", queueing_lock="complaints_warn", pass_context=False)
def warn(timestamp: int) -> None:
    """Every minute: clocks that crossed 75, 90 or 100 %."""
    now = timezone.now()
    while warn_due(now=now) == BATCH:
        pass  # the next batch


def warn_due(*, now: datetime) -> int:
    """One batch of warnings; answers how many clocks were looked at. Each case in its own transaction."""
    found = list(
        Clock.objects.filter(met_at=None, is_paused=False, warn_at__lte=now)
        .order_by("warn_at")
        .values_list("pk", "case_id")[:BATCH]
    )
    for clock_id, case_id in found:
        _warn(clock_id, case_id, now=now)
    return len(found)


@transaction.atomic
def _warn(clock_id: int, case_id: int, *, now: datetime) -> None:
    case = locked(case_id)
    clock = next((one for one in timekeeping.running_clocks(case) if one.pk == clock_id), None)
    if clock is None or clock.is_paused or clock.warn_at is None or clock.warn_at > now:
        return  # it stopped or stood between reading and locking
    timekeeping.warn(clock, hours_of(clock.policy.calendar), timekeeping.spans_of(case), now=now)
    if clock.warned == 100:
        timekeeping.note_breaches([clock], now=now)
        if case.escalated_at is None:
            change(case, {"escalated_at": now}, by=None, at=now)
            log.info("complaint escalated", case=case.pk, clock=clock.kind)


@app.periodic(cron="*/15 * * * *")
@app.task(queue="complaints", queueing_lock="complaints_chase", pass_context=False)
def chase(timestamp: int) -> None:
    """Every quarter of an hour: who was asked and has not answered by the chase date is reminded once."""
    log.info("customers reminded", count=chase_due(now=timezone.now()))


def chase_due(*, now: datetime) -> int:
    """Remind of every question a person asked whose chase date has passed; answers how many. Each case in its own
    transaction."""
    asked = Message.objects.filter(
        case=OuterRef("pk"), direction=Message.Direction.OUT, purpose=Message.Purpose.QUESTION
    ).order_by("-at", "-pk")
    due = (
        ComplaintCase.objects.filter(chase_at__lte=now, state=State.WAITING_CUSTOMER, customer__is_bereaved=False)
        .exclude(customer__email="")
        .annotate(was_reminder=Subquery(asked.values("is_automatic")[:1]))
        .filter(was_reminder=False)
        .order_by("chase_at", "pk")
    )
    return sum(chasing.remind(pk, now=now) is not None for pk in due.values_list("pk", flat=True)[:BATCH])


@app.task(queue="complaints")
def recompute_open(*, policy_id: int) -> None:
    """After a promise was changed or made: every open case is measured by what is in force now, from its own start."""
    after = 0
    while cases := list(
        ComplaintCase.objects.filter(is_open=True, pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        for pk in cases:
            with transaction.atomic():
                case = locked(pk)
                timekeeping.recompute(case, now=timezone.now())
                case.save(update_fields=["due_at"])
        after = cases[-1]
    log.info("deadlines set anew", policy=policy_id)


@app.task(queue="mail", retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=4), pass_context=True)
def mail_voucher(context: JobContext, *, remedy_id: int, by_id: int) -> None:
    """Issue and send; after the last failure the remedy says so and waits for a person."""
    now = timezone.now()
    try:
        remedies.issue_by_mail(remedy_id, by=User.objects.get(pk=by_id), now=now)
    except Exception as error:  # whatever it was: raised again, and after the last attempt told to people
        is_last = context.job.attempts + 1 >= ATTEMPTS
        if is_last and Remedy.objects.filter(pk=remedy_id, state=RemedyState.ORDERED).exists():
            note = str(error) if isinstance(error, NotSent) else type(error).__name__
            remedies.fail(remedy_id, by=None, now=now, note=note)
        raise


@app.periodic(cron="5 * * * *")  # cron is in UTC, the last day of a voucher local: so it looks every hour
@app.task(queueing_lock="voucher_expiry", pass_context=False)
def expire_vouchers(timestamp: int) -> int:
    """Entries for what expired at the last local midnight; reservations whose time is over; old guesses."""
    now = timezone.now()
    vouchers.lapse_holds(now=now)
    vouchers.forget_guesses(now=now)
    return vouchers.expire_due(now=now)


@app.periodic(cron="30 2 * * *")
@app.task(queueing_lock="voucher_self_check", pass_context=False)
def check_vouchers(timestamp: int) -> int:
    """How many vouchers are out of balance with their ledger; more than none fails the job, so that people look."""
    if wrong := vouchers.self_check():
        raise RuntimeError(f"{len(wrong)} vouchers are out of balance with their ledger: {wrong[:20]}")
    return 0
