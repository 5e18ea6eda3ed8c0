"""What the cancellation desk adds to shared pages: timeline, goodwill, header band, search, home, navigation."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cancellations import rules, terms
from cancellations.models import OPEN_STATES, CancellationCase, CaseMove, Offer, OfferMove
from cancellations.models.offers import OfferState
from cancellations.queries import lists
from customers.contributions import Badge, Band, Fact
from customers.models import Customer
from customers.timeline import Entry
from staff import formats
from staff.home import Line, Panel
from staff.models import User
from staff.navigation import Unfinished
from staff.search import Hit

State = CancellationCase.State
NUMBER = re.compile(r"x-?(\d{4})-?(\d{1,6})", re.IGNORECASE)
TOLD_OFFERS = (
    OfferState.PRESENTED,
    OfferState.ACCEPTED,
    OfferState.REFUSED,
    OfferState.APPLIED,
    OfferState.FAILED,
    OfferState.COMPLETED,
    OfferState.REVOKED,
)


def case_entries(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    """The moves of this customer's cases; one query."""
    rows = CaseMove.objects.filter(subject__customer_id=customer_id, what=CaseMove.What.STATE)
    if before is not None:
        rows = rows.filter(at__lte=before)
    rows = rows.select_related("by", "subject__subscription__plan", "subject__reason").order_by("-at", "-pk")[:limit]
    return [
        Entry(
            at=move.at,
            key=f"cancellation-{move.pk}",
            kind="cancellations",
            title=_("Cancellation: %(state)s") % {"state": State(move.to_state).label},
            detail=_case_detail(move),
            by=move.by.short_name if move.by else "",
            url=reverse("cancellations:case", args=[move.subject_id]),
            tone=lists.TONES[State(move.to_state)].replace("teal", ""),
        )
        for move in rows
    ]


def _case_detail(move: CaseMove) -> str:
    case = move.subject
    parts = [case.number, case.subscription.plan.name]
    if case.reason:
        parts.append(case.reason.label())
    if move.to_state == State.CANCELLED_SCHEDULED and case.ends_on:
        parts.append(_("ends %(day)s") % {"day": formats.day(case.ends_on)})
    return " · ".join(parts)


