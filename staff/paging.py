"""Pages by key, not by offset: page 400 costs what page 1 costs."""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from staff.sealed import opened, seal

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    rows: Sequence[M]
    next: str | None  # the cursor of the page after this, None at the end


def write(values: list[Any]) -> str:
    """The cursor of the place behind these values: sealed, for they may be a name, and only ours are believed."""
    plain = [
        v.isoformat() if isinstance(v, date | datetime) else str(v) if isinstance(v, Decimal) else v for v in values
    ]
    return seal(json.dumps(plain, ensure_ascii=False), "cursor")


def read(cursor: str, length: int) -> list[Any] | None:
    """The values of a cursor, as JSON has them; None for one that was not made here, or for another order."""
    values = json.loads(opened(cursor, "cursor") or "[]")
    return values if len(values) == length else None


def keyset_page(rows: QuerySet[M], *, order: Sequence[str], cursor: str | None, size: int) -> Page[M]:
    """One page of `rows` in `order` (field names, “-” for descending, the last one unique, none of them null).

    One query of size + 1 rows; an index on the ordering keeps it constant at any depth. The comparison is written
    out (a > x OR a = x AND …) with the leading bound repeated, so that a mixed order too starts in the index.
    An unreadable cursor gives the first page.
    """
    rows = rows.order_by(*order)
    if cursor and (values := read(cursor, len(order))) is not None:
        with suppress(ValueError, TypeError, ValidationError):  # not values of these fields
            rows = rows.filter(beyond(order, values))
    return page_of(rows[: size + 1], order=order, size=size)


def beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Whatever stands after the place that `values` name in this order."""
    fields = [name.lstrip("-") for name in order]
    after = Q()
    for position, name in enumerate(order):
        step = "lt" if name.startswith("-") else "gt"
        equal = Q(**{f"{fields[i]}": values[i] for i in range(position)})
        after |= equal & Q(**{f"{fields[position]}__{step}": values[position]})
    lead = "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{fields[0]}__{lead}": values[0]}) & after


def page_of(rows: Iterable[Any], *, order: Sequence[str], size: int) -> Page[Any]:
    """A page of `size` from rows of which one more was read, to know whether there are any."""
    found = list(rows)
    more, found = len(found) > size, found[:size]
    return Page(found, write([_value(found[-1], name.lstrip("-")) for name in order]) if more else None)


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = getattr(row, name)
    return row


def onward(request: HttpRequest, cursor: str | None) -> str:
    """This page's address, its filters kept, from `cursor` on; empty at the end."""
    if not cursor:
        return ""
    asked = request.GET.copy()
    asked["after"] = cursor
    return f"?{asked.urlencode()}"


def shown(request: HttpRequest, template: str) -> str:
    """The list's page; its partial `rows` alone when htmx asks for those behind a cursor."""
    return f"{template}#rows" if request.htmx and "after" in request.GET else template
