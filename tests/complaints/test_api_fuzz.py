"""Whatever a client sends to the complaints desk's endpoints, it is answered or refused, never broken by; and what is
refused leaves nothing behind. (The client of these tests raises what no view caught.)"""

import json
from collections.abc import Iterator
from copy import deepcopy
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction
from django.urls import reverse

from complaints.actions import awards, redemption
from complaints.models import Award, ComplaintCase, Message, Remedy, VoucherEntry
from staff.models import IdempotencyKey
from tests.complaints.awards import a_case, goodwill, guidance, limits, unlimited
from tests.complaints.factories import registered
from tests.complaints.vouchers import a_voucher
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
WRONG_ANYWHERE = ["Zoë\x00", 10**30, {}]
WRONG = [  # two of these in each place, in turn: a body has dozens of places
    None,
    True,
    -1,
    "\ud800",
    0.1,
    [[]],
    "",
    "😀🏳️‍🌈\u202eevil\u2066",
    "x" * 30_000,
    "NaN",
    "-Infinity",
    "1e400",
    "-0.001",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z",
]
REFUSED = {400, 404, 409}
WISH = {"kind": "product_voucher", "basis": "goodwill", "amount": "20.00", "what": "Box", "stamps": None}


@pytest.fixture
def desk(db, time_machine, caplog):
    caplog.set_level("ERROR", "django.request")  # hundreds of refusals
    time_machine.move_to(NOON, tick=False)
    guidance()
    limits("agent", goodwill="30")
    unlimited("administrator")


def requests(agent) -> list[tuple[str, list[Any], dict[str, Any]]]:
    """Every endpoint that writes: its name, its address, a body it takes."""
    case = registered()
    waiting = awards.propose(a_case().pk, goodwill("35.00"), by=agent, now=NOON)
    agreed = awards.propose(a_case().pk, goodwill("20.00", "credit"), by=agent, now=NOON)
    remedy, voucher, till = agreed.remedies.get().pk, a_voucher("50.00").pk, {"by": agent, "now": NOON}
    hold = redemption.reserve(a_voucher("50.00").pk, **till).pk
    spent = redemption.redeem(a_voucher("50.00").pk, **till).pk
    intake = {
        "customer": case.customer.number,
        "category": case.category.code,
        "channel": "web",
        "received_at": "2026-11-17T10:00:00Z",
        "severity": 2,
        "title": "A",
        "happened": "B",
        "item_price": "9.90",
    }
    amount, part = {"amount": "5.00", "reference": "R"}, {"voucher": voucher, "amount": "5.00"}
    return [
        ("api-complaints", [], intake),
        ("api-complaint-messages", [case.number], {"subject": "A", "body": "B"}),
        ("api-complaint-awards", [case.number], {"remedies": [WISH], "deviation": "x", "consent": "y"}),
        (
            "api-award-decision",
            [waiting.pk],
            {
                "verdict": "approve",
                "note": "x",
                "amounts": [{"remedy": waiting.remedies.get().pk, "amount": "31.00"}],
            },
        ),
        ("api-remedy-order", [remedy], {"reference": "R", "note": "x"}),
        ("api-remedy-complete", [remedy], {"reference": "R", "note": "x"}),
        ("api-remedy-fail", [remedy], {"reference": "R", "note": "x"}),
        ("api-voucher-lookup", [], {"code": "BCDF-GHJK-LMNP"}),
        ("api-voucher-redeem-several", [], {"vouchers": [part], "reference": "R"}),
        ("api-voucher-redeem", [voucher], amount),
        ("api-voucher-reserve", [voucher], amount | {"seconds": 60}),
        ("api-reservation-capture", [hold], {"amount": "5.00"}),
        ("api-reservation-release", [hold], {}),
        ("api-voucher-reverse", [spent], amount | {"note": "x"}),
    ]


