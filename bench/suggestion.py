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


def rules(n: int) -> dict[str, object]:
    """Six conditions, their numbers the incentive's own; the caller meets every one."""
    return {
        "eligible": {
            "all": [
                {"var": "tenure_months", "op": "ge", "value": 6 + n % 12},
                {"not": {"var": "in_debt", "op": "is", "value": True}},
                {
                    "any": [
                        {"var": "monthly_price", "op": "ge", "value": f"{10 + n % 20}.00"},
                        {"var": "is_bound", "op": "is", "value": True},
                    ]
                },
            ]
        },
        "applicable": {"var": "days_since_incentive", "op": "gt", "value": 90 + n},
        "suitable": {"var": "segment", "op": "in", "value": ["standard", "plus"]},
    }


def publish() -> None:
    """200 published incentives with rules, and a policy that holds nobody out; nothing when they stand already."""
    if IncentiveVersion.objects.filter(incentive__code=f"bench-{OFFERS - 1}", state="published").exists():
        return
    now = timezone.now()
    with transaction.atomic():
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
                rules=rules(n),
                author=author,
                publisher=publisher,
                published_at=now,
            )
        EnginePolicy.objects.create(hold_out=Decimal(0), created_at=now)
    learning.learn(as_of=now)


def main() -> None:
    publish()
    author = User.objects.get(username="bench-offers-0")
    pk = _case(author).pk
    case = CancellationCase.objects.select_related(
        "customer", "subscription__plan", "reason__category", "own_reading"
    ).get(pk=pk)

    def suggest() -> None:
        made = suggestions.suggest_for(case, by=author, now=timezone.now())
        if sum(row["shown"] for row in made.candidates) <= OFFERS or "again" in made.features:
            raise RuntimeError("this was not a fresh decision over every incentive")

    measured = Table()
    measured.add("suggestion, 200 incentives with rules and trace", suggest, undone=True, runs=60)
    measured.print()


def _case(by: User) -> CancellationCase:
    if case := CancellationCase.objects.filter(number="BENCH-S").first():
        return case
    now = timezone.now()
    customer = Customer.objects.create(number="BENCH-S", family_name="Bench", customer_since=date(2020, 1, 1))
    plan = Plan.objects.get_or_create(
        code="bench-offers", defaults={"name": "Plan", "monthly_price": Decimal(50), "monthly_margin": Decimal(20)}
    )[0]
    subscription = Subscription.objects.create(
        customer=customer,
        plan=plan,
        monthly_price=Decimal(50),
        monthly_margin=Decimal(20),
        started_on=date(2020, 1, 1),
    )
    return CancellationCase.objects.create(
        number="BENCH-S",
        subscription=subscription,
        customer=customer,
        reason=Reason.objects.order_by("pk").first(),
        price_before=Decimal(50),
        opened_at=now,
        noticed_at=now,
        touched_at=now,
        opened_by=by,
        agent=by,
    )
