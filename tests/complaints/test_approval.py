"""A case that waits with its compensation: asked, agreed, returned, taken back; and an answer that never runs ahead."""

import pytest
from django.urls import reverse

from complaints import actions
from complaints.actions import awards, remedies
from complaints.compensation.rules import Terms, Wish
from complaints.models import Award, CaseMove, ComplaintCase
from complaints.states import ENDED, State
from staff.errors import DomainError, WrongState
from staff.home import home
from tests.complaints.awards import a_case, goodwill
from tests.complaints.factories import RootCauseFactory, registered
from tests.complaints.test_states import case_in
from tests.conftest import NOON
from tests.threads import at_once

pytestmark = pytest.mark.django_db
S = State
ABOVE, WITHIN = goodwill("35.00"), goodwill("20.00")


def drafted(case: ComplaintCase, by, *, now=NOON) -> ComplaintCase:
    case.refresh_from_db()
    return actions.draft(
        case.pk,
        outcome="upheld",
        root_cause=RootCauseFactory(),
        fault="ours",
        subject="Your complaint",
        body="You are right.",
        version=case.version,
        by=by,
        now=now,
    )


def question(award: Award) -> int:
    return award.approvals.get(verdict="pending").pk


EVENTS = {
    "asks": lambda case, agent, manager: awards.propose(case.pk, ABOVE, by=agent, now=NOON),
    "agrees at once": lambda case, agent, manager: awards.propose(case.pk, WITHIN, by=agent, now=NOON),
    "approves": lambda case, agent, manager: awards.approve(
        question(case.awards.get(state="pending")), by=manager, now=NOON, note="fine"
    ),
    "declines": lambda case, agent, manager: awards.decline(
        question(case.awards.get(state="pending")), by=manager, now=NOON, note="no proof"
    ),
    "takes back": lambda case, agent, manager: awards.withdraw(case.awards.get(state="pending").pk, by=agent, now=NOON),
}
LED = {
    (S.DECISION_DRAFTED, "asks"): S.PENDING_APPROVAL,
    (S.RETURNED, "asks"): S.PENDING_APPROVAL,
    (S.RETURNED, "agrees at once"): S.DECISION_DRAFTED,
    (S.PENDING_APPROVAL, "agrees at once"): S.DECISION_DRAFTED,
    (S.PENDING_APPROVAL, "approves"): S.DECISION_DRAFTED,
    (S.PENDING_APPROVAL, "declines"): S.RETURNED,
    (S.PENDING_APPROVAL, "takes back"): S.DECISION_DRAFTED,
}


@pytest.mark.parametrize("event", EVENTS)
def test_what_each_event_makes_of_a_case_in_every_state(agent, manager, event):
    asking = event not in ("asks", "agrees at once")
    for before in sorted((set(S) - ENDED) | {S.RESOLVED_ON_CONTACT}):
        if asking and before in (S.DECISION_DRAFTED, S.RETURNED):
            continue  # nothing is asked there: the test after this one
        case = case_in(before)
        case.severity = 2
        case.save()
        if asking:
            EVENTS["asks"](case, agent, manager)
        EVENTS[event](case, agent, manager)
        case.refresh_from_db()
        assert (before, case.state) == (before, LED.get((before, event), before))


def test_a_drafted_case_waits_comes_back_and_goes_out_only_when_agreed(agent, manager):
    case = a_case()
    first = awards.propose(case.pk, ABOVE, by=agent, now=NOON)
    assert case.moves.count() == 0  # still looked into
    assert drafted(case, agent).state == S.PENDING_APPROVAL
    with pytest.raises(WrongState):
        answer(case, agent)
    with pytest.raises(WrongState, match="Withdraw the proposal"):
        drafted(case, agent)
    awards.decline(question(first), by=manager, now=NOON, note="no proof")
    case.refresh_from_db()
    assert case.state == S.RETURNED
    with pytest.raises(WrongState):
        answer(case, agent)
    second = awards.propose(case.pk, goodwill("31.00"), by=agent, now=NOON)
    awards.approve(question(second), by=manager, now=NOON, amounts={second.remedies.get().pk: WITHIN.goodwill})
    answer(case, agent)
    assert [(one.from_state, one.to_state, one.by, one.note) for one in case.moves.order_by("pk")] == [
        (S.REGISTERED, S.DECISION_DRAFTED, agent, ""),
        (S.DECISION_DRAFTED, S.PENDING_APPROVAL, agent, ""),
        (S.PENDING_APPROVAL, S.RETURNED, manager, "no proof"),
        (S.RETURNED, S.PENDING_APPROVAL, agent, ""),
        (S.PENDING_APPROVAL, S.DECISION_DRAFTED, manager, ""),
        (S.DECISION_DRAFTED, S.RESPONDED, agent, ""),
        (S.RESPONDED, S.FULFILLING, None, ""),
    ]


