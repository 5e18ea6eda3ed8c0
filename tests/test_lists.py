"""Whatever a growing list can be narrowed to begins an index: a filter costs the same at ten times the rows."""

import pytest
from django.contrib import admin
from django.urls import get_resolver
from rest_framework.generics import GenericAPIView

from staff.records import Growing, begun_by_an_index

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
