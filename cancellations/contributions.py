"""What the cancellation desk adds to shared pages: timeline, goodwill, header band, search, home, navigation."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cancellations import rules, terms
from cancellations.models import OPEN_STATES, CancellationCase, CaseMove, IncentiveVersion, Offer, OfferMove
from cancellations.models.incentives import Kind
from cancellations.models.offers import OfferState
from cancellations.queries import lists
from customers.contributions import Badge, Band, Fact
from customers.models import Customer
from customers.timeline import Entry, Facts, Strand, author, name_in, named, said_by
from staff import formats
from staff.home import Line, Panel
from staff.models import User
from staff.navigation import Unfinished
from staff.search import Hit
from staff.statements import kept

State = CancellationCase.State
NUMBER = re.compile(r"x-?(\d{4})-?(\d{1,6})", re.IGNORECASE)
TOLD = (*OPEN_STATES, State.CANCELLED_SCHEDULED, State.SAVED_PENDING)
TOLD_OFFERS = (
    OfferState.PRESENTED,
    OfferState.ACCEPTED,
    OfferState.REFUSED,
    OfferState.APPLIED,
    OfferState.FAILED,
    OfferState.COMPLETED,
    OfferState.REVOKED,
)


def _case_move(at: datetime, pk: int, facts: Facts) -> Entry:
    state = State(facts["to_state"])
    parts = [facts["number"], facts["plan"]]
    if facts["name"]:
        parts.append(name_in(facts))
    if state == State.CANCELLED_SCHEDULED and facts["ends_on"]:
        parts.append(_("ends %(day)s") % {"day": formats.day(date.fromisoformat(facts["ends_on"]))})
    return Entry(
        at=at,
        key=f"cancellation-{pk}",
        kind="cancellations",
        title=_("Cancellation: %(state)s") % {"state": state.label},
        detail=" · ".join(parts),
        by=said_by(facts),
        url=reverse("cancellations:case", args=[facts["case"]]),
        tone=lists.TONES[state].replace("teal", ""),
    )


case_history = [
    Strand(
        lambda customer: CaseMove.objects.filter(subject__customer=customer, what=CaseMove.What.STATE),
        "at",
        {
            "case": "subject_id",
            "to_state": "to_state",
            "number": "subject__number",
            "plan": "subject__subscription__plan__name",
            "ends_on": "subject__ends_on",
            **named("subject__reason"),
            **author(),
        },
        _case_move,
    )
]


def _offer_move(at: datetime, pk: int, facts: Facts) -> Entry:
    state = OfferState(facts["to_state"])
    title = terms.headline(facts["kind"], facts["terms"], name_in(facts))
    return Entry(
        at=at,
        key=f"offer-{pk}",
        kind="offers",
        title=_("Offer: %(state)s") % {"state": state.label},
        detail=f"{title} · {facts['number']}",
        by=said_by(facts),
        url=reverse("cancellations:case", args=[facts["case"]]),
        tone={OfferState.ACCEPTED: "green", OfferState.APPLIED: "green", OfferState.FAILED: "red"}.get(state, ""),
    )


offer_history = [
    Strand(
        lambda customer: OfferMove.objects.filter(subject__case__customer=customer, to_state__in=TOLD_OFFERS),
        "at",
        {
            "case": "subject__case_id",
            "number": "subject__case__number",
            "to_state": "to_state",
            "terms": "subject__terms",
            "kind": "subject__incentive_version__incentive__kind",
            **named("subject__incentive_version__incentive"),
            **author(),
        },
        _offer_move,
    )
]


def given(customer_ids: Sequence[int], since: datetime, until: datetime) -> QuerySet[Offer, tuple[int, Decimal]]:
    """What accepted incentives cost; stamps, once they are on the card, are counted by loyalty."""
    return (
        Offer.objects.filter(
            case__customer_id__in=customer_ids,
            state__in=rules.TAKEN_OFFERS,
            answered_at__gte=since,
            answered_at__lt=until,
        )
        .exclude(
            incentive_version__incentive__kind=Kind.BONUS_STAMPS,
            state__in=[OfferState.APPLIED, OfferState.COMPLETED],
        )
        .values_list("case__customer_id")
        .annotate(given=Sum("cost"))
    )


_newest_running = Subquery(
    Offer.objects.filter(case=OuterRef("pk"), state__in=[OfferState.PENDING_FULFILMENT, OfferState.APPLIED])
    .order_by("-answered_at")
    .values_list(
        JSONObject(
            at="answered_at",
            terms="terms",
            ends_on="fulfilment__ends_on",
            kind="incentive_version__incentive__kind",
            **named("incentive_version__incentive"),
        )
    )[:1]
)


def band(customer: Customer, now: datetime) -> Band:
    """Open or scheduled cancellations, and the offer that runs; one query over the customer's cases."""
    cases = _told(customer.pk)
    badges = list({case.state: _badge(case) for case in cases if case.state in TOLD}.values())  # of alike the newest
    running = max((case.running for case in cases if case.running), key=itemgetter("at"), default=None)
    return Band(badges, [Fact(gettext_lazy("Offer that runs"), _runs(running))] if running else [])


@kept
def _told(customer: int) -> QuerySet[Any]:
    cases = CancellationCase.objects.filter(customer=customer).annotate(running=_newest_running)
    return cases.filter(Q(state__in=TOLD) | Q(running__isnull=False)).only("state", "ends_on").order_by("opened_at")


def _runs(offer: Facts) -> str:
    """“20% off for 6 months · 31 Jan 2027”."""
    title = terms.headline(offer["kind"], offer["terms"], name_in(offer))
    return " · ".join(filter(None, (title, offer["ends_on"] and formats.day(date.fromisoformat(offer["ends_on"])))))


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


def to_publish(user: User, now: datetime) -> Panel | None:
    """Incentives that a colleague has handed in; one query for who may publish."""
    if not user.has_perm("cancellations.publish_incentive"):
        return None
    drafts = (
        IncentiveVersion.objects.filter(state=IncentiveVersion.State.DRAFT, handed_in_at__isnull=False)
        .exclude(author=user)
        .select_related("incentive", "author")
        .order_by("handed_in_at")[:5]
    )
    lines = [
        Line(
            draft.incentive.label(),
            reverse("cancellations:incentive_try", args=[draft.pk]),
            _("handed in by %(name)s") % {"name": draft.author.short_name},
            "amber",
        )
        for draft in drafts
    ]
    return Panel(gettext_lazy("Incentives to publish"), reverse("cancellations:incentives"), lines) if lines else None


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
