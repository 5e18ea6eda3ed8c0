"""The whole call in Chromium: two people, two windows, keyboard only, to the receipt and the timeline."""

import re
from datetime import date

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import expect

from cancellations import actions
from cancellations.models import CancellationCase
from cancellations.reference import load_reasons
from customers.models import Document
from tests.browser.conftest import WIDE
from tests.cancellations.factories import (
    CancellationCaseFactory,
    IncentiveVersionFactory,
    OfferFactory,
    SuggestionFactory,
    candidate,
)
from tests.factories import AuthorityLimitFactory, CustomerFactory, SubscriptionFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(transactional_db):
    """A caller named Maier, one incentive that an agent may not give alone, and limits."""
    from cancellations.models import EnginePolicy

    load_reasons()
    EnginePolicy.objects.create(created_at=timezone.now(), hold_out=0)
    wide = {"per_customer_year": 500, "per_agent_day": None}
    AuthorityLimitFactory(role=Group.objects.get(name="agent"), kind="offer", per_case=20, **wide)
    AuthorityLimitFactory(role=Group.objects.get(name="manager"), kind="offer", per_case=300, **wide)
    customer = CustomerFactory(given_name="Anna", family_name="Maier", language="de")
    SubscriptionFactory(customer=customer, contract_end=date(2099, 1, 31))
    IncentiveVersionFactory(incentive__name="Discount", terms={"percent": "10.00", "months": 6})
    return customer


def sure_lead(monkeypatch):
    """Lets the sampled lead be the incentive: the draw itself is the engine's own test."""
    from cancellations import suggestions

    real = suggestions.choose

    def choose(*arguments, **options):
        chosen = real(*arguments, **options)
        best = next((key for key in chosen.keys if key), 0)
        return chosen.__class__(chosen.keys, chosen.vector, best, chosen.propensity)

    monkeypatch.setattr(suggestions, "choose", choose)


LAPTOP = {"width": 1440, "height": 900}
TALL = {"width": 1280, "height": 1700}  # the bar at the foot covers nothing: axe measures what is half covered


def begin(page, live_server, customer):
    """From the first page to the call, without the mouse: the name as heard."""
    page.goto(live_server.url + "/")
    page.keyboard.press("/")
    page.keyboard.type("meyer")
    expect(page.get_by_role("option").first).to_contain_text("Maier")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/customers/\d+/"))
    page.keyboard.press("c")
    page.wait_for_url(re.compile(r"/cancellations/\d+/call/"))


