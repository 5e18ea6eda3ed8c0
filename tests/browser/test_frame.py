import pytest
from playwright.sync_api import expect

from staff.search import Hit, search

pytestmark = pytest.mark.browser


@pytest.fixture
def people():
    """A search source with two people, for as long as the test runs."""

    def find(user, text, limit):
        return [Hit(title=name, url=f"/search/?q={name}") for name in ("Anna Berg", "Anna Ek") if name.startswith(text)]

    search.register("people of a test", find)
    yield
    search._sources.pop("people of a test")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_shared_pages_are_accessible_and_fit(page, live_server, log_in, axe, fits, scheme, size):
    log_in(page, "administrator")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    for path in ("/", "/approvals/", "/reports/", "/settings/", "/search/?q=zzz"):
        page.goto(live_server.url + path)
        axe(page)
        fits(page)


def test_search_by_keyboard(page, live_server, log_in, people, axe):
    log_in(page, "agent")
    page.goto(live_server.url)
    page.keyboard.press("/")
    page.keyboard.type("Anna")
    options = page.get_by_role("option")
    expect(options).to_have_text(["Anna Berg", "Anna Ek"])
    axe(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=Anna%20Ek")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("qq")
    expect(page.get_by_text("Nothing found. Try")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_hidden()
