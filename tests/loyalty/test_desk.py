"""The desk's pages and doors."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from cancellations.variables import registry
from customers import timeline
from customers.contributions import band, variables
from customers.goodwill import given
from loyalty import actions, cards
from loyalty.errors import NotAMember
from loyalty.models import Membership, StampRequest
from loyalty.rules.cards import check_digit, new_number, normalise
from staff.approvals import waiting
from staff.search import found
from tests.conftest import NOON
from tests.factories import AuthorityLimitFactory, CustomerFactory
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory, buy, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


@pytest.fixture
def agent(client_as):
    client = client_as("agent")
    AuthorityLimitFactory(
        role=client.user.groups.get(), kind="stamps", per_case=2, per_customer_year=5, per_agent_day=20
    )
    return client


def post(client, name, pk, **data):
    return client.post(reverse(f"loyalty:{name}", args=[pk]), data)


KEY = "0f6b1d54-7f2e-4c39-9a57-0123456789ab"


def test_enrol_stamp_nine_redeem_undo_by_hand(agent, shop):
    customer = CustomerFactory()
    to_enrol = agent.get(reverse("loyalty:customer", args=[customer.pk]))
    response = agent.post(to_enrol["Location"], {"programme": shop.programme.pk, "card": " 7101 2345-6783 "})
    jane = Membership.objects.get()
    assert response["Location"] == reverse("loyalty:member", args=[jane.pk])
    assert (jane.customer, jane.cards.get().number) == (customer, "710123456783")
    for _ in range(2):  # the second press of the same form changes nothing
        post(agent, "stamp", jane.pk, key=KEY, count=9, store=StoreFactory().pk)
    reward = jane.rewards.get()
    page = agent.get(reverse("loyalty:member", args=[jane.pk])).content.decode()
    assert "9 stamps: every item counted. The card was full: 1 reward." in page
    post(agent, "redeem", reward.pk)
    post(agent, "undo_redeem", reward.pk)
    reward.refresh_from_db()
    assert reward.state == "issued"
    assert agent.get(reverse("loyalty:customer", args=[customer.pk]))["Location"] == response["Location"]


def test_a_scan_opens_the_card_and_an_unknown_one_says_so(agent):
    jane = member()
    response = agent.post(reverse("loyalty:find"), {"card": jane.cards.get().number})
    assert response["Location"] == reverse("loyalty:member", args=[jane.pk])
    response = agent.post(reverse("loyalty:find"), {"card": "12345"})
    assert (response.status_code, "No card has this number." in response.content.decode()) == (404, True)


def test_goodwill_above_authority_waits_for_a_colleague(agent, client_as, shop):
    jane = member()
    post(agent, "give", jane.pk, key=KEY, count=2, note="slow service")
    jane.refresh_from_db()
    assert (jane.balance, StampRequest.objects.count()) == (2, 0)
    assert given([jane.customer_id], NOON.replace(year=2020), NOON.replace(year=2030)) == {
        jane.customer_id: Decimal("0.20")
    }
    post(agent, "give", jane.pk, key=KEY[:-1] + "c", count=4, note="spilled coffee")
    request = StampRequest.objects.get()
    assert (request.amount, request.verdict) == (4, "pending")
    assert waiting(agent.user) == []
    lead = client_as("manager")
    AuthorityLimitFactory(role=lead.user.groups.get(), kind="stamps", per_case=None)
    (pending,) = waiting(lead.user)
    assert (pending.asks_for, pending.why) == ("goodwill stamps: 4 stamps", "spilled coffee")
    assert agent.get(pending.url).status_code == 403
    assert "spilled coffee" in lead.get(pending.url).content.decode()
    answer = lead.post(pending.url, {"verdict": "approve"}, headers={"HX-Request": "true"})
    assert answer["HX-Trigger"] == "decided"
    jane.refresh_from_db()
    assert jane.balance == 6


def test_bonus_stamps_for_other_apps_are_given_once_and_count_as_goodwill(user_as, shop):
    VersionFactory(programme__code="dear", reward_cost=Decimal(18))
    jane = member(shop.programme.__class__.objects.get(code="dear"))
    agent = user_as("agent")
    for _ in range(2):
        actions.give_bonus_stamps(jane.customer, 3, reason="complaint", by=agent, now=NOON, key="award-1")
    jane.refresh_from_db()
    assert jane.balance == 3
    since, until = NOON.replace(year=2025), NOON.replace(year=2027)
    assert given([jane.customer_id], since, until) == {jane.customer_id: Decimal("6.00")}
    with pytest.raises(NotAMember):
        actions.give_bonus_stamps(CustomerFactory(), 1, reason="x", by=agent, now=NOON)


def test_a_lost_card_a_merge_and_a_transfer_by_hand(agent):
    jane, joe = member(), member(customer=None)
    buy(jane, 5)
    buy(joe, 3)
    post(agent, "replace", jane.pk, number="")
    assert jane.cards.filter(status="active").count() == 1
    card = joe.cards.get().number
    post(agent, "transfer", jane.pk, card=card, stamps=2, note="neighbour")
    post(agent, "merge", jane.pk, card=card)
    jane.refresh_from_db()
    joe.refresh_from_db()
    assert (jane.balance, joe.balance, joe.merged_into) == (8, 0, jane)
    post(agent, "unmerge", jane.merges_here.get().pk)
    joe.refresh_from_db()
    assert (joe.balance, joe.status) == (5, "active")


def test_of_two_cards_the_lost_one_is_named(agent):
    jane, joe = member(), member(customer=None)
    own, second = jane.cards.get(), joe.cards.get()
    post(agent, "merge", jane.pk, card=second.number)
    page = agent.get(reverse("loyalty:folded", args=[jane.pk, "replace"])).content.decode()
    assert 'name="lost"' in page
    assert post(agent, "replace", jane.pk, number="").status_code == 422
    post(agent, "replace", jane.pk, number="", lost=own.pk)
    own.refresh_from_db()
    second.refresh_from_db()
    assert (own.status, second.status) == ("lost", "active")


def test_a_refusal_comes_back_at_its_field_with_what_was_typed(agent):
    jane = member()
    response = post(agent, "transfer", jane.pk, card="999", stamps=4, note="typed text")
    page = response.content.decode()
    assert (response.status_code, "No card has this number." in page, "typed text" in page) == (422, True, True)


def test_the_customer_page_shows_the_card(shop, user_as):
    jane = member()
    buy(jane, 7)
    sources = dict(band.items())
    shown = sources["loyalty"](jane.customer, NOON)
    assert shown.facts[0].context["says"] == "7 of 9 stamps"
    told = dict(variables.items())["loyalty"]([jane.customer_id], NOON)[jane.customer_id]
    assert told == {"has_card": True, "stamps_to_reward": 2}
    assert set(told) <= set(registry)  # what marketing's rules ask for has these names
    (entry,), _more = timeline.page(jane.customer_id, kind="loyalty", after=None, size=5)
    assert entry.title == "7 stamps: every item counted."
    (hit,) = found(user_as("agent"), jane.cards.get().number)
    assert hit.url == reverse("loyalty:member", args=[jane.pk])


def test_the_card_prints_in_three_languages_and_fits_a_phone(agent):
    jane = member()
    card = jane.cards.get()
    for language, words in (("en", "9 stamps"), ("sv", "9 stämplar"), ("de", "9 Stempel")):
        response = agent.get(reverse("loyalty:card_pdf", args=[card.pk]), {"language": language})
        text = PdfReader(BytesIO(response.content)).pages[0].extract_text()
        assert words in text
        assert card.number[:4] in text
    picture = agent.get(reverse("loyalty:card_picture", args=[card.pk]))
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")


def test_pages_take_a_constant_number_of_queries(agent, django_assert_num_queries):
    people = [member() for _ in range(1)]
    for _ in range(2):
        with django_assert_num_queries(5):
            agent.get(reverse("loyalty:members"))
        buy(people[0], 12)
        with django_assert_num_queries(11):
            agent.get(reverse("loyalty:member", args=[people[0].pk]))
        with django_assert_num_queries(4):
            agent.get(reverse("loyalty:ledger", args=[people[0].pk]))
        people += [member() for _ in range(2)]


def test_a_form_comes_as_it_is_unfolded(agent):
    jane = member()
    page = agent.get(reverse("loyalty:member", args=[jane.pk])).content.decode()
    folded = re.findall(r'hx-get="(/loyalty/members/[0-9]+/forms/([a-z]+)/)"', page)
    assert {name for _url, name in folded} == {"claim", "close", "give", "replace", "merge", "transfer"}
    for url, name in folded:
        assert f'action="{reverse(f"loyalty:{name}", args=[jane.pk])}"' in agent.get(url).content.decode()
    assert agent.get(reverse("loyalty:folded", args=[jane.pk, "steal"])).status_code == 404


def test_the_ledger_is_read_page_by_page_to_its_beginning(agent):
    jane = member()
    for n in range(5):
        buy(jane, 9, at=NOON - timedelta(days=n))  # nine entries and the reward each time
    url, seen = reverse("loyalty:ledger", args=[jane.pk]), []
    while url:
        text = agent.get(url).content.decode()
        seen += re.findall(r'data-label="Balance">(\d+)<', text)
        found = re.search(r'hx-get="([^"]+)"', text)
        url = found and unescape(found[1])
    assert seen == [str(n) for _ in range(5) for n in (0, 9, 8, 7, 6, 5, 4, 3, 2, 1)]


def test_card_numbers_catch_a_wrong_digit():
    number = new_number()
    assert check_digit(number[:-1]) == number[-1]
    assert normalise(" 7101 2345-6783 ") == "710123456783"
    assert normalise("anon-0001") == "ANON-0001"
    assert 'role="img"' in cards.stamps_svg(3, 500, "3 of 500")


def test_a_receipt_from_paper_says_what_was_bought(agent, shop):
    rules = [{"key": "beans", "per": "item", "stamps": 2, "categories": ["coffee"]}]
    rules.append({"key": "spent", "per": "amount", "stamps": 1, "amount": "10"})
    jane = member(VersionFactory(programme__code="paper", rules=rules, stamps_needed=20).programme, now=timezone.now())
    told = {"store": StoreFactory().pk, "business_date": timezone.localdate().isoformat()}
    latte = ProductFactory().pk
    post(agent, "claim", jane.pk, **told, number="1", count=2, product=latte)
    post(agent, "claim", jane.pk, **told, number="2", count=1, amount="31")
    silent = post(agent, "stamp", jane.pk, key=KEY, count=1, store=StoreFactory().pk)
    assert (silent.status_code, "Type what was paid" in silent.content.decode()) == (422, True)
    assert list(jane.receipts.order_by("number").values_list("number", "stamps", "total")) == [
        ("1", 4, Decimal("9.00")),
        ("2", 3, Decimal("31.00")),
    ]


def test_the_desk_offers_what_counts_so_that_one_press_stamps(agent):
    rules = [
        {"key": "coffee", "per": "item", "categories": ["coffee"]},
        {"key": "mug", "per": "item", "products": ["m"]},
    ]
    rules.append({"key": "monday", "per": "bonus", "times": 2, "weekdays": [0]})
    ProductFactory(sku="bun", name="A bun", category=None)
    latte, _mug = ProductFactory(), ProductFactory(sku="m", name="Mug", category=None)
    jane = member(VersionFactory(programme__code="narrow", rules=rules).programme, now=timezone.now())
    page = agent.get(reverse("loyalty:member", args=[jane.pk])).content.decode()
    offered = re.search(r'<select name="product".*?</select>', page, re.DOTALL).group()
    assert re.findall(r">([^<]+)</option>", offered) == ["Latte", "Mug"]
    store = StoreFactory().pk
    assert post(agent, "stamp", jane.pk, key=KEY, count=1, store=store).status_code == 422
    post(agent, "stamp", jane.pk, key=KEY, count=1, store=store, product=latte.pk)
    assert jane.receipts.get().stamps in (1, 2)  # a Monday doubles it


def test_a_reward_that_expired_yesterday_is_extended_with_a_reason(client_as, agent):
    version = VersionFactory(programme__code="brief", reward_days=10)
    now = timezone.now()
    jane = member(version.programme, now=now - timedelta(days=12))
    buy(jane, 9, now=now - timedelta(days=11))
    actions.expire_all(now=now)
    reward, lead = jane.rewards.get(), client_as("team lead")
    page = lead.get(reverse("loyalty:member", args=[jane.pk])).content.decode()
    assert "Extend a reward" in page
    assert "a free coffee ·" in lead.get(reverse("loyalty:folded", args=[jane.pk, "extend"])).content.decode()
    assert post(agent, "extend", jane.pk, reward=reward.pk, days=3, note="ill").status_code == 403
    silent = post(lead, "extend", jane.pk, reward=reward.pk, days=3)
    assert (silent.status_code, "This field is required" in silent.content.decode()) == (422, True)
    post(lead, "extend", jane.pk, reward=reward.pk, days=3, note="was ill")
    reward.refresh_from_db()
    assert (reward.state, reward.expires_at.date()) == ("issued", (now + timedelta(days=3)).date())
    assert reward.events.order_by("pk").last().note == "was ill"
    other = member(version.programme, customer=None)
    assert post(lead, "extend", other.pk, reward=reward.pk, days=3, note="not hers").status_code == 422


def test_the_admin_shows_a_reward_s_life_and_keeps_a_programme_s_unit(admin_client, user_as, shop):
    jane, old = member(), member(customer=None)
    buy(jane, 9)
    reward = jane.rewards.get()
    actions.redeem(reward.pk, by=None, now=NOON)
    actions.merge(old.pk, into_id=jane.pk, by=user_as("agent"), now=NOON)
    page = admin_client.get(reverse("admin:loyalty_reward_change", args=[reward.pk])).content.decode()
    assert "redeemed" in page
    assert admin_client.get(reverse("admin:loyalty_merge_changelist")).content.decode().count("field-source") == 1
    assert admin_client.get(reverse("admin:loyalty_stamprequest_changelist")).status_code == 200
    change = reverse("admin:loyalty_programme_change", args=[shop.programme.pk])
    admin_client.post(change, {"code": "coffee", "name": "New", "unit": "point", "reward_name": "x", "is_open": "on"})
    shop.programme.refresh_from_db()
    assert (shop.programme.name, shop.programme.unit) == ("New", "stamp")
