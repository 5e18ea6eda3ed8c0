"""Marketing's desk in Chromium: a rule is built, tried on the last calls, handed in, published by a second person, and
the agent of the next call reads which condition failed."""

import re
from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cancellations.models import EnginePolicy, IncentiveVersion
from cancellations.reference import load_reasons
from cancellations.suggestions import suggest_for
from tests.cancellations.factories import CancellationCaseFactory, IncentiveVersionFactory, ReasonFactory, fresh_process
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SINCE = {"long": date(2019, 3, 2), "short": date(2026, 3, 2)}


@pytest.fixture
def company(transactional_db):
    """One incentive that everybody may see, and three calls of customers who saw it: two of long standing."""
    fresh_process()
    load_reasons()
    EnginePolicy.objects.create(created_at=timezone.now(), hold_out=0)
    IncentiveVersionFactory(incentive__name="Discount", terms={"percent": "10.00", "months": 6})
    for since in ("long", "long", "short"):
        subscription = SubscriptionFactory(customer=CustomerFactory(customer_since=SINCE[since]))
        case = CancellationCaseFactory(subscription=subscription, state="offering", reason=ReasonFactory())
        suggest_for(case, by=None, now=timezone.now())


def rule(page, said):
    """The line of a condition or group, by its own words."""
    own = page.locator(":scope > .spread > :first-child", has_text=re.compile(f"^{re.escape(said)}$"))
    return page.locator("#rules li", has=own)


def add(page, variable, comparison, value):
    """Into the form that is open: the comparison and the value fit the variable that was chosen."""
    page.get_by_label("Variable").select_option(label=variable)
    expect(page.get_by_label("Comparison").locator("option", has_text=comparison).first).to_be_attached()
    page.get_by_label("Comparison").select_option(label=comparison)
    field = page.get_by_label("Value")
    if field.evaluate("e => e.tagName") == "SELECT":
        field.select_option(label=value)
    else:
        field.fill(value)
    page.get_by_role("button", name="Add", exact=True).click()


def test_a_rule_from_the_editor_to_the_agents_list_of_what_is_not_shown(
    page, another_page, live_server, log_in, company, axe, fits, narrow, wide, dark
):
    log_in(page, UserFactory(role="marketing", first_name="Mark", last_name="Lind"))
    page.goto(live_server.url + "/cancellations/incentives/")
    page.get_by_role("link", name="Discount").click()
    page.get_by_role("button", name="New draft").click()
    expect(page.get_by_role("heading", name="Who may see it")).to_be_visible()
    axe(page)
    allowed = page.get_by_role("region", name="Allowed")

    allowed.get_by_role("button", name="Condition").click()
    expect(page.get_by_label("Variable")).to_be_focused()
    add(page, "Tenure", "is at least", "many")
    wrong = page.get_by_label("Value")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_value("many")
    expect(page.get_by_text("Write a number.")).to_be_visible()
    axe(page)
    wrong.fill("12")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(allowed.locator("p.soft")).to_have_text("Tenure is at least 12 months")

    allowed.get_by_role("button", name="Condition").last.click()
    add(page, "In debt", "is", "yes")
    expect(allowed.locator("p.soft")).to_have_text("Tenure is at least 12 months and In debt is yes")
    rule(page, "In debt is yes").get_by_role("button", name="Not", exact=True).click()
    expect(allowed.locator("p.soft")).to_have_text("Tenure is at least 12 months and not (In debt is yes)")
    rule(page, "Not").get_by_role("button", name="Move up").first.click()
    expect(allowed.locator("p.soft")).to_have_text("not (In debt is yes) and Tenure is at least 12 months")
    rule(page, "Tenure is at least 12 months").get_by_role("button", name="Group").click()
    rule(page, "Any of these").get_by_role("button", name="Condition").click()
    add(page, "Segment", "is one of", "Plus")
    expect(allowed.locator("p.soft")).to_have_text(
        "not (In debt is yes) and (Tenure is at least 12 months or Segment is one of Plus)"
    )
    page.evaluate("scrollTo(0, 0)")  # nothing half under the bar at the top, where axe finds it too small
    axe(page)
    fits(page)
    narrow(page)
    fits(page)
    dark(page)
    axe(page)
    wide(page)
    rule(page, "Segment is one of Plus").get_by_role("button", name="Move down").click()
    expect(allowed.locator("p.soft")).to_have_text(
        "not (In debt is yes) and Tenure is at least 12 months and Segment is one of Plus"
    )
    expect(rule(page, "Segment is one of Plus").get_by_role("button", name="Change")).to_be_focused()
    rule(page, "Segment is one of Plus").get_by_role("button", name="Remove").press("Enter")
    expect(allowed.locator("p.soft")).to_have_text("not (In debt is yes) and Tenure is at least 12 months")
    rule(page, "Not").get_by_role("button", name="Remove").first.click()
    expect(allowed.locator("p.soft")).to_have_text("Tenure is at least 12 months")
    expect(allowed.get_by_role("button", name="Condition").last).to_be_focused()
    draft = IncentiveVersion.objects.get(state="draft")
    assert draft.rules["eligible"] == {"all": [{"any": [{"var": "tenure_months", "op": "ge", "value": 12}]}]}

    page.get_by_role("link", name="Try and publish").click()
    facts = page.locator("dl.kv").first
    said = (
        "see what is published",
        "would see the draft",
        "see both",
        "see it only with the draft",
        "see it no longer",
    )
    for label, count in zip(said, "32201", strict=True):
        expect(facts.locator("dt", has_text=re.compile(f"^{label}$")).locator("+ dd")).to_have_text(count)
    before, after = (facts.locator("dd").nth(at).inner_text() for at in (-2, -1))
    assert float(after.strip("€")) < float(before.strip("€"))
    expect(page.get_by_text("No longer, for instance:")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("Handed in. A colleague can publish it now.")).to_be_visible()
    page.get_by_role("link", name="Try and publish").click()
    expect(page.get_by_text("Somebody else than the author publishes")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)

    manager = another_page()
    log_in(manager, UserFactory(role="manager", first_name="Sofia", last_name="Berg"))
    manager.goto(live_server.url + "/")
    expect(manager.get_by_text("handed in by Mark L.")).to_be_visible()
    manager.goto(live_server.url + "/cancellations/incentives/")
    expect(manager.get_by_text("draft, waits for you")).to_be_visible()
    axe(manager)
    manager.get_by_role("link", name="Discount").click()
    manager.get_by_role("link", name="Try and publish").click()
    manager.get_by_role("button", name="Publish").click()
    expect(manager.get_by_text("Published. It is offered from now on.")).to_be_visible()
    expect(manager.get_by_role("heading", name="Version 2")).to_contain_text("published")
    axe(manager)

    agent = another_page()
    log_in(agent, UserFactory(role="agent"))
    newcomer = CustomerFactory(customer_since=timezone.localdate().replace(day=1))
    SubscriptionFactory(customer=newcomer, contract_end=None)
    agent.goto(f"{live_server.url}/customers/{newcomer.pk}/")
    agent.keyboard.press("c")
    agent.wait_for_url(re.compile(r"/cancellations/\d+/call/"))
    agent.keyboard.press("y")
    agent.get_by_text("1 not shown, and why").click()
    expect(agent.get_by_text("Tenure 0 months < 12 months")).to_be_visible()
