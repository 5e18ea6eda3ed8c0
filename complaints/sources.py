"""What casework adds to the pages that all rooms share: timeline, band, search, home, navigation, referrals."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, When, Window
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints import actions
from complaints.models import CaseMove, Category, ComplaintCase
from complaints.queries import queue
from complaints.states import EXITS, State
from customers.contributions import Action, Badge, Band, band, referrals, variables
from customers.contributions import actions as customer_actions
from customers.models import Customer
from customers.timeline import Entry, Facts, Strand, author, name_in, named, said_by, timeline
from staff import formats
from staff.home import Line, Panel, home
from staff.models import User
from staff.navigation import Entrance, navigation
from staff.reports import Report, reports
from staff.search import Hit, search
from staff.statements import kept

# Which steps a customer's history tells; the others are the desk's own affair.
TOLD = {
    State.RESPONDED: "green",
    State.CLOSED: "green",
    State.RESOLVED_ON_CONTACT: "green",
    State.REOPENED: "red",
    **dict.fromkeys(EXITS, ""),
}
YEAR = timedelta(days=365)
_NUMBER = re.compile(r"^k-?(\d{4})-?(\d{1,9})$", re.IGNORECASE)


def _registered(at: datetime, pk: int, facts: Facts) -> Entry:
    """A complaint as it came."""
    state, outcome = State(facts["state"]), facts["outcome"]
    parts = (
        name_in(facts),
        str(state.label),
        str(ComplaintCase.Outcome(outcome).label) if outcome else "",
    )
    return Entry(
        at=at,
        key=f"complaint-{pk}",
        kind="complaints",
        title=_("Complaint %(number)s: %(title)s") % facts,
        detail=" · ".join(filter(None, parts)),
        by=said_by(facts),
        url=reverse("complaints:case", args=[pk]),
        tone="amber" if facts["is_open"] else "",
    )


def _step(at: datetime, pk: int, facts: Facts) -> Entry:
    """How one ended, or was taken up again."""
    state, outcome = State(facts["to_state"]), facts["outcome"]
    return Entry(
        at=at,
        key=f"complaint-{facts['case']}-move-{pk}",
        kind="complaints",
        title=_("Complaint %(number)s %(state)s") % {"number": facts["number"], "state": state.label},
        detail=str(ComplaintCase.Outcome(outcome).label) if outcome else facts["note"],
        by=said_by(facts),
        url=reverse("complaints:case", args=[facts["case"]]),
        tone=TOLD[state],
    )


history = [
    Strand(
        lambda customer: ComplaintCase.objects.filter(customer=customer),
        "received_at",
        {
            **{name: name for name in ("number", "title", "state", "outcome", "is_open")},
            **named("category"),
            **author("recorded_by"),
        },
        _registered,
    ),
    Strand(
        lambda customer: CaseMove.objects.filter(subject__customer=customer, to_state__in=list(TOLD)),
        "at",
        {
            "case": "subject_id",
            "number": "subject__number",
            "outcome": "subject__outcome",
            "to_state": "to_state",
            "note": "note",
            **author(),
        },
        _step,
    ),
]


def badges(customer: Customer, now: datetime) -> Band:
    """“open complaint, 2 days left”. One query."""
    first = next(iter(_nearest(customer.pk)), None)
    if first is None:
        return Band()
    pk, due, count = first
    text = ngettext("open complaint", "%(count)d open complaints", count) % {"count": count}
    return Band(
        badges=[
            Badge(
                text=f"{text}, {queue.left_until(due, now)}",
                tone="red" if due < now else "amber",
                icon="message-square-warning",
                url=reverse("complaints:case", args=[pk]),
            )
        ]
    )


@kept
def _nearest(customer: int) -> QuerySet[ComplaintCase, Any]:
    """The open complaint whose deadline comes first, and how many are open."""
    opened = ComplaintCase.objects.filter(customer=customer, is_open=True).order_by("due_at", "pk")
    return opened.values_list("pk", "due_at", Window(Count("*")))[:1]


def rule_variables(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """`open_complaints` and `complaints_12m`. One query."""
    counted = (
        ComplaintCase.objects.filter(customer_id__in=customer_ids)
        .values_list("customer_id")
        .annotate(open=Count("pk", filter=Q(is_open=True)), year=Count("pk", filter=Q(received_at__gt=now - YEAR)))
        .order_by()
    )
    found = {customer: counts for customer, *counts in counted}
    return {
        customer: dict(zip(("open_complaints", "complaints_12m"), found.get(customer, (0, 0)), strict=True))
        for customer in customer_ids
    }


def by_number(user: User, text: str, limit: int) -> Sequence[Hit]:
    """A case by its number: “K-2026-00418”, “k2026418”."""
    found = _NUMBER.match(text.strip())
    if not found or not user.has_perm("complaints.view_complaintcase"):
        return []
    number = f"K-{found[1]}-{int(found[2]):05d}"
    return [
        Hit(
            title=f"{case.number}: {case.title}",
            url=reverse("complaints:case", args=[case.pk]),
            detail=f"{case.customer.name} · {case.get_state_display()}",
            icon="message-square-warning",
            exact=True,
        )
        for case in ComplaintCase.objects.filter(number=number).select_related("customer")[:limit]
    ]


def refer(customer: Customer, *, text: str, by: User, now: datetime) -> str:
    """Another desk hands a dispute over: it becomes a complaint about billing, received now."""
    category = Category.objects.filter(is_active=True).order_by("order", "pk")
    case = actions.register(
        customer_id=customer.pk,
        channel=ComplaintCase.Channel.PHONE,
        received_at=now,
        category_id=(category.filter(code="billing").first() or category[0]).pk,
        title=" ".join(text.split())[:160],
        happened=text,
        by=by,
        now=now,
    )
    return case.number


def on_the_table(user: User, now: datetime) -> Panel | None:
    """What this person handles: what an approver returned, then the nearest deadline first. One query."""
    if not user.has_perm("complaints.work_complaint"):
        return None
    rows = ComplaintCase.objects.filter(is_open=True, assignee=user).select_related("customer")
    came_back = Case(When(state=State.RETURNED, then=0), default=1)
    lines = []
    for case in rows.order_by(came_back, "due_at", "pk")[:6]:
        left = queue.time_left(case, now)
        waits = case.get_state_display() if case.state in queue.STATE_TONES else ""
        lines.append(
            Line(
                text=f"{case.number} {case.title}",
                url=reverse("complaints:case", args=[case.pk]),
                detail=" · ".join(filter(None, (waits, left.text, case.customer.name))),
                tone=queue.STATE_TONES.get(case.state, left.tone),
            )
        )
    return Panel(
        gettext_lazy("Your complaints"),
        reverse("complaints:queue") + "?view=mine",
        lines,
        gettext_lazy("None on your table. Take the next from the queue."),
    )


def to_chase(user: User, now: datetime) -> Panel | None:
    """This person's cases whose chase date has come: nobody answered, or something came in after the end. One query."""
    if not user.has_perm("complaints.work_complaint"):
        return None
    rows = ComplaintCase.objects.filter(chase_at__lte=now, assignee=user).select_related("customer")
    lines = [
        Line(
            text=f"{case.number} {case.title}",
            url=reverse("complaints:case", args=[case.pk]),
            detail=f"{case.get_state_display()} · {case.customer.name}",
            tone="amber",
        )
        for case in rows.order_by("chase_at", "pk")[:6]
    ]
    if not lines:
        return None
    return Panel(gettext_lazy("To chase"), reverse("complaints:queue") + "?view=chase", lines, "")


