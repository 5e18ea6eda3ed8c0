"""What the worker does for the cancellation desk: let time pass. Each job finds what is due and calls one action for
each, so that one bad record does not hold up the rest; run twice it does nothing twice."""

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from cancellations import actions, learning, rules
from cancellations.models import OPEN_STATES, CancellationCase, Fulfilment, Offer, OfferDecision
from cancellations.models.offers import OfferState
from customers.models import Subscription
from staff.decisions import Verdict
from staff.errors import DomainError

log = structlog.get_logger(__name__)
State = CancellationCase.State
BATCH = 2_000


def _each(pks: Iterable[int], act: Callable[..., object], *, now: datetime) -> int:
    """How many were done; those refused are logged by number."""
    done = 0
    for pk in pks:
        try:
            done += bool(act(pk, now=now))
        except DomainError as error:
            log.warning("job refused", action=act.__name__, record=pk, code=error.code)
    return done


@app.periodic(cron="* * * * *")
@app.task(queue="clock", queueing_lock="cancellations.expire_approvals", pass_context=False)
def expire_approvals(timestamp: int) -> int:
    now = timezone.now()
    due = OfferDecision.objects.filter(verdict=Verdict.PENDING, due_at__lte=now).order_by("requested_at")
    return _each(due.values_list("offer_id", flat=True)[:BATCH], actions.expire, now=now)


@app.periodic(cron="*/10 * * * *")
@app.task(queue="clock", queueing_lock="cancellations.close_dropped_calls", pass_context=False)
def close_dropped_calls(timestamp: int) -> int:
    """A notice that nobody went on with is a cancellation: the customer has said it, and waits for the receipt."""
    now = timezone.now()
    left = CancellationCase.objects.filter(state__in=OPEN_STATES, touched_at__lte=now - rules.ABANDONED_AFTER)
    return _each(list(left.values_list("pk", flat=True)[:BATCH]), actions.abandoned, now=now)


@app.periodic(cron="15 * * * *")
@app.task(queue="clock", queueing_lock="cancellations.end_subscriptions", pass_context=False)
def end_subscriptions(timestamp: int) -> int:
    now = timezone.now()
    due = CancellationCase.objects.filter(state=State.CANCELLED_SCHEDULED, ends_on__lt=timezone.localdate(now))
    return _each(list(due.values_list("pk", flat=True)[:BATCH]), actions.make_effective, now=now)


@app.periodic(cron="30 * * * *")
@app.task(queue="clock", queueing_lock="cancellations.follow_up_cases", pass_context=False)
def follow_up_cases(timestamp: int) -> int:
    """Day 90 for whom it has come; boomerangs at once."""
    now = timezone.now()
    gone = [Subscription.Status.ENDING, Subscription.Status.ENDED]
    due = CancellationCase.objects.filter(
        Q(window_until__lte=timezone.localdate(now), paying_on_day_90__isnull=True)
        | Q(state=State.SAVED_PENDING, subscription__status__in=gone)
        | Q(
            state=State.SAVED_PENDING,
            window_until__lte=timezone.localdate(now),
            subscription__status=Subscription.Status.ACTIVE,
        )
    )
    return _each(list(due.values_list("pk", flat=True)[:BATCH]), actions.follow_up, now=now)


@app.periodic(cron="45 * * * *")
@app.task(queue="clock", queueing_lock="cancellations.complete_offers", pass_context=False)
def complete_offers(timestamp: int) -> int:
    now = timezone.now()
    today = timezone.localdate(now)
    due = Offer.objects.filter(
        Q(fulfilment__ends_on__lt=today) | Q(fulfilment__ends_on__isnull=True), state=OfferState.APPLIED
    )
    return _each(list(due.values_list("pk", flat=True)[:BATCH]), actions.complete, now=now)


@app.periodic(cron="0 8 * * *")
@app.task(queue="clock", queueing_lock="cancellations.remind_of_ends", pass_context=False)
def remind_of_ends(timestamp: int) -> int:
    now = timezone.now()
    due = Fulfilment.objects.filter(
        reminded_at__isnull=True,
        remind_on__lte=timezone.localdate(now),
        offer__state__in=[OfferState.PENDING_FULFILMENT, OfferState.APPLIED],
    )
    return _each(list(due.values_list("pk", flat=True)[:BATCH]), actions.remind, now=now)


@app.periodic(cron="20 3 * * *")
@app.task(queue="clock", queueing_lock="cancellations.learn_daily", pass_context=False)
def learn_daily(timestamp: int) -> int:
    """The model of the day: answers up to now, retention of the cases whose 90 days are over."""
    return learning.learn(as_of=timezone.now()).pk
