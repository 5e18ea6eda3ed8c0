"""A caller is found by a misheard name, and the history is read to its end."""

import os
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from customers.models import Note
from tests.browser.conftest import NARROW
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_a_misheard_name_to_the_end_of_the_history(page, log_in, axe, live_server):
    user = log_in(page, "agent")
    customer = CustomerFactory(given_name="Åsa", family_name="Svensson", segment="plus", in_debt=True)
    SubscriptionFactory(customer=customer)
    for n in range(50):
        Note.objects.create(customer=customer, text=f"Note number {n}.", by=user, at=NOON - timedelta(days=n))

    page.goto(live_server.url)
    page.keyboard.press("/")
    page.keyboard.type("asa swenson", delay=20)
    page.get_by_text("Åsa Svensson").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Åsa Svensson").wait_for()
    axe(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/customer.png")

    notes = page.locator("#timeline .tl > li:not(.more)")
    assert notes.count() == 20
    for shown in (20, 40):
        page.mouse.wheel(0, 20_000)
        expect(notes).not_to_have_count(shown)
    expect(notes).to_have_count(51)  # fifty notes, and the contract's beginning
    page.get_by_role("link", name="Contracts").click()
    page.get_by_text("Fibre 500 + TV began").wait_for()
    axe(page)

    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/customer-narrow.png")
    page.set_viewport_size({"width": 1280, "height": 720})
    CustomerFactory(given_name="Nils", family_name="Berg")
    page.goto(f"{live_server.url}/customers/")
    page.get_by_label("Find", exact=True).fill("swenson")
    page.keyboard.press("Enter")
    page.wait_for_url("**/customers/?q=*")  # what was typed stands there sealed
    assert "swenson" not in page.url
    page.get_by_role("link", name="Åsa Svensson").click()
    page.get_by_role("heading", name="Åsa Svensson").wait_for()
    page.go_back()
    expect(page.get_by_label("Find", exact=True)).to_have_value("swenson")
    assert page.locator("tbody tr").count() == 1
    axe(page)
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/list.png")


def test_a_customer_is_erased_by_keyboard(page, log_in, axe, fits, live_server):
    log_in(page, "administrator")
    customer = CustomerFactory(given_name="Åsa", family_name="Svensson")
    page.goto(f"{live_server.url}/customers/{customer.pk}/")
    page.get_by_role("link", name="Erase for good").press("Enter")
    page.get_by_role("heading", name=f"Erase customer {customer.number}").wait_for()
    axe(page)
    page.set_viewport_size(NARROW)
    fits(page)
    axe(page)

    page.expected.append("422")
    page.get_by_label("Why").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("C-1")
    page.keyboard.press("Enter")
    page.get_by_text("This is another number. Nothing was erased.").wait_for()
    axe(page)
    page.get_by_label("Type the customer number").fill(customer.number)
    page.keyboard.press("Enter")
    page.get_by_text("Erased on").wait_for()
    page.get_by_role("heading", name=customer.number).wait_for()
    assert page.get_by_text("Svensson").count() == 0
    assert page.get_by_role("link", name="Edit details").count() == 0
    fits(page)
    axe(page)
