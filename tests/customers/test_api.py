"""The customers' API: the desk's queries and actions, and the same refusals."""

import pytest
from django.urls import reverse
from django.utils.translation import gettext, override

from customers.models import Change, Customer, Note
from tests.factories import CustomerFactory, PlanFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(client_as):
    return client_as("agent")


def patch(client, customer, **body):
    return client.patch(reverse("customer-detail", args=[customer.pk]), body, content_type="application/json")


def test_search_gives_the_best_first_and_the_list_pages_by_key(agent):
    CustomerFactory(given_name="Anna", family_name="Maier")
    CustomerFactory(given_name="Bo", family_name="Meyer")
    found = agent.get(reverse("customer-list"), {"q": "meyer"}).json()
    assert [row["name"] for row in found["results"]] == ["Bo Meyer", "Anna Maier"]
    first = agent.get(reverse("customer-list"), {"size": 1}).json()
    assert [row["name"] for row in first["results"]] == ["Bo Meyer"]
    assert [row["name"] for row in agent.get(first["next"]).json()["results"]] == ["Anna Maier"]


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_whatever_the_rows(agent, count, django_assert_num_queries):
    for n in range(count):
        SubscriptionFactory(plan=PlanFactory(code=f"p{n}"))
    with django_assert_num_queries(4):  # session; user with permissions; customers, what they pay for
        agent.get(reverse("customer-list"))
    with django_assert_num_queries(3):
        assert len(agent.get(reverse("subscription-list")).json()["results"]) == count


def test_page_facts_and_timeline(agent):
    customer = CustomerFactory(in_debt=True)
    SubscriptionFactory(customer=customer)
    band = agent.get(reverse("customer-band", args=[customer.pk])).json()
    assert (band["name"], band["goodwill"], band["monthly_margin"]) == ("Henrik Svensson", "0.00", "20.00")
    assert "in debt" in [badge["text"] for badge in band["badges"]]
    assert {"label": "Contract ends", "value": "month by month"} in band["facts"]
    line = agent.get(reverse("customer-timeline", args=[customer.pk]), {"kind": "contracts"}).json()
    assert [entry["title"] for entry in line["results"]] == ["Fibre 500 + TV began"]
    assert line["next"] == ""


def test_an_edit_goes_through_the_same_action_and_is_refused_when_stale(agent):
    customer = CustomerFactory()
    assert patch(agent, customer, version=1, city="Lund").json()["version"] == 2
    refused = patch(agent, customer, version=1, city="Malmö")
    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert Customer.objects.get().city == "Lund"
    assert Change.objects.get().fields == {"city": ["Göteborg", "Lund"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"city": "Lund"}, "version"),
        ({"version": 1, "email": "nobody"}, "email"),
        ({"version": 1, "phone": "12"}, "phone"),
        ({"version": 1, "given_name": "", "family_name": ""}, "family_name"),
    ],
)
def test_bad_input_is_told_at_its_field(agent, body, field):
    answer = patch(agent, CustomerFactory(), **body)
    assert (answer.status_code, list(answer.json())) == (400, [field])


def test_what_is_changed_by_api_is_as_a_form_would_have_it_and_refused_in_the_readers_language(agent):
    customer = CustomerFactory(country="SE")
    assert patch(agent, customer, version=1, country="de").json()["country"] == "DE"
    agent.user.language = "sv"
    agent.user.save()
    refused = patch(agent, customer, version=2, given_name="", family_name="").json()["family_name"]
    with override("sv"):
        assert (
            refused
            == [gettext("Give a name: a person's or a company's.")]
            != ["Give a name: a person's or a company's."]
        )


def test_a_note(agent):
    customer = CustomerFactory()
    url = reverse("customer-notes", args=[customer.pk])
    assert agent.post(url, {"text": "Call after five"}, content_type="application/json").status_code == 201
    assert Note.objects.get().by == agent.user


def test_marketing_reads_and_does_not_write(client_as):
    marketing, customer = client_as("marketing"), CustomerFactory()
    assert marketing.get(reverse("customer-detail", args=[customer.pk])).status_code == 200
    assert patch(marketing, customer, version=1, city="Lund").status_code == 403
    assert marketing.post(reverse("customer-notes", args=[customer.pk])).status_code == 403
