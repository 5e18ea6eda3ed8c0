"""Members about to lapse: noticed, held out or called, and what that brings."""

from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse

from loyalty.actions import merge
from loyalty.actions import retention as actions
from loyalty.models import Contact, Lapse
from loyalty.queries import retention as queries
from staff.errors import DomainError, WrongState
from tests.conftest import NOON
from tests.factories import AuthorityLimitFactory, CustomerFactory, UserFactory
from tests.loyalty.factories import buy, buy_all, facts, member, members
from tests.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def away(*, days=12, visits=4, gap=5, **customer):
    """Came every five days, then stayed away for twelve."""
    one = member(customer=CustomerFactory(**{"may_be_contacted": True} | customer))
    for n in range(visits):
        buy(one, 1, now=NOON - timedelta(days=days + gap * (visits - 1 - n)))
    return one


@pytest.fixture
def nobody_held(monkeypatch):
    monkeypatch.setattr(actions, "HELD_OUT", 0)


def test_who_is_noticed(nobody_held):
    lapsing = [away(), away(days=10), away(days=60)]
    away(days=9)  # not yet twice the gap
    away(days=61)  # long gone
    away(visits=3)
    away(may_be_contacted=False)
    away(is_bereaved=True)
    assert [actions.notice(now=NOON) for _ in range(2)] == [3, 0]
    assert set(Lapse.objects.values_list("membership", flat=True)) == {one.pk for one in lapsing}
    row = Lapse.objects.get(membership=lapsing[0])
    assert (row.visits, row.gap, row.noticed_at) == (4, timedelta(days=5), NOON)


def test_visits_with_a_card_that_was_merged_count(nobody_held, user_as):
    jane = member(customer=CustomerFactory(may_be_contacted=True))
    old = member(customer=None)
    for card, days in ((old, 27), (old, 22), (jane, 17), (jane, 12)):
        buy(card, 1, now=NOON - timedelta(days=days))
    merge(old.pk, into_id=jane.pk, by=user_as("agent"), now=NOON)
    assert actions.notice(now=NOON) == 1
    assert Lapse.objects.get().membership == jane


def test_one_in_ten_is_held_out_and_never_shown(user_as):
    days = [timedelta(days=12 + 5 * n) for n in range(4)]
    cards = [one.cards.get().number for one in members(80, may_be_contacted=True)]
    buy_all([facts(card, at=NOON - ago) for card in cards for ago in days])
    assert actions.notice(now=NOON) == 80
    held = Lapse.objects.filter(arm="held").count()
    assert 1 <= held <= 20
    assert queries.rows("", None, user_as("agent"), NOON).count() == 80 - held
    with pytest.raises(Lapse.DoesNotExist):
        actions.take(Lapse.objects.filter(arm="held").first().pk, by=user_as("agent"), now=NOON)


def test_calls_come_again_three_times_and_a_visit_ends_them(nobody_held):
    by = UserFactory()
    jane, joe = away(), away(days=13)
    actions.notice(now=NOON)
    row = actions.take_next(by=by, now=NOON)
    assert row.membership == jane
    for call in (1, 2, 3):
        actions.record(row.pk, outcome="not_reached", note="", by=by, now=NOON + timedelta(days=call))
        row.refresh_from_db()
        assert (row.state, row.claimed_by) == ("open" if call < 3 else "done", None)
    assert Contact.objects.filter(lapse=row).count() == 3
    with pytest.raises(WrongState):
        actions.record(row.pk, outcome="reached", note="", by=by, now=NOON)
    buy(joe, 1, now=NOON + timedelta(days=4))
    actions.notice(now=NOON + timedelta(days=5))
    other = joe.lapses.get()
    assert (other.state, other.came_back_at) == ("done", NOON + timedelta(days=4))


