"""A real day: a letter, a free replacement above the limit, agreed, printed, redeemed once; and what it moves."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from complaints.models import Attachment, ComplaintCase, Survey, Voucher
from complaints.vouchers import letter
from customers.models import Delivery
from tests.complaints.awards import guidance, limits, unlimited
from tests.complaints.factories import PolicyFactory, RootCauseFactory
from tests.factories import SubscriptionFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def scan(tmp_path) -> Path:
    """The scanned letter."""
    path = tmp_path / "letter of 18 November.png"
    Image.new("RGB", (620, 877), "white").save(path)
    return path


def test_a_faulty_product_from_the_letter_to_a_customer_who_stays(
    page, another_page, live_server, log_in, axe, fits, scan, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    limits("agent", goodwill="30")
    unlimited("manager")
    guidance()
    PolicyFactory()
    RootCauseFactory()
    customer = SubscriptionFactory(customer__given_name="Ylva", customer__email="ylva@example.com").customer
    agent, manager_page = log_in(page, "agent"), another_page()
    manager = log_in(manager_page, "manager")
    site = live_server.url

    # The letter comes.
    page.goto(site + reverse("customers:detail", args=[customer.pk]))
    page.keyboard.press("k")
    page.get_by_label("letter", exact=True).check()
    page.get_by_label("Category").select_option(label="Faulty product")
    page.get_by_label("In one line").fill("The router restarts every evening")
    page.get_by_label("What happened").fill("Since Monday, at eight. The letter is attached.")
    page.get_by_text("Product, subscription, receipt").click()
    page.get_by_label("Product").fill("Router X2")
    page.get_by_label("Price of the item").fill("79.00")
    page.get_by_label("Files").set_input_files(scan)
    axe(page)
    page.get_by_role("button", name="Register the complaint").click()
    page.get_by_role("heading", name="The router restarts every evening").wait_for()
    case = ComplaintCase.objects.get()
    assert Attachment.objects.get().name == scan.name
    page.get_by_role("link", name=scan.name).wait_for()
    axe(page)

    # A free replacement, above the agent's limit of 30.
    page.keyboard.press("v")
    page.get_by_role("heading", name="Compensation", exact=True).wait_for()
    axe(page)
    first = page.locator("fieldset.wish").first
    assert first.get_by_label("What exactly").input_value() == "Router X2"
    first.get_by_label("Amount").fill("35.00")
    page.get_by_role("button", name="Propose").click()
    page.get_by_text("Waits for a colleague").wait_for()
    axe(page)

    # The manager agrees in another window; the agent's page turns by itself.
    manager_page.goto(f"{site}/approvals/")
    manager_page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Issue and print").wait_for()
    axe(page)

    # The letter with code and QR.
    page.get_by_role("button", name="Issue and print").click()
    code = page.locator("#code").inner_text()
    drawn = page.locator("figure.qr path[stroke]").get_attribute("d")
    assert f'd="{drawn}"' in letter.qr_svg(code.replace("-", ""))
    axe(page)
    with page.expect_download() as download:
        page.keyboard.press("p")
    printed = PdfReader(BytesIO(Path(download.value.path()).read_bytes())).pages[0].extract_text()
    assert code in printed
    assert "Router X2" in printed
    assert case.number in printed

    # The answer, and the end of the case.
    page.goto(site + reverse("complaints:case", args=[case.pk]))
    page.keyboard.press("d")
    page.get_by_label("upheld", exact=True).check()
    page.get_by_label("Root cause").select_option(index=1)
    page.get_by_label("Whose fault").select_option(label="ours")
    page.get_by_label("Subject").fill("Your new router")
    page.get_by_label("Answer", exact=True).fill("You are right. The voucher is enclosed.")
    page.get_by_role("button", name="Draft the decision").click()
    page.get_by_text("decision drafted").first.wait_for()
    page.keyboard.press("s")
    page.get_by_label("letter", exact=True).check()
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("Letter to the customer: answer").wait_for()
    page.get_by_text("remedies under way").first.wait_for()
    page.goto(site + reverse("complaints:compensation", args=[case.pk]))
    page.get_by_role("button", name="Said or written").click()
    page.get_by_text("done", exact=True).first.wait_for()
    page.goto(site + reverse("complaints:case", args=[case.pk]))
    page.keyboard.press("c")
    page.get_by_role("button", name="Close").click()
    page.get_by_text("closed", exact=True).first.wait_for()
    axe(page)

    # Owed to the customer now; redeemed at the desk, once, whoever presses second.
    assert owed(manager_page, site) == "€35.00"
    axe(manager_page)
    for window in (page, manager_page):
        window.goto(site + reverse("complaints:vouchers"))
        if window is page:
            axe(window)
        window.get_by_label("Voucher code").fill(code.lower())
        window.get_by_label("Voucher code").press("Enter")
        window.get_by_role("button", name="Hand over the product").wait_for()
    axe(page)
    page.get_by_role("button", name="Hand over the product").click()
    page.get_by_text("used up").first.wait_for()
    fits(page)
    manager_page.expected.append("409")
    manager_page.get_by_role("button", name="Hand over the product").click()
    manager_page.get_by_text("This voucher is used up. Its page shows where and when.").wait_for()
    axe(manager_page)
    assert list(Voucher.objects.get().entries.order_by("pk").values_list("kind", "by")) == [
        ("issue", agent.pk),
        ("redeem", agent.pk),
    ]
    assert owed(manager_page, site) == "€0.00"

    # The customer's opinion, by the link in the e-mail.
    link = re.search(r"https?://\S+?(/\S+)", Delivery.objects.get(body__contains="opinion").body)[1]
    visitor = another_page()
    visitor.goto(site + link)
    axe(visitor)
    for group in visitor.get_by_role("group").all():
        group.get_by_label("5").check()
    visitor.locator("form button").click()
    visitor.locator("form").wait_for(state="detached")
    assert Survey.objects.get().outcome == 5

    # Ninety days later: still a customer, counted as one.
    assert recovered(manager_page, site) == "–"
    with time_machine.travel(timezone.now() + timedelta(days=91), tick=True):
        log_in(manager_page, manager)
        assert recovered(manager_page, site) == "100%"
        axe(manager_page)


def owed(page, site: str) -> str:
    """What the liability report closes with."""
    page.goto(site + reverse("complaints:liability"))
    return page.locator("dl.figures dd").first.inner_text()


def recovered(page, site: str) -> str:
    page.goto(site + reverse("complaints:reports"))
    return page.locator("section.figures > div", has_text="Still a customer after 90 days").locator(".big").inner_text()
