"""The queue of cases, the worklist of billing, one case's history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cancellations import terms
from cancellations.models import (
    OPEN_STATES,
    CancellationCase,
    CaseMove,
    Fulfilment,
    Notice,
    Offer,
    OfferMove,
    Reason,
)
from cancellations.models.cases import CaseState
from cancellations.models.offers import OfferState
from customers.models import Delivery
from staff import formats
from staff.paging import Page, keyset_page
from staff.statements import kept

State = CancellationCase.State
PAGE = 25
ALERT_AFTER = timedelta(minutes=10)  # from notice to confirmation
TONES = {
    State.OPENED: "amber",
    State.NOTICE_RECORDED: "amber",
    State.OFFERING: "amber",
    State.AWAITING_APPROVAL: "amber",
    State.CANCELLED_SCHEDULED: "",
    State.CANCELLED_EFFECTIVE: "",
    State.REINSTATED: "green",
    State.WON_BACK: "green",
    State.SAVED_PENDING: "teal",
    State.SAVED_CONFIRMED: "green",
    State.BOOMERANG: "red",
    State.RATE_RENEGOTIATED: "teal",
    State.NOTICE_WITHDRAWN: "",
}
ICONS = {
    "amber": "phone",
    "green": "circle-check",
    "teal": "hourglass",
    "red": "undo-2",
    "": "circle-dot",
}
GROUPS: Mapping[str, Sequence[str]] = {
    "open": OPEN_STATES,
    "leaving": (State.CANCELLED_SCHEDULED,),
    "left": (State.CANCELLED_EFFECTIVE, State.BOOMERANG),
    "watched": (State.SAVED_PENDING,),
    "stayed": (
        State.SAVED_CONFIRMED,
        State.RATE_RENEGOTIATED,
        State.NOTICE_WITHDRAWN,
        State.REINSTATED,
        State.WON_BACK,
    ),
}

# What a row of the queue reads: a whole customer, reason and colleague are ninety columns.
SHOWN = (
    "number",
    "state",
    "price_before",
    "opened_at",
    "ends_on",
    *(f"customer__{name}" for name in ("given_name", "family_name", "company", "number")),
    *(f"reason__{name}" for name in ("name", "name_sv", "name_de")),
    *(f"agent__{name}" for name in ("first_name", "last_name", "username")),
)


@dataclass(frozen=True, slots=True)
class Row:
    pk: int
    url: str
    number: str
    customer: str
    customer_number: str
    price: str
    reason: str
    agent: str
    opened: str
    ends: str
    state: str
    tone: str
    icon: str


def queue(
    *, group: str, agent: int | None, category: int | None, team: int | None, cursor: str | None, now: datetime
) -> tuple[list[Row], str | None]:
    """A page of cases, newest first; one query."""
    rows = CancellationCase.objects.select_related("customer", "reason", "agent").only(*SHOWN)
    if states := GROUPS.get(group):
        rows = rows.filter(state__in=states)
    if agent:
        rows = rows.filter(agent_id=agent)
    if team:
        rows = rows.filter(team_id=team)
    if category:
        rows = rows.filter(reason__category_id=category)
    page: Page[CancellationCase] = keyset_page(rows, order=("-opened_at", "-id"), cursor=cursor, size=PAGE)
    labels = {state: str(state.label) for state in {State(case.state) for case in page.rows}}
    return [_row(case, labels, now) for case in page.rows], page.next


def _row(case: CancellationCase, labels: Mapping[CaseState, str], now: datetime) -> Row:
    state = State(case.state)
    tone = TONES[state]
    return Row(
        pk=case.pk,
        url=reverse("cancellations:call" if case.is_open else "cancellations:case", args=[case.pk]),
        number=case.number,
        customer=case.customer.name,
        customer_number=case.customer.number,
        price=formats.money(case.price_before),
        reason=case.reason.label() if case.reason else "–",
        agent=case.agent.short_name if case.agent else "–",
        opened=formats.when(case.opened_at, now),
        ends=formats.day(case.ends_on) if case.ends_on and not case.is_open else "–",
        state=labels[state],
        tone=tone,
        icon=ICONS[tone],
    )


def notice_of(case: CancellationCase) -> Any:
    """The customer's notice with its receipt (not its bytes), and how far its newest `delivery` came; one query."""
    return next(iter(_notices(case.pk)), None)


@kept
def _notices(case: int) -> QuerySet[Notice]:
    newest = Delivery.objects.filter(document=OuterRef("receipt")).order_by("-pk")
    return (
        Notice.objects.select_related("receipt")
        .defer("receipt__pdf", "receipt__facts")
        .filter(case=case)
        .annotate(delivery=Subquery(newest.values_list(JSONObject(state="state", to="to"))[:1]))
        .order_by("pk")
    )


# --- one case's history ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Line:
    when: str
    text: str
    detail: str
    by: str
    tone: str


