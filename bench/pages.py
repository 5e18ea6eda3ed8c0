"""Every page that links lead to in the demo company, one of each view, walked by four people in three languages: what
axe finds, what is wider than its window, what does not answer, and what the console complains of."""

from django.urls import resolve
from playwright.sync_api import Browser, Page, sync_playwright

from bench.browser import launch, log_in, served
from tests.browser.conftest import AXE_RUN, AXE_SCRIPT

PEOPLE = {"asa": "sv", "sofia": "de", "mark": "en", "admin": "de"}
WINDOWS = {"light": {"width": 1280, "height": 720}, "dark": {"width": 390, "height": 844}}
STOCK = ("/admin/", "/static/", "/accounts/")  # Django's and allauth's own, tested by themselves
LINKS = "all => all.filter(a => a.origin === location.origin).map(a => a.pathname)"


def main() -> None:
    print("| who | language | pages | faults |")
    print("|---|---|---:|---|")
    with served() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for who, language in PEOPLE.items():
            pages, faults = _walk(browser, address, who, language)
            print(f"| {who} | {language} | {pages} | {'<br>'.join(faults) or 'none'} |", flush=True)


def _walk(browser: Browser, address: str, who: str, language: str) -> tuple[int, list[str]]:
    context = browser.new_context(base_url=address, reduced_motion="reduce")
    page = context.new_page()
    log_in(page, who)
    page.goto("/settings/")
    page.locator("main select[name=language]").select_option(language)
    page.locator("main form button").first.click()
    page.locator(f"html[lang={language}]").wait_for()

    faults: list[str] = []
    path = "/"
    page.on("console", lambda said: faults.append(f"{path}: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(f"{path}: {error}"))
    seen: set[str] = set()
    ahead = [path]
    pages = 0
    while ahead:
        path = ahead.pop(0)
        view = resolve(path).view_name
        if view in seen or path.startswith(STOCK):
            continue
        seen.add(view)
        answer = context.request.get(path)
        if not answer.ok:
            faults.append(f"{path}: {answer.status}")
        elif answer.headers["content-type"].startswith("text/html"):
            pages += 1
            page.goto(path)
            faults += [f"{path}: {fault}" for fault in _faults(page)]
            ahead += page.eval_on_selector_all("a[href]", LINKS)
    context.close()
    return pages, faults


def _faults(page: Page) -> list[str]:
    found = []
    page.evaluate(f"() => {{ {AXE_SCRIPT} }}")
    for scheme, window in WINDOWS.items():
        page.set_viewport_size(window)
        page.emulate_media(color_scheme=scheme)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{over} px too wide at {window['width']}"] * (over > 0)
        found += [f"at {window['width']} {fault}" for fault in page.evaluate(AXE_RUN, "")]
    return found
