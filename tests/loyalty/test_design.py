"""Terms: drafted, forecast, published by a second person; the lists and the figures."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty import jobs
from loyalty.actions import programmes as actions
from loyalty.forms.design import Design
from loyalty.models import Forecast, Membership, ProgrammeVersion, SignalReview
from loyalty.queries import watch
from loyalty.queries.ledger import balance_at
from loyalty.terms import Terms, TermsError, read_rules
from staff.approvals import waiting
from staff.errors import DomainError, SelfApproval
from tests.loyalty.factories import buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def rows(name, *several):
    """A formset as a browser sends it."""
    sent = {f"{name}-TOTAL_FORMS": len(several), f"{name}-INITIAL_FORMS": 0}
    return sent | {f"{name}-{i}-{field}": value for i, row in enumerate(several) for field, value in row.items()}


def form(*, rules=({"per": "item", "stamps": 1},), interim=(), prices=None, tiers=(), **more):
    fields = {
        "stamps_needed": 5,
        "head_start": 1,
        "cooldown_minutes": 0,
        "backdate_days": 90,
        "tier_by": "earned",
        "tier_days": 365,
        "reward_cost": "0.90",
        "margin": "0.6",
        "starts_on": "2027-01-01",
    }
    kinds = rows("interim", *interim) if prices is None else rows("prices", *prices)
    return fields | rows("rules", *rules) | rows("tiers", *tiers) | kinds | more


FORM = form(rules=({"per": "item", "stamps": 1}, {"per": "bonus", "times": 2, "weekdays": ["0"]}))


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
    assert waiting(mark.user) == []
    (row,) = waiting(sofia.user)
    assert (row.asks_for, row.requested_by) == (f"publish version {draft.number}", mark.user.short_name)
    panel = sofia.get(row.url, headers={"HX-Request": "true"}).content.decode()
    assert ("5 stamps: a free coffee." in panel, "<html" in panel) == (True, False)
    answer = sofia.post(reverse("loyalty:publish", args=[draft.pk]), headers={"HX-Request": "true"})
    assert answer["HX-Trigger"] == "decided"
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


def draft_of(client, programme, **fields):
    response = client.post(reverse("loyalty:new_version", args=[programme.pk]), form(**fields))
    assert response.status_code == 302, response.content.decode()
    return ProgrammeVersion.objects.order_by("-pk").first()


def test_everything_that_earns_is_stored_and_shown_again(client_as, shop):
    mark = client_as("marketing")
    draft = draft_of(
        mark,
        shop.programme,
        rules=[
            {"per": "item", "stamps": 2, "categories": ["coffee"], "products": "latte", "stores": ["gotgatan"]},
            {"per": "amount", "stamps": 1, "amount": "5", "minimum": "10", "since": "2027-02-01", "to": "2027-02-28"},
            {"per": "visit", "stamps": 1, "start": "07:00", "end": "09:30"},
            {"per": "bonus", "times": 3, "weekdays": ["5", "6"]},
        ],
        interim=[{"at": 3, "name": "a biscuit", "cost": "0.30"}],
        tiers=[{"start": 50, "name": "Gold", "times": "1.5"}],
        cap_receipt=6,
        cap_day=8,
        stamp_days=365,
        reward_days=90,
        budget=2000,
        ends_on="2027-12-31",
        in_stores=["gotgatan"],
    )
    assert draft.rules == [
        {"key": "item-1", "per": "item", "stamps": 2, "categories": ["coffee"], "products": ["latte"]}
        | {"stores": ["gotgatan"]},
        {"key": "amount-2", "per": "amount", "stamps": 1, "amount": "5", "minimum": "10"}
        | {"since": "2027-02-01", "to": "2027-02-28"},
        {"key": "visit-3", "per": "visit", "stamps": 1, "from": "07:00:00", "until": "09:30:00"},
        {"key": "bonus-4", "per": "bonus", "times": 3, "weekdays": [5, 6]},
    ]
    assert (draft.interim, draft.stores) == ([{"at": 3, "name": "a biscuit", "cost": "0.30"}], ["gotgatan"])
    assert draft.tiers == [{"from": 50, "name": "Gold", "times": "1.5"}]
    assert (draft.cap_receipt, draft.cap_day, draft.stamp_days, draft.reward_days) == (6, 8, 365, 90)
    assert timezone.localtime(draft.valid_until).isoformat()[:16] == "2028-01-01T00:00"
    page = mark.get(reverse("loyalty:version", args=[draft.pk])).content.decode()
    for sentence in (
        "Each item of Coffee and Latte: 2 stamps, in Götgatan.",
        "Each full €5.00: 1 stamp, 1\xa0Feb\xa02027 – 28\xa0Feb\xa02027, receipts from €10.00.",
        "Each visit: 1 stamp, 07:00–09:30.",
        "Bonus: × 3, Saturday and Sunday.",
        "On the way, at 3: a biscuit, once a card.",
        "Gold from 50 earned in 365 days: earns × 1.5.",
        "At most 6 a receipt.",
        "Only in Götgatan.",
    ):
        assert sentence in page
    again = Design(None, programme=shop.programme, version=draft)
    sent = {"edits": draft.edits} | {f.html_name: f.value() for f in again.form if f.value() not in (None, "")}
    for name, several in again.sets.items():
        sent |= rows(name, *({f.name: f.value() for f in one if f.value() not in (None, "")} for one in several))
    before = Terms.read(draft)
    assert mark.post(reverse("loyalty:version", args=[draft.pk]), sent).status_code == 302
    draft = ProgrammeVersion.objects.get(pk=draft.pk)
    assert Terms.read(draft) == before


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"rules": []}, "rules", "at least one rule"),
        ({"rules": [{"per": "bonus", "times": 2}]}, "rules-0-per", "alone earns nothing"),
        ({"rules": [{"per": "amount", "stamps": 1}]}, "rules-0-amount", "for how much money"),
        ({"rules": [{"per": "item"}]}, "rules-0-stamps", "how many are given"),
        ({"rules": [{"per": "item", "stamps": 1}, {"per": "bonus"}]}, "rules-1-times", "how many times"),
        ({"rules": [{"per": "item", "stamps": 1, "products": "tea"}]}, "rules-0-products", "No article has"),
        (
            {"rules": [{"per": "item", "stamps": 1, "since": "2027-02-02", "to": "2027-02-01"}]},
            "rules-0-to",
            "Not before",
        ),
        ({"interim": [{"at": 5, "name": "a biscuit", "cost": 0}]}, "interim-0-at", "fewer than 5"),
        (
            {"interim": [{"at": 2, "name": "a", "cost": 0}, {"at": 2, "name": "b", "cost": 0}]},
            "interim-1-at",
            "Twice the same",
        ),
        ({"tiers": [{"start": 5, "name": "", "times": 1}]}, "tiers-0-name", "required"),
        ({"head_start": 5}, "head_start", "Fewer than the stamps needed"),
        ({"stamps_needed": 0}, "stamps_needed", "At least one stamp"),
        ({"cap_day": 0}, "cap_day", "At least 1"),
        ({"margin": 3}, "margin", "between 0 and 1"),
        ({"ends_on": "2026-12-31"}, "ends_on", "Not before the first day"),
    ],
)
def test_a_fault_is_told_at_its_field_and_nothing_typed_is_lost(client_as, shop, fields, field, words):
    mark = client_as("marketing")
    sent = form(budget="1234.50", **fields)
    response = mark.post(reverse("loyalty:new_version", args=[shop.programme.pk]), sent)
    page = response.content.decode()
    assert (response.status_code, ProgrammeVersion.objects.count()) == (422, 1)
    assert 'value="1234.50"' in page
    at = page.index(f'id="id_{field}"') if "-" in field or field != "rules" else page.index("rules-TOTAL_FORMS")
    assert words in page[at : at + 1600]


def test_rows_are_added_and_removed_without_a_script(client_as, shop):
    mark = client_as("marketing")
    url = reverse("loyalty:new_version", args=[shop.programme.pk])
    page = mark.post(url, FORM | {"add": "rules"}).content.decode()
    assert ('name="rules-2-per"' in page, "errorlist" in page, ProgrammeVersion.objects.count()) == (True, False, 1)
    assert mark.post(url, FORM | {"rules-1-DELETE": "on"}).status_code == 302
    assert [rule["per"] for rule in ProgrammeVersion.objects.order_by("-pk")[0].rules] == ["item"]


def test_the_card_is_drawn_while_the_form_is_typed(client_as, shop):
    mark, url = client_as("marketing"), reverse("loyalty:preview", args=[shop.programme.pk])
    sent = form(stamps_needed=4, head_start=2, interim=[{"at": 3, "name": "a biscuit", "cost": 0}])
    drawn = mark.post(url, sent).content.decode()
    assert (drawn.count('r="23"'), drawn.count('class="tick"'), drawn.count('class="gift"')) == (4, 2, 1)
    assert "4 stamps: a free coffee." in drawn
    assert mark.post(url, {"stamps_needed": "-1e9", "rules-TOTAL_FORMS": "x"}).status_code == 200


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


def test_the_balance_as_it_was_known_then(shop):
    now = timezone.now()
    jane = member(shop.programme, now=now - timedelta(days=9))
    yesterday = now - timedelta(days=1)
    buy(jane, 2, now=yesterday)
    buy(jane, 3, at=yesterday - timedelta(hours=1), now=now)  # told a day late
    day = timezone.localdate(yesterday)
    assert (balance_at(jane.pk, day, yesterday), balance_at(jane.pk, day, now)) == (2, 5)
