"""The queue: its views, filters and orders, a page of it at any depth, and what is found by words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Count, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from complaints.models import ComplaintCase, Message
from complaints.states import ENDED, State
from staff import formats
from staff.models import User
from staff.paging import Page, keyset_page

PAGE = 25
RARE = 10_000  # words in fewer texts are looked up; those in more are met on the way through the list
MOST_HITS = 2 * RARE  # where the planner guessed wrong
_HITS = (
    "SELECT id FROM complaints_complaintcase WHERE search @@ to_tsquery('simple', %(query)s) UNION ALL "
    "SELECT case_id FROM complaints_message WHERE search @@ to_tsquery('simple', %(query)s)"
)
SORTS = {
    "due": (gettext_lazy("nearest deadline"), ("due_at", "pk")),
    "priority": (gettext_lazy("priority"), ("priority", "due_at", "pk")),
    "newest": (gettext_lazy("newest"), ("-received_at", "-pk")),
    "oldest": (gettext_lazy("oldest"), ("received_at", "pk")),
}
VIEWS = {
    "open": gettext_lazy("Open"),
    "mine": gettext_lazy("Mine"),
    "team": gettext_lazy("My team's"),
    "free": gettext_lazy("Nobody's"),
    "overdue": gettext_lazy("Overdue"),
    "chase": gettext_lazy("To chase"),
    "all": gettext_lazy("All"),
}


def queue(user: User, *, view: str, now: datetime, **filters: Any) -> QuerySet[ComplaintCase]:
    """The cases of a view, narrowed by field. No query by itself."""
    rows = ComplaintCase.objects.all()
    if view not in ("all", "chase"):
        rows = rows.filter(is_open=True)
    if view == "mine":
        rows = rows.filter(assignee=user)
    elif view == "team":
        rows = rows.filter(team=user.team_id) if user.team_id else rows.none()
    elif view == "free":
        rows = rows.filter(assignee=None)
    elif view == "overdue":
        rows = rows.filter(due_at__lt=now)
    elif view == "chase":
        rows = rows.filter(chase_at__lte=now)
    return rows.filter(**{name: value for name, value in filters.items() if value not in (None, "")})


class _Among(Func):
    """key = ANY(array): thousands of keys as one parameter."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def containing(rows: QuerySet[ComplaintCase], text: str) -> QuerySet[ComplaintCase]:
    """Those in whose own text, or in one of whose messages, all words occur, the last perhaps unfinished. Two queries.

    Rare words are looked up in the GIN indexes, whatever the order of the list; common ones are met soon enough by
    going through the list in its order. How rare they are the planner tells from its statistics, without reading a row.
    """
    query = words(text)
    if query is None:
        return rows.none()
    values: dict[str, str | int] = {"query": query, "most": MOST_HITS}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {_HITS}", values)
        guessed = cursor.fetchone()[0][0]["Plan"]["Plan Rows"]
        if guessed <= RARE:
            cursor.execute(f"({_HITS}) LIMIT %(most)s", values)
            found = {pk for (pk,) in cursor.fetchall()}
            if len(found) < MOST_HITS:
                return rows.filter(_Among(F("pk"), Cast(Value(sorted(found)), ArrayField(BigIntegerField()))))
    sought = SearchQuery(query, config="simple", search_type="raw")
    said = Message.objects.filter(case=OuterRef("pk"), search=sought)  # one by one: as EXISTS it would be read whole
    return rows.alias(said=Subquery(said.values("pk")[:1])).filter(Q(search=sought) | Q(said__isnull=False))


