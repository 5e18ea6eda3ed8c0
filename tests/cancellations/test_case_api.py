"""A call led through the API: what a press answers is what reading it again tells."""

import pytest

from cancellations.models import Offer
from cancellations.suggestions import suggest_for
from tests.cancellations.factories import CancellationCaseFactory, IncentiveVersionFactory, ReasonFactory
from tests.conftest import NOON
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def call(db):
    from django.contrib.auth.models import Group

    from cancellations.models import EnginePolicy
    from tests.factories import AuthorityLimitFactory

    AuthorityLimitFactory(role=Group.objects.get(name="agent"), kind="offer", per_case=None)
    EnginePolicy.objects.create(hold_out=0, created_at=NOON)
    IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    case = CancellationCaseFactory(state="offering", permission="granted", reason=ReasonFactory())
    suggest_for(case, by=UserFactory(), now=NOON)
    return case


def press(client, path, body=None):
    return client.post(f"{API}/{path}/", body or {}, content_type="application/json")


def test_what_a_press_answers_is_what_is_read_afterwards(client_as, call, django_assert_num_queries):
    client = client_as("agent")
    version = call.suggestions.get().candidates[0]["version"]
    with django_assert_num_queries(15):  # two of them a savepoint
        pressed = press(client, f"cancellations/{call.pk}/present", {"incentive_version": version})
    assert pressed.json() == client.get(f"{API}/cancellations/{call.pk}/").json()
    assert [offer["state"] for offer in pressed.json()["offers"]] == ["presented"]
    offer = Offer.objects.get()
    with django_assert_num_queries(16):
        taken = press(client, f"offers/{offer.pk}/accept")
    assert taken.json() == client.get(f"{API}/offers/{offer.pk}/").json()
    assert taken.json()["state"] == "pending_fulfilment"
    assert [(move.from_state, move.to_state) for move in offer.moves.order_by("pk")] == [
        ("suggested", "presented"),
        ("presented", "accepted"),
        ("accepted", "pending_fulfilment"),
    ]


@pytest.mark.parametrize("pk", [999_999_999, 10**25])
@pytest.mark.parametrize("path", ["cancellations/{}/register", "cancellations/{}/suggest", "offers/{}/accept"])
def test_what_is_not_there_cannot_be_worked_on(client_as, path, pk):
    assert press(client_as("agent"), path.format(pk)).status_code == 404
