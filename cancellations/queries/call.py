"""The call page: what is known, what happens if it ends, what to say next. The offers are in `cards`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from cancellations import rules
from cancellations.models import CancellationCase, Reason, ReasonCategory
from cancellations.queries.cards import Offers
from staff import formats
from staff.statements import kept

Mode = CancellationCase.EndMode


def found(pk: int) -> CancellationCase:
    """The case with all that its pages tell of it; one query. Raises Http404."""
    for case in _cases(pk):
        return case
    raise Http404


@kept
def _cases(pk: int) -> QuerySet[CancellationCase]:
    return CancellationCase.objects.select_related(
        "customer__household", "subscription__plan", "reason__category", "own_reading", "agent", "opened_by"
    ).filter(pk=pk)


# --- why -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Choice:
    pk: int
    label: str
    on: bool
    names_competitor: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """The reasons to tap: categories, and the reasons of the one that is open."""

    categories: Sequence[Choice]
    open: str  # the open category's name
    reasons: Sequence[Choice]
    all_reasons: tuple[Choice, ...]  # drawn once for all calls with the same
    asks_competitor: bool


def why(case: CancellationCase) -> Why:
    """One query."""
    rows: dict[ReasonCategory, list[Reason]] = {}
    for reason in _in_use():
        rows.setdefault(reason.category, []).append(reason)
    chosen = case.reason.category_id if case.reason else None
    opened = next((row for row in rows if row.pk == chosen), None)
    return Why(
        categories=[Choice(row.pk, row.label(), row.pk == chosen) for row in rows],
        open=opened.label() if opened else "",
        reasons=[
            Choice(r.pk, r.label(), r.pk == case.reason_id, r.names_competitor)
            for r in (rows[opened] if opened else [])
            if opened and r.code != opened.unsaid_code  # that is the category itself
        ],
        all_reasons=tuple(
            Choice(r.pk, f"{row.label()}: {r.label()}", r.pk == case.own_reading_id)
            for row, reasons in rows.items()
            for r in reasons
        ),
        asks_competitor=bool(case.reason and case.reason.names_competitor),
    )


@kept
def _in_use() -> QuerySet[Reason]:
    in_use = Reason.objects.filter(is_active=True).select_related("category")
    return in_use.order_by("category__order", "category_id", "order", "pk")


# --- if it ends ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Ending:
    mode: str
    label: str
    on: bool
    day: str
    iso: str


@dataclass(frozen=True, slots=True)
class Endings:
    choices: Sequence[Ending]
    day: str  # of the one chosen
    iso: str
    earliest: str
    notice: str
    price: str
    bound: str  # a word of caution where the contract runs longer than the end chosen


def endings(case: CancellationCase, now: datetime) -> Endings:
    """The dates of every way to end, reckoned as `register_cancellation` will; no query."""
    subscription, today = case.subscription, timezone.localdate(now)
    received = timezone.localdate(case.noticed_at or now)
    term = rules.end_date(Mode.END_OF_TERM, subscription, received=received, today=today, chosen=None)
    chosen = case.ends_on if case.ends_on and case.ends_on >= today else term
    dates = {Mode.END_OF_TERM: term, Mode.IMMEDIATE: today, Mode.DATE: chosen}
    day = dates[Mode(case.end_mode)]
    months = subscription.notice_months
    return Endings(
        choices=[
            Ending(
                mode.value,
                str(mode.label).capitalize(),
                mode == case.end_mode,
                formats.day(dates[mode]),
                dates[mode].isoformat(),
            )
            for mode in Mode
        ],
        day=formats.day(day),
        iso=day.isoformat(),
        earliest=today.isoformat(),
        notice=formats.months(months) if months else _("none"),
        price=formats.money(subscription.monthly_price),
        bound=_bound(subscription.contract_end, day),
    )


def _bound(contract_end: date | None, day: date) -> str:
    if contract_end is None or day >= contract_end:
        return ""
    return _("The contract runs until %(day)s.") % {"day": formats.day(contract_end)}


# --- the course of the call ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Step:
    text: str
    detail: str = ""
    done: bool = False
    now: bool = False


def steps(case: CancellationCase, panel: Offers) -> list[Step]:
    """What has been done and what to say next; no query."""
    told = case.reason is not None or bool(case.reason_note)
    asked = case.permission != CancellationCase.Permission.UNASKED or bool(panel.locked)
    offered = bool(panel.locked) or panel.nothing or panel.made > 0
    rows = [
        (
            _("Notice taken"),
            formats.moment(case.noticed_at) if case.noticed_at else _("Ask: “Do you want to cancel today?”"),
            case.noticed_at is not None,
        ),
        (_("Ask why, in the customer's words"), case.reason.said() if case.reason else _("It may be skipped."), told),
        (
            _("“May I tell you of an offer?”"),
            str(case.get_permission_display()) if asked and not panel.locked else panel.locked or _("A no is final."),
            asked,
        ),
        (
            _("Offer, and listen"),
            _("At most %(most)d offers.") % {"most": panel.most} if not panel.locked else "",
            offered,
        ),
        (_("Sum up, send the receipt"), "", not case.is_open),
    ]
    current = next((index for index, row in enumerate(rows) if not row[2]), len(rows))
    return [Step(text, detail, done, index == current) for index, (text, detail, done) in enumerate(rows)]
