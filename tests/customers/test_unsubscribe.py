"""No more marketing: the customer's own word."""

import pytest

from customers import actions
from customers.queries import band_for
from tests.conftest import NOON
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


def test_the_last_word_counts_and_an_import_is_none(user_as):
    customer = CustomerFactory(may_be_contacted=True)
    assert customer.takes_marketing
    for _ in range(2):
        customer = actions.unsubscribe(customer.pk, now=NOON)
    assert (customer.takes_marketing, customer.may_be_contacted, customer.version) == (False, False, 2)
    assert "no marketing mail" in [badge.text for badge in band_for(customer, NOON).badges]
    type(customer).objects.filter(pk=customer.pk).update(may_be_contacted=True)  # as an import does
    customer.refresh_from_db()
    assert not customer.takes_marketing
    type(customer).objects.filter(pk=customer.pk).update(may_be_contacted=False)
    agent = user_as("agent")
    customer = actions.edit_customer(customer.pk, version=2, by=agent, now=NOON, may_be_contacted=True)
    assert (customer.takes_marketing, customer.unsubscribed_at) == (True, None)
    assert not CustomerFactory(may_be_contacted=True, is_bereaved=True).takes_marketing
