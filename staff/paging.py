"""Pages by key, not by offset: page 400 costs what page 1 costs."""

import base64
import binascii
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    rows: Sequence[M]
    next: str | None  # the cursor of the page after this, None at the end


def _write(values: list[Any]) -> str:
    plain = [
        v.isoformat() if isinstance(v, date | datetime) else str(v) if isinstance(v, Decimal) else v for v in values
    ]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read(cursor: str, length: int) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        return None
    return values if isinstance(values, list) and len(values) == length else None


def keyset_page(rows: QuerySet[M], *, order: Sequence[str], cursor: str | None, size: int) -> Page[M]:
    """One page of `rows` in `order` (field names, “-” for descending, the last one unique, none of them null).

    One query of size + 1 rows; an index on the ordering keeps it constant at any depth. The comparison is written
    out (a > x OR a = x AND …) with the leading bound repeated, so that a mixed order too starts in the index.
    An unreadable cursor gives the first page.
    """
    fields = [name.lstrip("-") for name in order]
    rows = rows.order_by(*order)
    if cursor and (values := _read(cursor, len(fields))) is not None:
        after = Q()
        for position, name in enumerate(order):
            step = "lt" if name.startswith("-") else "gt"
            equal = Q(**{f"{fields[i]}": values[i] for i in range(position)})
            after |= equal & Q(**{f"{fields[position]}__{step}": values[position]})
        lead = "lte" if order[0].startswith("-") else "gte"
        with contextlib.suppress(ValueError, TypeError, ValidationError):
            rows = rows.filter(Q(**{f"{fields[0]}__{lead}": values[0]}) & after)
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(found, _write([_value(found[-1], name) for name in fields]) if more else None)


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
