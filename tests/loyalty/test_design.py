"""Terms: drafted, forecast, published by a second person; the lists and the figures."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty import jobs
from loyalty.actions import programmes as actions
from loyalty.models import Contact, Forecast, Membership, ProgrammeVersion, SignalReview
from loyalty.queries import figures, watch
from loyalty.queries.ledger import balance_at
from loyalty.rules.terms import TermsError, read_rules
from staff.errors import DomainError, SelfApproval
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory, buy, facts, member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop():
    StoreFactory()
    ProductFactory()
    return VersionFactory()


FORM = {
    "stamps_needed": 5,
    "per": "item",
    "head_start": 1,
    "cooldown_minutes": 0,
    "backdate_days": 90,
    "reward_cost": "0.90",
    "margin": "0.6",
    "starts_on": "2027-01-01",
    "bonus_times": 2,
    "bonus_days": ["0"],
}


def test_a_draft_is_forecast_handed_in_and_published_by_a_second_person(client_as, shop):
    now = timezone.now()
    people = [member(shop.programme, now=now - timedelta(days=40)) for _ in range(2)]
    for day in range(6):
        at = now - timedelta(days=30 - day)
        buy(people[0], now=at)
        actions_record(facts(at=at))
    mark, sofia = client_as("marketing"), client_as("manager")
    response = mark.post(reverse("loyalty:new_version", args=[shop.programme.pk]), FORM)
    draft = ProgrammeVersion.objects.get(number__gt=shop.number)
    assert response["Location"] == reverse("loyalty:version", args=[draft.pk])
    assert (draft.state, draft.author, draft.stamps_needed) == ("draft", mark.user, 5)
    with pytest.raises(DomainError, match="Forecast these terms first"):
        actions.submit(draft.pk, by=mark.user, now=now)
    mark.post(reverse("loyalty:forecast", args=[draft.pk]))
    forecast = Forecast.objects.get()
    jobs.forecast(forecast_id=forecast.pk)
    forecast.refresh_from_db()
    assert (forecast.state, forecast.result["receipts"], forecast.result["identified"]) == ("done", 12, 6)
    assert (forecast.result["coverage"], forecast.result["members"], forecast.result["reaching"]) == (0.5, 1, 1)
    assert forecast.result["cases"]["base"]["rewards"] == 1
    page = mark.get(reverse("loyalty:version", args=[draft.pk])).content.decode()
    assert "12 receipts of 12 months, 50% with a card." in page
    mark.post(reverse("loyalty:submit", args=[draft.pk]))
    with pytest.raises(SelfApproval):
        actions.publish(draft.pk, by=mark.user, now=now)
    sofia.post(reverse("loyalty:publish", args=[draft.pk]))
    draft.refresh_from_db()
    shop.refresh_from_db()
    assert (draft.state, draft.approver, shop.valid_until) == ("published", sofia.user, draft.valid_from)
    with pytest.raises(DomainError, match="final"):
        actions.save_draft(draft.pk, programme=shop.programme, by=mark.user, now=now, rules=shop.rules)


def actions_record(told):
    from loyalty.actions import record_receipt

    return record_receipt(told, by=None, now=timezone.now())


def test_changing_a_draft_takes_it_back_and_a_stale_form_is_refused(client_as, shop):
    mark = client_as("marketing")
    mark.post(reverse("loyalty:new_version", args=[shop.programme.pk]), FORM)
    draft = ProgrammeVersion.objects.get(number__gt=shop.number)
    url = reverse("loyalty:version", args=[draft.pk])
    assert mark.post(url, FORM | {"edits": 1, "stamps_needed": 6}).status_code == 302
    response = mark.post(url, FORM | {"edits": 1, "stamps_needed": 7})
    assert (response.status_code, "Somebody changed this draft" in response.content.decode()) == (422, True)
    draft.refresh_from_db()
    assert (draft.stamps_needed, draft.edits) == (6, 2)


def test_the_card_is_drawn_while_the_form_is_typed(client_as):
    mark = client_as("marketing")
    drawn = mark.post(reverse("loyalty:preview"), {"stamps_needed": "4", "head_start": "2"}).content.decode()
    assert (drawn.count("<circle"), drawn.count('class="tick"')) == (4, 2)
    assert mark.post(reverse("loyalty:preview"), {"stamps_needed": "-1e9"}).status_code == 200


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "at least one rule"),
        ([{"per": "cup"}], "one of item"),
        ([{"per": "item", "colour": 1}], "unknown word"),
        ([{"per": "amount"}], "how much money"),
        ([{"per": "bonus", "times": 2}], "alone earns nothing"),
        ([{"per": "item", "stamps": -1}], "cannot be read"),
        ([{"per": "item", "weekdays": [9]}], "weekdays"),
        ([{"per": "item", "key": "a"}, {"per": "visit", "key": "a"}], "same name"),
    ],
)
def test_rules_that_cannot_be_are_refused_in_words(rules, words):
    with pytest.raises(TermsError, match=words):
        read_rules(rules)


def test_lapsing_members_are_called_once(client_as, shop):
    now = timezone.now()
    jane = member(shop.programme, now=now - timedelta(days=60))
    jane.customer.may_be_contacted = True
    jane.customer.save()
    for day in (50, 45, 40, 35):
        buy(jane, now=now - timedelta(days=day))
    (row,) = watch.lapsing(now)
    assert (row["pk"], row["visits"], row["ratio"]) == (jane.pk, 4, "7.0")
    lead = client_as("team lead")
    assert jane.customer.name in lead.get(reverse("loyalty:lapsing")).content.decode()
    lead.post(reverse("loyalty:contact", args=[jane.pk]), {"outcome": "reached"})
    assert (Contact.objects.get().outcome, watch.lapsing(now)) == ("reached", [])


def test_a_sign_of_misuse_blocks_nothing_until_a_person_does(client_as, shop):
    now = timezone.now()
    jane = member(shop.programme, now=now)
    buy(jane, 14, now=now)
    (sign,) = watch.signals(now)
    assert (sign.kind, sign.text) == ("many_an_hour", "14 stamps within one hour.")
    assert Membership.objects.get(pk=jane.pk).status == "active"
    lead = client_as("team lead")
    assert sign.text in lead.get(reverse("loyalty:signals")).content.decode()
    body = {"signal": sign.kind, "evidence": sign.text, "verdict": "blocked"}
    lead.post(reverse("loyalty:review", args=[jane.pk]), body)
    assert Membership.objects.get(pk=jane.pk).status == "blocked"
    assert (SignalReview.objects.get().by, watch.signals(now)) == (lead.user, [])


def test_the_figures_by_their_definitions(client_as, shop):
    now = timezone.now()
    jane, _joe = member(shop.programme, now=now - timedelta(days=99)), member(shop.programme, now=now)
    buy(jane, 5, now=now - timedelta(days=20))
    buy(jane, 6, now=now - timedelta(days=10))
    told = {str(title): value for title, value, _about in figures.report(now)["tiles"]}
    assert (told["Open members"], told["Active in 90 days"], told["Time to a full card"]) == ("2", "50%", "10 days")
    page = client_as("marketing").get(reverse("loyalty:report"))
    assert page.status_code == 200


def test_kaplan_meier_counts_open_cards_as_not_yet_full():
    points = figures.kaplan_meier([(5, True), (10, True), (20, False), (30, True)])
    assert points == [(0, 0.0), (5, 0.25), (10, 0.5), (30, 1.0)]
    assert figures.median_day(points) == 10


def test_the_balance_as_it_was_known_then(shop):
    now = timezone.now()
    jane = member(shop.programme, now=now - timedelta(days=9))
    yesterday = now - timedelta(days=1)
    buy(jane, 2, now=yesterday)
    buy(jane, 3, at=yesterday - timedelta(hours=1), now=now)  # told a day late
    day = timezone.localdate(yesterday)
    assert (balance_at(jane.pk, day, yesterday), balance_at(jane.pk, day, now)) == (2, 5)
