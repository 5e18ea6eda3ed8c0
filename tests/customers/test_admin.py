"""Customers in the admin: the desk's own search and actions, no query per row."""

import pytest
from django.urls import reverse

from customers import actions
from customers.models import Change, Customer
from tests.conftest import NOON
from tests.factories import CustomerFactory, HouseholdFactory, PlanFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client_as):
    client = client_as("data entry")
    client.user.is_staff = True
    client.user.save()
    return client


def test_search_is_the_desks(clerk):
    CustomerFactory(given_name="Anna", family_name="Maier")
    CustomerFactory(given_name="Bo", family_name="Meyer")
    page = clerk.get(reverse("admin:customers_customer_changelist"), {"q": "meyer"})
    assert [one.family_name for one in page.context["cl"].result_list] == ["Meyer", "Maier"]
    choices = clerk.get(
        reverse("admin:autocomplete"),
        {"term": "maier", "app_label": "customers", "model_name": "subscription", "field_name": "customer"},
    ).json()["results"]
    assert [choice["text"] for choice in choices] == ["Anna Maier", "Bo Meyer"]


def test_a_contract_and_a_note_are_found_by_their_customer(client_as):
    client = client_as("administrator")
    other, wanted = (CustomerFactory(family_name=name) for name in ("Berg", "Maier"))
    for customer in (wanted, other):
        SubscriptionFactory(customer=customer)
        actions.add_note(customer.pk, text="Rang.", by=client.user, now=NOON)
    for model in ("subscription", "note"):
        page = client.get(reverse(f"admin:customers_{model}_changelist"), {"q": "meyer"})
        assert [row.customer for row in page.context["cl"].result_list] == [wanted]
        everything = client.get(reverse(f"admin:customers_{model}_changelist"))
        assert [row.customer for row in everything.context["cl"].result_list] == [other, wanted]


def test_a_household_is_listed_with_how_many_it_has(clerk):
    home, empty = HouseholdFactory(), HouseholdFactory()
    for _ in range(2):
        CustomerFactory(household=home)
    page = clerk.get(reverse("admin:customers_household_changelist"))
    model_admin = page.context["cl"].model_admin
    assert [(row, model_admin.members(row)) for row in page.context["cl"].result_list] == [(empty, 0), (home, 2)]


@pytest.mark.parametrize("model", ["customer", "subscription", "plan", "household"])
def test_lists_cost_the_same_whatever_the_rows(clerk, model, django_assert_max_num_queries):
    url = reverse(f"admin:customers_{model}_changelist")
    clerk.get(url)
    for n in range(4):
        SubscriptionFactory(plan=PlanFactory(code=f"p{n}"))
    with django_assert_max_num_queries(9):
        assert clerk.get(url).status_code == 200


def form(page):
    """The admin form's own values, as a browser would send them back."""
    values = {}
    for part in [
        page.context["adminform"].form,
        *(s.formset.management_form for s in page.context["inline_admin_formsets"]),
    ]:
        for bound in part:
            value = bound.value()
            values[bound.html_name] = "" if value is None else value
    return {name: value for name, value in values.items() if value is not False}


def test_the_second_of_two_is_told_and_loses_nothing(clerk, user_as):
    colleague = user_as("agent", first_name="Jonas", last_name="Berg")
    customer = CustomerFactory(city="Lund", street="Storgatan 1")
    url = reverse("admin:customers_customer_change", args=[customer.pk])
    data = form(clerk.get(url)) | {"street": "Nygatan 2", "city": "Malmö"}
    actions.edit_customer(customer.pk, version=1, by=colleague, now=NOON, city="Ystad")
    page = clerk.post(url, data)
    assert page.status_code == 200
    html = page.content.decode()
    assert "Jonas Berg changed this customer while you were typing (city)" in html
    assert "The record holds now: Ystad" in html
    assert 'value="Nygatan 2"' in html
    customer.refresh_from_db()
    assert (customer.city, customer.street) == ("Ystad", "Storgatan 1")
    assert clerk.post(url, form(page)).status_code == 302  # the same again, knowing
    customer.refresh_from_db()
    assert (customer.city, customer.street, customer.version) == ("Malmö", "Nygatan 2", 3)


def test_an_edit_goes_by_the_action(clerk):
    customer = CustomerFactory(city="Lund")
    url = reverse("admin:customers_customer_change", args=[customer.pk])
    data = form(clerk.get(url)) | {"city": "Malmö"}
    assert clerk.post(url, data).status_code == 302
    change = Change.objects.get()
    assert (change.by, change.fields) == (clerk.user, {"city": ["Lund", "Malmö"]})
    assert Customer.objects.get().version == 2


def test_a_new_customer(clerk):
    url = reverse("admin:customers_customer_add")
    data = form(clerk.get(url)) | {"number": "K-9", "family_name": "Ek", "customer_since": "2024-01-01"}
    response = clerk.post(url, data)
    assert response.status_code == 302, response.context["adminform"].errors
    assert Customer.objects.get().number == "K-9"
    assert Change.objects.count() == 1
