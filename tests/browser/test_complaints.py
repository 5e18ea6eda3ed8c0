"""A letter arrives, is answered, and the customer gives an opinion; two agents on one case; nothing axe would mind."""

import pytest
from django.urls import reverse
from django.utils import timezone

from complaints import actions, surveys
from complaints.models import ComplaintCase, Survey
from tests.browser.conftest import log_out
from tests.complaints.factories import CategoryFactory, PolicyFactory, RootCauseFactory, registered
from tests.factories import SubscriptionFactory

pytestmark = pytest.mark.browser


def test_a_letter_is_registered_answered_and_judged(page, live_server, log_in, axe, fits):
    PolicyFactory()
    CategoryFactory(), RootCauseFactory()
    customer = SubscriptionFactory().customer
    log_in(page, "agent")
    page.goto(live_server.url + reverse("complaints:register", args=[customer.pk]))
    axe(page)
    page.get_by_label("letter", exact=True).check()
    page.get_by_label("Category").select_option(label="Faulty product")
    page.get_by_label("In one line").fill("The box restarts")
    page.get_by_label("What happened").fill("Every evening at eight.")
    page.get_by_role("button", name="Register the complaint").press("Enter")
    page.get_by_role("heading", name="The box restarts").wait_for()
    axe(page)
    fits(page)
    page.keyboard.press("i")
    page.get_by_role("button", name="Investigate").click()
    page.get_by_text("being investigated").first.wait_for()
    page.keyboard.press("d")
    page.get_by_label("upheld", exact=True).check()
    page.get_by_label("Root cause").select_option(index=1)
    page.get_by_label("Whose fault").select_option(label="ours")
    page.get_by_label("Subject").fill("Our answer")
    page.get_by_label("Answer", exact=True).fill("You are right.")
    axe(page)
    page.get_by_role("button", name="Draft the decision").click()
    page.get_by_text("decision drafted").first.wait_for()
    page.keyboard.press("s")
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("answered").first.wait_for()
    page.keyboard.press("c")
    page.get_by_role("button", name="Close").click()
    page.get_by_text("closed", exact=True).first.wait_for()
    assert ComplaintCase.objects.get().outcome == "upheld"
    log_out(page)
    page.goto(live_server.url + reverse("complaints:survey", args=[surveys.token_of(Survey.objects.get())]))
    axe(page)
    for group in page.get_by_role("group").all():
        group.get_by_label("4").check()
    page.get_by_role("button", name="Skicka").or_(page.get_by_role("button", name="Send")).click()
    page.wait_for_url("**/opinion/**")
    page.locator("form").wait_for(state="detached")
    assert Survey.objects.get().treatment == 4


def test_two_agents_see_each_other_and_no_text_is_lost(page, another_page, live_server, log_in):
    case = registered(now=timezone.now(), received_at=timezone.now())
    first = log_in(page, "agent")
    other = another_page()
    second = log_in(other, "agent")
    url = live_server.url + reverse("complaints:case", args=[case.pk])
    page.goto(url)
    page.keyboard.press("l")
    page.get_by_label("Subject").fill("Hello")
    page.get_by_label("Text", exact=True).fill("Careful words")
    other.goto(url)
    other.get_by_text(first.short_name).first.wait_for()
    actions.log_call(case.pk, text="Rang", outgoing=True, by=second, now=timezone.now())
    page.expected = ["422"]
    page.get_by_role("button", name="Write").click()
    page.get_by_text("changed this complaint while you wrote").first.wait_for()
    assert page.get_by_label("Text", exact=True).input_value() == "Careful words"
    page.get_by_role("button", name="Write").click()
    page.get_by_text("Careful words").first.wait_for()


@pytest.mark.parametrize("name", ["queue", "new", "reports", "public", "remedies"])
def test_pages_at_both_widths_in_the_dark(page, live_server, log_in, axe, fits, narrow, dark, name):
    registered(now=timezone.now(), received_at=timezone.now())
    log_in(page, "team lead")
    dark(page)
    page.goto(live_server.url + reverse(f"complaints:{name}"))
    axe(page)
    narrow(page)
    page.goto(live_server.url + reverse(f"complaints:{name}"))
    axe(page)
    fits(page)


def test_a_deadline_is_explained_in_a_dialog(page, live_server, log_in, axe, fits):
    case = registered(now=timezone.now(), received_at=timezone.now())
    log_in(page, "agent")
    page.goto(live_server.url + reverse("complaints:case", args=[case.pk]))
    fits(page)
    page.get_by_role("link", name="Explain this deadline: answer", exact=True).click()
    page.get_by_role("dialog").get_by_text("received: the clock starts").wait_for()
    axe(page)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("dialog").wait_for(state="hidden")
