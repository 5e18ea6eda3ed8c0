"""The queue: its views, filters and orders, a page of it at any depth, and what is found by words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Count, F, Func, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from complaints.models import ComplaintCase, Message
from complaints.states import ENDED, State
from customers.models import full_name
from staff import formats, paging
from staff.formats import Tag
from staff.models import User, short_name
from staff.statements import kept

PAGE = 25
FEW = {"priority", "severity"}
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


Asked = tuple[tuple[str, Any], ...]


def asked(user: User, *, view: str, now: datetime, **filters: Any) -> Asked:
    """What a view and its filters ask of a case, as look-ups."""
    wanted: dict[str, Any] = {} if view in ("all", "chase") else {"is_open": True}
    own: dict[str, dict[str, Any]] = {
        "mine": {"assignee": user.pk},
        "team": {"team": user.team_id or 0},  # of no team: none
        "free": {"assignee": None},
        "overdue": {"due_at__lt": now},
        "chase": {"chase_at__lte": now},
    }
    wanted |= own.get(view, {})
    found = [(name, _plain(name, value)) for name, value in filters.items() if value not in (None, "")]
    return (*wanted.items(), *found)


def _plain(name: str, value: Any) -> Any:
    """A value for a kept statement: keys and moments vary, the few numbers of a small column belong to it."""
    return str(value) if name in FEW else getattr(value, "pk", value)


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


def time_left(case: Any, now: datetime) -> Tag:
    if case.state in ENDED:
        return Tag(_("ended %(day)s") % {"day": formats.day(case.closed_at)}, "", "circle-check")
    seconds = (case.due_at - now).total_seconds()
    if case.state in (State.RESPONDED, State.FULFILLING):
        return (
            Tag(_("answered"), "green", "mail-check")
            if seconds >= 0
            else Tag(_("answered, still open"), "amber", "clock-alert")
        )
    if seconds < 0:
        return Tag(_("%(span)s late") % {"span": formats.span(seconds)}, "red", "flame")
    if seconds < 24 * 3600:
        return Tag(_("%(span)s left") % {"span": formats.span(seconds)}, "amber", "clock-alert")
    return Tag(_("%(span)s left") % {"span": formats.span(seconds)}, "", "clock")


SEVERITY_SHORT = {
    1: gettext_lazy("minor"),
    2: gettext_lazy("moderate"),
    3: gettext_lazy("serious"),
    4: gettext_lazy("critical"),
}
PRIORITY_TONES = {1: "red", 2: "amber"}
SEVERITY_TONES = {4: "red", 3: "amber"}
STATE_TONES: dict[str, str] = {State.PENDING_APPROVAL: "amber", State.RETURNED: "red"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the queue, ready to print."""

    pk: int
    url: str
    number: str
    title: str
    about: str
    customer: str
    severity: Tag
    priority: Tag
    state: Tag
    assignee: str
    left: Tag


@dataclass(frozen=True, slots=True)
class QueuePage:
    rows: Sequence[Row]
    next: str | None


