"""Refunds, credits, repairs and gifts for somebody to carry out: billing, technicians, the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Remedy, RemedyMove
from complaints.models.compensation import RemedyState
from complaints.models.guidance import BY_OTHERS, RemedyKind
from staff import formats
from staff.models import User
from staff.paging import Page, keyset_page

PAGE = 25
GROUPS = {
    "todo": (gettext_lazy("To do"), RemedyState.AGREED),
    "ordered": (gettext_lazy("Under way"), RemedyState.ORDERED),
    "failed": (gettext_lazy("Failed"), RemedyState.FAILED),
    "done": (gettext_lazy("Done"), RemedyState.DONE),
}


@dataclass(frozen=True, slots=True)
class Task:
    pk: int
    since: str
    case: str
    case_url: str
    customer: str
    customer_number: str
    what: str
    amount: str
    reference: str
    note: str
    can_order: bool
    can_complete: bool
    can_fail: bool


def tasks(group: str, *, kind: str, cursor: str | None, now: datetime) -> tuple[Sequence[Task], str | None]:
    """One page of a group, the oldest first (of what is done the newest), and the cursor of the next; one query.

    Among the failed stands every kind: a voucher that could not be mailed is sent again from its case.
    """
    rows = Remedy.objects.filter(state=GROUPS[group][1])
    if kind:
        rows = rows.filter(kind=kind)
    elif group != "failed":
        rows = rows.filter(kind__in=sorted(BY_OTHERS))
    last = RemedyMove.objects.filter(subject=OuterRef("pk")).order_by("-at", "-pk")
    page: Page[Remedy] = keyset_page(
        rows.select_related("award__case__customer").annotate(
            since=Subquery(last.values("at")[:1]), said=Subquery(last.values("note")[:1])
        ),
        order=["-pk" if group == "done" else "pk"],
        cursor=cursor,
        size=PAGE,
    )
    return [_task(remedy, now) for remedy in page.rows], page.next


def _task(remedy: Remedy, now: datetime) -> Task:
    state, case = RemedyState(remedy.state), remedy.award.case
    mine = remedy.kind in BY_OTHERS
    since = getattr(remedy, "since", None) or remedy.award.proposed_at
    return Task(
        pk=remedy.pk,
        since=formats.when(since, now),
        case=case.number,
        case_url=reverse("complaints:compensation", args=[case.pk]),
        customer=case.customer.name,
        customer_number=case.customer.number,
        what=" · ".join(filter(None, (str(RemedyKind(remedy.kind).label), remedy.what))),
        amount=formats.money(remedy.amount) if remedy.amount else "–",
        reference=remedy.reference,
        note=getattr(remedy, "said", "") or "",
        can_order=mine and state in (RemedyState.AGREED, RemedyState.FAILED),
        can_complete=mine and state != RemedyState.DONE,
        can_fail=mine and state == RemedyState.ORDERED,
    )


def kinds() -> list[tuple[str, str]]:
    """The kinds that somebody else carries out, for the filter."""
    return [("", _("every kind")), *((kind.value, str(kind.label)) for kind in RemedyKind if kind in BY_OTHERS)]


def todo_count(user: User) -> int:
    """The badge: what waits to be begun, or failed. One query by index."""
    return Remedy.objects.filter(state__in=[RemedyState.AGREED, RemedyState.FAILED], kind__in=sorted(BY_OTHERS)).count()
