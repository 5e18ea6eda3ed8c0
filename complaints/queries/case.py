"""One complaint as its page shows it: what was said, what was done, its clocks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.models import Attachment, Breach, CaseChange, CaseMove, Clock, ComplaintCase, Message
from complaints.states import State
from customers.models import Subscription
from loyalty.models import Receipt
from staff import formats
from staff.models import User
from staff.statements import kept


def whole(pk: int) -> ComplaintCase:
    """The case with all that its page says about it beside what was said and done: `papers` (every file, by message),
    `twins` (what was merged into it) and the names of a few others come along in the same query; as columns, since
    PostgreSQL takes ten times as long to put ten joins in order as to follow them. Raises Http404."""
    for case in _whole(pk):
        return case
    raise Http404


@kept
def _whole(pk: int) -> QuerySet[ComplaintCase]:
    return (
        ComplaintCase.objects.filter(pk=pk)
        .select_related("customer", "category", "assignee", "team", "root_cause")
        .annotate(
            bought_on=Case(  # the card on which the receipt stands that the complaint names
                When(
                    ~Q(reference=""),
                    then=Subquery(
                        Receipt.objects.filter(
                            membership__customer=OuterRef("customer"), number=OuterRef("reference")
                        ).values("membership")[:1]
                    ),
                )
            ),
            original=Subquery(ComplaintCase.objects.filter(pk=OuterRef("duplicate_of")).values("number")),
            plan=Subquery(Subscription.objects.filter(pk=OuterRef("subscription")).values("plan__name")),
            recorder=Subquery(
                User.objects.filter(pk=OuterRef("recorded_by")).values(
                    name=JSONObject(first_name="first_name", last_name="last_name", username="username")
                )
            ),
            papers=ArraySubquery(
                Attachment.objects.filter(case=OuterRef("pk"))
                .order_by("pk")
                .values(paper=JSONObject(pk="pk", name="name", size="size", message="message_id"))
            ),
            twins=ArraySubquery(
                ComplaintCase.objects.filter(duplicate_of=OuterRef("pk"))
                .order_by("pk")
                .values(twin=JSONObject(pk="pk", number="number"))
            ),
        )
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """An attached file, by name."""

    pk: int
    name: str
    size: int


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
    files: Sequence[Paper] = field(default_factory=list)
    of: str = ""  # the duplicate it was said in, by number


_ICONS = {"note": "notebook-pen", "call": "phone", "email": "mail", "letter": "mail-open", "web": "globe"}


def conversation(case: ComplaintCase) -> tuple[list[Said], list[Said], list[Paper]]:
    """(messages, notes, the case's own files), newest first, of a case that is `whole`; what was said in its
    duplicates stands among the rest. One query, two with duplicates."""
    files: dict[int | None, list[Paper]] = {}
    for one in case.papers:  # type: ignore[attr-defined]  # annotated by _whole
        files.setdefault(one["message"], []).append(Paper(one["pk"], one["name"], one["size"]))
    twins = {twin["pk"]: twin["number"] for twin in case.twins}  # type: ignore[attr-defined]  # annotated by _whole
    if twins:
        for file in Attachment.objects.filter(case__in=twins).order_by("pk"):
            files.setdefault(file.message_id, []).append(Paper(file.pk, file.name, file.size))
    said: list[Said] = []
    notes: list[Said] = []
    for one in _messages((case.pk, *twins)):
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
            of=twins.get(one.case_id, ""),
        )
        (notes if one.kind == Message.Kind.NOTE else said).append(line)
    return said, notes, files.get(None, [])


@kept
def _messages(cases: tuple[int, ...]) -> QuerySet[Message]:
    return Message.objects.filter(case__in=cases).select_related("by", "delivery").order_by("-at", "-pk")[:200]


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
    state: str = ""  # where a step led; empty for a change


def history(case: ComplaintCase) -> list[Past]:
    """States and changes of a case that is `whole`, newest first. One query."""
    states = dict(State.choices)
    recorder = case.recorder  # type: ignore[attr-defined]  # annotated by _whole
    lines = [Past(formats.moment(case.recorded_at), _("recorded"), "", _short(User(**recorder) if recorder else None))]
    for at, _pk, name, after, more, first, last, username in sorted(_steps(case.pk)):
        by = User(first_name=first, last_name=last, username=username) if username else None
        if name:
            text = f"{FIELD_NAMES.get(name, name)}: {after or '–'}"
            detail = _("before: %(value)s") % {"value": more} if more else ""
        else:
            text, detail = _("now “%(state)s”") % {"state": states.get(after, after)}, more
        lines.append(Past(formats.moment(at), text, detail, _short(by), "" if name else after))
    return lines[::-1]


@kept
def _steps(case: int) -> QuerySet[CaseMove, Any]:
    who = ("by__first_name", "by__last_name", "by__username")
    moved = CaseMove.objects.filter(subject=case).annotate(field=Value(""))
    changed = CaseChange.objects.filter(case=case).values_list("at", "pk", "field", "after", "before", *who)
    return moved.values_list("at", "pk", "field", "to_state", "note", *who).union(changed, all=True)


def _short(user: User | None) -> str:
    return user.short_name if user else _("the system")


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
    rows = _clocks(case.pk)
    return [_face(one, now) for one in rows if one.cycle_id == rows[0].cycle_id]


@kept
def _clocks(case: int) -> QuerySet[Clock]:
    broken = Exists(Breach.objects.filter(clock=OuterRef("pk")))
    clocks = Clock.objects.filter(case=case).annotate(broken=broken).select_related("cycle")
    return clocks.order_by("-cycle__number", "due_at")


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
