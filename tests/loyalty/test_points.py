"""Points, tiers and rewards on the way: on the same ledger, with the same rules for returns."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from customers import timeline
from customers.contributions import band
from loyalty import actions
from loyalty.actions.tiers import settle_all_tiers
from loyalty.errors import RewardRefused
from loyalty.models import Membership, Reward, TierChange
from loyalty.queries.ledger import faults
from loyalty.queries.members import expiring
from loyalty.rules.earning import Line
from loyalty.rules.trace import say
from staff.errors import DomainError
from tests.conftest import NOON
from tests.loyalty.factories import ProductFactory, ProgrammeFactory, StoreFactory, VersionFactory, facts, member

pytestmark = pytest.mark.django_db
PRICES = [
    {"points": 50, "name": "a coffee", "cost": "0.90"},
    {"points": 200, "name": "a mug", "cost": "4.00"},
]


@pytest.fixture(autouse=True)
def shop():
    StoreFactory()
    ProductFactory()


def points(**more):
    programme = ProgrammeFactory(code="club", name="Club", unit="point", reward_name="what you choose")
    rules = [{"key": "spent", "per": "amount", "stamps": 1, "amount": "1"}]
    return VersionFactory(programme=programme, stamps_needed=50, rules=rules, prices=PRICES, **more)


def spend(jane, amount, *, at=NOON, **more):
    told = facts(jane.cards.get().number, at=at, lines=(Line(1, "latte", 1, Decimal(amount)),), **more)
    return told, actions.record_receipt(told, by=None, now=at)


def fresh(jane):
    return Membership.objects.get(pk=jane.pk)


def test_points_are_earned_spent_turned_back_and_redeemed(user_as):
    jane, agent = member(points().programme), user_as("agent")
    _told, receipt = spend(jane, "61.80")
    assert (say(receipt.trace), fresh(jane).balance, Reward.objects.count()) == (["61 points."], 61, 0)
    with pytest.raises(DomainError, match="139 points are missing"):
        actions.spend_points(jane.pk, reward="a mug", by=agent, now=NOON)
    for _ in range(2):
        reward = actions.spend_points(jane.pk, reward="a coffee", by=agent, now=NOON, key="k")
    assert (reward.name, reward.cost, reward.state, fresh(jane).balance) == ("a coffee", Decimal("0.90"), "issued", 11)
    actions.turn_back(reward.pk, by=agent, now=NOON)
    assert (fresh(jane).balance, Reward.objects.get().state) == (61, "revoked")
    again = actions.spend_points(jane.pk, reward="a coffee", by=agent, now=NOON, key="l")
    actions.redeem(again.pk, by=agent, now=NOON)
    with pytest.raises(RewardRefused):
        actions.turn_back(again.pk, by=agent, now=NOON)
    assert faults() == []


def test_a_return_takes_points_from_an_open_reward_else_leaves_a_debt(user_as):
    jane, agent = member(points().programme), user_as("agent")
    told, _receipt = spend(jane, "60")
    actions.spend_points(jane.pk, reward="a coffee", by=agent, now=NOON)
    back = facts(lines=(Line(1, "latte", 1, Decimal(20)),), original=told)
    with pytest.raises(DomainError):
        actions.record_receipt(facts(lines=(Line(1, "latte", 2),), original=told), by=None, now=NOON)
    full = actions.record_receipt(back, by=None, now=NOON)
    assert (full.stamps, fresh(jane).balance, Reward.objects.get().state) == (60, 0, "revoked")
    told, _receipt = spend(jane, "60")
    reward = actions.spend_points(jane.pk, reward="a coffee", by=agent, now=NOON)
    actions.redeem(reward.pk, by=agent, now=NOON)
    back = actions.record_receipt(facts(lines=(Line(1, "latte", 1),), original=told), by=None, now=NOON)
    assert fresh(jane).balance == -50
    assert say(back.trace)[-1] == "The points were spent already: the card owes 50 points, the next ones repay it."


def test_points_expire_lot_by_lot_and_the_card_says_when():
    jane = member(points(stamp_days=30).programme)
    spend(jane, "60")
    spend(jane, "30", at=NOON + timedelta(days=10))
    actions.spend_points(jane.pk, reward="a coffee", by=None, now=NOON + timedelta(days=11))
    assert expiring(fresh(jane), NOON + timedelta(days=11)).startswith("10 points expire on")
    assert actions.expire_all(now=NOON + timedelta(days=30))["stamps"] == 10
    assert fresh(jane).balance == 30
    assert actions.expire_all(now=NOON + timedelta(days=41))["stamps"] == 30


TIERS = [{"from": 50, "name": "Silver", "times": "1.5"}, {"from": 100, "name": "Gold", "times": "2"}]


def test_a_tier_is_reached_multiplies_and_is_lost_again(client_as):
    jane = member(points(tiers=TIERS, tier_days=60).programme)
    spend(jane, "55")
    assert fresh(jane).tier == "Silver"
    told, receipt = spend(jane, "41", at=NOON + timedelta(days=1))
    assert (receipt.stamps, receipt.times, fresh(jane).tier) == (61, Decimal("1.5"), "Gold")
    assert say(receipt.trace) == ["61 points.", "Silver: 20 more."]
    now = NOON + timedelta(days=2)
    back = actions.record_receipt(facts(lines=(Line(1, "latte"),), original=told, at=now), by=None, now=now)
    assert (back.stamps, fresh(jane).tier) == (61, "Silver")  # by the tier of that day
    for name, page in (("Silver", client_as("agent").get(reverse("loyalty:member", args=[jane.pk]))),):
        assert name in page.content.decode()
    assert settle_all_tiers(now=NOON + timedelta(days=59)) == 0
    assert settle_all_tiers(now=NOON + timedelta(days=61)) == 1
    changes = [(c.before, c.after, c.rose) for c in TierChange.objects.order_by("pk")]
    assert changes == [("", "Silver", True), ("Silver", "Gold", True), ("Gold", "Silver", False), ("Silver", "", False)]
    told, _more = timeline.page(jane.customer_id, kind="loyalty", after=None, size=20)
    titles = [entry.title for entry in told]
    assert [title for title in titles if "Gold" in title] == ["Gold lost", "Gold reached"]
    assert dict(band.items())["loyalty"](jane.customer, NOON).facts[0].context["says"] == "55 of 200 points"


def test_tiers_by_visits_and_a_merge(user_as):
    version = points(tiers=[{"from": 3, "name": "Regular", "times": 1}], tier_by="visits")
    jane, joe = member(version.programme), member(version.programme)
    for day in range(2):
        spend(jane, "10", at=NOON + timedelta(days=day))
        spend(joe, "10", at=NOON + timedelta(days=day))
    now = NOON + timedelta(days=2)
    merged = actions.merge(joe.pk, into_id=jane.pk, by=user_as("team lead"), now=now)
    assert fresh(jane).tier == "Regular"
    actions.unmerge(merged.pk, by=user_as("team lead"), now=now)
    assert (fresh(jane).tier, fresh(joe).tier) == ("", "")


def on_the_way(**more):
    return VersionFactory(stamps_needed=6, interim=[{"at": 3, "name": "a biscuit", "cost": "0.30"}], **more)


def biscuits(jane):
    return list(jane.rewards.filter(level=3).order_by("pk").values_list("state", flat=True))


def coffees(jane, items, **more):
    told = facts(jane.cards.get(status="active").number, items, **more)
    return told, actions.record_receipt(told, by=None, now=NOON)


def test_a_reward_on_the_way_comes_once_a_card():
    jane = member(on_the_way().programme)
    coffees(jane, 2)
    assert biscuits(jane) == []
    _told, receipt = coffees(jane, 1)
    assert (biscuits(jane), fresh(jane).balance) == (["issued"], 3)
    assert say(receipt.trace) == ["1 stamp.", "A reward on the way: a biscuit."]
    _told, receipt = coffees(jane, 13)  # 16: two full cards, four on the third
    assert say(receipt.trace)[1:] == [
        "A reward on the way: a biscuit, a biscuit.",
        "The card was full: 2 rewards.",
    ]
    assert (biscuits(jane), fresh(jane).balance, fresh(jane).cycle) == (["issued"] * 3, 4, 2)
    assert faults() == []


def test_a_return_withdraws_an_open_one_and_never_gives_a_second_for_an_eaten_one():
    jane = member(on_the_way().programme)
    told, _receipt = coffees(jane, 3)
    back = actions.record_receipt(facts(lines=(Line(1, "latte"),), original=told), by=None, now=NOON)
    assert biscuits(jane) == ["revoked"]
    assert say(back.trace)[-1] == "The reward on the way is withdrawn until the card is there again."
    told, _receipt = coffees(jane, 1)
    assert biscuits(jane) == ["revoked", "issued"]
    actions.redeem(jane.rewards.get(state="issued").pk, by=None, now=NOON)
    for _ in range(3):  # buy, eat, return, again: no second biscuit
        actions.record_receipt(facts(lines=(Line(1, "latte"),), original=told), by=None, now=NOON)
        told, _receipt = coffees(jane, 1)
    assert biscuits(jane) == ["revoked", "redeemed"]


def test_a_merge_and_its_parting_leave_rewards_on_the_way_as_they_were(user_as):
    lead, version = user_as("team lead"), on_the_way()
    jane, joe = member(version.programme), member(version.programme)
    coffees(jane, 7)
    coffees(joe, 4)
    before = list(Reward.objects.order_by("pk").values_list("membership_id", "cycle", "level", "state"))
    merged = actions.merge(joe.pk, into_id=jane.pk, by=lead, now=NOON)
    assert Reward.objects.filter(membership=jane, level=3, state="issued").count() == 2
    actions.unmerge(merged.pk, by=lead, now=NOON)
    assert list(Reward.objects.order_by("pk").values_list("membership_id", "cycle", "level", "state")) == before


def test_the_till_spends_points(client_as):
    points(tiers=TIERS)
    client = client_as("agent")

    def call(path, body, key):
        answer = client.post(f"/api/v1/loyalty/{path}", body, "application/json", headers={"Idempotency-Key": key})
        return answer.status_code, answer.json()

    _code, told = call("members/", {"programme": "club"}, "a")
    jane = Membership.objects.get()
    spend(jane, "70")
    code, told = call("balance/", {"card": told["cards"][0]}, "")
    assert (code, told["unit"], told["balance"], told["needed"], told["tier"]) == (200, "point", 70, 200, "Silver")
    assert told["prices"] == [{"name": "a coffee", "points": 50}, {"name": "a mug", "points": 200}]
    wish = {"card": told["cards"][0], "reward": "a coffee"}
    for _ in range(2):
        code, reward = call("rewards/", wish, "b")
        assert (code, reward["name"], fresh(jane).balance) == (201, "a coffee", 20)
    code, refused = call("rewards/", wish, "c")
    assert (code, refused["code"]) == (409, "too_few_points")
    assert call(f"rewards/{reward['id']}/back/", {}, "d")[1]["state"] == "revoked"


def test_points_by_hand(client_as):
    jane, agent = member(points().programme), client_as("agent")
    spend(jane, "70")
    url = reverse("loyalty:member", args=[jane.pk])
    page = agent.get(url).content.decode()
    assert ("70 of 200 points" in page, "130 points missing" in page) == (True, True)
    key = "0f6b1d54-7f2e-4c39-9a57-0123456789ab"
    for _ in range(2):
        agent.post(reverse("loyalty:spend", args=[jane.pk]), {"reward": "a coffee", "key": key})
    reward = jane.rewards.get()
    agent.post(reverse("loyalty:turn_back", args=[reward.pk]))
    assert fresh(jane).balance == 70
    refused = agent.post(reverse("loyalty:spend", args=[jane.pk]), {"reward": "a mug", "key": key[:-1] + "c"})
    assert (refused.status_code, "130 points are missing" in refused.content.decode()) == (422, True)
