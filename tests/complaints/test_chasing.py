"""Waiting for an answer: one reminder by the worker, then a person."""

from datetime import timedelta

import pytest

from complaints import actions, jobs, sources
from complaints.models import ComplaintCase, Message
from customers.models import Delivery
from tests.complaints.factories import RECEIVED, asked, registered
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
A_WEEK = timedelta(days=7)


def waiting(**customer) -> ComplaintCase:
    case = registered(customer=CustomerFactory(language="en", **customer))
    kind = "email" if case.customer.email else "letter"
    return asked(case, kind=kind, chase_on=(RECEIVED + A_WEEK).date(), now=RECEIVED)


def questions(case: ComplaintCase) -> list[tuple[str, bool]]:
    return list(case.messages.filter(purpose="question").order_by("pk").values_list("subject", "is_automatic"))


def test_the_customer_is_reminded_once_and_then_it_is_for_a_person():
    case = waiting()
    assert jobs.chase_due(now=RECEIVED + A_WEEK - timedelta(hours=12)) == 0
    assert jobs.chase_due(now=RECEIVED + A_WEEK) == 1
    assert questions(case) == [("Which box?", False), ("Reminder: Which box?", True)]
    sent = Delivery.objects.latest("pk")
    assert "What does the label say?" in sent.body
    assert sent.headers["Auto-Submitted"] == "auto-replied"
    case.refresh_from_db()
    assert (case.state, case.chase_at.date()) == ("waiting_customer", (RECEIVED + 2 * A_WEEK).date())
    assert jobs.chase_due(now=RECEIVED + 3 * A_WEEK) == 0
    assert len(questions(case)) == 2


@pytest.mark.parametrize("customer", [{"email": ""}, {"is_bereaved": True}])
def test_who_cannot_or_should_not_be_reminded_stands_on_the_agents_page(customer, user_as):
    case, agent = waiting(**customer), user_as("agent")
    ComplaintCase.objects.filter(pk=case.pk).update(assignee=agent)
    assert sources.to_chase(agent, RECEIVED) is None
    assert jobs.chase_due(now=RECEIVED + A_WEEK) == 0
    assert [line.text for line in sources.to_chase(agent, RECEIVED + A_WEEK).lines] == [f"{case.number} {case.title}"]


def test_an_answer_or_a_later_date_comes_before_the_reminder():
    answered, put_off = waiting(), waiting()
    actions.receive(answered.pk, kind="email", body="Y-42", now=RECEIVED + timedelta(days=1))
    actions.chase_later(put_off.pk, chase_on=(RECEIVED + 2 * A_WEEK).date(), by=UserFactory(), now=RECEIVED)
    assert jobs.chase_due(now=RECEIVED + A_WEEK) == 0
    assert not Message.objects.filter(is_automatic=True).exists()
