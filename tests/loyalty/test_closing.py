"""A membership ended at the member's wish, and what becomes of what stands on it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from loyalty import actions
from loyalty.models import LedgerEntry, Membership, Reward, StatusChange
from loyalty.queries.ledger import faults
from staff.errors import DomainError
from tests.conftest import NOON
from tests.loyalty.factories import VersionFactory, buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def after(days):
    return NOON + timedelta(days=days)


def test_a_closed_card_is_refused_and_comes_back_with_all_it_had(user_as):
    jane, agent = member(), user_as("agent")
    buy(jane, 11)
    actions.close(jane.pk, by=agent, now=NOON, note="moves abroad")
    with pytest.raises(DomainError) as stamped:
        buy(jane, 1)
    with pytest.raises(DomainError) as redeemed:
        actions.redeem(jane.rewards.get().pk, by=agent, now=NOON)
    assert (stamped.value.code, redeemed.value.code) == ("membership_closed", "membership_closed")

    actions.expire_all(now=after(29))
    actions.reopen(jane.pk, by=agent, now=after(29))
    actions.redeem(jane.rewards.get().pk, by=agent, now=after(29))
    jane.refresh_from_db()
    assert (jane.status, jane.balance) == ("active", 2)
    assert list(StatusChange.objects.order_by("pk").values_list("after", "note")) == [
        ("closed", "moves abroad"),
        ("active", ""),
    ]


def test_after_thirty_days_stamps_and_rewards_lapse_once(user_as):
    jane, joe, agent = member(), member(), user_as("agent")
    for one in (jane, joe):
        buy(one, 11)
    actions.close(jane.pk, by=agent, now=NOON)
    for day in (30, 31):
        actions.expire_all(now=after(day))
    assert list(LedgerEntry.objects.filter(kind="expire").values_list("membership", "stamps")) == [(jane.pk, -2)]
    assert dict(Reward.objects.values_list("membership", "state")) == {jane.pk: "expired", joe.pk: "issued"}
    assert faults() == []
    actions.reopen(jane.pk, by=agent, now=after(31))
    jane.refresh_from_db()
    assert (jane.status, jane.balance, jane.cycle_needed) == ("active", 0, None)


def test_who_left_may_enrol_anew_without_a_second_head_start(user_as):
    agent, generous = user_as("agent"), VersionFactory(programme__code="tea", head_start=2)
    jane = member(generous.programme)
    actions.close(jane.pk, by=agent, now=NOON)
    again = actions.enrol(generous.programme_id, customer_id=jane.customer_id, by=agent, now=NOON)
    jane.refresh_from_db()
    assert (jane.balance, again.balance) == (2, 0)
    with pytest.raises(DomainError) as refused:
        actions.reopen(jane.pk, by=agent, now=NOON)
    assert refused.value.code == "already_member"


def test_a_debt_is_not_shed_by_leaving(user_as):
    jane, agent = member(), user_as("agent")
    card = jane.cards.get().number
    sale = facts(card, 9)
    actions.record_receipt(sale, by=None, now=NOON)
    actions.redeem(jane.rewards.get().pk, by=agent, now=NOON)
    actions.record_receipt(facts(items=9, original=sale), by=None, now=NOON)
    actions.close(jane.pk, by=agent, now=NOON)
    actions.expire_all(now=after(40))
    with pytest.raises(DomainError) as refused:
        actions.enrol(jane.programme_id, customer_id=jane.customer_id, by=agent, now=after(40))
    jane.refresh_from_db()
    assert (refused.value.code, jane.balance) == ("former_debt", -9)


@pytest.mark.parametrize(
    ("status", "verb", "code"),
    [
        ("active", "reopen", "wrong_state"),
        ("blocked", "reopen", "wrong_state"),
        ("closed", "close", "wrong_state"),
    ],
)
def test_what_is_not_possible_says_so(user_as, status, verb, code):
    jane = member()
    Membership.objects.filter(pk=jane.pk).update(status=status)
    with pytest.raises(DomainError) as refused:
        getattr(actions, verb)(jane.pk, by=user_as("agent"), now=NOON)
    assert refused.value.code == code
    assert not StatusChange.objects.exists()


def test_at_the_desk_what_will_happen_is_said_before_and_who_did_it_after(client_as):
    client, jane = client_as("agent"), member()
    buy(jane, 2)
    page = reverse("loyalty:member", args=[jane.pk])
    said = client.get(reverse("loyalty:folded", args=[jane.pk, "close"])).content.decode()
    assert "balance: 2" in said
    assert "30 days" in said
    assert client.post(reverse("loyalty:close", args=[jane.pk]), {"note": ""}).status_code == 422
    client.post(reverse("loyalty:close", args=[jane.pk]), {"note": "moves abroad"})
    shown = client.get(page).content.decode()
    assert "This membership is closed." in shown
    assert "moves abroad" in shown
    client.post(reverse("loyalty:reopen", args=[jane.pk]))
    jane.refresh_from_db()
    assert jane.status == "active"
    history = client.get(reverse("customers:detail", args=[jane.customer_id])).content.decode()
    assert "Loyalty membership closed" in history
    assert "Loyalty membership opened again" in history