def mangled(body: Any) -> Iterator[Any]:
    """The body with each of its values, at any depth, replaced by wrong ones, and bodies that are none."""
    yield from ([], "x", None, body | {"unheard of": [None, -1]})
    turns = cycle(WRONG)
    for way in ways(body):
        for wrong in [*WRONG_ANYWHERE, *islice(turns, 2)]:
            changed = deepcopy(body)
            inner = changed
            for step in way[:-1]:
                inner = inner[step]
            inner[way[-1]] = wrong
            yield changed


def ways(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in inside:
        yield (*before, name)
        yield from ways(value, (*before, name))


def stored() -> list[int]:
    return [model.objects.count() for model in (Award, ComplaintCase, IdempotencyKey, Message, Remedy, VoucherEntry)]


def test_wrong_bodies_are_answered_or_refused_and_the_refused_leave_nothing(desk, client_as):
    client, seen = client_as("administrator"), set()
    sound = requests(client_as("agent").user)
    before = stored()
    for name, place, good in sound:
        address = reverse(name, args=place)
        for number, body in enumerate(mangled(good)):
            with transaction.atomic():
                answer = client.generic(
                    "POST",
                    address,
                    json.dumps(body),
                    content_type="application/json",
                    headers={"Idempotency-Key": f"{name}-{number}"},
                )
                assert answer.status_code in REFUSED | {200, 201, 429}, (name, body, answer.content)
                seen.add((name, answer.status_code // 100))
                if answer.status_code in REFUSED:
                    assert stored() == before, (name, body)
                transaction.set_rollback(True)
    assert {name for name, kind in seen if kind == 2} >= {name for name, _place, _body in sound} - {
        "api-remedy-fail",  # not under way
        "api-voucher-lookup",  # nobody's code
    }


@pytest.mark.parametrize("sent", ["", "{", "[" * 5000, '{"amount": 1e400}', '{"amount": NaN}', "\x00", "\ud800"])
def test_what_is_no_json_is_refused(desk, client_as, sent):
    address = reverse("api-voucher-redeem", args=[a_voucher("50.00").pk])
    answer = client_as("administrator").generic(
        "POST",
        address,
        sent.encode("utf-8", "surrogatepass"),
        content_type="application/json",
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code in (REFUSED if sent else {201})


@pytest.mark.parametrize("key", ["\x00", "k\x00", "x" * 256, "😀", "ÿ" * 255, " "])
def test_odd_keys_are_taken_or_refused(desk, client_as, key):
    client, voucher = client_as("administrator"), a_voucher("50.00")
    address = reverse("api-voucher-redeem", args=[voucher.pk])
    sent = {"content_type": "application/json", "headers": {"Idempotency-Key": key}}
    first, again = client.post(address, {"amount": "5.00"}, **sent), client.post(address, {"amount": "5.00"}, **sent)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code in (201, 400)
    assert voucher.entries.filter(kind="redeem").count() == (first.status_code == 201)


@pytest.mark.parametrize("number", ["\x00", "K-2026-\x00", "😀", "\u202e", "K" * 5000, "%", "'"])
def test_numbers_that_are_none_are_not_found(desk, client_as, number):
    client = client_as("administrator")
    for rest in ("", "awards/", "attachments/", "messages/"):
        assert client.get(f"/api/v1/complaints/{quote(number)}/{rest}").status_code == 404


@pytest.mark.parametrize("name", ["api-award", "api-attachment", "api-voucher"])
def test_keys_beyond_every_row_are_not_found(desk, client_as, name):
    assert client_as("administrator").get(reverse(name, args=[10**30])).status_code == 404


@pytest.mark.parametrize("wrong", ["\x00", "😀", "\u202e", "x" * 3000, "-1", str(10**30), "NaN", "[]"])
def test_wrong_filters_and_cursors_of_the_lists_are_refused_or_ignored(desk, client_as, wrong):
    client = client_as("administrator")
    for name, filters in (
        ("api-complaints", ["state", "channel", "customer__number"]),
        ("api-awards", ["state"]),
        ("api-remedies", ["state", "kind"]),
    ):
        for each in (*filters, "cursor", "size", "unheard"):
            assert client.get(reverse(name), {each: wrong}).status_code in (200, 400, 404), (name, each)
