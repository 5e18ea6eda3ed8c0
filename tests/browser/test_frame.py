"""The frame in a real browser: by keyboard, small and dark, offline, and under the content security policy."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.utils import timezone
from playwright.sync_api import expect

from staff.approvals import Pending, approvals
from staff.home import Line, Panel, home
from staff.models import User
from staff.search import Hit, search
from tests.browser.conftest import log_out
from tests.factories import UserFactory

pytestmark = pytest.mark.browser
PASSWORD = "stay-with-kvar"


@pytest.fixture
def people():
    """A search source with two people, for as long as the test runs."""

    def find(user, text, limit):
        return [Hit(title=name, url=f"/search/?q={name}") for name in ("Anna Berg", "Anna Ek") if name.startswith(text)]

    search.register("people of a test", find)
    yield
    search._sources.pop("people of a test")


@pytest.fixture
def queue(settings):
    """A list of pending decisions, shown by the approvals page for as long as the test runs."""
    settings.ROOT_URLCONF = "tests.browser.urls"
    rows: list[Pending] = []
    kept = dict(approvals._sources)
    approvals._sources.clear()
    approvals.register("a test's", lambda user, limit: rows)
    yield rows
    approvals._sources.clear()
    approvals._sources.update(kept)


@pytest.fixture
def worklist():
    """A panel of the home page with words as long as a customer's, for as long as the test runs."""
    line = Line("Zweimal abgebuchte Rechnung der Donaudampfschifffahrtsgesellschaft", "/", "noch 2 Tage " * 5, "red")
    home.register("a test's", lambda user, now: Panel("Work", "/", [line]))
    yield
    home._sources.pop("a test's")