def test_from_hello_to_receipt_with_a_second_persons_approval(
    page, another_page, live_server, log_in, company, axe, fits, monkeypatch
):
    sure_lead(monkeypatch)
    log_in(page, UserFactory(role="agent"))
    manager = another_page()
    log_in(manager, UserFactory(role="manager", first_name="Sofia", last_name="Berg"))
    page.set_viewport_size(TALL)
    begin(page, live_server, company)
    axe(page)
    fits(page)
    page.get_by_role("button", name="Price", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Price increase")).to_be_focused()
    page.get_by_role("button", name="Cheaper elsewhere").press("Enter")
    expect(page.get_by_role("button", name="Cheaper elsewhere")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("y")
    ask = page.get_by_role("button", name="Ask a manager")
    expect(ask).to_be_visible()
    axe(page)
    page.keyboard.press("1")
    expect(page.get_by_text("Waiting for a manager")).to_be_visible()

    manager.goto(live_server.url + "/approvals/")
    expect(manager.get_by_role("heading", name="10% off for 6 months")).to_be_visible()
    expect(page.get_by_text("Sofia is looking")).to_be_visible()
    axe(manager)
    manager.keyboard.press("a")
    expect(page.get_by_text("Approved by Sofia B.")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("On the table")).to_be_visible()
    page.keyboard.press("a")
    page.wait_for_url(re.compile(r"/cancellations/\d+/$"))
    expect(page.get_by_text("What we agreed").or_(page.get_by_text("Was wir vereinbart haben")).first).to_be_visible()
    axe(page)
    fits(page)
    receipt = page.request.get(live_server.url + page.get_by_role("link", name="Open the PDF").get_attribute("href"))
    assert receipt.body() == bytes(Document.objects.get().pdf)
    page.goto(live_server.url + f"/customers/{company.pk}/")
    expect(page.get_by_text("Offer: accepted")).to_be_visible()
    assert CancellationCase.objects.get().state == "saved_pending"


@pytest.mark.parametrize("language", ["sv", "de"])
def test_the_same_call_ends_in_a_registered_cancellation(
    page, live_server, log_in, company, axe, fits, narrow, dark, language
):
    log_in(page, UserFactory(role="agent", language=language))
    begin(page, live_server, company)
    dark(page)
    page.set_viewport_size({"width": 390, "height": 2400})
    axe(page)
    fits(page)
    narrow(page)
    page.keyboard.press("n")
    expect(page.locator('[data-key="n"]')).to_have_count(0)
    words = {"sv": "Uppsägning", "de": "Kündigung"}
    button = page.locator('[data-key="r"]')
    expect(button).to_be_enabled()
    page.keyboard.press("r")
    expect(page.locator("#register")).to_be_visible()
    axe(page, "#register")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/cancellations/\d+/$"))
    expect(page.get_by_role("heading", level=2).first).to_contain_text(words[language])
    axe(page)
    fits(page)
    case = CancellationCase.objects.get()
    assert (case.state, case.ends_on, case.permission) == ("cancelled_scheduled", date(2099, 1, 31), "refused")
    assert Document.objects.get().language == "de"


def test_the_category_alone_is_kept_and_enter_in_a_field_changes_no_reason(page, live_server, log_in, company):
    log_in(page, UserFactory(role="agent"))
    begin(page, live_server, company)
    page.get_by_role("button", name="Competitor", exact=True).click()
    page.get_by_label("Which competitor?").fill("Telenord")
    page.get_by_label("Which competitor?").press("Enter")
    expect(page.get_by_role("button", name="Competitor", exact=True)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="No offers, please").click()
    expect(page.get_by_text("Nothing is offered")).to_be_visible()
    case = CancellationCase.objects.select_related("reason").get()
    assert (case.reason.code, case.competitor, case.permission) == ("competitor-not-told", "Telenord", "refused")


def test_closing_the_browser_loses_nothing(page, live_server, log_in, company, axe):
    log_in(page, UserFactory(role="agent"))
    begin(page, live_server, company)
    call = page.url
    page.goto(live_server.url + "/cancellations/")
    axe(page)
    link = page.locator("#unfinished a")
    expect(link).to_contain_text("Maier")
    link.click()
    page.wait_for_url(call)


def test_on_a_short_screen_the_bar_at_the_foot_covers_no_reason(page, live_server, log_in, company):
    log_in(page, UserFactory(role="agent"))
    begin(page, live_server, company)
    for name in ("Price", "Competitor"):
        chosen = page.get_by_role("button", name=name, exact=True)
        chosen.click()
        expect(chosen).to_have_attribute("aria-pressed", "true")
        for size in (WIDE, LAPTOP):
            page.set_viewport_size(size)
            bar = page.locator(".call-foot").bounding_box()["y"]
            lowest = page.locator("#why .opt").evaluate_all(
                "all => Math.max(...all.map(e => e.getBoundingClientRect().bottom))"
            )
            assert lowest <= bar


FOCUS_HIDDEN = """() => {
    const seen = document.activeElement, {left, top, width, height} = seen.getBoundingClientRect();
    const on_top = document.elementFromPoint(left + width / 2, top + height / 2);
    return seen !== document.body && !seen.contains(on_top) && !on_top?.contains(seen) && seen.outerHTML;
}"""


def test_what_has_the_focus_is_not_hidden_by_a_bar(page, live_server, log_in, company, narrow):
    log_in(page, UserFactory(role="agent"))
    begin(page, live_server, company)
    page.get_by_role("button", name="Price", exact=True).click()
    expect(page.get_by_role("button", name="Price increase")).to_be_focused()
    narrow(page)
    for key in ("Tab", "Shift+Tab"):
        for _ in range(25):
            page.keyboard.press(key)
            assert not page.evaluate(FOCUS_HIDDEN)


def test_worklist_home_and_offers_left_out_pass_axe(page, live_server, log_in, company, axe):
    lead = log_in(page, UserFactory(role="team lead"))
    version = IncentiveVersionFactory(incentive__name="Second", terms={"percent": "15.00", "months": 3})
    case = CancellationCaseFactory(state="offering", agent=lead, permission="granted")
    offer = OfferFactory(case=case, incentive_version=version, state="presented", presented_at=timezone.now())
    actions.accept(offer.pk, by=lead, now=timezone.now())
    page.goto(live_server.url + "/cancellations/fulfilment/")
    expect(page.get_by_role("button", name="Applied")).to_be_visible()
    axe(page)
    page.goto(live_server.url + "/")
    axe(page)
    refused = candidate(version, shown=False, refusals=[{"layer": "guard", "code": "stacking"}])
    other = CancellationCaseFactory(state="offering", agent=lead, permission="granted")
    SuggestionFactory(case=other, chosen=None, candidates=[refused, candidate(None)])
    page.set_viewport_size(TALL)
    page.goto(live_server.url + f"/cancellations/{other.pk}/call/")
    page.get_by_text("1 not shown, and why").click()
    expect(page.get_by_text("another one still runs")).to_be_visible()
    axe(page)
