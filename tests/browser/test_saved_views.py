"""Filters kept under a name, by keyboard, and a removal undone from its toast."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW
from tests.cancellations.factories import CancellationCaseFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def picture(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/views-{name}.png")


@pytest.mark.parametrize("address", ["/cancellations/?show=open&whose=mine", "/complaints/?view=mine&channel=letter"])
def test_a_view_is_kept_by_keyboard_and_its_removal_undone(page, log_in, axe, live_server, address):
    user = log_in(page, "agent")
    for _ in range(3):
        CancellationCaseFactory(state="offering", agent=user)
    page.goto(live_server.url + address)
    page.keyboard.press("v")
    expect(page.get_by_label("Keep these filters as")).to_be_focused()
    axe(page)
    picture(page, "keep")
    page.keyboard.type("My open ones")
    page.keyboard.press("Enter")
    chip = page.get_by_role("navigation", name="Your views").get_by_role("link", name="My open ones")
    expect(chip).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("status").filter(has_text="is kept")).to_be_visible()
    axe(page)
    picture(page, "kept")

    page.goto(live_server.url + address.partition("?")[0])
    expect(chip).not_to_have_attribute("aria-current", "page")
    chip.click()
    page.wait_for_url(re.compile(r"\?.*(mine)"))

    page.keyboard.press("v")
    page.get_by_label("Name of “My open ones”").fill("Mine")
    page.get_by_role("button", name="Rename").click()
    mine = page.get_by_role("navigation", name="Your views").get_by_role("link", name="Mine")
    mine.wait_for()
    page.keyboard.press("v")
    page.get_by_role("button", name="Remove “Mine”").click()
    expect(mine).to_have_count(0)
    axe(page)
    picture(page, "removed")
    page.get_by_role("button", name="Undo").click()
    mine.wait_for()
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="dark")
    page.keyboard.press("v")
    axe(page)
    picture(page, "narrow")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
