"""Reads shaped for pages: the queue, the case, what looks like the same matter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from complaints.models import Attachment, Breach, Clock, ComplaintCase, Message
from complaints.states import ENDED, State
from staff import formats
from staff.models import User
from staff.paging import Page, keyset_page

PAGE = 50
MOST_HITS = 2000  # of a text search: who has more should say more
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
    """The cases of a view, narrowed by field; `q` searches number, title, story and messages. No query by itself."""
    rows = ComplaintCase.objects.all()
    if view != "all":
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
        rows = ComplaintCase.objects.filter(chase_at__lte=now)
    text = filters.pop("q", "")
    rows = rows.filter(**{name: value for name, value in filters.items() if value not in (None, "")})
    return matching(rows, text) if text else rows


def matching(rows: QuerySet[ComplaintCase], text: str) -> QuerySet[ComplaintCase]:
    """Those in whose number, title, story or messages every word occurs, the last one perhaps unfinished. At most the
    newest MOST_HITS of each; by GIN index."""
    query = words(text)
    if query is None:
        return rows.none()
    found = SearchQuery(query, config="simple", search_type="raw")
    hits = ComplaintCase.objects.filter(search=found).order_by().values("pk")[:MOST_HITS]
    said = Message.objects.filter(search=found).order_by().values("case_id")[:MOST_HITS]
    return rows.filter(Q(pk__in=hits) | Q(pk__in=said))


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
    assignee: str
    received: str
    left: TimeLeft


@dataclass(frozen=True, slots=True)
class QueuePage:
    rows: Sequence[Row]
    next: str | None


def queue_page(rows: QuerySet[ComplaintCase], *, sort: str, cursor: str | None, now: datetime) -> QueuePage:
    """One page of the queue; one query at any depth."""
    page: Page[ComplaintCase] = keyset_page(
        rows.select_related("customer", "category", "assignee").only(
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
        ),
        order=SORTS.get(sort, SORTS["due"])[1],
        cursor=cursor,
        size=PAGE,
    )
    return QueuePage([row_of(case, now) for case in page.rows], page.next)


def row_of(case: ComplaintCase, now: datetime) -> Row:
    return Row(
        pk=case.pk,
        url=reverse("complaints:case", args=[case.pk]),
        number=case.number,
        title=case.title,
        customer=case.customer.name,
        category=str(case.category),
        severity=str(SEVERITY_SHORT[case.severity]),
        severity_tone={4: "red", 3: "amber"}.get(case.severity, ""),
        priority=case.get_priority_display(),
        priority_tone=_TONES[case.priority],
        state=case.get_state_display(),
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


# --- what looks like the same matter ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Similar:
    url: str
    number: str
    title: str
    state: str
    received: str
    is_open: bool
    is_repeat: bool  # the same category within ninety days
    is_likely: bool  # words in common


def similar(
    customer_id: int, *, category_id: int | None, text: str, now: datetime, but: int | None = None
) -> list[Similar]:
    """The customer's open cases, and closed ones of 90 days in the same category or with the same words; likely
    duplicates first. One query."""
    since = now - timedelta(days=90)
    rows = ComplaintCase.objects.filter(customer_id=customer_id).filter(Q(is_open=True) | Q(received_at__gte=since))
    if but:
        rows = rows.exclude(pk=but)
    terms = {word.lower().strip(".,;:!?\"'()") for word in text.split()}
    terms = {word for word in terms if len(word) > 3}
    found = []
    for case in rows.order_by("-received_at", "-pk")[:30]:
        said = {word.lower().strip(".,;:!?\"'()") for word in f"{case.title} {case.happened}".split()}
        shared = len(terms & said)
        found.append(
            Similar(
                url=reverse("complaints:case", args=[case.pk]),
                number=case.number,
                title=case.title,
                state=case.get_state_display(),
                received=formats.day(case.received_at),
                is_open=case.state not in ENDED,
                is_repeat=category_id == case.category_id and case.received_at >= since,
                is_likely=bool(terms) and shared >= max(2, len(terms) // 3),
            )
        )
    return sorted(found, key=lambda one: (not one.is_likely, not one.is_open, not one.is_repeat))[:8]


# --- the case ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the page shows it."""

    pk: int
    head: str
    subject: str
    body: str
    by: str
    day: str
    clock: str
    icon: str
    direction: str
    delivery: str
    delivery_tone: str
    pdf_url: str
    files: Sequence[Attachment] = field(default_factory=list)


_ICONS = {"note": "notebook-pen", "call": "phone", "email": "mail", "letter": "mail-open", "web": "globe"}


