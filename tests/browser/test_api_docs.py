"""The API's pages for people, from our own files under the strict policy."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_swagger_lists_and_tries_operations(page: Page, live_server, log_in):
    log_in(page, "agent")
    page.goto(f"{live_server.url}/api/v1/docs/")
    block = page.locator(".opblock").first
    expect(block).to_be_visible()
    block.locator(".opblock-summary-control").click()
    expect(block.locator(".opblock-body")).to_be_visible()
