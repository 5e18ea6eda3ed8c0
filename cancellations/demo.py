"""The demo company's cancellations: a catalogue of every kind of incentive, two years of calls, and a few of today."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from cancellations import actions, demo_budgets, demo_catalogue, demo_history, learning
from cancellations.models import CancellationCase, OfferDecision, Reason
from cancellations.reference import load_reasons
from customers.models import Subscription
from staff.errors import DomainError
from staff.models import User

State = CancellationCase.State


def load(*, seed: int, now: datetime) -> None:
    """Deterministic by seed; about thirty queries besides the calls of today."""
    random = Random(seed)
    load_reasons()
    catalogue = demo_catalogue.publish(now)
    demo_catalogue.guess(catalogue)
    staff = {user.username: user for user in User.objects.filter(is_demo=True)}
    demo_history.tell(random, catalogue, staff, now)
    demo_budgets.spend(now)
    for months in range(12, 0, -1):  # what was believed each month, and is today
        learning.learn(as_of=now - timedelta(days=30 * months))
    learning.learn(as_of=now - timedelta(hours=1))
    _today(random, staff, now)


def _today(random: Random, staff: dict[str, User], now: datetime) -> None:
    """Calls in every open state, through the same actions as the desk; two questions wait for a manager."""
    free = (
        Subscription.objects.filter(status=Subscription.Status.ACTIVE, customer__is_bereaved=False)
        .exclude(cancellation_cases__isnull=False)
        .exclude(customer__cancellation_cases__isnull=False)
        .order_by("-monthly_price", "pk")
    )
    reasons = {reason.code: reason for reason in Reason.objects.all()}
    asked = 0
    calls: Iterator[Subscription] = iter(list(free[:60]))
    for one in calls:
        if asked == 2:
            break
        agent = staff[("jonas", "mira")[asked]]
        at = now - timedelta(seconds=random.randint(150, 400))
        case = actions.open_case(one.pk, by=agent, now=at)
        actions.set_reason(case.pk, reason=reasons["price-cheaper-elsewhere"], by=agent, now=at)
        actions.ask_permission(case.pk, granted=True, by=agent, now=at)
        suggestion = case.suggestions.filter(superseded_at__isnull=True).first()
        for row in sorted(suggestion.candidates if suggestion else [], key=lambda row: -float(row["cost"])):
            try:
                if row["version"] and row["shown"] and float(row["gain"]) > 0:
                    offer = actions.request_approval(
                        case.pk, version_id=row["version"], by=agent, now=at, why="With us for years, pays on time."
                    )
                    OfferDecision.objects.filter(offer=offer).update(due_at=now + timedelta(hours=8))
                    asked += 1
                    break
            except DomainError:
                continue
        else:
            actions.keep(case.pk, outcome=State.NOTICE_WITHDRAWN, by=agent, now=at)
    for minutes, code in ((3, "unused-no-time"), (11, "competitor-offer")):
        one = next(calls)
        at = now - timedelta(minutes=minutes)
        case = actions.open_case(one.pk, by=staff["asa"], now=at)
        actions.set_reason(case.pk, reason=reasons[code], by=staff["asa"], now=at)
