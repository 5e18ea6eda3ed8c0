"""A campaign in a real browser: marketing writes it, a manager publishes it, its figures come; a member is called."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from loyalty.actions import outreach, retention
from loyalty.models import Campaign, Lapse
from tests.factories import CustomerFactory
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory, buy, member

pytestmark = pytest.mark.browser


def test_written_published_by_a_second_person_measured_and_unsubscribed(
    page, another_page, log_in, live_server, axe, narrow, wide, dark, fits
):
    StoreFactory()
    ProductFactory()
    VersionFactory()
    now = timezone.now()
    jane = member(customer=CustomerFactory(may_be_contacted=True, language="en"), now=now)
    log_in(page, "marketing")
    page.goto(f"{live_server.url}/loyalty/campaigns/")
    axe(page)
    page.get_by_role("link", name="New campaign").click()
    axe(page)
    page.get_by_label("Name").fill("Thank you")
    page.get_by_label("Budget").fill("50")
    page.get_by_label("Held out, of 100").fill("0")
    narrow(page)
    fits(page)
    wide(page)
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Customers today: 1. May be written to: 1.")).to_be_visible()
    page.get_by_role("link", name="Gift").click()
    page.get_by_label("How much").fill("2")
    page.get_by_label("What for").fill("Thank you")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Mailing").click()
    for language in ("English", "Swedish", "German"):
        page.get_by_label(f"Subject in {language}").fill("Thank you, {first_name}")
        page.get_by_label(f"Text in {language}").fill("{gift} for you.")
    expect(page.locator("#previews").get_by_text("Thank you, Åsa")).to_have_count(3)
    axe(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Hand in for publishing").click()
    expect(page.get_by_text("Waits for a second person to publish it.")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    campaign = Campaign.objects.get()

    manager = another_page()
    log_in(manager, "manager")
    manager.goto(f"{live_server.url}/loyalty/campaigns/{campaign.pk}/")
    axe(manager)
    manager.get_by_role("button", name="Publish").click()
    expect(manager.get_by_role("button", name="End it now")).to_be_visible()
    outreach.draw(campaign.pk, now=now)
    outreach.handle(campaign.pk, now=now)
    manager.reload()
    expect(manager.get_by_text("Too few to tell")).to_be_visible()
    expect(manager.get_by_role("heading", name="Whom it reached")).to_be_visible()
    axe(manager)
    narrow(manager)
    fits(manager)
    dark(manager)
    manager.reload()
    manager.wait_for_load_state("networkidle")
    axe(manager)

    link = outreach.unsubscribe_link(jane.customer_id)
    page.goto(live_server.url + "/" + link.split("/", 3)[3])
    axe(page)
    page.get_by_role("button", name="No more mails").click()
    expect(page.get_by_role("heading", name="You will get no more marketing mail from us")).to_be_visible()
    jane.customer.refresh_from_db()
    assert not jane.customer.takes_marketing


def test_an_agent_works_the_list_by_keyboard_and_a_manager_reads_the_figures(
    page, another_page, log_in, live_server, axe, narrow, fits
):
    StoreFactory()
    ProductFactory()
    VersionFactory()
    now = timezone.now()
    for name in ("Jane", "Joe", "Ann"):
        one = member(customer=CustomerFactory(given_name=name, may_be_contacted=True))
        for days in (27, 22, 17, 12):
            buy(one, 1, now=now - timedelta(days=days))
    retention.notice(now=now)
    Lapse.objects.update(arm="called")
    log_in(page, "agent")
    page.goto(f"{live_server.url}/loyalty/lapsing/")
    axe(page)
    page.keyboard.press("t")
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    axe(page)
    page.get_by_label("no answer").check()
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_role("row")).to_have_count(3)
    narrow(page)
    fits(page)

    manager = another_page()
    log_in(manager, "manager")
    manager.goto(f"{live_server.url}/loyalty/figures/")
    expect(manager.get_by_text("Too few to tell")).to_be_visible()
    axe(manager)
    narrow(manager)
    fits(manager)
