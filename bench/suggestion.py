"""A suggestion with 200 published incentives, six conditions each, all guards and the trace: queries included."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from bench.measure import Table
from cancellations import learning, suggestions
from cancellations.models import CancellationCase, EnginePolicy, Incentive, IncentiveVersion, Reason
from cancellations.reference import load_reasons
from customers.models import Customer, Plan, Subscription
from staff.models import User

OFFERS = 200
RULES = {
    "eligible": {
        "all": [
            {"var": "tenure_months", "op": "ge", "value": 6},
            {"not": {"var": "in_debt", "op": "is", "value": True}},
            {
                "any": [
                    {"var": "monthly_price", "op": "ge", "value": "10.00"},
                    {"var": "is_bound", "op": "is", "value": True},
                ]
            },
        ]
    },
    "applicable": {"var": "days_since_incentive", "op": "gt", "value": 90},
    "suitable": {"var": "segment", "op": "in", "value": ["standard", "plus"]},
}


def main() -> None:
    with transaction.atomic():
        _measure()
        transaction.set_rollback(True)
    for kept in (suggestions._entries, suggestions._policy, learning.believed):
        kept.cache_clear()


def _measure() -> None:
    now = timezone.now()
    load_reasons()
    author, publisher = (User.objects.create(username=f"bench-offers-{n}") for n in range(2))
    IncentiveVersion.objects.filter(state="published").update(state="retired", retired_at=now)
    for n in range(OFFERS):
        incentive = Incentive.objects.create(code=f"bench-{n}", name=f"Offer {n}", kind="percent_off")
        IncentiveVersion.objects.create(
            incentive=incentive,
            number=1,
            state="published",
            terms={"percent": str(5 + n % 10), "months": 1 + n % 3},
            rules=RULES,
            author=author,
            publisher=publisher,
            published_at=now,
        )
    EnginePolicy.objects.create(hold_out=Decimal(0), created_at=now)
    learning.learn(as_of=now)
    plan = Plan.objects.create(code="bench-plan", name="Plan", monthly_price=Decimal(50), monthly_margin=Decimal(20))
    reason = Reason.objects.select_related("category").order_by("pk").first()
    cases = iter([_case(n, plan, reason, author) for n in range(90)])

    def suggest() -> None:
        suggestions.suggest_for(next(cases), by=author, now=timezone.now())

    measured = Table()
    measured.add("suggestion, 200 incentives with rules and trace", suggest, runs=60)
    measured.print()


def _case(n: int, plan: Plan, reason: Reason | None, by: User) -> CancellationCase:
    customer = Customer.objects.create(number=f"BENCH-{n}", family_name="Bench", customer_since=date(2020, 1, 1))
    subscription = Subscription.objects.create(
        customer=customer,
        plan=plan,
        monthly_price=Decimal(50),
        monthly_margin=Decimal(20),
        started_on=date(2020, 1, 1),
    )
    now = timezone.now()
    return CancellationCase.objects.create(
        number=f"BENCH-{n}",
        subscription=subscription,
        customer=customer,
        reason=reason,
        price_before=Decimal(50),
        opened_at=now,
        noticed_at=now,
        touched_at=now,
        opened_by=by,
        agent=by,
    )