_SHOWN = (
    "pk",
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
    order = SORTS.get(sort, SORTS["due"])[1]
    wanted, place = asked(user, view=view, now=now, **filters), _place(cursor, order)
    rows = containing(_listed(wanted, order, place), q)[: PAGE + 1] if q else _first(wanted, order, place)
    page = paging.page_of(rows, order=order, size=PAGE)
    labels = words_in(get_language() or "en")
    return QueuePage([labels.row(one, now) for one in page.rows], page.next)


def _listed(wanted: Asked, order: tuple[str, ...], place: tuple[Any, ...]) -> QuerySet[ComplaintCase, Any]:
    rows = ComplaintCase.objects.filter(Q(*wanted)).order_by(*order)
    if place:
        rows = rows.filter(paging.beyond(order, place))
    return rows.values_list(*_SHOWN, named=True)


@kept
def _first(wanted: Asked, order: tuple[str, ...], place: tuple[Any, ...]) -> QuerySet[ComplaintCase, Any]:
    return _listed(wanted, order, place)[: PAGE + 1]


def _place(cursor: str | None, order: tuple[str, ...]) -> tuple[Any, ...]:
    """A cursor's values as the columns hold them; empty for the beginning, and for what is no cursor of this order."""
    values = paging.read(cursor, len(order)) if cursor else None
    try:
        return tuple(_read(name.lstrip("-"), value) for name, value in zip(order, values or (), strict=False))
    except (ValueError, TypeError):
        return ()


def _read(name: str, value: Any) -> Any:
    if name in FEW:
        return str(ComplaintCase.Priority(value).value)
    if name == "pk" and type(value) is int:
        return value
    return timezone.localtime(datetime.fromisoformat(value))


class Labels:
    """The words of the columns in the language in force, each translated once."""

    def __init__(self, language: str) -> None:
        priorities = ComplaintCase.Priority.choices
        self.state = {value: Tag(str(label), STATE_TONES.get(value, "")) for value, label in State.choices}
        self.priority = {value: Tag(str(label), PRIORITY_TONES.get(value, "")) for value, label in priorities}
        self.severity = {
            value: Tag(str(label), SEVERITY_TONES.get(value, "")) for value, label in SEVERITY_SHORT.items()
        }
        self.category = "category__name" if language == "en" else f"category__name_{language}"
        self.address = reverse("complaints:case", args=[0])

    def row(self, one: Any, now: datetime) -> Row:
        """A line from the columns of `_SHOWN`."""
        category = getattr(one, self.category, "") or one.category__name
        return Row(
            pk=one.pk,
            url=self.address.replace("/0/", f"/{one.pk}/"),
            number=one.number,
            title=one.title,
            about=f"{category} · {formats.when(one.received_at, now)}",
            customer=full_name(one.customer__given_name, one.customer__family_name, one.customer__company),
            severity=self.severity[one.severity],
            priority=self.priority[one.priority],
            state=self.state[one.state],
            assignee=short_name(one.assignee__first_name, one.assignee__last_name, one.assignee__username)
            if one.assignee__username
            else "–",
            left=time_left(one, now),
        )


@cache
def words_in(language: str) -> Labels:
    return Labels(language)


def marks(case: ComplaintCase, now: datetime) -> list[Tag]:
    """Where a case stands, for the head of its page: state, time left, severity, priority."""
    labels = words_in(get_language() or "en")
    state, priority = labels.state[case.state], _("priority: %(priority)s") % {"priority": case.get_priority_display()}
    return [
        Tag(state.text, state.tone or "teal"),
        time_left(case, now),
        labels.severity[case.severity],
        Tag(priority, labels.priority[case.priority].tone),
    ]


def counts(user: User, now: datetime) -> dict[str, int]:
    """How many stand in each view of the open queue. One query over an index of the open cases only."""
    [found] = _counts(user.pk, now) or [(0,) * len(_COUNTED)]
    return dict(zip(_COUNTED, found, strict=True))


_COUNTED = ("open", "mine", "free", "overdue")


@kept
def _counts(user: int, now: datetime) -> QuerySet[ComplaintCase, tuple[int, ...]]:
    return (
        ComplaintCase.objects.filter(is_open=True)
        .annotate(all=Value(1))
        .values("all")
        .annotate(
            open=Count("pk"),
            mine=Count("pk", filter=Q(assignee=user)),
            free=Count("pk", filter=Q(assignee=None)),
            overdue=Count("pk", filter=Q(due_at__lt=now)),
        )
        .values_list(*_COUNTED)
    )


def open_count(user: User) -> int:
    """The badge in the navigation: what this person has open. One query by index."""
    return ComplaintCase.objects.filter(is_open=True, assignee=user).count()


def left_until(due_at: datetime, now: datetime) -> str:
    seconds = (due_at - now).total_seconds()
    return _("overdue") if seconds < 0 else _("%(span)s left") % {"span": formats.span(seconds)}
