"""Whom a campaign is for, and the texts it writes to them."""

from datetime import timedelta

import pytest

from loyalty.queries import audience
from loyalty.rules.mailings import fill, unknown
from loyalty.rules.segments import Segment, SegmentError
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory
from tests.loyalty.campaigns import TODAY
from tests.loyalty.factories import ProgrammeFactory, buy, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def test_segments_say_what_they_hold_and_hold_what_they_say():
    jane, joe = member(customer=CustomerFactory(segment="plus")), member(customer=CustomerFactory(language="de"))
    buy(jane, 7, now=NOON - timedelta(days=40))
    buy(joe, 2, now=NOON - timedelta(days=3))
    stranger = CustomerFactory(country="DE", customer_since=TODAY - timedelta(days=10))
    SubscriptionFactory(customer=stranger)
    programme = ProgrammeFactory().pk

    def held(**conditions):
        segment = Segment.read(conditions)
        assert Segment.read(segment.store()) == segment
        return set(audience.customers(segment, programme, NOON)), segment.say({"plus": "Plus"})

    assert held() == ({jane.customer, joe.customer, stranger}, ["every customer"])
    assert held(who="others") == ({stranger}, ["customers without a card"])
    assert held(kinds=["plus"]) == ({jane.customer}, ["every customer", "of segment Plus"])
    assert held(who="members", languages=["de"])[0] == {joe.customer}
    assert held(away_from=30)[0] == {jane.customer}
    assert held(away_to=30)[0] == {joe.customer}
    assert held(stamps_from=3, stamps_to=8)[0] == {jane.customer}
    assert held(countries=["DE"], has_contract=True)[0] == {stranger}
    assert held(customer_to=30) == ({stranger}, ["every customer", "customers for at most 30 days"])
    for wrong in ({"who": "dogs"}, {"kinds": "plus"}, {"away_from": True}, {"has_contract": 1}, [], {"x": 1}):
        with pytest.raises(SegmentError):
            Segment.read(wrong)


def test_texts_are_filled_and_never_steered_by_names():
    values = {"first_name": "{gift}", "gift": "<b>3 stamps</b>", "left": ""}
    assert fill("Hej {first_name}! You get {gift}. {left} more", values) == "Hej {gift}! You get <b>3 stamps</b>. more"
    assert unknown("{first_name} {vorname} {x}") == ["vorname", "x"]