def answer(case, by):
    case.refresh_from_db()
    return actions.respond(
        case.pk, kind="letter", subject="Answer", body="Here.", version=case.version, by=by, now=NOON
    )


def test_no_clock_stands_for_an_approver_and_who_takes_the_next_gets_another(agent, manager):
    case = registered()
    awards.propose(case.pk, ABOVE, by=agent, now=NOON)
    before = list(case.clocks.order_by("pk").values_list("kind", "due_at", "is_paused", "met_at"))
    due = case.due_at
    drafted(case, agent)
    case.refresh_from_db()
    assert (case.state, case.due_at, case.pauses.count()) == (S.PENDING_APPROVAL, due, 0)
    assert list(case.clocks.order_by("pk").values_list("kind", "due_at", "is_paused", "met_at")) == before
    with pytest.raises(DomainError, match="Nothing waits"):
        actions.take_next(by=agent, now=NOON)
    later = registered(severity=1)
    assert actions.take_next(by=agent, now=NOON) == later


def test_a_colleague_is_asked_before_the_complaint_is_due(agent):
    soon = a_case(due_at=NOON)
    assert awards.propose(soon.pk, ABOVE, by=agent, now=NOON).approvals.get().due_at == NOON
    assert awards.propose(a_case().pk, ABOVE, by=agent, now=NOON).approvals.get().due_at > NOON


def test_part_of_what_is_asked_cannot_be_left_out_behind_the_approvers_back(agent, manager):
    award = awards.propose(a_case().pk, Terms([*ABOVE.wishes, Wish("apology", "apology")]), by=agent, now=NOON)
    with pytest.raises(WrongState, match="Withdraw the whole"):
        remedies.cancel(award.remedies.first().pk, by=agent, now=NOON, note="")
    awards.approve(question(award), by=manager, now=NOON)
    assert set(award.remedies.values_list("state", flat=True)) == {"agreed"}


def test_page_queue_and_home_say_who_is_waited_for(desk, client_as, time_machine):
    time_machine.move_to(NOON, tick=False)
    client, boss = client_as("agent"), client_as("manager")
    agent, manager = client.user, boss.user
    case = registered(by=agent, take=True)
    later = registered(by=agent, take=True, severity=4)
    award = awards.propose(case.pk, ABOVE, by=agent, now=NOON)
    drafted(case, agent)
    address = reverse("complaints:case", args=[case.pk])
    page = client.get(address).content.decode()
    assert "The clocks run on" in page
    assert "every 2s" in page
    assert reverse("complaints:step", args=[case.pk, "respond"]) not in page
    decision = reverse("complaints:award_decision", args=[question(award)])
    boss.post(decision, {"verdict": "decline", "note": "Ask for the <b>receipt</b>"})
    page = client.get(address).content.decode()
    assert "Ask for the &lt;b&gt;receipt&lt;/b&gt;" in page
    assert f"{manager.short_name} said no" in page
    queue = client.get(reverse("complaints:queue"), {"state": "returned"}).content.decode()
    assert case.number in queue
    assert later.number not in queue
    panel = home.get("complaints")(agent, NOON)
    assert [line.text.split()[0] for line in panel.lines] == [case.number, later.number]
    assert (panel.lines[0].tone, panel.lines[0].detail.startswith("returned · ")) == ("red", True)


@pytest.mark.django_db(transaction=True)
def test_drafting_while_a_colleague_is_asked_never_leaves_an_answer_free_to_go(desk, user_as):
    agent, colleague = user_as("agent"), user_as("agent")
    cause = RootCauseFactory()
    cases = [a_case() for _ in range(6)]

    for case in cases:
        at_once(
            lambda case=case: awards.propose(case.pk, ABOVE, by=agent, now=NOON),
            lambda case=case: actions.draft(
                case.pk,
                outcome="upheld",
                root_cause=cause,
                fault="ours",
                subject="A",
                body="B",
                version=1,
                by=colleague,
                now=NOON,
            ),
        )
    assert set(ComplaintCase.objects.values_list("state", flat=True)) == {S.PENDING_APPROVAL}
    assert CaseMove.objects.count() == 2 * len(cases)
