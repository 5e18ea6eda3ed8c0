"""The till's door: the same actions, each wish once."""

from decimal import Decimal

import pytest
from django.urls import reverse

from complaints.models import Reservation
from complaints.vouchers import codes
from staff.models import IdempotencyKey
from tests.complaints.vouchers import a_voucher, issued, ledger
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def till(client_as):
    client = client_as("agent")

    def post(name: str, data: dict, *args: int, key: str | None = None):
        headers = {"Idempotency-Key": key} if key else {}
        return client.post(reverse(name, args=args), data, content_type="application/json", headers=headers)

    return post


def test_look_up_by_code(till):
    voucher, code = issued("50.00")
    answer = till("api-voucher-lookup", {"code": codes.written(code)})
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": voucher.pk,
            "kind": "value",
            "product": "",
            "state": "active",
            "last_four": code[-4:],
            "face": "50.00",
            "balance": "50.00",
            "free": "50.00",
            "valid_until": "2027-11-18",
            "is_valid": True,
        },
    )


def test_wrong_codes_get_one_answer_and_then_a_pause(till):
    answers = [till("api-voucher-lookup", {"code": code}) for code in ("K7WP", codes.draw())]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "voucher_unknown")}
    for _ in range(9):
        till("api-voucher-lookup", {"code": codes.draw()})
    assert till("api-voucher-lookup", {"code": codes.draw()}).status_code == 429


def test_reserve_capture_reverse(till):
    voucher = a_voucher("50.00")
    hold = till("api-voucher-reserve", {"amount": "30.00", "reference": "till 1", "seconds": 60}, voucher.pk, key="a")
    assert (hold.status_code, hold.json()["amount"], hold.json()["state"]) == (201, "30.00", "held")
    taken = till("api-reservation-capture", {"amount": "25.00"}, hold.json()["id"], key="b")
    assert (taken.status_code, taken.json()["amount"], taken.json()["balance"]) == (201, "-25.00", "25.00")
    back = till("api-voucher-reverse", {"amount": "5.00"}, taken.json()["id"], key="c")
    assert (back.status_code, back.json()["balance"]) == (201, "30.00")
    assert ledger(voucher) == [("issue", D(50)), ("redeem", D(-25)), ("reverse", D(5))]


def test_the_same_key_and_body_give_the_stored_answer_another_body_409(till):
    voucher = a_voucher("50.00")
    first = till("api-voucher-redeem", {"amount": "20.00"}, voucher.pk, key="k")
    again = till("api-voucher-redeem", {"amount": "20.00"}, voucher.pk, key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    other = till("api-voucher-redeem", {"amount": "21.00"}, voucher.pk, key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    elsewhere = till("api-voucher-redeem", {"amount": "20.00"}, a_voucher().pk, key="k")
    assert elsewhere.status_code == 409
    assert ledger(voucher) == [("issue", D(50)), ("redeem", D(-20))]


def test_a_refusal_leaves_the_key_free(till):
    voucher = a_voucher("50.00")
    refused = till("api-voucher-redeem", {"amount": "60.00"}, voucher.pk, key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "voucher_not_enough")
    assert not IdempotencyKey.objects.exists()
    assert till("api-voucher-redeem", {"amount": "50.00"}, voucher.pk, key="k").status_code == 201


def test_without_a_key_nothing_moves(till):
    voucher = a_voucher("50.00")
    answer = till("api-voucher-redeem", {"amount": "20.00"}, voucher.pk)
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])
    assert ledger(voucher) == [("issue", D(50))]


def test_a_basket_of_several_vouchers(till):
    one, two = a_voucher("10.00"), a_voucher("5.00")
    parts = [{"voucher": two.pk}, {"voucher": one.pk, "amount": "8.00"}]
    answer = till("api-voucher-redeem-several", {"vouchers": parts, "reference": "B1"}, key="k")
    assert (answer.status_code, [entry["balance"] for entry in answer.json()]) == (201, ["2.00", "0.00"])
    for bad in ([{"voucher": 10**9}], [{"voucher": one.pk}] * 2, []):
        assert till("api-voucher-redeem-several", {"vouchers": bad}, key="other").status_code == 400


def test_release_needs_no_body(till):
    voucher = a_voucher("50.00")
    hold = till("api-voucher-reserve", {}, voucher.pk, key="a").json()
    assert till("api-reservation-release", {}, hold["id"], key="b").json()["state"] == "released"
    assert till("api-reservation-capture", {}, hold["id"], key="c").status_code == 409
    assert Reservation.objects.get().state == "released"


def test_roles_without_the_permission_are_refused(client_as):
    voucher = a_voucher()
    client = client_as("marketing")
    assert client.get(reverse("api-voucher", args=[voucher.pk])).status_code == 403
    answer = client.post(reverse("api-voucher-redeem", args=[voucher.pk]), {}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 403