def request_for(name: str) -> Pending:
    now = timezone.now()
    return Pending(
        key=name,
        url=f"/panel/?of={name}",
        customer=name,
        asks_for="20% off for 6 months",
        why="price",
        requested_by="Åsa L.",
        requested_at=now,
        due_at=now + timedelta(minutes=2),
        cost=Decimal(60),
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_shared_pages_are_accessible_and_fit(page, live_server, log_in, axe, fits, queue, worklist, scheme, width):
    user = log_in(page, "administrator")
    user.theme = scheme
    user.density = "dense" if width == 390 else "comfortable"
    user.save()
    queue.append(request_for("Jürgen Müller-Lüdenscheidt von Hohenlohe"))
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/approvals/", "/reports/", "/settings/", "/search/?q=zzz", "/styleguide/", "/accounts/2fa/"):
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle") if path != "/approvals/" else page.wait_for_timeout(300)
        axe(page)
        fits(page)
    page.expected.append("404")
    page.goto(live_server.url + "/nowhere/")
    axe(page)
    fits(page)


def test_log_in_look_around_and_log_out(page, live_server, axe, fits):
    asa = UserFactory(username="asa", first_name="Åsa", role="agent")
    asa.set_password(PASSWORD)
    asa.save()
    page.goto(live_server.url)
    axe(page)
    page.get_by_label("Login").fill("asa")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_text("not correct")).to_be_visible()
    axe(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Hello Åsa")).to_be_visible()
    page.get_by_role("button", name=str(asa)).click()
    page.get_by_label("Language").select_option("sv")
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    asa.refresh_from_db()
    assert asa.language == "sv"
    page.get_by_role("button", name=str(asa)).click()
    page.locator("#usermenu form[data-forget] button").click()
    page.wait_for_url("**/accounts/login/**")


def test_a_second_factor_is_set_up_and_asked_for(page, live_server, settings, log_in, axe):
    settings.KVAR_SECOND_FACTOR_ROLES = ["manager"]
    sofia = UserFactory(username="sofia", role="manager")
    sofia.set_password(PASSWORD)
    sofia.save()

    def enter():
        page.goto(live_server.url + "/accounts/login/")
        page.get_by_label("Login").fill("sofia")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")

    enter()
    expect(page.get_by_text("Your role needs a second factor")).to_be_visible()
    page.get_by_role("link", name="Activate").click()
    axe(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Activate Authenticator App")
    axe(page)
    secret = page.get_by_label("Authenticator secret").input_value()

    def code(shift=0):
        counter = list(yield_hotp_counters_from_time())[shift]
        return format_hotp_value(hotp_value(secret, counter))

    page.get_by_label("Authenticator code").fill(code())
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Recovery Codes")
    axe(page)
    log_out(page)
    enter()
    expect(page.get_by_text("protected by two-factor")).to_be_visible()
    axe(page)
    recovery = sofia.authenticator_set.get(type="recovery_codes").wrap().get_unused_codes()[0]
    page.get_by_label("Code").fill(recovery)
    page.keyboard.press("Enter")
    expect(page.locator("nav.nav")).to_be_visible()


def test_search_by_keyboard(page, live_server, log_in, people, axe):
    log_in(page, "agent")
    page.goto(live_server.url)
    page.keyboard.press("/")
    page.keyboard.type("Anna")
    options = page.get_by_role("option")
    expect(options).to_have_text(["Anna Berg", "Anna Ek"])
    expect(page.locator('[role=option][aria-selected="true"]')).to_have_count(0)
    axe(page)
    page.keyboard.press("Enter")  # nothing chosen: the best answer
    page.wait_for_url("**/search/?q=Anna%20Berg")
    page.keyboard.press("/")
    page.keyboard.type("Anna")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=Anna%20Ek")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("qq")
    expect(page.get_by_text("Nothing found. Try")).to_be_visible()
    before = page.url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.type("zz")
    page.keyboard.press("Enter")  # sent without an answer to choose: a page of its own
    expect(page.get_by_role("heading", name="Search")).to_be_visible()
    expect(page.locator("#main").get_by_text("Nothing found")).to_be_visible()
    expect(page.locator("#main")).to_have_count(1)
    assert page.url == before
    assert not [url for url in asked if "q=" in url]
    axe(page)
    page.keyboard.press("Escape")
    expect(page.locator("#hits")).to_be_hidden()


def test_the_queue_moves_by_itself_and_keeps_its_place(page, live_server, log_in, queue):
    log_in(page, "manager")
    page.goto(live_server.url + "/approvals/")
    expect(page.get_by_text("Nothing waits for your decision")).to_be_visible()
    queue.append(request_for("Henrik"))
    row = page.locator("[data-key-of=Henrik]")
    expect(row).to_be_visible()
    expect(row).to_have_attribute("aria-current", "true")  # an idle screen opens what came first
    expect(page.locator("#decision")).to_contain_text("Henrik")
    queue.append(replace(request_for("Maier"), looked_at_by="Erik B."))
    expect(page.locator("[data-key-of=Maier]")).to_contain_text("Erik B. is looking")
    expect(row).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("[data-key-of=Maier]")).to_have_attribute("aria-current", "true")
    expect(page.locator("#decision")).to_contain_text("Maier")
    del queue[1]
    page.keyboard.press("a")
    expect(row).to_have_attribute("aria-current", "true")  # decided: the next one opens
    expect(page.locator("#decision")).to_contain_text("Henrik")


def test_a_lost_connection_is_said_and_takes_no_text_along(page, live_server, log_in):
    log_in(page, "administrator")
    page.goto(live_server.url + "/styleguide/")
    page.expected += ["ERR_INTERNET_DISCONNECTED", "htmx:sendError"]
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible()
    page.locator("#sample_note").fill("His box restarts every evening.")
    page.locator("#menu-theme").evaluate("field => field.form.requestSubmit()")
    expect(page.locator("#sample_note")).to_have_value("His box restarts every evening.")
    page.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()
    page.reload()
    expect(page.locator("#sample_note")).to_have_value("His box restarts every evening.")


def test_keys_press_dialogs_open_and_errors_get_the_focus(page, live_server, log_in, axe):
    user = log_in(page, "administrator")
    page.goto(live_server.url + "/styleguide/?toast=1")
    expect(page.locator("#wrong_name")).to_be_focused()
    expect(page.locator(".toast")).to_have_count(2)
    axe(page)
    page.locator("#main").focus()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Present P")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Register cancellation")
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open a dialog").click()
    expect(page.get_by_role("dialog", name="Change the terms")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    User.objects.filter(pk=user.pk).update(shortcuts=False)
    page.reload()
    page.locator("#main").focus()
    page.keyboard.press("/")
    expect(page.locator("#search")).not_to_be_focused()


def test_the_menu_opens_on_a_small_screen(page, live_server, log_in, narrow):
    log_in(page, "manager")
    narrow(page)
    page.goto(live_server.url)
    navigation = page.get_by_role("navigation")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(navigation).to_be_visible()
    navigation.get_by_role("link", name="Reports").click()
    expect(page.locator("h1")).to_have_text("Reports")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/staff/user/",
        "/admin/staff/user/add/",
        "/admin/password_change/",
    ],
)
def test_the_admin_works_under_the_policy(page, live_server, log_in, path):
    user = log_in(page, "administrator")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert page.goto(live_server.url + path).status == 200
    expect(page.locator("#site-name")).to_be_visible()


def test_a_draft_is_forgotten_once_it_was_sent(page, live_server, log_in, queue):
    log_in(page, "administrator")
    page.goto(live_server.url + "/styleguide/")
    page.locator("#sample_note").fill("Box restarts.")
    stored = "sessionStorage.getItem('draft:styleguide')"
    assert "Box restarts." in page.evaluate(stored)
    page.evaluate(
        "document.getElementById('sample_note').form.dispatchEvent(new SubmitEvent('submit', {bubbles: true}))"
    )
    page.reload()
    expect(page.locator("#sample_note")).to_have_value("")
    assert page.evaluate(stored) is None
