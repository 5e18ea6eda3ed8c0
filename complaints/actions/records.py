"""What every action does first and last: lock the case, refuse yesterday's form, write down what changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import CaseChange, ComplaintCase
from customers.erasure import check_living
from staff.errors import Stale
from staff.models import User


def locked(pk: int, *, version: int | None = None) -> ComplaintCase:
    """The case under its row lock, with what the rules read. One query. Raises Erased where its customer was.

    With `version`, raises Stale when somebody changed the case since; it says who and what.
    """
    case = (
        ComplaintCase.objects.select_for_update(of=("self",))
        .select_related("customer", "category", "category__parent", "subscription__plan", "assignee", "root_cause")
        .get(pk=pk)
    )
    check_living(case.customer)
    if version is not None and version != case.version:
        raise Stale(said_since(case))
    return case


def said_since(case: ComplaintCase) -> str:
    """Who changed the case last, in a sentence. Three queries."""
    latest = [
        one
        for one in (
            case.moves.select_related("by").order_by("-at", "-pk").first(),
            case.changes.select_related("by").order_by("-at", "-pk").first(),
            case.messages.select_related("by").order_by("-at", "-pk").first(),
        )
        if one is not None
    ]
    who = max(latest, key=lambda one: one.at).by if latest else None
    return _(
        "%(who)s changed this complaint while you wrote; it is “%(state)s” now. Your text is still here: "
        "read what is new, then send it again."
    ) % {"who": who or _("The customer or the system"), "state": case.get_state_display()}


def change(case: ComplaintCase, values: Mapping[str, Any], *, by: User | None, at: datetime) -> list[str]:
    """Set the fields that differ, write down each, save; answers the names of those that did. At most two queries."""
    rows = []
    for name, value in values.items():
        before = getattr(case, name)
        if before == value:
            continue
        rows.append(CaseChange(case=case, field=name, before=_said(case, name), by=by, at=at))
        setattr(case, name, value)
        rows[-1].after = _said(case, name)
    if rows:
        CaseChange.objects.bulk_create(rows)
        case.version += 1
        case.save()
    return [row.field for row in rows]


def _said(case: ComplaintCase, name: str) -> str:
    shown = getattr(case, f"get_{name}_display", None)
    value = shown() if shown else getattr(case, name)
    return "" if value is None else str(value)[:200]
