"""The clocks of a case through its life: started, standing, running on, stopped, breached for good."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaints import actions
from complaints.actions import timekeeping
from complaints.admin import CalendarForm
from complaints.models import Breach, Clock, Policy
from complaints.states import State
from tests.complaints.factories import PolicyFactory, asked, put_right, registered
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
Kind = Clock.Kind


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """November 2026, Stockholm's winter time."""
    return datetime(2026, 11, day, hour - 1, minute, tzinfo=UTC)


def clock(case, kind, cycle=1) -> Clock:
    return Clock.objects.get(case=case, kind=kind, cycle__number=cycle)


def test_intake_starts_three_clocks_from_the_receipt():
    case = registered(now=at(17, 9))  # came on Monday at ten, recorded a day later
    assert {one.kind: one.due_at for one in case.clocks.all()} == {
        Kind.FIRST_RESPONSE: at(17, 10),
        Kind.RESOLUTION: at(23, 10),
        Kind.STATUTORY: datetime(2026, 12, 16, 22, 59, 59, tzinfo=UTC),
    }
    assert case.due_at == at(17, 10)


def test_only_a_human_answer_stops_the_first_clock():
    case = registered()
    from complaints.actions.messages import acknowledge_automatically
    from complaints.actions.records import locked

    with transaction.atomic():
        assert acknowledge_automatically(locked(case.pk), now=at(16, 11)) is not None
    assert clock(case, Kind.FIRST_RESPONSE).met_at is None
    actions.log_call(case.pk, text="Rang him up.", outgoing=True, by=UserFactory(), now=at(16, 15))
    first = clock(case, Kind.FIRST_RESPONSE)
    assert (first.met_at, first.elapsed) == (at(16, 15), 4 * 3600)  # 10–12 and 13–15: lunch is closed
    assert not Breach.objects.exists()


def test_waiting_for_the_customer_pauses_the_operational_clocks_only_and_an_answer_resumes_them():
    agent = UserFactory()
    case = registered()
    before = {one.kind: one.due_at for one in case.clocks.all()}
    asked(case, chase_on=date(2026, 11, 25), by=agent, now=at(17, 9))
    standing = clock(case, Kind.RESOLUTION)
    case.refresh_from_db()
    assert (case.state, standing.is_paused, clock(case, Kind.STATUTORY).is_paused) == (
        State.WAITING_CUSTOMER,
        True,
        False,
    )
    assert case.due_at == before[Kind.STATUTORY]
    actions.receive(case.pk, kind="email", body="The black one.", now=at(18, 9))
    case.refresh_from_db()
    assert (case.state, case.chase_at) == (State.INVESTIGATING, None)
    assert clock(case, Kind.RESOLUTION).due_at == before[Kind.RESOLUTION] + timedelta(days=1)
    assert clock(case, Kind.STATUTORY).due_at == before[Kind.STATUTORY]


def test_a_question_needs_a_chase_date_to_come():
    case = registered()
    with pytest.raises(Exception, match="day to come"):
        asked(case, chase_on=date(2026, 11, 17), now=at(17, 9))
    case.refresh_from_db()
    assert (case.state, case.messages.count()) == (State.REGISTERED, 0)


def test_a_change_of_priority_recomputes_from_the_same_start():
    PolicyFactory(name="Urgent", priority=1, first_response_minutes=60, resolution_minutes=240)
    case = registered()
    actions.correct(case.pk, priority=1, by=UserFactory(), now=at(16, 11))
    assert clock(case, Kind.FIRST_RESPONSE).due_at == at(16, 11)
    assert clock(case, Kind.RESOLUTION).due_at == at(16, 15)
    case.refresh_from_db()
    assert case.due_at == at(16, 11)
    assert [(c.field, c.before, c.after) for c in case.changes.all()] == [("priority", "normal", "urgent")]


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=3),
    st.lists(st.integers(1, 10_000), min_size=1, max_size=3),
)
def test_no_change_of_promise_ever_erases_a_breach(firsts, resolutions):
    with transaction.atomic():
        case = registered()
        now = at(25, 10)  # both operational deadlines are past
        timekeeping.recompute(case, now=now)
        for step, (first, resolution) in enumerate(zip(firsts, resolutions, strict=False)):
            Policy.objects.filter(pk=case.clocks.first().policy_id).update(
                first_response_minutes=first, resolution_minutes=resolution
            )
            timekeeping.recompute(case, now=now + timedelta(hours=step))
            breaches = {b.clock.kind: b.due_at for b in Breach.objects.select_related("clock")}
            assert breaches == {Kind.FIRST_RESPONSE: at(17, 10), Kind.RESOLUTION: at(23, 10)}
        transaction.set_rollback(True)


def test_a_breach_cannot_be_changed_or_deleted_even_by_hand():
    case = registered()
    timekeeping.recompute(case, now=at(25, 10))
    for write in (lambda: Breach.objects.update(due_at=at(26, 9)), lambda: Breach.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()
    assert Breach.objects.count() == 2


def test_reopening_starts_a_new_cycle_and_freezes_the_first():
    agent = UserFactory()
    case = registered()
    put_right(case, by=agent, now=at(16, 12))
    first = list(case.clocks.order_by("kind").values_list("kind", "due_at", "met_at", "elapsed"))
    actions.reopen(case.pk, note="It restarts again.", by=agent, now=at(20, 9))
    case.refresh_from_db()
    assert (case.state, case.reopened_count, case.closed_at) == (State.REOPENED, 1, None)
    assert (
        list(case.clocks.filter(cycle__number=1).order_by("kind").values_list("kind", "due_at", "met_at", "elapsed"))
        == first
    )
    assert {one.started_at for one in case.clocks.filter(cycle__number=2)} == {at(20, 9)}
    assert case.due_at == clock(case, Kind.FIRST_RESPONSE, cycle=2).due_at


def test_withdrawing_lets_promises_fall_away_but_not_those_already_broken():
    case = registered()
    actions.leave(case.pk, to="withdrawn", note="Never mind.", version=1, by=UserFactory(), now=at(18, 9))
    assert {one.kind: one.is_cancelled for one in case.clocks.all()} == {
        Kind.FIRST_RESPONSE: False,
        Kind.RESOLUTION: True,
        Kind.STATUTORY: True,
    }
    assert [b.clock.kind for b in Breach.objects.select_related("clock")] == [Kind.FIRST_RESPONSE]


@pytest.mark.parametrize(
    ("country", "region", "wrong"),
    [
        ("se", "", []),
        ("DE", "BY", []),
        ("DE", "Bayern", []),
        ("", "", []),
        ("XX", "", ["country"]),
        ("SE", "BY", ["subdivision"]),
        ("😀", "x", ["country"]),
    ],
)
def test_a_calendar_is_of_a_country_and_region_whose_holidays_are_known(country, region, wrong):
    form = CalendarForm({"name": "Bayern", "time_zone": "Europe/Berlin", "country": country, "subdivision": region})
    assert list(form.errors) == wrong
    assert wrong or form.cleaned_data["country"] == country.upper()