def offer_entries(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    """Offers made to this customer, and what became of them; one query."""
    rows = OfferMove.objects.filter(subject__case__customer_id=customer_id, to_state__in=TOLD_OFFERS)
    if before is not None:
        rows = rows.filter(at__lte=before)
    rows = rows.select_related("by", "subject__incentive_version__incentive", "subject__case").order_by("-at", "-pk")
    states = dict(OfferState.choices)
    tones = {OfferState.ACCEPTED: "green", OfferState.APPLIED: "green", OfferState.FAILED: "red"}
    return [
        Entry(
            at=move.at,
            key=f"offer-{move.pk}",
            kind="offers",
            title=_("Offer: %(state)s") % {"state": states[OfferState(move.to_state)]},
            detail=f"{_title(move.subject)} · {move.subject.case.number}",
            by=move.by.short_name if move.by else "",
            url=reverse("cancellations:case", args=[move.subject.case_id]),
            tone=tones.get(OfferState(move.to_state), ""),
        )
        for move in rows[:limit]
    ]


def _title(offer: Offer) -> str:
    incentive = offer.incentive_version.incentive
    return terms.headline(incentive.kind, offer.terms, incentive.label())


def given(customer_ids: Sequence[int], since: datetime, until: datetime) -> Mapping[int, Decimal]:
    """What accepted incentives cost; one query."""
    sums = (
        Offer.objects.filter(
            case__customer_id__in=customer_ids,
            state__in=rules.TAKEN_OFFERS,
            answered_at__gte=since,
            answered_at__lt=until,
        )
        .values_list("case__customer_id")
        .annotate(Sum("cost"))
    )
    return {customer_id: total or Decimal(0) for customer_id, total in sums}


def band(customer: Customer, now: datetime) -> Band:
    """Open or scheduled cancellations, and what runs; two queries."""
    cases = CancellationCase.objects.filter(
        Q(state__in=OPEN_STATES) | Q(state__in=[State.CANCELLED_SCHEDULED, State.SAVED_PENDING]), customer=customer
    ).order_by("opened_at")
    badges = list({case.state: _badge(case) for case in cases}.values())  # of several alike the newest
    running = (
        Offer.objects.filter(case__customer=customer, state__in=[OfferState.PENDING_FULFILMENT, OfferState.APPLIED])
        .select_related("incentive_version__incentive", "fulfilment")
        .order_by("-answered_at")[:1]
    )
    facts = [
        Fact(
            gettext_lazy("Offer that runs"),
            _title(offer) + (f" · {formats.day(offer.fulfilment.ends_on)}" if offer.fulfilment.ends_on else ""),
        )
        for offer in running
    ]
    return Band(badges, facts)


def _badge(case: CancellationCase) -> Badge:
    if case.is_open:
        url = reverse("cancellations:call", args=[case.pk])
        return Badge(_("cancelling now"), "amber", "phone", url)
    url = reverse("cancellations:case", args=[case.pk])
    if case.state == State.SAVED_PENDING:
        return Badge(_("nearly left: watched"), "teal", "hourglass", url)
    return Badge(_("leaves on %(day)s") % {"day": formats.day(case.ends_on)}, "red", "door-open", url)


def find(user: User, text: str, limit: int) -> Sequence[Hit]:
    """Cases by number: X-2026-00012, in any notation. One query, none for other texts."""
    match = NUMBER.fullmatch(text.replace(" ", ""))
    if match is None or not user.has_perm("cancellations.view_cancellationcase"):
        return []
    number = f"X-{match[1]}-{int(match[2]):05d}"
    return [
        Hit(
            title=f"{case.number} · {case.customer.name}",
            url=reverse("cancellations:case", args=[case.pk]),
            detail=str(case.get_state_display()),
            icon="phone-off",
            exact=True,
        )
        for case in CancellationCase.objects.filter(number=number).select_related("customer")
    ]


def unfinished(user: User) -> Unfinished | None:
    case = lists.open_of(user.pk).first()
    if case is None:
        return None
    return Unfinished(
        gettext_lazy("Unfinished call"),
        case.customer.family_name or case.customer.name,
        reverse("cancellations:call", args=[case.pk]),
        case.opened_at,
    )


def open_count(user: User) -> int:
    return lists.open_of(user.pk).count()


def todo_count(user: User) -> int:
    return Offer.objects.filter(state=OfferState.PENDING_FULFILMENT).count()


def home(user: User, now: datetime) -> Panel | None:
    """An agent's unfinished calls; a leader's notices that wait for their receipt; two queries."""
    if not user.has_perm("cancellations.register_cancellation"):
        return None
    lines = [
        Line(
            case.customer.name,
            reverse("cancellations:call", args=[case.pk]),
            f"{case.number} · {formats.span((now - case.opened_at).total_seconds())}",
            "amber",
        )
        for case in lists.open_of(user.pk)[:5]
    ]
    if user.has_perm("staff.view_reports"):
        late = CancellationCase.objects.filter(lists.unconfirmed(now)).exclude(agent=user).select_related("customer")
        lines += [
            Line(
                case.customer.name,
                reverse("cancellations:call", args=[case.pk]),
                _("no receipt for %(span)s") % {"span": formats.span((now - (case.noticed_at or now)).total_seconds())},
                "red",
            )
            for case in late.order_by("noticed_at")[:5]
        ]
    return Panel(
        gettext_lazy("Unfinished calls"),
        reverse("cancellations:queue") + "?show=open",
        lines,
        gettext_lazy("No call is left in the middle."),
    )


def billing(user: User, now: datetime) -> Panel | None:
    """Billing's oldest orders; one query."""
    if not user.has_perm("cancellations.fulfil_offer"):
        return None
    tasks, _more = lists.worklist("todo", cursor=None, now=now)
    return Panel(
        gettext_lazy("Offers to carry out"),
        reverse("cancellations:fulfilment"),
        [
            Line(task.customer, reverse("cancellations:fulfilment"), f"{task.what} · {task.accepted}")
            for task in tasks[:5]
        ],
        gettext_lazy("Every accepted offer is carried out."),
    )


def variables(customer_id: int, now: datetime) -> Mapping[str, object]:
    """One query: what other apps' rules may ask about this customer's cancellations."""
    states = list(CancellationCase.objects.filter(customer_id=customer_id).values_list("state", flat=True))
    return {
        "open_cancellations": sum(state in OPEN_STATES for state in states),
        "cancellations_before": len(states),
    }
