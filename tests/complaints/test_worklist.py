"""Refunds and gifts for somebody to carry out: done, under way or failed with a reason, and back to the list."""

import pytest
from django.urls import reverse

from complaints.actions import awards
from complaints.compensation.rules import Terms, Wish
from complaints.compensation.worklist import tasks
from complaints.models import Remedy
from tests.complaints.awards import D, a_case, guidance, limits
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_as, time_machine):
    time_machine.move_to(NOON, tick=False)
    client = client_as("agent")
    guidance()
    limits(goodwill="50")
    return client


def agreed(client, *wishes: Wish) -> list[Remedy]:
    award = awards.propose(a_case().pk, Terms(wishes or (GIFT,)), by=client.user, now=NOON)
    return list(award.remedies.order_by("pk"))


REFUND = Wish("refund", "owed", D("24.95"))
GIFT = Wish("gift", "goodwill", D("20.00"), "Chocolates")
SORRY = Wish("apology", "apology")


def shown(group: str, kind: str = "") -> list[str]:
    return [task.what for task in tasks(group, kind=kind, cursor=None, now=NOON)[0]]


def test_only_what_others_carry_out_waits_here_oldest_first(desk):
    agreed(desk, REFUND, GIFT, SORRY)
    assert shown("todo") == ["refund", "gift, sent by post · Chocolates"]
    assert shown("todo", "gift") == ["gift, sent by post · Chocolates"]
    assert shown("done") == []


def test_a_refund_goes_its_way_with_reference_and_note(desk):
    [refund] = agreed(desk, REFUND)
    list_of = {"show": "todo", "kind": ""}
    answer = desk.post(reverse("complaints:remedy_order", args=[refund.pk]), {"reference": "B-17", **list_of})
    assert answer["Location"] == reverse("complaints:remedies") + "?show=todo&kind="
    assert shown("ordered") == ["refund"]
    desk.post(reverse("complaints:remedy_fail", args=[refund.pk]), {"note": " ", **list_of})
    assert shown("failed") == []
    desk.post(reverse("complaints:remedy_fail", args=[refund.pk]), {"note": "Account closed", **list_of})
    [task] = tasks("failed", kind="", cursor=None, now=NOON)[0]
    assert (task.note, task.reference, task.can_order, task.can_fail) == ("Account closed", "B-17", True, False)
    desk.post(reverse("complaints:remedy_complete", args=[refund.pk]), {"note": "By giro", **list_of})
    [task] = tasks("done", kind="", cursor=None, now=NOON)[0]
    assert (task.note, task.reference, task.can_complete) == ("By giro", "B-17", False)
    refund.award.refresh_from_db()
    assert refund.award.state == "done"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_with_one_row_and_with_three(desk, django_assert_num_queries, count):
    for _ in range(count):
        agreed(desk)
    desk.get(reverse("complaints:remedies"))
    with django_assert_num_queries(3):  # session, person with permissions, the list
        page = desk.get(reverse("complaints:remedies"))
    assert len(page.context["tasks"]) == count
