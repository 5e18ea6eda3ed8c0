"""The tills' door: the same actions, once each."""

import pytest

from loyalty.models import LedgerEntry
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def till(client_as):
    StoreFactory()
    ProductFactory()
    VersionFactory()
    client = client_as("agent")

    def call(path, body=None, *, key="k1"):
        headers = {"Idempotency-Key": key} if key else {}
        response = client.post(f"/api/v1/loyalty/{path}", body or {}, "application/json", headers=headers)
        return response.status_code, response.json()

    call.client = client
    return call


def receipt(card, items=9, number="8817", **extra):
    from django.utils import timezone

    now = timezone.now()
    return {
        "store": "gotgatan",
        "business_date": now.date().isoformat(),
        "number": number,
        "occurred_at": now.replace(microsecond=0).isoformat(),
        "card": card,
        "lines": [{"number": n, "sku": "latte", "amount": "4.50"} for n in range(1, items + 1)],
    } | extra


def test_enrol_stamp_redeem_return_balance(till):
    code, member = till("members/", {"programme": "coffee"})
    assert (code, member["balance"], member["needed"]) == (201, 0, 9)
    (card,) = member["cards"]
    sale = receipt(card)
    code, counted = till("receipts/", sale, key="k2")
    assert (code, counted["stamps"], counted["balance"], len(counted["rewards"])) == (200, 9, 0, 1)
    assert counted["says"] == ["9 stamps: every item counted.", "The card was full: 1 reward."]
    assert till("receipts/", sale, key="k2") == (code, counted)
    assert till("receipts/", sale, key="k3")[1]["id"] == counted["id"]
    code, refusal = till("receipts/", sale | {"number": "9"}, key="k2")
    assert (code, refusal["code"]) == (409, "idempotency_conflict")
    code, refusal = till("receipts/", receipt(card, 2), key="k4")
    assert (code, refusal["code"]) == (409, "receipt_conflict")
    (reward,) = counted["rewards"]
    assert till(f"rewards/{reward}/redeem/", key="k5")[1]["state"] == "redeemed"
    code, refusal = till(f"rewards/{reward}/redeem/", key="k6")
    assert (code, refusal["code"]) == (409, "reward_redeemed")
    original = {name: sale[name] for name in ("store", "business_date", "number")}
    back = receipt(card, 2, number="R1", original=original)
    code, counted = till("returns/", back, key="k7")
    assert (code, counted["stamps"], counted["balance"]) == (200, 2, -2)
    code, balance = till("balance/", {"card": card}, key="")
    assert (code, balance["balance"], balance["rewards"]) == (200, -2, [])
    assert [(row["kind"], row["number"], row["stamps"]) for row in balance["receipts"]] == [
        ("return", "R1", 2),
        ("sale", "8817", 9),
    ]
    assert balance["receipts"][1]["says"][0] == "9 stamps: every item counted."
    trace = till.client.get(f"/api/v1/loyalty/receipts/{counted['id']}/").json()
    assert trace["says"][-1].startswith("The free one was already used")
    assert LedgerEntry.objects.count() == 11


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"lines": [{"number": 1, "amount": "-4"}]}, "lines"),
        ({"lines": [{"number": 1, "quantity": 0}]}, "lines"),
        ({"number": "x" * 81}, "number"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at"),
        ({"lines": [{"number": 1, "reward": 7}]}, "lines"),
        ({"lines": [{"number": 1, "kind": "reward", "reward": 10**30}]}, "lines"),
    ],
)
def test_bad_input_is_refused_at_its_field(till, change, field):
    code, body = till("receipts/", receipt("123", 1) | change)
    assert code == 400
    assert field in body


def test_a_total_beyond_every_till_is_refused(till):
    lines = [{"number": n, "amount": "99999999.99"} for n in range(1, 101)]
    code, refusal = till("receipts/", receipt("", 1) | {"lines": lines})
    assert (code, refusal["code"], refusal["field"]) == (409, "too_large", "lines")


def test_a_write_without_a_key_and_a_stranger_are_refused(till, client_as, client):
    assert till("receipts/", receipt("123"), key="")[0] == 400
    assert client.post("/api/v1/loyalty/receipts/", {}, "application/json").status_code == 403
    assert client_as("data entry").post("/api/v1/loyalty/receipts/", {}, "application/json").status_code == 403


def test_a_membership_is_closed_and_opened_again_once_each(till):
    _code, body = till("members/", {"programme": "coffee", "card": "710120003000"})
    place = f"members/{body['id']}/"
    assert till(f"{place}close/", {"note": "by the app"}, key="k2") == (
        200,
        {"id": body["id"], "status": "closed", "balance": 0},
    )
    assert till(f"{place}close/", {"note": "by the app"}, key="k2")[0] == 200
    assert till(f"{place}close/", {}, key="k3")[1]["code"] == "wrong_state"
    assert till("receipts/", receipt("710120003000"), key="k4")[1]["code"] == "membership_closed"
    assert till(f"{place}reopen/", {}, key="k5")[1]["status"] == "active"


def test_points_are_spent_under_a_key_and_once_under_the_same(till):
    points = VersionFactory(
        programme__code="points",
        programme__unit="point",
        stamps_needed=1,
        prices=[{"points": 5, "name": "a mug", "cost": "2"}],
    )
    till("members/", {"programme": points.programme.code, "card": "710120004000"})
    till("receipts/", receipt("710120004000", items=9), key="k2")
    wish = {"card": "710120004000", "reward": "a mug"}
    assert till("rewards/", wish, key=None)[0] == 400
    first, again = till("rewards/", wish, key="k3"), till("rewards/", wish, key="k3")
    assert first == again
    assert first[0] == 201
    assert till("rewards/", wish, key="k4")[1]["code"] == "too_few_points"
