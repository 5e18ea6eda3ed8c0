"""Two people give the same at one moment: the second form finds it free, and is told at its field all the same."""

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from customers.actions import create_customer
from customers.models import Customer
from staff.models import AuthorityLimit, SavedView
from tests.factories import CustomerFactory, PlanFactory, TeamFactory, UserFactory
from tests.threads import held_up

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMER = {
    "number": "C-7",
    "family_name": "Second",
    "customer_since": "2026-01-01",
    "language": "sv",
    "country": "SE",
    "segment": "standard",
}
NO_CONTRACTS = {"subscriptions-TOTAL_FORMS": "0", "subscriptions-INITIAL_FORMS": "0"}
PLAN = {"code": "same", "name": "Second", "monthly_price": "9", "monthly_margin": "3"}
PLAN |= {"notice_months": "1", "term_months": "0"}
PASSWORD = "a-long-passphrase-7"
USER = {"username": "same", "first_name": "Second", "password1": PASSWORD, "password2": PASSWORD}
USER |= {"usable_password": "true"}


def answer_behind(client, address, data, first):
    """What `client` is told whose form was found good while `first` was written, but not yet seen by others."""
    with transaction.atomic():
        first()
        coming = held_up(lambda: client.post(address, data))
    return coming.result()


@pytest.mark.parametrize(
    ("address", "data", "status"),
    [("/customers/new/", CUSTOMER, 422), ("/admin/customers/customer/add/", CUSTOMER | NO_CONTRACTS, 200)],
)
def test_a_customer_number_given_twice(client_as, address, data, status):
    client = client_as("administrator")
    answer = answer_behind(
        client,
        address,
        data,
        lambda: create_customer(
            number="C-7", family_name="First", customer_since="2026-01-01", by=client.user, now=timezone.now()
        ),
    )
    form = answer.context["form"] if status == 422 else answer.context["adminform"].form
    assert (answer.status_code, set(form.errors)) == (status, {"number"})
    assert form["family_name"].value() == "Second"
    assert Customer.objects.get().family_name == "First"


@pytest.mark.parametrize(
    ("address", "data", "first", "field"),
    [
        ("customers/plan", PLAN, lambda: PlanFactory(code="same"), "code"),
        ("staff/team", {"name": "same"}, lambda: TeamFactory(name="same"), "name"),
        ("staff/user", USER, lambda: UserFactory(username="same"), "username"),
    ],
)
def test_reference_data_given_twice(client_as, address, data, first, field):
    answer = answer_behind(client_as("administrator"), f"/admin/{address}/add/", data, first)
    assert list(answer.context["adminform"].form.errors) == [field]


def test_one_address_for_two_colleagues(client_as):
    data = USER | {"email": "Same@example.com"}
    answer = answer_behind(
        client_as("administrator"), "/admin/staff/user/add/", data, lambda: UserFactory(email="same@example.com")
    )
    assert list(answer.context["adminform"].form.errors) == ["email"]


def test_two_limits_for_one_role(client_as):
    role = Group.objects.get(name="agent")
    answer = answer_behind(
        client_as("administrator"),
        "/admin/staff/authoritylimit/add/",
        {"role": role.pk, "kind": "same"},
        lambda: AuthorityLimit.objects.create(role=role, kind="same"),
    )
    assert answer.context["adminform"].form.non_field_errors()
    assert AuthorityLimit.objects.count() == 1


def test_a_view_renamed_to_a_name_just_given(client_as):
    client = client_as("agent")
    view = SavedView.objects.create(user=client.user, page="complaints", name="Mine", query="view=mine")
    answer = answer_behind(
        client,
        f"/views/{view.pk}/",
        {"name": "Same", "next": "/complaints/"},
        lambda: SavedView.objects.create(user=client.user, page="complaints", name="Same", query="view=all"),
    )
    assert answer.status_code == 302
    assert [str(told) for told in client.get("/complaints/").context["messages"]] == [
        "You have a view of that name already."
    ]
    view.refresh_from_db()
    assert view.name == "Mine"


def test_a_plan_taken_away_while_it_is_chosen(client_as):
    plan, customer = PlanFactory(), CustomerFactory()
    data = {"customer": customer.pk, "plan": plan.pk, "status": "active", "monthly_price": "9", "monthly_margin": "3"}
    data |= {"started_on": "2026-01-01", "notice_months": "1"}
    answer = answer_behind(client_as("administrator"), "/admin/customers/subscription/add/", data, plan.delete)
    assert list(answer.context["adminform"].form.errors) == ["plan"]
