"""What a person waits for, in a real Chromium: the desk as `make run` serves it, with the demo company, one window.

Ready is the largest contentful paint of a page that was opened with styles and scripts in the cache, in milliseconds
from the press that led there. Shift is the sum of layout shifts until the page has been still for a while (the worst of
all runs). Reaction is the longest Event Timing of a press on that page: from the key or button until the next frame.
Answer is from that press until what was asked for stands on the page, the server's work included.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from time import monotonic, sleep
from urllib.request import urlopen

from django.conf import settings
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from bench.measure import percentiles
from staff.demo import PASSWORD
from tests.__main__ import NAMES

RUNS = int(os.environ.get("KVAR_BENCH_RUNS", "12"))
STILL = 700  # ms after the page has come in which nothing may move
READY, SHIFT, REACTION = 500, 0.02, 100  # the goals
WATCH = """
    window.watched = {ready: 0, shift: 0, reaction: 0, pressed: 0};
    const watch = (type, note, more) => new PerformanceObserver((list) => list.getEntries().forEach(note))
        .observe({type, buffered: true, ...more});
    watch("largest-contentful-paint", (entry) => watched.ready = entry.startTime);
    watch("layout-shift", (entry) => { if (!entry.hadRecentInput) watched.shift += entry.value; });
    watch("event", (entry) => {
        if (entry.interactionId) watched.reaction = Math.max(watched.reaction, entry.duration);
    }, {durationThreshold: 16});
    for (const kind of ["keydown", "pointerdown"])
        addEventListener(kind, () => watched.pressed = performance.now(), true);
"""
SEEN = """([selector, text]) => {
    const found = [...document.querySelectorAll(selector)].some(
        (element) => element.checkVisibility() && element.textContent.includes(text));
    return found && performance.now() - watched.pressed;
}"""


@dataclass(frozen=True)
class Stop:
    """One page of the way: how to come there, what to press there, and what the press brings."""

    name: str
    who: str
    come: Callable[[Page], None]
    press: Callable[[Page], None]
    brings: tuple[str, str]  # a selector and a text in it


def _key(*keys: str) -> Callable[[Page], None]:
    """Typed as fast as people do who type fast."""

    def press(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key, delay=20)
            page.wait_for_timeout(60)

    return press


def _click(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def _goto(path: str) -> Callable[[Page], None]:
    def come(page: Page) -> None:
        page.goto(path)

    return come


def _first(path: str, link: str) -> Callable[[Page], None]:
    """The first row's page, by pressing its link in the list."""

    def come(page: Page) -> None:
        page.goto(path)
        page.locator(link).first.click()

    return come


def _call(page: Page) -> None:
    """Somebody rings up who has a contract: found by name, then the key for a cancellation, then which one if asked."""
    _first("/customers/?q=andersson", "tbody a")(page)
    page.wait_for_load_state()
    page.keyboard.press("c")
    page.wait_for_url(re.compile("/cancellations/"))
    if "/begin/" in page.url:
        page.locator("main form button, main a[href*='/call/']").first.click()
    page.wait_for_url(re.compile("/call/"))


STOPS = [
    Stop("home", "asa", _goto("/"), _key("?"), ("#keys", "")),
    Stop("customer list", "asa", _goto("/customers/"), _key("?"), ("#keys", "")),
    Stop("search while typing", "asa", _goto("/"), _key("/", *"anders"), ("#hits [role=option]", "Anders")),
    Stop(
        "customer page, history filtered", "asa", _first("/customers/?q=anna", "tbody a"),
        _click("#timeline a.opt >> nth=1"), ("#timeline a.opt[aria-current=true]:not(:first-child)", ""),
    ),
    Stop(
        "call page, reason told", "asa", _call, _click("#why button[name=category] >> nth=1"),
        ("#why button[name=reason]:focus", ""),
    ),
    Stop("queue of cancellations", "asa", _goto("/cancellations/"), _key("j"), ("tbody tr:focus-within", "")),
    Stop("queue of complaints", "asa", _goto("/complaints/"), _key("j"), ("tbody tr:focus-within", "")),
    Stop(
        "complaint, a deadline explained", "asa", _first("/complaints/", "tbody a"), _click("aside .spread a.btn"),
        ("#work > *", ""),
    ),
    Stop("approvals", "sofia", _goto("/approvals/"), _key("?"), ("#keys", "")),
    Stop("loyalty card", "asa", _first("/loyalty/", "tbody a"), _click("details summary"), ("details[open] form", "")),
]  # fmt: skip  # a stop is read as a sentence


def main() -> None:
    with served() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        print("| page, press | ready p50 / p95 | shift, worst | reaction p50 / worst | answer p50 / p95, ms | goals |")
        print("|---|---:|---:|---:|---:|---|")
        for stop in STOPS:
            context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900}, locale="en-GB")
            page = context.new_page()
            page.add_init_script(WATCH)
            log_in(page, stop.who)
            runs = [_run(page, stop) for _ in range(RUNS + 1)][1:]  # the first one fills the browser's cache
            context.close()
            _print(stop.name, runs)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None),
        args=["--no-sandbox"] if os.geteuid() == 0 else [],
    )


def log_in(page: Page, who: str) -> None:
    page.goto("/")
    page.locator("input[name=login]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login/" not in address)


def _run(page: Page, stop: Stop) -> dict[str, float]:
    stop.come(page)
    page.wait_for_load_state()
    page.wait_for_timeout(STILL)
    stood = page.evaluate("({...watched})")
    stop.press(page)
    answer = page.wait_for_function(SEEN, arg=list(stop.brings)).json_value()
    page.wait_for_timeout(100)  # Event Timing tells of a press after its frame
    return {**stood, "reaction": page.evaluate("watched.reaction"), "answer": answer}


def _print(name: str, runs: list[dict[str, float]]) -> None:
    ready, answer = (percentiles([run[what] for run in runs]) for what in ("ready", "answer"))
    shift, reactions = max(run["shift"] for run in runs), [run["reaction"] for run in runs]
    missed = [
        what
        for what, kept in {
            "ready": ready[1] <= READY,
            "shift": shift <= SHIFT,
            "reaction": max(reactions) <= REACTION,
        }.items()
        if not kept
    ]
    print(
        f"| {name} | {ready[0]:.0f} / {ready[1]:.0f} | {shift:.3f} | {median(reactions):.0f} / {max(reactions):.0f}"
        f" | {answer[0]:.0f} / {answer[1]:.0f} | {'**missed**: ' + ', '.join(missed) if missed else 'held'} |",
        flush=True,
    )


@contextmanager
def served() -> Iterator[str]:
    """The desk with its own database under var/bench/, which stays for the next run; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://localhost:{port}"
    own = {
        "PORT": str(port),
        "KVAR_VAR": str(settings.BASE_DIR / "var" / "bench"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    desk = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=settings.BASE_DIR,
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(address, desk)
        yield address
    finally:
        desk.terminate()
        desk.wait()


def _wait_until_ready(address: str, desk: "subprocess.Popen[bytes]") -> None:
    deadline = monotonic() + 300
    while monotonic() < deadline and desk.poll() is None:
        try:
            with urlopen(f"{address}/readyz", timeout=5):  # noqa: S310  our own address
                return
        except OSError:
            sleep(0.5)
    sys.exit("The desk did not become ready.")
