"""What stands in the way of erasing, and what an erased customer refuses."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from cancellations.models import CancellationCase
from complaints import actions as complaints
from complaints import models as c
from complaints import surveys
from complaints.actions.redemption import redeem
from complaints.actions.vouchers import reissue
from customers.actions import add_note, edit_customer
from customers.erasure import Erased
from customers.models import Customer, Delivery, Erasure
from loyalty import models as y
from loyalty.actions import enrol
from loyalty.actions.closing import set_blocked
from loyalty.actions.members import name_card, replace_card
from staff.errors import DomainError
from tests.cancellations.factories import CancellationCaseFactory, OfferFactory
from tests.complaints.factories import CaseFactory, registered
from tests.complaints.vouchers import issued
from tests.conftest import NOON
from tests.erasure.conftest import erased, said
from tests.erasure.tables import LATER, WORDS, told
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory
from tests.loyalty.factories import ProgrammeFactory, member
from tests.threads import held_up

pytestmark = pytest.mark.django_db


def a_call(customer: Customer, **fields: Any) -> CancellationCase:
    subscription = SubscriptionFactory(customer=customer, status="ended", ends_on=NOON.date())
    return CancellationCaseFactory(subscription=subscription, number="X-2026-77777", **fields)


OPEN = {
    "a contract that runs (Fibre 500 + TV)": lambda customer: SubscriptionFactory(customer=customer),
    "a letter on its way": lambda customer: said(Delivery, customer=customer, to="a@example.com", state="queued"),
    "complaint K-2026-77777": lambda customer: CaseFactory(customer=customer, number="K-2026-77777"),
    "call X-2026-77777": a_call,
    "the offer accepted in X-2026-77777": lambda customer: OfferFactory(
        case=a_call(customer, state="saved_confirmed", closed_at=NOON, window_until=NOON.date(), ends_on=NOON.date()),
        state="pending_fulfilment",
        presented_at=NOON,
    ),
    "a request for stamps": lambda customer: said(
        y.StampRequest,
        membership=y.Membership.objects.get(customer=customer),
        kind="waiver",
        amount=1,
        requested_by=UserFactory(),
    ),
}


@pytest.mark.parametrize("words", OPEN)
def test_what_is_open_ends_first(furnished, words):
    OPEN[words](furnished)
    before = told()
    with pytest.raises(DomainError, match=re.escape(f"First end what is open: {words}.")):
        erased(furnished)
    assert told() == before


def test_a_voucher_stays_what_it_is_worth(db):
    """It belongs to whoever shows the code, which nobody but he or she knows."""
    customer = CustomerFactory()
    voucher = issued("20.00", customer=customer).voucher
    erased(customer)
    assert redeem(voucher.pk, amount=Decimal(5), by=UserFactory(), now=LATER).amount == -5
    voucher.refresh_from_db()
    assert (voucher.balance, voucher.state) == (15, "active")


def test_nothing_new_is_written_about_an_erased_customer(furnished):
    card, by = y.Membership.objects.get(customer=furnished), UserFactory()
    (voucher,), (case,) = c.Voucher.objects.all(), c.ComplaintCase.objects.all()
    nameless = member(ProgrammeFactory(), customer=None)
    gone, who = erased(furnished), {"by": by, "now": LATER}
    for act in (
        lambda: edit_customer(gone.pk, version=gone.version, given_name="Zebedia", **who),
        lambda: add_note(gone.pk, text=WORDS, **who),
        lambda: registered(customer=gone),
        lambda: complaints.reopen(case.pk, note=WORDS, **who),
        lambda: surveys.answer(c.Survey.objects.get().pk, outcome=1, process=1, treatment=1, comment=WORDS, now=LATER),
        lambda: issued(customer=gone),
        lambda: reissue(voucher.pk, note=WORDS, **who),
        lambda: set_blocked(card.pk, False, **who),
        lambda: replace_card(card.cards.all()[0].pk, **who),
        lambda: name_card(nameless.pk, customer_id=gone.pk, **who),
        lambda: enrol(card.programme_id, customer_id=gone.pk, **who),
    ):
        with pytest.raises(Erased):
            act()
    assert told() == set()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second", "code"), [("write", "erase", "still_open"), ("erase", "write", "erased")])
def test_who_writes_and_who_erases_at_one_moment_wait_for_each_other(first, second, code):
    customer = CustomerFactory()
    acts = {"write": lambda: registered(customer=customer), "erase": lambda: erased(customer)}
    with transaction.atomic():
        acts[first]()
        coming = held_up(acts[second])
    assert coming.result().code == code
    customer.refresh_from_db()
    assert (customer.erased_at is None) == (first == "write")
    assert c.ComplaintCase.objects.exists() == (first == "write")


def test_the_page_asks_for_the_number_and_says_what_goes(client_as):
    customer, client = CustomerFactory(), client_as("administrator")
    address = reverse("customers:erase", args=[customer.pk])
    page = client.get(address).content.decode()
    assert "Goes for good" in page
    wrong = client.post(address, {"ground": "asked", "number": "C-1"})
    assert wrong.status_code == 422
    assert "Nothing was erased" in wrong.content.decode()
    case = CaseFactory(customer=customer)
    refused = client.post(address, {"ground": "asked", "number": customer.number})
    assert (refused.status_code, case.number in refused.content.decode()) == (409, True)
    c.ComplaintCase.objects.update(state="withdrawn")
    done = client.post(address, {"ground": "asked", "number": f" {customer.number.lower()} "}, follow=True)
    page = done.content.decode()
    assert done.redirect_chain == [(reverse("customers:detail", args=[customer.pk]), 302)]
    assert "Erased on" in page
    assert "the customer asked for it" in page
    assert 'data-key="c"' not in page
    assert client.get(address).status_code == 409
    assert Erasure.objects.get().by == client.user
