"""The month's money under threads, and what becomes of it as an offer goes its way."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from cancellations import actions, budgets
from cancellations.actions import incentives
from cancellations.budgets import BudgetSpent
from cancellations.engine.guards import price_of_budget
from cancellations.models import Budget, BudgetUse, Offer, OfferDecision
from cancellations.queries.beliefs import burn_down
from staff.errors import DomainError
from tests.cancellations.factories import CancellationCaseFactory, IncentiveVersionFactory, OfferFactory
from tests.conftest import NOON
from tests.factories import AuthorityLimitFactory, UserFactory
from tests.threads import at_once

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


@transaction.atomic
def reserve(each):
    budgets.follow(each, now=NOON)


def race(act, rows):
    """`act(row)` for all rows at once; the code of each refusal, or nothing."""
    answers = at_once(*(partial(act, row) for row in rows))
    return [answer.code if isinstance(answer, DomainError) else "" for answer in answers]


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
    codes = race(reserve, [offer(version) for _ in range(12)])
    budget = Budget.objects.get()
    assert sorted(codes) == [""] * 5 + ["budget_spent"] * 7
    assert budget.reserved == sum(use.amount for use in budget.uses.all()) == Decimal(100)


def test_the_price_of_a_budget_rises_as_it_runs_out():
    assert price_of_budget(0, None, 0.5) == price_of_budget(40, 100, 0.5) == 0
    early, late = price_of_budget(60, 100, 0.3), price_of_budget(90, 100, 0.3)
    assert 0 < early < late <= 3
    assert price_of_budget(100, 100, 1.0) == 3


@pytest.mark.django_db
def test_another_amount_loses_nothing_that_was_reserved_meanwhile(client_as):
    budget = Budget.objects.create(month=MONTH, amount=Decimal(100))
    client = client_as("manager")
    address = f"/cancellations/budgets/{budget.pk}/"
    budgets.follow(offer(IncentiveVersionFactory(), cost="60.00"), now=NOON)
    refused = client.post(address, {"amount": "59.99"})
    assert "€60.00 of it is reserved" in refused.context["form"].errors["amount"][0]
    client.post(address, {"amount": "80"})
    budget.refresh_from_db()
    assert (budget.amount, budget.reserved) == (Decimal(80), Decimal(60))


@pytest.mark.django_db(transaction=True)
def test_an_amount_set_in_the_middle_of_reservations_is_exact():
    """One person sets the amount again and again while offers are reserved: neither write undoes the other."""
    budget = Budget.objects.create(month=MONTH, amount=Decimal(1000))
    version = IncentiveVersionFactory()
    offers = [offer(version, cost="10.00") for _ in range(20)]

    def set_amounts():
        for amount in range(1000, 1040):
            incentives.set_budget(budget.pk, amount=Decimal(amount))

    def reserve_some(some):
        for each in some:
            reserve(each)

    assert at_once(set_amounts, *(partial(reserve_some, offers[n::3]) for n in range(3))) == [None] * 4
    budget.refresh_from_db()
    assert (budget.amount, budget.reserved) == (Decimal(1039), Decimal(200))


def held(budget):
    """What the ledger of uses says is reserved and consumed; the budget's own columns must say the same."""
    sums = {state: Decimal(0) for state in BudgetUse.State}
    for use in budget.uses.all():
        sums[use.state] += use.amount
    return sums[BudgetUse.State.RESERVED], sums[BudgetUse.State.CONSUMED]


@pytest.mark.django_db(transaction=True)
def test_approval_consumption_and_release_in_threads_keep_every_budget_exact():
    """Twenty questions for 20.00 each at 100.00 of an incentive and 300.00 of the house: five are approved, whatever
    the order. Then each goes its way while a colleague presses the same button: nothing is taken or freed twice."""
    AuthorityLimitFactory(role=Group.objects.get(name="manager"), kind="offer", per_case=None)
    managers = [UserFactory(role="manager") for _ in range(2)]
    version = IncentiveVersionFactory(monthly_budget=Decimal(100))
    house = Budget.objects.create(month=MONTH, amount=Decimal(300))
    asked = []
    for _ in range(20):
        case = CancellationCaseFactory(state="awaiting_approval", permission="granted")
        one = OfferFactory(case=case, incentive_version=version, state="needs_approval", cost=Decimal(20))
        OfferDecision.objects.create(
            offer=one, amount=one.cost, requested_by=case.agent, requested_at=NOON, due_at=NOON + timedelta(hours=1)
        )
        asked.append(one.pk)
    twice = [(pk, by) for pk in asked for by in managers]
    codes = race(lambda row: actions.approve(row[0], by=row[1], now=NOON), twice)
    own = Budget.objects.exclude(pk=house.pk).get()
    approved = list(Offer.objects.filter(state="approved").values_list("pk", flat=True))
    assert len(approved) == codes.count("") == 5
    assert "budget_spent" in codes

    put = Offer.objects.in_bulk(approved)
    for one in put.values():
        actions.present(one.case_id, version_id=version.pk, by=managers[0], now=NOON)
    taken, refused = approved[:3], approved[3:]
    answers = [(pk, actions.accept) for pk in taken * 2] + [(pk, actions.refuse) for pk in refused * 2]
    assert race(lambda row: row[1](row[0], by=managers[0], now=NOON), answers).count("") == 5
    assert race(lambda pk: actions.apply(pk, by=managers[1], now=NOON), taken * 2).count("") == 3
    for budget in (own, house):
        budget.refresh_from_db()
        assert (budget.reserved, budget.consumed) == held(budget) == (Decimal(0), Decimal(60))
    freed = [offer(version).pk for _ in range(4)]
    more = Offer.objects.select_related("case", "incentive_version").in_bulk(freed)
    assert race(lambda pk: reserve(more[pk]), freed).count("") == 2
    for budget in (own, house):
        budget.refresh_from_db()
        assert (budget.reserved, budget.consumed) == held(budget) == (Decimal(40), Decimal(60))


def test_a_month_of_budgets_burns_down_beside_an_even_pace_and_says_what_its_money_counts_for(client_as, time_machine):
    """Half of the month's money is gone on the tenth of thirty days: λ = (0.5 / (1/3) − 1) · 0.5² = 0.125."""
    time_machine.move_to(datetime(2026, 11, 10, 12, tzinfo=UTC), tick=False)
    month = date(2026, 11, 1)
    budget = Budget.objects.create(month=month, amount=100, consumed=50)
    offer = OfferFactory(state="applied", cost=50, presented_at=NOON, answered_at=NOON)
    BudgetUse.objects.create(
        budget=budget, offer=offer, amount=50, state="consumed", reserved_at=datetime(2026, 11, 4, 12, tzinfo=UTC)
    )
    (row,) = burn_down(month)
    assert (row.left[2], row.left[3], row.left[-1], row.even[14]) == ((3, 1.0), (4, 0.5), (10, 0.5), (15, 0.5))
    assert row.price == pytest.approx(0.125)
    client = client_as("manager")
    assert "× 1.12" in client.get("/cancellations/budgets/").content.decode()
    saved = client.post("/cancellations/budgets/", {"month": "2026-12-24", "amount": "70", "incentive": "", "team": ""})
    page = client.get(saved.url).content.decode()
    assert ("€70.00" in page, "€100.00" in page) == (True, False)  # next month's is found where it was set
    assert client.get("/cancellations/budgets/?month=garbage").status_code == 200