def words(text: str) -> str | None:
    """“box rest” → "'box' & 'rest':*"; None when nothing searchable is left."""
    parts = ["".join(c for c in part if c.isalnum() or c in "-_.@") for part in text.split()[:12]]
    parts = [part.strip("-_.@") for part in parts]
    quoted = [f"'{part}'" for part in parts if part]
    return " & ".join([*quoted[:-1], f"{quoted[-1]}:*"]) if quoted else None


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long there is, in words, colour and icon."""

    text: str
    tone: str
    icon: str


def time_left(case: ComplaintCase, now: datetime) -> TimeLeft:
    if case.state in ENDED:
        return TimeLeft(_("ended %(day)s") % {"day": formats.day(case.closed_at)}, "", "circle-check")
    seconds = (case.due_at - now).total_seconds()
    if case.state in (State.RESPONDED, State.FULFILLING):
        return (
            TimeLeft(_("answered"), "green", "mail-check")
            if seconds >= 0
            else TimeLeft(_("answered, still open"), "amber", "clock-alert")
        )
    if seconds < 0:
        return TimeLeft(_("%(span)s late") % {"span": formats.span(seconds)}, "red", "flame")
    if seconds < 24 * 3600:
        return TimeLeft(_("%(span)s left") % {"span": formats.span(seconds)}, "amber", "clock-alert")
    return TimeLeft(_("%(span)s left") % {"span": formats.span(seconds)}, "", "clock")


SEVERITY_SHORT = {
    1: gettext_lazy("minor"),
    2: gettext_lazy("moderate"),
    3: gettext_lazy("serious"),
    4: gettext_lazy("critical"),
}
_TONES = {1: "red", 2: "amber", 3: "", 4: ""}
STATE_TONES: dict[str, str] = {State.PENDING_APPROVAL: "amber", State.RETURNED: "red"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue, ready to print."""

    pk: int
    url: str
    number: str
    title: str
    customer: str
    category: str
    severity: str
    severity_tone: str
    priority: str
    priority_tone: str
    state: str
    state_tone: str
    assignee: str
    received: str
    left: TimeLeft


@dataclass(frozen=True, slots=True)
class QueuePage:
    rows: Sequence[Row]
    next: str | None


_SHOWN = (
    "number",
    "title",
    "state",
    "severity",
    "priority",
    "due_at",
    "received_at",
    "closed_at",
    "customer__given_name",
    "customer__family_name",
    "customer__company",
    "category__name",
    "category__name_sv",
    "category__name_de",
    "assignee__first_name",
    "assignee__last_name",
    "assignee__username",
)


def queue_page(
    user: User, *, view: str, sort: str, cursor: str | None, now: datetime, q: str = "", **filters: Any
) -> QueuePage:
    """One page of the queue, at any depth one query; three when words are looked for."""
    rows = queue(user, view=view, now=now, **filters)
    if q:
        rows = containing(rows, q)
    page: Page[ComplaintCase] = keyset_page(
        rows.select_related("customer", "category", "assignee").only(*_SHOWN),
        order=SORTS.get(sort, SORTS["due"])[1],
        cursor=cursor,
        size=PAGE,
    )
    labels = Labels()
    return QueuePage([row_of(case, now, labels) for case in page.rows], page.next)


class Labels:
    """The words of one page's columns, each translated once and not once a row."""

    def __init__(self) -> None:
        self.state = {value: str(label) for value, label in State.choices}
        self.priority = {value: str(label) for value, label in ComplaintCase.Priority.choices}
        self.severity = {value: str(label) for value, label in SEVERITY_SHORT.items()}
        self.language = get_language() or "en"
        self.address = reverse("complaints:case", args=[0])


def row_of(case: ComplaintCase, now: datetime, labels: Labels) -> Row:
    return Row(
        pk=case.pk,
        url=labels.address.replace("/0/", f"/{case.pk}/"),
        number=case.number,
        title=case.title,
        customer=case.customer.name,
        category=case.category.name_in(labels.language),
        severity=labels.severity[case.severity],
        severity_tone={4: "red", 3: "amber"}.get(case.severity, ""),
        priority=labels.priority[case.priority],
        priority_tone=_TONES[case.priority],
        state=labels.state[case.state],
        state_tone=STATE_TONES.get(case.state, ""),
        assignee=case.assignee.short_name if case.assignee else "–",
        received=formats.when(case.received_at, now),
        left=time_left(case, now),
    )


def counts(user: User, now: datetime) -> dict[str, int]:
    """How many stand in each view of the open queue. One query over the open cases only."""
    return ComplaintCase.objects.filter(is_open=True).aggregate(
        open=Count("pk"),
        mine=Count("pk", filter=Q(assignee=user)),
        free=Count("pk", filter=Q(assignee=None)),
        overdue=Count("pk", filter=Q(due_at__lt=now)),
    )


def open_count(user: User) -> int:
    """The badge in the navigation: what this person has open. One query by index."""
    return ComplaintCase.objects.filter(is_open=True, assignee=user).count()


def days_left(due_at: datetime, now: datetime) -> str:
    days = (due_at - now).days
    if days < 0:
        return _("overdue")
    return ngettext("%d day left", "%d days left", days) % days if days else _("due within a day")