def conversation(case: ComplaintCase, now: datetime) -> tuple[list[Said], list[Said], list[Attachment]]:
    """(messages, notes, the case's own files), newest first. Two queries."""
    files: dict[int | None, list[Attachment]] = {}
    for attachment in case.attachments.order_by("pk"):
        files.setdefault(attachment.message_id, []).append(attachment)
    said: list[Said] = []
    notes: list[Said] = []
    for one in case.messages.select_related("by", "delivery").defer("search").order_by("-at", "-pk")[:200]:
        delivery = one.delivery
        line = Said(
            pk=one.pk,
            head=_head(one),
            subject=one.subject,
            body=one.body,
            by=one.by.short_name if one.by else one.sender,
            day=formats.day(one.at),
            clock=formats.clock(one.at),
            icon=_ICONS[one.kind],
            direction=one.direction,
            delivery=delivery.get_state_display() if delivery else "",
            delivery_tone={"failed": "red", "sent": "green"}.get(delivery.state, "") if delivery else "",
            pdf_url=reverse("complaints:letter", args=[one.pk]) if one.document_id else "",
            files=files.get(one.pk, []),
        )
        (notes if one.kind == Message.Kind.NOTE else said).append(line)
    return said, notes, files.get(None, [])


def _head(one: Message) -> str:
    if one.kind == Message.Kind.NOTE:
        return _("Note")
    if one.is_automatic:
        return _("Automatic %(kind)s to the customer") % {"kind": one.get_kind_display()}
    if one.direction == Message.Direction.OUT:
        return _("%(kind)s to the customer: %(purpose)s") % {
            "kind": one.get_kind_display().capitalize(),
            "purpose": one.get_purpose_display(),
        }
    return _("%(kind)s from the customer") % {"kind": one.get_kind_display().capitalize()}


FIELD_NAMES = {one.name: one.verbose_name for one in ComplaintCase._meta.get_fields() if hasattr(one, "verbose_name")}


@dataclass(frozen=True, slots=True)
class Past:
    when: str
    text: str
    detail: str
    by: str


def history(case: ComplaintCase) -> list[Past]:
    """States and changes, newest first. Two queries."""
    labels = dict(State.choices)
    lines = [
        (
            move.at,
            move.pk,
            _("now “%(state)s”") % {"state": labels.get(move.to_state, move.to_state)},
            move.note,
            move.by,
        )
        for move in case.moves.select_related("by")
    ]
    lines += [
        (
            change.at,
            change.pk,
            f"{FIELD_NAMES.get(change.field, change.field)}: {change.after or '–'}",
            _("before: %(value)s") % {"value": change.before} if change.before else "",
            change.by,
        )
        for change in case.changes.select_related("by")
    ]
    lines.append((case.recorded_at, 0, _("recorded"), "", case.recorded_by))
    return [
        Past(formats.moment(at), str(text), detail, by.short_name if by else _("the system"))
        for at, _pk, text, detail, by in sorted(lines, key=lambda line: (line[0], line[1]), reverse=True)
    ]


@dataclass(frozen=True, slots=True)
class ClockFace:
    """A clock as the page shows it."""

    kind: str
    label: str
    due: str
    text: str
    tone: str
    icon: str
    url: str


def clock_faces(case: ComplaintCase, now: datetime) -> list[ClockFace]:
    """The current (or last) cycle's clocks. One query."""
    rows = list(
        Clock.objects.filter(case=case)
        .annotate(broken=Exists(Breach.objects.filter(clock=OuterRef("pk"))))
        .select_related("cycle")
        .order_by("-cycle__number", "due_at")
    )
    return [_face(one, now) for one in rows if one.cycle_id == rows[0].cycle_id]


def _face(one: Clock, now: datetime) -> ClockFace:
    if one.is_cancelled:
        text, tone, icon = _("fell away"), "", "circle-check"
    elif one.met_at:
        late = one.broken or one.met_at > one.due_at  # type: ignore[attr-defined]  # annotated above
        text = _("too late, %(when)s") if late else _("kept, %(when)s")
        text, tone, icon = text % {"when": formats.moment(one.met_at)}, "red" if late else "green", "circle-check"
        if late:
            icon = "flame"
    elif one.is_paused:
        text, tone, icon = _("stands: waiting for the customer"), "", "hourglass"
    else:
        seconds = (one.due_at - now).total_seconds()
        span = formats.span(seconds)
        if seconds < 0:
            text, tone, icon = _("%(span)s late") % {"span": span}, "red", "flame"
        else:
            near = one.warned >= 75 or seconds < 24 * 3600
            text, tone = _("%(span)s left") % {"span": span}, "amber" if near else ""
            icon = "clock-alert" if near else "clock"
    return ClockFace(
        kind=one.kind,
        label=one.get_kind_display(),
        due=formats.moment(one.due_at),
        text=text,
        tone=tone,
        icon=icon,
        url=reverse("complaints:deadline", args=[one.pk]),
    )


def open_count(user: User) -> int:
    """The badge in the navigation: what this person has open. One query by index."""
    return ComplaintCase.objects.filter(is_open=True, assignee=user).count()


def nearest(customer_ids: Iterable[int]) -> Mapping[int, tuple[int, datetime]]:
    """Open complaints and their nearest deadline, by customer. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id, count(*), min(due_at) FROM complaints_complaintcase "
            "WHERE is_open AND customer_id = ANY(%s) GROUP BY 1",
            [list(customer_ids)],
        )
        return {customer: (count, due) for customer, count, due in cursor.fetchall()}


def days_left(due_at: datetime, now: datetime) -> str:
    days = (due_at - now).days
    if due_at < now:
        return _("overdue")
    if days == 0:
        return _("due today") if due_at - now < timedelta(hours=24) else ""
    return ngettext("%d day left", "%d days left", days) % days
