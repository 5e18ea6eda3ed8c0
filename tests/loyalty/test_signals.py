"""Signs of misuse: each with its evidence, judged by a person, never blocking by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty.actions import give_stamps, record_receipt, redeem
from loyalty.models import Membership, SignalReview
from loyalty.queries import watch
from tests.factories import AuthorityLimitFactory, CustomerFactory
from tests.loyalty.factories import VersionFactory, buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def seen():
    return {(sign.kind, sign.membership): sign.text for sign in watch.signals(timezone.now())}


def sold(one, cashier, days):
    at = timezone.now() - timedelta(days=days)
    card = one.cards.get().number
    record_receipt(replace(facts(card, at=at), cashier=cashier), by=None, now=timezone.now())


def test_one_cashier_stamps_a_card_while_others_serve_the_store():
    friend, regulars = member(), [member() for _ in range(3)]
    for day in range(1, 11):
        sold(friend, "Kim", day)
    assert seen() == {}  # the only one at the till serves everybody
    for one in regulars:
        for day in range(1, 9):
            sold(one, "Alex", day)
    text = "10 stampings, nearly all by Kim, who serves less than half of the store's customers."
    assert seen() == {("one_cashier", friend.pk): text}


def test_stamps_by_hand_rewards_at_once_and_the_own_card(user_as):
    agent = user_as("agent", email="kim@example.com")
    AuthorityLimitFactory(
        role=agent.groups.get(), kind="stamps", per_case=5, per_customer_year=None, per_agent_day=None
    )
    by_hand, quick, own = member(), member(), member(customer=CustomerFactory(email="KIM@example.com"))
    for n in range(20):
        give_stamps(by_hand.pk, count=1, note="again", by=agent, now=timezone.now(), key=f"k{n}")
    for _ in range(3):
        buy(quick, 9, now=timezone.now() - timedelta(hours=2))
        redeem(quick.rewards.get(state="issued").pk, by=agent, now=timezone.now() - timedelta(hours=2))
    give_stamps(own.pk, count=1, note="for me", by=agent, now=timezone.now())
    found = seen()
    assert found["no_receipt", by_hand.pk] == "20 times stamped by hand, without a till receipt."
    assert found["at_once", quick.pk] == "3 rewards redeemed within three minutes of being earned."
    assert found["own_card", own.pk].startswith("1 entries by a colleague")
    assert set(Membership.objects.values_list("status", flat=True)) == {"active"}


def test_points_are_many_by_nature_and_old_receipts_are_no_news():
    club = VersionFactory(programme__code="club", programme__unit="point", prices=[{"points": 60, "name": "a coffee"}])
    buy(member(club.programme), 30, now=timezone.now())
    buy(member(), 14, at=timezone.now() - timedelta(days=40), now=timezone.now())  # told today, bought long ago
    assert seen() == {}


def test_a_verdict_is_kept_with_its_reason(client_as):
    lead, jane = client_as("team lead"), member()
    buy(jane, 14, now=timezone.now())
    (((kind, pk), text),) = seen().items()
    body = {"signal": kind, "evidence": text, "verdict": "dismissed", "note": "bought for the whole office"}
    lead.post(reverse("loyalty:review", args=[pk]), body)
    assert (SignalReview.objects.get().note, seen()) == ("bought for the whole office", {})
    page = lead.get(reverse("loyalty:signals")).content.decode()
    assert "nothing in it · bought for the whole office" in page
