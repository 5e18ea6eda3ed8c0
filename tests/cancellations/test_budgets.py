"""The month's money under threads, and what becomes of it as an offer goes its way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from cancellations import budgets
from cancellations.budgets import BudgetSpent
from cancellations.engine.guards import price_of_budget
from cancellations.models import Budget, Offer
from tests.cancellations.factories import CancellationCaseFactory, IncentiveVersionFactory
from tests.conftest import NOON

MONTH = date(2026, 11, 1)


def offer(version, state="presented", cost="20.00"):
    return Offer.objects.create(
        case=CancellationCaseFactory(),
        incentive_version=version,
        state=state,
        terms={},
        cost=Decimal(cost),
        gain=0,
        customer_value=0,
        created_at=NOON,
        presented_at=NOON,
    )


@pytest.mark.django_db
def test_reserved_consumed_released():
    version = IncentiveVersionFactory(monthly_budget=Decimal(50))
    first, second = offer(version), offer(version)
    for each in (first, second):
        budgets.follow(each, now=NOON)
    budget = Budget.objects.get()
    assert (budget.month, budget.reserved, budget.consumed) == (MONTH, Decimal(40), Decimal(0))
    with pytest.raises(BudgetSpent):
        budgets.follow(offer(version), now=NOON)
    first.state = "applied"
    second.state = "refused"
    for each in (first, second):
        budgets.follow(each, now=NOON)
        budgets.follow(each, now=NOON)
    budget.refresh_from_db()
    assert (budget.reserved, budget.consumed) == (Decimal(0), Decimal(20))


@pytest.mark.django_db
def test_changed_terms_reserve_anew_and_teams_count_too():
    version = IncentiveVersionFactory()
    whole = Budget.objects.create(month=MONTH, amount=Decimal(100))
    one = offer(version, "approved", "80.00")
    budgets.follow(one, now=NOON)
    one.cost = Decimal(30)
    budgets.follow(one, now=NOON)
    whole.refresh_from_db()
    assert whole.reserved == Decimal(30)


@pytest.mark.django_db
def test_the_database_itself_refuses_overspending():
    budget = Budget.objects.create(month=MONTH, amount=Decimal(10))
    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(pk=budget.pk).update(reserved=Decimal(11))


@pytest.mark.django_db(transaction=True)
def test_threads_never_overspend():
    version = IncentiveVersionFactory(monthly_budget=Decimal(100))
    offers = [offer(version) for _ in range(12)]

    def reserve(each):
        try:
            with transaction.atomic():
                budgets.follow(each, now=NOON)
        except BudgetSpent:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(6) as pool:
        held = sum(pool.map(reserve, offers))
    budget = Budget.objects.get()
    assert held == 5
    assert budget.reserved == sum(use.amount for use in budget.uses.all()) == Decimal(100)


def test_the_price_of_a_budget_rises_as_it_runs_out():
    assert price_of_budget(0, None, 0.5) == price_of_budget(40, 100, 0.5) == 0
    early, late = price_of_budget(60, 100, 0.3), price_of_budget(90, 100, 0.3)
    assert 0 < early < late <= 3
    assert price_of_budget(100, 100, 1.0) == 3
