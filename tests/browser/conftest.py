"""A real Chromium on a live server. Every page is watched: a breach of the content security policy, an error in the
console or a failed request of our own fails the test that caused it."""

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, Page, expect

from staff.models import User
from tests.factories import UserFactory

# Without `preload`: axe would insert style sheets to read them, which the content security policy refuses in the admin.
AXE_RUN = """(within) => axe.run(within || document, {
    preload: false,
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}).then(({violations}) => violations.filter(({impact}) => impact !== "minor").map(({id, help, nodes}) =>
    `${id}: ${help}: ` + nodes.map(({target, failureSummary}) => `${target} ${failureSummary}`).join(" | ")))"""
PATIENCE = 20_000  # ms until a test gives up: a machine busy with both halves of the suite is no failure
expect.set_options(timeout=PATIENCE)
WIDE = {"width": 1280, "height": 720}
NARROW = {"width": 390, "height": 844}
# In every window Chromium keeps the list below its address bar ready, as two pages of its own at more cost than many a
# test has. Naming them takes the place of the list that Playwright gives, which therefore follows.
WITHOUT = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,AimEnabled,AvoidCorsURLLoaderRestartOnRedirect,"
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,"
    "LensOverlay,MediaRouter,NetworkTimeServiceQuerying,OptimizationHints,PaintHolding,PreconnectToSearch,"
    "ThirdPartyStoragePartitioning"
)


@cache
def chromium() -> str | None:
    """Chromium as found on the machine; None leaves it to Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def base_url() -> None:
    """None for all: each test begins at its live server's. (The plugin's own is of a kind that pytest gives up.)"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    arguments = ["--disable-dev-shm-usage", f"--disable-features={WITHOUT}"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    found = {"executable_path": chromium()} if chromium() else {}
    return {**browser_type_launch_args, **found, "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce"}


def watch(page: Page) -> list[str]:
    """The page's complaints, gathered as they come. `page.expected` holds parts of those a test provokes."""
    complaints: list[str] = []
    page.expected = ["htmx:afterRequest", "htmx:sendAbort"]  # a poll cut off by leaving the page

    def complain(text: str) -> None:
        if not any(part in text for part in page.expected):
            complaints.append(text)

    page.on(
        "console",
        lambda said: complain(f"console: {said.text} {said.location['url']}") if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: complain(f"error: {error}"))
    return complaints


@pytest.fixture
def page(page: Page, live_server: Any, transactional_db: None) -> Iterator[Page]:
    """A page that minds its manners: see `watch`."""
    complaints = watch(page)
    page.set_default_timeout(PATIENCE)
    yield page
    page.goto("about:blank")  # no poll outlives its test
    assert complaints == []


@pytest.fixture
def another_page(
    browser: Browser, live_server: Any, browser_context_args: dict[str, Any]
) -> Iterator[Callable[[], Page]]:
    """`another_page()`: a second person's window, watched as the first."""
    opened: list[tuple[Page, list[str]]] = []

    def open_one() -> Page:
        one = browser.new_context(**browser_context_args).new_page()
        one.set_default_timeout(PATIENCE)
        opened.append((one, watch(one)))
        return one

    yield open_one
    for one, complaints in opened:
        one.context.close()
        assert complaints == []


@pytest.fixture
def log_in(live_server: Any, transactional_db: None) -> Callable[..., User]:
    """`log_in(page, user)` or `log_in(page, "agent")`: a session for a user, or for a new one in that role.

    By cookie, because the login form has tests of its own. Returns the user; addresses in `page.goto` then need
    `live_server.url` before them.
    """

    def enter(page: Page, who: User | str) -> User:
        if isinstance(who, User):
            user = who
        elif not (user := User.objects.filter(username=who).first()):
            user = UserFactory(role=who)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": live_server.url}]
        )
        return user

    return enter


def log_out(page: Page) -> None:
    """By cookie; from an empty page: a poll that finds the door closed leads to it, in the way of what comes next."""
    page.goto("about:blank")
    page.context.clear_cookies()


@pytest.fixture(scope="session")
def axe() -> Callable[..., None]:
    """`axe(page)`: WCAG 2.2 AA and good practice; anything moderate or worse fails, named with its element."""

    def check(page: Page, within: str = "") -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(f"() => {{ {AXE_SCRIPT} }}")
        assert page.evaluate(AXE_RUN, within) == []

    return check


@pytest.fixture
def wide() -> Callable[[Page], None]:
    return lambda page: page.set_viewport_size(WIDE)


@pytest.fixture
def narrow() -> Callable[[Page], None]:
    return lambda page: page.set_viewport_size(NARROW)


@pytest.fixture
def dark() -> Callable[[Page], None]:
    return lambda page: page.emulate_media(color_scheme="dark")


@pytest.fixture
def fits() -> Callable[[Page], None]:
    """`fits(page)`: nothing reaches beyond the window sideways."""

    def check(page: Page) -> None:
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{over} px too wide"

    return check
