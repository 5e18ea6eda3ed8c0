"""One house, three doors: page, API and admin lead to the same row or the same refusal."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from cancellations.models import CancellationCase, Offer
from customers.models import Document
from staff.models import IdempotencyKey, User
from tests.cancellations.factories import NOON, CancellationCaseFactory, IncentiveVersionFactory, OfferFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON + timedelta(minutes=1), tick=False)


@pytest.fixture
def boss(user_as):
    """Somebody whom all three doors open to."""
    return User.objects.create_superuser("boss", "boss@example.com", "x", first_name="Bo", last_name="Holm")


def by_page(client: Client, name: str, pk: int) -> str:
    response = client.post(reverse(f"cancellations:{name}", args=[pk]))
    said = [str(message) for message in get_messages(response.wsgi_request)]
    return said[0] if said else ""


def by_api(client: Client, kind: str, name: str, pk: int) -> str:
    response = client.post(f"/api/v1/{kind}/{pk}/{name}/", {}, content_type="application/json")
    assert response.status_code in (200, 409), response.content
    return response.json()["detail"] if response.status_code == 409 else ""


def by_admin(client: Client, model: str, action: str, pk: int) -> str:
    address = reverse(f"admin:cancellations_{model}_changelist")
    response = client.post(address, {"action": action, "_selected_action": [pk]})
    said = [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]
    refusals = [text.split(": ", 1)[1] for level, text in said if level == "error"]
    return refusals[0] if refusals else ""


REGISTER: dict[str, Callable[[Client, int], str]] = {
    "page": lambda client, pk: by_page(client, "register", pk),
    "api": lambda client, pk: by_api(client, "cancellations", "register", pk),
    "admin": lambda client, pk: by_admin(client, "cancellationcase", "register_cancellation", pk),
}
APPLY: dict[str, Callable[[Client, int], str]] = {
    "page": lambda client, pk: by_page(client, "apply", pk).partition(": ")[2] and "",
    "api": lambda client, pk: by_api(client, "offers", "apply", pk),
    "admin": lambda client, pk: by_admin(client, "offer", "apply", pk),
}


@pytest.mark.parametrize("door", REGISTER)
def test_registering_writes_the_same_row_and_the_same_refusal(door, boss, client):
    client.force_login(boss)
    case = CancellationCaseFactory(state="offering")
    assert REGISTER[door](client, case.pk) == ""
    case.refresh_from_db()
    assert (case.state, case.ends_on.isoformat(), case.closed_at) == (
        "cancelled_scheduled",
        "2026-12-18",
        NOON + timedelta(minutes=1),
    )
    assert case.subscription.__class__.objects.get(pk=case.subscription_id).status == "ending"
    assert list(case.moves.values_list("from_state", "to_state", "by")) == [
        ("offering", "cancelled_scheduled", boss.pk)
    ]
    assert Document.objects.get().kind == "cancellation_receipt"
    assert REGISTER[door](client, case.pk) == "Bo H. was first: cancellation registered."
    assert Document.objects.count() == 1


@pytest.mark.parametrize("door", APPLY)
def test_applying_moves_the_offer(door, boss, client):
    from cancellations import actions

    client.force_login(boss)
    case = CancellationCaseFactory(state="offering")
    offer = OfferFactory(case=case, incentive_version=IncentiveVersionFactory(), state="presented", presented_at=NOON)
    actions.accept(offer.pk, by=boss, now=NOON)
    APPLY[door](client, offer.pk)
    offer = Offer.objects.get(pk=offer.pk)
    assert (offer.state, offer.fulfilment.by) == ("applied", boss)


def test_who_may_not_is_refused_at_every_door(client_as):
    case = CancellationCaseFactory(state="offering")
    client = client_as("data entry")
    assert client.post(reverse("cancellations:register", args=[case.pk])).status_code == 403
    assert (
        client.post(f"/api/v1/cancellations/{case.pk}/register/", {}, content_type="application/json").status_code
        == 403
    )
    CancellationCase.objects.get(pk=case.pk, state="offering")


def test_the_whole_call_by_api(client_as, limits, reasons_and_catalogue):
    client = client_as("agent")
    from tests.factories import SubscriptionFactory

    def post(address, **body):
        return client.post(f"/api/v1/{address}", body, content_type="application/json")

    case = post("cancellations/", subscription=SubscriptionFactory().pk).json()
    assert (case["number"], case["state"]) == ("X-2026-00001", "notice_recorded")
    refused = post(f"cancellations/{case['id']}/present/", incentive_version=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "permission_first")
    told = post(f"cancellations/{case['id']}/reason/", reason="price-budget").json()
    assert told["reason"] == "price-budget"
    assert post(f"cancellations/{case['id']}/permission/", granted=True).json()["state"] == "offering"
    kept = post(f"cancellations/{case['id']}/keep/", outcome="saved_pending").json()
    assert (kept["state"], kept["window_until"]) == ("saved_pending", "2027-02-16")
    page = client.get("/api/v1/cancellations/", {"state": "saved_pending"}).json()
    assert [row["number"] for row in page["results"]] == ["X-2026-00001"]


def test_a_repeated_write_by_api_has_one_effect_and_one_answer(boss, client):
    client.force_login(boss)
    case = CancellationCaseFactory(state="offering")

    def register(key, **body):
        address = f"/api/v1/cancellations/{case.pk}/register/"
        return client.post(address, body, content_type="application/json", headers={"Idempotency-Key": key})

    first = register("k1")
    again = register("k1")
    assert (first.status_code, first.json()["state"]) == (200, "cancelled_scheduled")
    assert (again.status_code, again.json()) == (200, first.json())
    assert case.moves.count() == 1
    other = register("k1", mode="immediate")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    refused = register("k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_decided")
    assert not IdempotencyKey.objects.filter(key="k2").exists()
    assert register("x" * 256).status_code == 400


@pytest.fixture
def reasons_and_catalogue(db):
    from cancellations.reference import load_reasons

    load_reasons()
    IncentiveVersionFactory()