def test_stamps_offered_in_the_call_keep_to_authority(nobody_held, user_as):
    agent = user_as("agent")
    AuthorityLimitFactory(role=agent.groups.get(), kind="stamps", per_case=2, per_customer_year=9, per_agent_day=9)
    jane, joe = away(), away(days=13)
    actions.notice(now=NOON)
    for one, stamps in ((jane, 2), (joe, 3)):
        pk = one.lapses.get().pk
        with pytest.raises(DomainError, match="how many"):
            actions.record(pk, outcome="offered", note="", by=agent, now=NOON)
        actions.record(pk, outcome="offered", note="Come back", by=agent, now=NOON, stamps=stamps)
    jane.refresh_from_db()
    joe.refresh_from_db()
    assert (jane.balance, joe.balance, joe.requests.get().amount) == (6, 4, 3)


def test_a_colleagues_hand_is_seen_and_runs_out(nobody_held):
    one, other = UserFactory(), UserFactory(first_name="Jonas", last_name="Berg")
    away()
    actions.notice(now=NOON)
    pk = Lapse.objects.get().pk
    actions.take(pk, by=other, now=NOON)
    with pytest.raises(DomainError, match="works on this one"):
        actions.take(pk, by=one, now=NOON + timedelta(minutes=29))
    assert actions.take_next(by=one, now=NOON + timedelta(minutes=29)) is None
    assert actions.take_next(by=one, now=NOON + timedelta(minutes=31)).claimed_by == one
    actions.put_back(pk, by=one, now=NOON + timedelta(minutes=32))
    assert actions.take_next(by=other, now=NOON + timedelta(minutes=32)).claimed_by == other


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_get_two_members(nobody_held):
    people = [UserFactory() for _ in range(4)]
    for days in (11, 12, 13, 14):
        away(days=days)
    actions.notice(now=NOON)
    taken = at_once(*(partial(actions.take_next, by=person, now=NOON) for person in people))
    assert sorted(one.pk for one in taken) == sorted(Lapse.objects.values_list("pk", flat=True))


def test_the_effect_is_told_when_thirty_of_each_were_watched():
    def lapses(arm, count, back):
        Lapse.objects.bulk_create(
            Lapse(
                membership=one,
                last_visit_at=NOON - timedelta(days=60),
                visits=4,
                gap=timedelta(days=5),
                arm=arm,
                noticed_at=NOON - timedelta(days=40),
                came_back_at=NOON - timedelta(days=20) if n < back else None,
            )
            for n, one in enumerate(members(count))
        )

    lapses("called", 60, 30)
    lapses("held", 29, 3)
    assert queries.effect(NOON).difference.value is None
    lapses("held", 1, 0)
    found = queries.effect(NOON)
    assert found.difference.value == pytest.approx(0.4)
    assert found.difference.low > 0


def test_the_list_is_worked_in_a_browserless_desk(nobody_held, client_as, time_machine, django_assert_num_queries):
    time_machine.move_to(NOON, tick=False)
    agent = client_as("agent")
    jane = away(given_name="Jane")
    actions.notice(now=NOON)
    agent.get(reverse("loyalty:lapsing"))
    for _ in range(2):
        with django_assert_num_queries(7):
            page = agent.get(reverse("loyalty:lapsing")).content.decode()
        away(days=14), away(days=15)
        actions.notice(now=NOON)
    assert "Jane" in page
    assert "cannot be told yet" in page
    answer = agent.post(reverse("loyalty:next_lapse"))
    row = jane.lapses.get()
    assert answer["Location"] == reverse("loyalty:lapse", args=[row.pk])
    wrong = agent.post(answer["Location"], {"outcome": "offered", "note": "typed text"})
    assert (wrong.status_code, "typed text" in wrong.content.decode()) == (422, True)
    agent.post(answer["Location"], {"outcome": "reached", "note": "comes on Friday"})
    done = agent.get(reverse("loyalty:lapsing"), {"state": "done"}).content.decode()
    assert "reached, will come" in done
    assert "comes on Friday" in agent.get(answer["Location"]).content.decode()
