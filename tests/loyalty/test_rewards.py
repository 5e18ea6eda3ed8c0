"""The free one: redeemed once by whichever door, given back, expired."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from loyalty import actions
from loyalty.errors import RewardRefused
from loyalty.models import Receipt, Reward, RewardEvent
from loyalty.rules.earning import Line
from loyalty.rules.trace import say
from tests.conftest import NOON
from tests.loyalty.factories import VersionFactory, buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def test_a_returned_free_item_opens_its_reward_again():
    jane = member()
    buy(jane, 9)
    reward = jane.rewards.get()
    lines = (Line(1, "latte", 1, kind="reward", reward=reward.pk),)
    sale = facts(jane.cards.get().number, lines=lines)
    actions.record_receipt(sale, by=None, now=NOON)
    reward.refresh_from_db()
    assert reward.state == "redeemed"
    back = actions.record_receipt(facts(lines=lines, original=sale), by=None, now=NOON)
    reward.refresh_from_db()
    assert (reward.state, say(back.trace)) == ("issued", ["The free item came back: its reward is open again."])
    kinds = list(RewardEvent.objects.filter(reward=reward).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["issued", "redeemed", "unredeemed"]


def test_a_reward_is_redeemed_once_and_can_be_undone():
    jane = member()
    buy(jane, 9)
    reward = jane.rewards.get()
    actions.redeem(reward.pk, by=None, now=NOON)
    with pytest.raises(RewardRefused) as refusal:
        actions.redeem(reward.pk, by=None, now=NOON)
    assert refusal.value.code == "reward_redeemed"
    actions.undo_redeem(reward.pk, by=None, now=NOON)
    assert Reward.objects.get().state == "issued"
    actions.redeem(reward.pk, by=None, now=NOON)


def test_every_pair_of_reward_states_is_held_by_the_database():
    jane = member()
    buy(jane, 9)
    reward = jane.rewards.get()
    for before in Reward.State.values:
        for after in Reward.State.values:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")  # stand there without a way there
                cursor.execute(
                    "UPDATE loyalty_reward SET state = %s, redeemed_at = %s",
                    [before, NOON if before == "redeemed" else None],
                )
                cursor.execute("SET LOCAL session_replication_role = origin")
            allowed = after in Reward.MOVES[before] or after == before
            fields = {"state": after, "redeemed_at": NOON if after == "redeemed" else None}
            if allowed:
                with transaction.atomic():
                    Reward.objects.filter(pk=reward.pk).update(**fields)
            else:
                with pytest.raises(ProgrammingError), transaction.atomic():
                    Reward.objects.filter(pk=reward.pk).update(**fields)


def test_stamps_and_rewards_expire_first_in_first_out():
    version = VersionFactory(programme__code="brief", stamp_days=30, reward_days=10)
    jane = member(version.programme)
    buy(jane, 4, now=NOON)
    buy(jane, 8, now=NOON + timedelta(days=20))  # a reward of the first nine, three left of the second day
    assert actions.expire_all(now=NOON + timedelta(days=30)) == {"stamps": 0, "rewards": 1}
    assert actions.expire_all(now=NOON + timedelta(days=50)) == {"stamps": 3, "rewards": 0}
    assert actions.expire_all(now=NOON + timedelta(days=51)) == {"stamps": 0, "rewards": 0}
    jane.refresh_from_db()
    assert (jane.balance, jane.rewards.get().state) == (0, "expired")
    with pytest.raises(RewardRefused):
        actions.redeem(jane.rewards.get().pk, by=None, now=NOON + timedelta(days=51))


def free(reward, card, number):
    """A receipt of one free coffee, paid with this reward."""
    return facts(card, lines=(Line(1, "latte", 1, kind="reward", reward=reward.pk),), number=number)


def test_a_reward_pays_for_one_receipt_until_it_comes_back():
    jane = member()
    buy(jane, 9)
    reward, card = jane.rewards.get(), jane.cards.get().number
    actions.redeem(reward.pk, by=None, now=NOON)  # the till redeems first, then tells the receipt
    first = free(reward, card, "1")
    actions.record_receipt(first, by=None, now=NOON + timedelta(minutes=1))
    with pytest.raises(RewardRefused) as refusal:
        actions.record_receipt(free(reward, card, "2"), by=None, now=NOON + timedelta(minutes=2))
    assert refusal.value.code == "reward_redeemed"
    later = NOON + timedelta(minutes=3)
    actions.record_receipt(facts(lines=first.lines, original=first, at=later), by=None, now=later)
    actions.record_receipt(free(reward, card, "3"), by=None, now=NOON + timedelta(minutes=4))
    with pytest.raises(RewardRefused):
        actions.record_receipt(free(reward, card, "4"), by=None, now=NOON + timedelta(minutes=5))
    assert set(Receipt.objects.filter(lines__reward=reward, kind="sale").values_list("number", flat=True)) == {"1", "3"}


def test_a_reward_of_another_card_or_of_none_pays_for_nothing():
    jane, joe = member(), member()
    buy(jane, 9)
    reward = jane.rewards.get()
    told = free(reward, joe.cards.get().number, "1")
    unknown = replace(told, card=jane.cards.get().number, lines=(told.lines[0]._replace(reward=10**9),))
    for wrong in (told, replace(told, card=""), unknown):
        with pytest.raises(RewardRefused, match="belongs to another card"):
            actions.record_receipt(wrong, by=None, now=NOON)
    reward.refresh_from_db()
    assert reward.state == "issued"


@pytest.mark.parametrize("first", ["goods", "free item"])
def test_goods_and_the_free_item_may_come_back_in_either_order(first):
    jane = member()
    sale = facts(jane.cards.get().number, 9)
    actions.record_receipt(sale, by=None, now=NOON)
    reward = jane.rewards.get()
    eaten = free(reward, jane.cards.get().number, "1")
    actions.record_receipt(eaten, by=None, now=NOON)
    goods = facts(lines=sale.lines[:7], original=sale)
    item = facts(lines=eaten.lines, original=eaten)
    backs = [
        actions.record_receipt(one, by=None, now=NOON + timedelta(minutes=1 + n))
        for n, one in enumerate([goods, item] if first == "goods" else [item, goods])
    ]
    for row in (jane, reward):
        row.refresh_from_db()
    assert (jane.balance, jane.cycle_needed, reward.state) == (2, 9, "revoked")
    said = [say(back.trace)[-1] for back in backs]
    if first == "goods":
        assert said[1] == "The free item came back: it repaid what the card owed."
    else:
        assert said[1] == "1 open reward turned back."
