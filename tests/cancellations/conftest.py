"""A call in progress: an agent with a limit of 40, a manager with 300, a customer who hears of offers."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group

from cancellations.models import CancellationCase
from cancellations.reference import load_reasons
from tests.cancellations.factories import (
    CancellationCaseFactory,
    IncentiveVersionFactory,
    ReasonFactory,
    SuggestionFactory,
    candidate,
    fresh_process,
)
from tests.factories import AuthorityLimitFactory


@pytest.fixture(autouse=True)
def _fresh_process():
    fresh_process()


@pytest.fixture
def reasons(db):
    load_reasons()


@pytest.fixture
def limits(db):
    wide = {"per_customer_year": Decimal(500), "per_agent_day": None}
    AuthorityLimitFactory(role=Group.objects.get(name="agent"), kind="offer", per_case=Decimal(40), **wide)
    AuthorityLimitFactory(role=Group.objects.get(name="manager"), kind="offer", per_case=Decimal(300), **wide)


@pytest.fixture
def agent(user_as, limits):
    return user_as("agent")


@pytest.fixture
def manager(user_as, limits):
    return user_as("manager", first_name="Sofia", last_name="Berg")


@pytest.fixture
def case(agent):
    """Offering, with permission; `cheap` (18) is the lead, `dear` (60) is above the agent's limit."""
    return CancellationCaseFactory(
        state="offering", opened_by=agent, permission=CancellationCase.Permission.GRANTED, reason=ReasonFactory()
    )


@pytest.fixture
def cheap():
    return IncentiveVersionFactory(
        incentive__name="Premium TV",
        incentive__kind="addon",
        terms={"what": "Premium TV", "monthly_cost": "4.50", "months": 4},
    )


@pytest.fixture
def dear():
    return IncentiveVersionFactory(incentive__name="Discount", terms={"percent": "20.00", "months": 6})


@pytest.fixture
def suggestion(case, cheap, dear):
    return SuggestionFactory(
        case=case,
        chosen=cheap,
        candidates=[
            candidate(cheap, cost="18.00", gain="52.00"),
            candidate(dear, cost="60.00", gain="21.00"),
            candidate(None),
        ],
    )
