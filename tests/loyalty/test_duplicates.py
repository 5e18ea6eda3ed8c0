"""Members who may be one: noticed with what speaks for it, judged by a person."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.urls import reverse

from loyalty.actions import record_receipt
from loyalty.actions.duplicates import judge_duplicate, notice_duplicates
from loyalty.models import Duplicate, Membership, Merge
from staff.errors import DomainError
from tests.conftest import NOON
from tests.factories import CustomerFactory
from tests.loyalty.factories import VersionFactory, buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def noticed(now=NOON):
    count = notice_duplicates(now=now)
    return count, list(Duplicate.objects.order_by("pk").values_list("first", "second", "signs"))


PHONE = "+46701234567"


def person(**facts):
    return member(customer=CustomerFactory(**{"phone": "", "email": ""} | facts))


def test_the_same_phone_or_address_or_name_as_heard_with_the_birthday():
    born = date(1980, 5, 17)
    anna = person(given_name="Anna", family_name="Svensson", email="anna@example.com", birthday=born)
    heard = person(given_name="Anna", family_name="Swenson", email="Anna@Example.com", birthday=born)
    person(given_name="Anna", family_name="Svensson", birthday=date(1981, 5, 17), email="other@example.com")
    karl, carl = person(given_name="Karl", phone=PHONE), person(given_name="Carl", phone=PHONE)
    person(given_name="Greta", phone=PHONE)  # of the same household
    CustomerFactory(given_name="Karl", phone=PHONE)  # no member
    elsewhere = VersionFactory(programme__code="tea").programme
    member(elsewhere, customer=CustomerFactory(given_name="Karl", phone=PHONE, email=""))
    assert noticed() == (
        2,
        [(anna.pk, heard.pk, ["email", "name"]), (karl.pk, carl.pk, ["phone"])],
    )
    assert noticed()[0] == 0


def test_a_nameless_card_used_with_another_on_four_days():
    jane, found, stranger = person(), member(customer=None), person()
    for days in range(1, 5):
        at = NOON - timedelta(days=days)
        for seconds, one in ((0, jane), (40, found), (90, stranger)):
            told = facts(one.cards.get().number, at=at + timedelta(seconds=seconds))
            record_receipt(replace(told, cashier="Kim"), by=None, now=NOON)
    pairs = noticed()[1]
    assert (jane.pk, found.pk, ["together"]) in pairs
    assert (found.pk, stranger.pk, ["together"]) in pairs
    assert len(pairs) == 2  # Jane and the stranger have names, and were no neighbours


def test_what_was_judged_stays_judged_and_a_merge_is_the_desks_own(user_as):
    agent = user_as("agent")
    one, two, three = (person(phone=PHONE) for _ in range(3))
    buy(two, 4)
    noticed()
    first, second = Duplicate.objects.filter(first=one).order_by("second")
    judge_duplicate(first.pk, same=True, note="the same caller", by=agent, now=NOON)
    judge_duplicate(second.pk, same=False, note="father and son", by=agent, now=NOON)
    one.refresh_from_db()
    assert (one.balance, Merge.objects.get().source_id) == (4, two.pk)
    assert Membership.objects.get(pk=three.pk).status == "active"
    assert noticed()[0] == 0
    with pytest.raises(DomainError) as again:
        judge_duplicate(second.pk, same=True, note="", by=agent, now=NOON)
    assert again.value.code == "already_decided"


@pytest.mark.parametrize("pairs", [1, 3])
def test_the_page_shows_both_and_asks_the_same_number_of_queries(client_as, django_assert_num_queries, pairs):
    client = client_as("agent")
    url = reverse("loyalty:duplicates")
    for n in range(pairs):
        for _ in range(2):
            person(phone=f"+4670123456{n}", given_name="Nils", family_name=f"Holm{n}")
    noticed()
    client.get(url)
    with django_assert_num_queries(5):
        shown = client.get(url).content.decode()
    assert shown.count("same phone and given name") == pairs
    pk = Duplicate.objects.order_by("-pk").values_list("pk", flat=True)[0]
    client.post(reverse("loyalty:judge_duplicate", args=[pk]), {"verdict": "two", "note": "twins"})
    after = client.get(url).content.decode()
    assert after.count("same phone and given name") == pairs - 1
    assert "twins" in after
