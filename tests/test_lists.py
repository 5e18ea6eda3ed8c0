"""Whatever a growing list can be narrowed to begins an index: a filter costs the same at ten times the rows."""

import base64

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from rest_framework.generics import GenericAPIView

from staff.records import Growing, begun_by_an_index
from staff.sealed import seal
from tests.complaints.factories import CaseFactory
from tests.factories import CustomerFactory


def asked_for(page):
    """The fields by which an admin's list is narrowed, ordered and searched; names of households are read through."""
    searched = [field for field in page.search_fields if field != "name"]
    return [*page.list_filter, *(page.ordering or ())[:1], *searched]


LISTS = {
    f"admin: {model._meta.label}": (model, asked_for(page))
    for model, page in admin.site._registry.items()
    if isinstance(page, Growing)
}
# What a company sets up, and whom it employs: a few hundred rows, however many customers it has.
SMALL = {
    "cancellations": "ReasonCategory Reason Incentive ReasonIncentive",
    "complaints": "Category RootCause DisputeNotice Calendar Policy Template",
    "loyalty": "Store Category Product Programme",
    "customers": "Plan",
    "auth": "Group",
    "staff": "User Team AuthorityLimit",
    "account": "EmailAddress",
    "mfa": "Authenticator",
    "socialaccount": "SocialApp SocialToken SocialAccount",
}
THEIRS = {"procrastinate.ProcrastinateJob"}  # the package's own list
# Of the growing ones these hold what was written and published, a few rows a month.
WRITTEN = {"cancellations.IncentiveVersion", "complaints.Matrix", "loyalty.Campaign"}


def views(patterns):
    for pattern in patterns:
        yield from views(getattr(pattern, "url_patterns", ()))
        if issubclass(view := getattr(getattr(pattern, "callback", None), "cls", object), GenericAPIView):
            yield view


for view in views(get_resolver().url_patterns):
    rows = view.queryset
    filters = view.filter_backends[0]().get_filterset_class(view, rows) if rows is not None else None
    if filters:
        LISTS[f"API: {view.__name__}"] = (rows.model, [one.field_name for one in filters.base_filters.values()])


@pytest.mark.parametrize("name", LISTS)
def test_every_filter_order_and_search_has_its_index(name):
    model, filters = LISTS[name]
    if model._meta.label not in WRITTEN:
        named = {field.lstrip("-").split("__")[0] for field in filters}
        assert named - begun_by_an_index(model) - {"pk"} == set()


def test_every_list_of_the_admin_is_known_to_grow_or_to_stay_small():
    small = {f"{app}.{name}" for app, names in SMALL.items() for name in names.split()}
    grown = {model._meta.label for model, page in admin.site._registry.items() if not isinstance(page, Growing)}
    assert grown == small | THEIRS


@pytest.mark.django_db
def test_a_list_of_the_admin_is_counted_and_leafed_through_so_far_and_no_further(client_as, monkeypatch):
    for _ in range(4):
        CustomerFactory()
    client, address = client_as("administrator"), reverse("admin:customers_customer_changelist")
    assert client.get(address).context["cl"].result_count == 4
    monkeypatch.setattr("staff.records.MOST", 3)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address)
    assert page.context["cl"].result_count == 3
    assert "The first 3. Narrow the list to see others." in page.content.decode()
    counts = [query["sql"] for query in asked if "COUNT(*)" in query["sql"] and "customers_customer" in query["sql"]]
    assert [("LIMIT 3" in sql) for sql in counts] == [True]


@pytest.mark.django_db
def test_a_record_is_found_in_the_admin_by_its_whole_number(client_as):
    case = CaseFactory()
    client, address = client_as("administrator"), reverse("admin:complaints_complaintcase_changelist")
    for typed, count in ((case.number.lower(), 1), (case.number[:-1], 0)):
        assert client.get(address, {"q": typed}).context["cl"].result_count == count


PAGES = ["customers/", "cancellations/", "complaints/", "complaints/vouchers/"]
PAGES += ["loyalty/", "loyalty/campaigns/", "loyalty/duplicates/"]
MADE_UP = ["x", "[Infinity]", '["a\\u0000"]', '["9999-12-31T23:59:59-23:59", 1]', "[null, 1, {}]"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PAGES)
def test_a_place_that_somebody_made_up_is_the_beginning(client_as, address):
    client = client_as("manager")
    for text in MADE_UP:
        plain = base64.urlsafe_b64encode(text.encode()).decode()
        for cursor in (plain, f"~{plain}", seal(text)):
            assert client.get(f"/{address}", {"after": cursor}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["customers", "subscriptions", "complaints", "cancellations", "loyalty/campaigns"])
def test_a_made_up_cursor_of_the_api_is_not_found(client_as, address):
    client = client_as("manager")
    for place in ("x", "inf", "a%00", "9999-12-31T23:59:59-23:59"):
        cursor = base64.b64encode(f"p={place}".encode()).decode()
        assert client.get(f"/api/v1/{address}/", {"cursor": cursor}).status_code == 404, place
