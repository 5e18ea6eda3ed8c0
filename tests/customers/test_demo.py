"""The demo company's customers: believable, valid, the same each time."""

import pytest
from django.core.exceptions import ValidationError

from customers import demo
from customers.actions import next_number
from customers.models import Customer, Subscription
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def everything():
    people = Customer.objects.order_by("number").values_list("number", "given_name", "phone", "city", "customer_since")
    return list(people), list(Subscription.objects.order_by("pk").values_list("plan__code", "started_on", "ends_on"))


def test_two_thousand_valid_customers_the_same_each_time(django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        demo.load(seed=1, now=NOON)
    for customer in Customer.objects.select_related("household"):
        try:
            customer.clean_fields(exclude=["household"])
        except ValidationError as error:
            pytest.fail(f"{customer.number}: {error.message_dict}")
    assert Customer.objects.count() == demo.CUSTOMERS
    assert {"sv", "de", "en"} == set(Customer.objects.values_list("language", flat=True))
    assert Subscription.objects.exclude(status="ended").count() > demo.CUSTOMERS * 0.9
    assert Subscription.objects.filter(started_on__gt=NOON.date()).count() == 0
    assert Customer.objects.filter(household__isnull=False).count() > 200
    assert next_number() == f"C-{100_001 + demo.CUSTOMERS}"

    first = everything()
    for model in (Subscription, Customer):
        model.objects.all().delete()
    demo.Plan.objects.all().delete()
    demo.load(seed=1, now=NOON)
    assert everything() == first