def history(case: CancellationCase, now: datetime) -> list[Line]:
    """All that was done in this case, newest first; two queries, one more when reasons were set."""
    moves, offers = _moves(case.pk), _offer_moves(case.pk)
    codes = {move.note for move in moves if move.what == CaseMove.What.REASON}
    reasons = {reason.code: reason.label() for reason in Reason.objects.filter(code__in=codes)} if codes else {}
    states, offer_states = dict(State.choices), dict(OfferState.choices)
    lines = [
        (
            move.at,
            move.pk,
            Line(
                _moment(move.at, now),
                str(states.get(State(move.to_state), ""))
                if move.what == CaseMove.What.STATE
                else str(move.get_what_display()),
                _detail(move, reasons),
                move.by.short_name if move.by else "",
                TONES[State(move.to_state)] if move.what == CaseMove.What.STATE else "",
            ),
        )
        for move in moves
    ]
    for move in offers:
        incentive = move.subject.incentive_version.incentive
        title = terms.headline(incentive.kind, move.subject.terms, incentive.label())
        lines.append(
            (
                move.at,
                move.pk,
                Line(
                    _moment(move.at, now),
                    f"{title}: {offer_states[OfferState(move.to_state)]}",
                    move.note,
                    move.by.short_name if move.by else "",
                    {"accepted": "green", "refused": "amber", "declined": "amber", "failed": "red"}.get(
                        move.to_state, "teal"
                    ),
                ),
            )
        )
    return [line for _at, _pk, line in sorted(lines, key=lambda row: (row[0], row[1]), reverse=True)]


@kept
def _moves(case: int) -> QuerySet[CaseMove]:
    return CaseMove.objects.filter(subject=case).select_related("by").order_by("-at", "-pk")


@kept
def _offer_moves(case: int) -> QuerySet[OfferMove]:
    moves = OfferMove.objects.filter(subject__case=case)
    return moves.select_related("by", "subject__incentive_version__incentive").order_by("-at", "-pk")


def _moment(at: datetime, now: datetime) -> str:
    """“20 Aug 14:24” without a break; last year's with its year."""
    day = formats.short_day(timezone.localdate(at)) if (now - at).days < 300 else formats.day(at)
    return f"{day} {formats.clock(at)}".replace(" ", "\u00a0")


def _detail(move: CaseMove, reasons: Mapping[str, str]) -> str:
    match move.what:
        case CaseMove.What.REASON:
            return reasons.get(move.note, _("skipped"))
        case CaseMove.What.PERMISSION:
            return str(dict(CancellationCase.Permission.choices).get(CancellationCase.Permission(move.note), ""))
        case CaseMove.What.END:
            return formats.day(datetime.fromisoformat(move.note).date())
    return _("The call dropped.") if move.note == "call dropped" else move.note


# --- billing ---------------------------------------------------------------------------------------------------------
WORK: Mapping[str, Sequence[str]] = {
    "todo": (OfferState.PENDING_FULFILMENT,),
    "failed": (OfferState.FAILED,),
    "running": (OfferState.APPLIED,),
    "done": (OfferState.COMPLETED, OfferState.REVOKED),
}


@dataclass(frozen=True, slots=True)
class Task:
    offer: int
    case: str
    case_url: str
    customer: str
    customer_number: str
    what: str
    before: str
    during: str
    starts: str
    ends: str
    accepted: str
    state: str
    failed: bool
    todo: bool
    stoppable: bool
    note: str
    note_label: str
    apply_url: str
    fail_url: str
    revoke_url: str


def worklist(group: str, *, cursor: str | None, now: datetime) -> tuple[list[Task], str | None]:
    """Accepted offers to carry out, the oldest first; one query."""
    rows: QuerySet[Offer] = Offer.objects.filter(
        state__in=WORK.get(group, WORK["todo"]), fulfilment__isnull=False
    ).select_related("case__customer", "incentive_version__incentive", "fulfilment")
    page = keyset_page(rows, order=("created_at", "id"), cursor=cursor, size=PAGE)
    return [_task(offer, now) for offer in page.rows], page.next


def _task(offer: Offer, now: datetime) -> Task:
    row: Fulfilment = offer.fulfilment
    incentive = offer.incentive_version.incentive
    return Task(
        offer=offer.pk,
        case=offer.case.number,
        case_url=reverse("cancellations:case", args=[offer.case_id]),
        customer=offer.case.customer.name,
        customer_number=offer.case.customer.number,
        what=terms.headline(incentive.kind, offer.terms, incentive.label()),
        before=formats.money(row.price_before),
        during=formats.money(row.price_during),
        starts=formats.day(row.starts_on),
        ends=formats.day(row.ends_on) if row.ends_on else "",
        accepted=formats.when(offer.answered_at or offer.created_at, now),
        state=str(OfferState(offer.state).label),
        failed=offer.state == OfferState.FAILED,
        todo=offer.state in (OfferState.PENDING_FULFILMENT, OfferState.FAILED),
        stoppable=offer.state in (OfferState.APPLIED, OfferState.FAILED),
        note=row.note,
        note_label=_("Note on %(number)s") % {"number": offer.case.number},
        apply_url=reverse("cancellations:apply", args=[offer.pk]),
        fail_url=reverse("cancellations:fail", args=[offer.pk]),
        revoke_url=reverse("cancellations:revoke", args=[offer.pk]),
    )


def open_of(user_pk: int) -> QuerySet[CancellationCase]:
    """This person's unfinished calls, the latest first."""
    return (
        CancellationCase.objects.filter(agent_id=user_pk, state__in=OPEN_STATES)
        .select_related("customer")
        .order_by("-opened_at", "-id")
    )


def unconfirmed(now: datetime) -> Q:
    """Notices that wait for their receipt longer than ten minutes: the law wants it at once."""
    return Q(state__in=OPEN_STATES, noticed_at__lt=now - ALERT_AFTER)
