"""What an agent and marketing do with loyalty in a real browser, beyond the daily stamp."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from loyalty import jobs
from loyalty.actions import record_receipt
from loyalty.actions.duplicates import notice_duplicates
from loyalty.models import Forecast, Membership, ProgrammeVersion
from tests.factories import CustomerFactory
from tests.loyalty.factories import (
    ProductFactory,
    ProgrammeFactory,
    StoreFactory,
    VersionFactory,
    buy,
    facts,
    member,
)

pytestmark = pytest.mark.browser


def test_two_accounts_are_merged_and_the_first_is_found_by_its_card(page: Page, log_in, live_server, axe, narrow, fits):
    StoreFactory()
    VersionFactory()
    now = timezone.now()
    jane = member(customer=CustomerFactory(given_name="Åsa", family_name="Öberg"), now=now)
    other = member(customer=None, now=now)
    buy(jane, 5, now=now)
    buy(other, 3, now=now)
    number = other.cards.get().number
    log_in(page, "agent")
    page.goto(f"{live_server.url}/loyalty/members/{jane.pk}/")
    page.get_by_text("Merge with another card").click()
    page.get_by_label("The other card").fill(number)
    axe(page)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_role("heading", name="8 of 9 stamps")).to_be_visible()
    search = page.get_by_role("combobox", name="Search")
    search.fill(number)
    hit = page.get_by_role("option").first
    expect(hit).to_contain_text("Card")
    search.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/loyalty/members/{jane.pk}/")
    page.goto(f"{live_server.url}/customers/{jane.customer_id}/")
    expect(page.get_by_text("8 of 9 stamps").first).to_be_visible()
    expect(page.get_by_text("5 stamps: every item counted.").first).to_be_visible()
    page.goto(f"{live_server.url}/loyalty/members/{jane.pk}/")
    page.get_by_role("button", name="Part again").click()
    expect(page.get_by_role("heading", name="5 of 9 stamps")).to_be_visible()
    narrow(page)
    fits(page)
    axe(page)


def test_a_programme_is_designed_forecast_and_published_by_a_second_person(
    page: Page, another_page, log_in, live_server, axe, narrow, fits, dark
):
    StoreFactory()
    ProductFactory()
    shop = VersionFactory()
    now = timezone.now()
    jane = member(shop.programme, now=now)
    for n in range(12):
        at = now - timezone.timedelta(days=40 - n)
        record_receipt(facts(jane.cards.get().number, 1, at=at), by=None, now=now)
    log_in(page, "marketing")
    page.goto(f"{live_server.url}/loyalty/programmes/{shop.programme_id}/new/")
    face = page.locator("#face")
    page.get_by_label("stamps needed", exact=False).first.fill("6")
    expect(face).to_contain_text("6 stamps: a free coffee.")
    page.get_by_role("button", name="Another rule").click()
    second = page.locator("fieldset.rule").nth(1)
    expect(second).to_be_visible()
    second.get_by_label("What earns").select_option("bonus")
    second.get_by_label("Times", exact=False).fill("2")
    second.get_by_text("Only for, only when, only where").click()
    second.get_by_label("Monday").check()
    expect(face).to_contain_text("Bonus: × 2, Monday.")
    page.get_by_role("button", name="A reward on the way").click()
    row = page.locator("fieldset.rule", has_text="On the way 1")
    row.get_by_label("At", exact=False).first.fill("9")
    row.get_by_label("What is free").fill("a biscuit")
    row.get_by_label("Cost of goods").fill("0.30")
    axe(page)
    page.expected.append("422")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Before the card is full: fewer than 6.")).to_be_visible()
    row.get_by_label("At", exact=False).first.fill("3")
    expect(face.locator(".gift")).to_have_count(1)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("heading", name="Version")).to_be_visible()
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_text("waits for the worker", exact=False)).to_be_visible()
    jobs.forecast(forecast_id=Forecast.objects.get().pk)
    expect(page.get_by_text("12 receipts of 12 months, 100% with a card", exact=False)).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Hand in for publishing").click()
    expect(page.get_by_text("A second person has to publish it.")).to_be_visible()
    draft = ProgrammeVersion.objects.order_by("-pk").first()
    boss = another_page()
    log_in(boss, "manager")
    boss.goto(f"{live_server.url}/approvals/")
    boss.get_by_role("button", name="Publish").click()
    expect(boss.locator("#decision").get_by_text("published", exact=True)).to_be_visible()
    page.reload()
    dark(page)
    axe(page)
    narrow(page)
    fits(page)
    axe(page)
    draft.refresh_from_db()
    assert (draft.state, draft.stamps_needed, draft.interim[0]["at"], len(draft.rules)) == ("published", 6, 3, 2)


def test_points_are_chosen_and_turned_back(page: Page, log_in, live_server, axe, narrow, fits):
    StoreFactory()
    programme = ProgrammeFactory(code="club", name="Club", unit="point", reward_name="what you choose")
    VersionFactory(
        programme=programme,
        stamps_needed=50,
        rules=[{"key": "visit", "per": "visit", "stamps": 60}],
        prices=[{"points": 50, "name": "a coffee", "cost": "0.90"}, {"points": 200, "name": "a mug", "cost": "4"}],
        tiers=[{"from": 60, "name": "Silver", "times": "1.5"}],
        stamp_days=30,
    )
    now = timezone.now()
    jane = member(programme, now=now)
    buy(jane, 1, now=now)
    log_in(page, "agent")
    page.goto(f"{live_server.url}/loyalty/members/{jane.pk}/")
    expect(page.get_by_role("heading", name="60 of 200 points")).to_be_visible()
    expect(page.get_by_text("60 points expire on")).to_be_visible()
    expect(page.get_by_text("Silver").first).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Choose a coffee").click()
    expect(page.get_by_role("heading", name="10 of 50 points")).to_be_visible()
    page.get_by_role("button", name="Back to points").click()
    expect(page.get_by_role("heading", name="60 of 200 points")).to_be_visible()
    narrow(page)
    fits(page)
    axe(page)
    assert Membership.objects.get().tier == "Silver"


def test_signs_of_misuse_are_looked_at_dismissed_and_blocked(page: Page, log_in, live_server, axe, narrow, fits, dark):
    StoreFactory()
    ProductFactory()
    VersionFactory()
    now = timezone.now()
    office = member(customer=CustomerFactory(given_name="Ola", family_name="Kontor"), now=now)
    thief = member(customer=CustomerFactory(given_name="Kim", family_name="Lång"), now=now)
    buy(office, 14, now=now)
    buy(thief, 16, now=now)
    log_in(page, "team lead")
    page.goto(f"{live_server.url}/loyalty/signals/")
    first = page.get_by_role("row").filter(has_text="Ola Kontor")
    expect(first).to_contain_text("14 stamps within one hour.")
    axe(page)
    first.get_by_label("Why").fill("Bought for the whole office")
    first.get_by_role("button", name="Nothing in it").click()
    expect(page.get_by_text("Bought for the whole office")).to_be_visible()
    page.get_by_role("row").filter(has_text="Kim Lång").get_by_role("button", name="Block").click()
    expect(page.get_by_text("No signs in thirty days")).to_be_visible()
    narrow(page)
    fits(page)
    dark(page)
    axe(page)
    page.get_by_role("link", name="Kim Lång").click()
    expect(page.get_by_role("button", name="Open the membership again")).to_be_visible()
    assert set(Membership.objects.values_list("customer__given_name", "status")) == {
        ("Ola", "active"),
        ("Kim", "blocked"),
    }


def test_who_takes_part_twice_is_merged_or_not_and_who_leaves_may_come_back(
    page: Page, log_in, live_server, axe, narrow, fits, dark
):
    StoreFactory()
    VersionFactory()
    now = timezone.now()
    for name, email in (("Karl", ""), ("Carl", ""), ("Greta", "home@example.com"), ("Bo", "home@example.com")):
        member(customer=CustomerFactory(given_name=name, family_name="Holm", email=email), now=now)
    carl = Membership.objects.get(customer__given_name="Carl")
    buy(carl, 2, now=now)
    notice_duplicates(now=now)
    log_in(page, "agent")
    page.goto(f"{live_server.url}/loyalty/duplicates/")
    household = page.get_by_role("row").filter(has_text="same e-mail")
    household.get_by_label("Why").fill("Mother and son")
    axe(page)
    household.get_by_role("button", name="Two people").click()
    expect(page.get_by_text("Mother and son")).to_be_visible()
    page.get_by_role("row").filter(has_text="same phone").get_by_role("button", name="Merge").click()
    expect(page.get_by_text("Nobody seems to take part twice")).to_be_visible()
    narrow(page)
    fits(page)
    dark(page)
    axe(page)
    page.get_by_role("link", name="Karl Holm").click()
    expect(page.get_by_role("heading", name="2 of 9 stamps")).to_be_visible()
    page.get_by_text("The member wishes to leave").click()
    page.get_by_role("textbox", name="Why").fill("Moves abroad")
    page.get_by_role("button", name="Close the membership").click()
    expect(page.get_by_text("This membership is closed.")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Open the membership again").click()
    expect(page.get_by_role("button", name="Stamp", exact=False).first).to_be_visible()
    carl.refresh_from_db()
    assert (carl.merged_into.status, carl.merged_into.balance) == ("active", 2)
