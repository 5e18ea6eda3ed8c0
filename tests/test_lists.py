"""Whatever a growing list can be narrowed to begins an index: a filter costs the same at ten times the rows."""

import base64

import pytest
from django.contrib import admin
from django.urls import get_resolver
from rest_framework.generics import GenericAPIView

from staff.records import Growing, begun_by_an_index
from staff.sealed import seal

LISTS = {
    f"admin: {model._meta.label}": (model, [*page.list_filter, *filter(None, [page.date_hierarchy])])
    for model, page in admin.site._registry.items()
    if isinstance(page, Growing) and model._meta.app_label in ("customers", "staff")
}


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
def test_every_filter_has_its_index(name):
    model, filters = LISTS[name]
    assert {field.split("__")[0] for field in filters} - begun_by_an_index(model) == set()


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