def escalated(user: User, now: datetime) -> Panel | None:
    """For who shares work out: what is past its promise. One query."""
    if not user.has_perm("complaints.assign_complaint"):
        return None
    rows = ComplaintCase.objects.filter(is_open=True, due_at__lt=now).select_related("customer", "assignee")
    return Panel(
        gettext_lazy("Complaints past their deadline"),
        reverse("complaints:queue") + "?view=overdue",
        [
            Line(
                text=f"{case.number} {case.title}",
                url=reverse("complaints:case", args=[case.pk]),
                detail=f"{queue.time_left(case, now).text} · "
                f"{case.assignee.short_name if case.assignee else _('nobody')} · {formats.when(case.received_at, now)}",
                tone="red",
            )
            for case in rows.order_by("due_at", "pk")[:6]
        ],
        gettext_lazy("Every promise is kept so far."),
    )


def register() -> None:
    timeline.register("complaints", history, label=gettext_lazy("Complaints"))
    band.register("complaints", badges)
    variables.register("complaints", rule_variables)
    search.register("complaints", by_number)
    referrals.register("complaint", refer)
    home.register("complaints", on_the_table)
    home.register("complaints_chase", to_chase)
    home.register("complaints_late", escalated)
    customer_actions.register(
        "complaint",
        Action(
            gettext_lazy("New complaint"),
            "complaints:register",
            "message-square-warning",
            "k",
            "complaints.register_complaint",
            20,
        ),
    )
    reports.register(
        "complaints",
        Report(
            gettext_lazy("Complaints: figures"),
            gettext_lazy("Times, promises kept, outcomes, root causes, and who is still a customer."),
            "complaints:reports",
            "complaints.view_complaint_reports",
        ),
    )
    navigation.register(
        "complaints",
        Entrance(
            gettext_lazy("Complaints"),
            "complaints:queue",
            "message-square-warning",
            "complaints.view_complaintcase",
            40,
            queue.open_count,
        ),
    )
