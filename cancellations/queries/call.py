"""The call page: what is known, what may be offered and why, what happens if it ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256

from django.db.models import Prefetch, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cancellations import candidates, rules, terms, wording
from cancellations.models import (
    CancellationCase,
    IncentiveVersion,
    Offer,
    OfferDecision,
    Reason,
    ReasonCategory,
    Suggestion,
)
from cancellations.models.offers import OfferState
from cancellations.queries.spending import spent
from staff import formats
from staff.authority import Authority, authority_of
from staff.decisions import Verdict
from staff.models import User

Mode = CancellationCase.EndMode
OUT = (OfferState.DECLINED, OfferState.APPROVAL_EXPIRED, OfferState.REFUSED, OfferState.WITHDRAWN)


def cases() -> QuerySet[CancellationCase]:
    return CancellationCase.objects.select_related(
        "customer__household", "subscription__plan", "reason__category", "own_reading", "agent", "opened_by"
    )


def pulse(pk: int, now: datetime) -> str:
    """What the offers of a case look like, as a short word that changes when the page has to. Two queries."""
    rows = (
        OfferDecision.objects.filter(offer__case_id=pk)
        .order_by("pk")
        .values_list("pk", "verdict", "looked_at_by", "due_at")
    )
    state = CancellationCase.objects.filter(pk=pk).values_list("state", "version").first()
    return _pulse(state, rows, now)


def _pulse(state: object, decisions: Iterable[tuple[int, str, int | None, datetime | None]], now: datetime) -> str:
    look = [(key, verdict, reader, bool(due and due <= now)) for key, verdict, reader, due in decisions]
    return sha256(repr((state, look)).encode()).hexdigest()[:16]


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
    all_reasons: Sequence[Choice]
    asks_competitor: bool
    skipped: bool


def why(case: CancellationCase, category_pk: int | None = None) -> Why:
    """One query."""
    rows: dict[ReasonCategory, list[Reason]] = {}
    in_use = Reason.objects.filter(is_active=True).select_related("category")
    for reason in in_use.order_by("category__order", "category_id", "order", "pk"):
        rows.setdefault(reason.category, []).append(reason)
    chosen = category_pk or (case.reason.category_id if case.reason else None)
    opened = next((row for row in rows if row.pk == chosen), None)
    return Why(
        categories=[Choice(row.pk, row.label(), row.pk == chosen) for row in rows],
        open=opened.label() if opened else "",
        reasons=[
            Choice(r.pk, r.label(), r.pk == case.reason_id, r.names_competitor)
            for r in (rows[opened] if opened else [])
        ],
        all_reasons=[
            Choice(r.pk, f"{row.label()}: {r.label()}", r.pk == case.own_reading_id)
            for row, reasons in rows.items()
            for r in reasons
        ],
        asks_competitor=bool(case.reason and case.reason.names_competitor),
        skipped=case.reason_id is None and category_pk is None,
    )


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


# --- offers ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Card:
    """A suggestion, or an offer that came of it."""

    version: int
    offer: int | None
    state: str  # "", or the offer's state
    lead: bool
    title: str
    said: str  # what to say, in the customer's language
    said_language: str
    why: str
    certainty: str
    share: str
    picture: tuple[int, int, int]  # mean, low, high in percent: numbers for an SVG
    cost: str
    gain: str
    limit: str  # why a manager must be asked; "" when not
    needs_approval: bool
    needs_consent: bool
    waited: int = 0
    waited_text: str = ""
    looked_at_by: str = ""
    note: str = ""
    decided_by: str = ""

    @property
    def can_present(self) -> bool:
        return self.state in ("", "approved", "approved_with_change") and not self.needs_approval

    @property
    def can_ask(self) -> bool:
        return self.needs_approval and self.state in ("", "withdrawn", "approval_expired")


@dataclass(frozen=True, slots=True)
class NotShown:
    title: str
    reasons: str


@dataclass(frozen=True, slots=True)
class Offers:
    """The panel in the middle."""

    locked: str  # why nothing is offered; "" when something may be
    ask_first: bool
    cards: Sequence[Card] = ()
    past: Sequence[Card] = ()
    not_shown: Sequence[NotShown] = ()
    hold_out: bool = False
    nothing: bool = False  # "no incentive" leads
    made: int = 0
    most: int = 0
    waiting: bool = False
    on_the_table: bool = False
    pulse: str = ""
    goodwill: Decimal | None = None  # of the customer, where limits were held against it


@dataclass(slots=True)
class _Desk:
    """What every card is measured against."""

    case: CancellationCase
    authority: Authority
    spent: dict[str, Decimal]
    now: datetime
    language: str
    versions: dict[int, IncentiveVersion] = field(default_factory=dict)


def offers(case: CancellationCase, *, by: User, now: datetime) -> Offers:
    """At most nine queries, one of them for each app that counts goodwill; none grows with the number of cards."""
    reasons = [r for r in (case.reason, case.own_reading) if r]
    refusal = rules.why_no_offers(case, case.customer, reasons)
    most = rules.max_offers(case.customer.country)
    made_rows = list(
        Offer.objects.filter(case=case)
        .select_related("incentive_version__incentive")
        .prefetch_related(
            Prefetch("decisions", OfferDecision.objects.select_related("decided_by", "looked_at_by").order_by("-pk"))
        )
        .order_by("pk")
    )
    made = sum(offer.presented_at is not None for offer in made_rows)
    decisions = sorted((d for offer in made_rows for d in offer.decisions.all()), key=lambda d: d.pk)
    mark = _pulse((case.state, case.version), [(d.pk, d.verdict, d.looked_at_by_id, d.due_at) for d in decisions], now)
    if refusal is not None:
        return Offers(str(refusal), ask_first=False, made=made, most=most, pulse=mark)
    if case.permission != CancellationCase.Permission.GRANTED:
        return Offers("", ask_first=True, made=made, most=most, pulse=mark)
    suggestion = Suggestion.objects.filter(case=case, superseded_at__isnull=True).first()
    desk = _Desk(case, authority_of(by, "offer"), spent(case, by=by, now=now), now, case.customer.language)
    wanted = [row["version"] for row in suggestion.candidates if row["version"]] if suggestion else []
    versions = IncentiveVersion.objects.select_related("incentive").filter(pk__in=wanted)
    desk.versions = {version.pk: version for version in versions}
    by_version = {offer.incentive_version_id: offer for offer in made_rows}
    live = [o for o in made_rows if by_version[o.incentive_version_id] is o]
    drawn = [_card_of_offer(o, desk) for o in live]
    past = [card for card in drawn if card.state in OUT]
    current = [card for card in drawn if card.state not in OUT]
    used_up = made >= most
    fresh = []
    if suggestion and not used_up:
        for row in candidates.shown(suggestion, alternatives=2):
            if row["version"] not in by_version and row["version"] in desk.versions:
                fresh.append(_card_of_row(row, suggestion, desk))
    cards = _in_order([*current, *fresh])[:3]
    return Offers(
        locked="",
        ask_first=False,
        cards=cards,
        past=past,
        not_shown=_not_shown(suggestion, desk, {card.version for card in [*cards, *past]}) if suggestion else [],
        hold_out=bool(suggestion and suggestion.hold_out and not suggestion.overridden),
        nothing=bool(suggestion and suggestion.chosen_id is None),
        made=made,
        most=most,
        waiting=any(card.state == OfferState.NEEDS_APPROVAL for card in cards),
        on_the_table=any(card.state == OfferState.PRESENTED for card in cards),
        pulse=mark,
        goodwill=desk.spent["customer_year"],
    )


def _in_order(cards: Sequence[Card]) -> list[Card]:
    """What is on the table first, then what a manager allowed, then the lead; a card that waits for a manager, or must,
    leads only while nothing within reach does: after the two minutes it is the best within authority that leads."""

    def rank(card: Card) -> tuple[int, bool]:
        place = {"presented": 0, "approved": 1, "approved_with_change": 1}.get(card.state, 2)
        return place, not card.lead

    ordered = sorted(cards, key=rank)
    first = ordered[0] if ordered else None
    return [card if (card is first) == card.lead else _leading(card, lead=card is first) for card in ordered]


def _leading(card: Card, *, lead: bool) -> Card:
    values = {name: getattr(card, name) for name in Card.__slots__}
    return Card(**{**values, "lead": lead})


def _card_of_row(row: candidates.Candidate, suggestion: Suggestion, desk: _Desk) -> Card:
    version = desk.versions[row["version"] or 0]
    return _card(
        version,
        row,
        desk,
        terms_=version.terms,
        cost=Decimal(row["cost"]),
        gain=Decimal(row["gain"]),
        lead=row["version"] == suggestion.chosen_id,
    )


def _card_of_offer(offer: Offer, desk: _Desk) -> Card:
    decision = next(iter(offer.decisions.all()), None)
    extra: dict[str, object] = {}
    state = offer.state
    if decision is not None:
        waited = max(int((desk.now - decision.requested_at).total_seconds()), 0)
        if decision.verdict == Verdict.PENDING and decision.due_at and decision.due_at <= desk.now:
            state = OfferState.APPROVAL_EXPIRED  # the clock job writes it down within the minute
        extra = {
            "waited": waited,
            "waited_text": f"{waited // 60}:{waited % 60:02d}",
            "looked_at_by": decision.looked_at_by.first_name if decision.looked_at_by else "",
            "note": decision.note,
            "decided_by": decision.decided_by.short_name if decision.decided_by else "",
        }
    return _card(
        offer.incentive_version,
        offer.explanation,  # the candidate's row, frozen
        desk,
        terms_=offer.terms,
        cost=offer.cost,
        gain=offer.gain,
        lead=offer.was_lead and state not in OUT,
        offer=offer.pk,
        state=str(state),
        **extra,
    )


def _card(
    version: IncentiveVersion,
    row: candidates.Candidate,
    desk: _Desk,
    *,
    terms_: terms.Terms,
    cost: Decimal,
    gain: Decimal,
    lead: bool,
    state: str = "",
    **more: object,
) -> Card:
    incentive, language = version.incentive, desk.language
    within = rules.within(desk.authority, cost, **desk.spent)
    needs = not within and state not in ("approved", "approved_with_change", "presented")
    with translation.override(language):
        said = incentive.said(language) or terms.headline(incentive.kind, terms_, incentive.label(language), language)
    return Card(
        version=version.pk,
        state=state,
        lead=lead,
        title=terms.headline(incentive.kind, terms_, incentive.label()),
        said=said,
        said_language=language,
        why=wording.why(row),
        certainty=wording.certainty(row),
        share=formats.percent(row["accept"]),
        picture=(round(row["accept"] * 100), round(row["low"] * 100), round(row["high"] * 100)),
        cost=formats.money(cost),
        gain=formats.money(gain),
        limit=_limit(desk.authority) if needs else "",
        needs_approval=needs,
        needs_consent=incentive.kind in rules.EXTENDING,
        offer=more.pop("offer", None),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def _limit(authority: Authority) -> str:
    if authority.per_case is None:
        return _("Above your limit for the day or the year.")
    return _("Above your limit of %(limit)s.") % {"limit": formats.money(authority.per_case)}


def _not_shown(suggestion: Suggestion, desk: _Desk, cards: set[int]) -> list[NotShown]:
    rows = []
    for row in suggestion.candidates:
        version = desk.versions.get(row["version"] or 0)
        if version is None or version.pk in cards:
            continue
        title = terms.headline(version.incentive.kind, version.terms, version.incentive.label())
        if row["refusals"]:
            reasons = "; ".join(wording.refusal(refusal) for refusal in row["refusals"])
        else:
            reasons = _("gains %(gain)s") % {"gain": formats.money(Decimal(row["gain"]))}
        rows.append(NotShown(title, reasons))
    return rows


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
        (_("Ask why, in the customer's words"), case.reason.label() if case.reason else _("It may be skipped."), told),
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
