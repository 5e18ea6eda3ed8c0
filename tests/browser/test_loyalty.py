"""The card in a real browser, as a barista and an agent use it."""

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from loyalty.models import Membership
from tests.factories import CustomerFactory
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory, facts

pytestmark = pytest.mark.browser


def test_enrol_nine_stamps_the_tenth_free_a_return_a_debt_a_lost_card(page, log_in, live_server, axe, narrow, fits):
    StoreFactory()
    ProductFactory()
    VersionFactory()
    customer = CustomerFactory(given_name="Åsa", family_name="Öberg")
    log_in(page, "agent")
    page.goto(f"{live_server.url}/loyalty/customers/{customer.pk}/")
    axe(page)
    page.get_by_role("button", name="Enrol").click()
    expect(page.get_by_role("heading", name="0 of 9 stamps")).to_be_visible()
    page.get_by_label("Items", exact=True).fill("8")
    page.get_by_role("button", name="Stamp S").click()
    expect(page.get_by_role("heading", name="8 of 9 stamps")).to_be_visible()
    page.get_by_text("Lost card").click()
    page.get_by_role("button", name="Replace the card").click()
    expect(page.get_by_role("heading", name="8 of 9 stamps")).to_be_visible()
    page.get_by_role("button", name="Stamp S").click()
    expect(page.get_by_role("heading", name="0 of 9 stamps")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Redeem R").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    member = Membership.objects.get()
    give_back(member)
    page.reload()
    expect(page.get_by_role("heading", name="owes 8 stamps")).to_be_visible()
    page.get_by_label("Items", exact=True).fill("8")
    page.get_by_role("button", name="Stamp S").click()
    expect(page.get_by_role("heading", name="0 of 9 stamps")).to_be_visible()
    narrow(page)
    fits(page)
    axe(page)
    assert Customer.objects.count() == 1


def give_back(member: Membership) -> None:
    """The till takes the first eight back."""
    from django.utils import timezone

    from loyalty.actions import record_receipt
    from loyalty.rules.earning import Line
    from loyalty.rules.facts import ReceiptFacts

    sale = member.receipts.order_by("pk").first()
    now = timezone.now()
    told = facts(at=now, lines=(Line(1, "", 8),))
    original = ReceiptFacts(sale.source, sale.store.code, sale.business_date, sale.number, now, ())
    record_receipt(
        ReceiptFacts(
            told.source,
            told.store,
            told.business_date,
            told.number,
            now,
            told.lines,
            original=original.key,
        ),
        by=None,
        now=now,
    )
