"""The offers of a call: what may be offered, why, at what cost; what is not, and why not."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import translation
from django.utils.translation import gettext as _

from cancellations import candidates, rules, terms, wording
from cancellations.models import CancellationCase, IncentiveVersion, Offer, OfferDecision, Suggestion
from cancellations.models.offers import OfferState
from cancellations.queries.spending import spent
from customers import timeline
from staff import formats
from staff.authority import Authority, authority_of
from staff.decisions import Verdict
from staff.models import User
from staff.statements import kept

OUT = (OfferState.DECLINED, OfferState.APPROVAL_EXPIRED, OfferState.REFUSED, OfferState.WITHDRAWN)


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
    not_shown: int = 0  # how many; `not_shown` says which and why, when somebody asks
    hold_out: bool = False
    nothing: bool = False  # "no incentive" leads
    made: int = 0
    most: int = 0
    waiting: bool = False
    on_the_table: bool = False
    pulse: str = ""
    goodwill: Decimal | None = None  # of the customer, where limits were held against it


# What a manager was asked about an offer, and said: read with the offer.
_ASKED = OfferDecision.objects.filter(offer=OuterRef("pk")).values_list(
    JSONObject(
        pk="pk",
        offer="offer_id",
        verdict="verdict",
        requested_at="requested_at",
        due_at="due_at",
        note="note",
        reader_id="looked_at_by_id",
        reader="looked_at_by__first_name",
        **timeline.author("decided_by"),
    )
)


@dataclass(frozen=True, slots=True)
class Asked:
    pk: int
    offer: int
    verdict: str
    requested_at: datetime
    due_at: datetime | None
    note: str
    looked_at_by_id: int | None
    looked_at_by: str
    decided_by: str

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "Asked":
        return cls(
            facts["pk"],
            facts["offer"],
            facts["verdict"],
            datetime.fromisoformat(facts["requested_at"]),
            datetime.fromisoformat(facts["due_at"]) if facts["due_at"] else None,
            facts["note"],
            facts["reader_id"],
            facts["reader"] or "",
            timeline.said_by(facts),
        )


@kept
def _made(case: int) -> QuerySet[Offer]:
    offers = Offer.objects.filter(case=case).select_related("incentive_version__incentive")
    return offers.annotate(asked=ArraySubquery(_ASKED)).order_by("pk")


def _asked(offers: Sequence[Any]) -> list[Asked]:
    """In the order of asking, of offers that were read with `asked`."""
    return sorted((Asked.of(facts) for offer in offers for facts in offer.asked), key=lambda one: one.pk)


@dataclass(slots=True)
class _Desk:
    """What every card is measured against."""

    case: CancellationCase
    authority: Authority
    spent: dict[str, Decimal]
    now: datetime
    language: str
    versions: dict[int | None, IncentiveVersion] = field(default_factory=dict)


def offers(case: CancellationCase, *, by: User, now: datetime) -> Offers:
    """At most four queries and one for authority; none grows with the number of cards or candidates."""
    reasons = [r for r in (case.reason, case.own_reading) if r]
    refusal = rules.why_no_offers(case, case.customer, reasons)
    most = rules.max_offers(case.customer.country)
    made_rows = _made(case.pk)
    made = sum(offer.presented_at is not None for offer in made_rows)
    asked = _asked(made_rows)
    mark = _pulse((case.state, case.version), [(a.pk, a.verdict, a.looked_at_by_id, a.due_at) for a in asked], now)
    if refusal is not None:
        return Offers(str(refusal), ask_first=False, made=made, most=most, pulse=mark)
    if case.permission != CancellationCase.Permission.GRANTED:
        return Offers("", ask_first=True, made=made, most=most, pulse=mark)
    suggestion = candidates.in_force(case.pk)
    desk = _Desk(case, authority_of(by, "offer"), spent(case, by=by, now=now), now, case.customer.language)
    offered = candidates.shown(suggestion, alternatives=2) if suggestion else []
    desk.versions = _versions(offered)
    by_version = {offer.incentive_version_id: offer for offer in made_rows}
    live = [o for o in made_rows if by_version[o.incentive_version_id] is o]
    drawn = [_card_of_offer(o, asked, desk) for o in live]
    past = [card for card in drawn if card.state in OUT]
    current = [card for card in drawn if card.state not in OUT]
    used_up = made >= most
    fresh = []
    if suggestion and not used_up:
        for row in offered:
            if row["version"] not in by_version and row["version"] in desk.versions:
                fresh.append(_card_of_row(row, suggestion, desk))
    cards = _in_order([*current, *fresh])[:3]
    return Offers(
        locked="",
        ask_first=False,
        cards=cards,
        past=past,
        not_shown=len(_left_out(suggestion, {card.version for card in [*cards, *past]})) if suggestion else 0,
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


def _card_of_offer(offer: Offer, asked: Sequence[Asked], desk: _Desk) -> Card:
    """`asked` is all that managers were asked in this case, in order: of this offer's the last counts."""
    decision = next((one for one in reversed(asked) if one.offer == offer.pk), None)
    extra: dict[str, Any] = {}
    state = offer.state
    if decision is not None:
        waited = max(int((desk.now - decision.requested_at).total_seconds()), 0)
        if decision.verdict == Verdict.PENDING and decision.due_at and decision.due_at <= desk.now:
            state = OfferState.APPROVAL_EXPIRED  # the clock job writes it down within the minute
        extra = {
            "waited": waited,
            "waited_text": f"{waited // 60}:{waited % 60:02d}",
            "looked_at_by": decision.looked_at_by,
            "note": decision.note,
            "decided_by": decision.decided_by,
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
    offer: int | None = None,
    **more: Any,  # what a manager was asked and said: the fields of `Card` from `waited` on
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
        offer=offer,
        **more,
    )


def _limit(authority: Authority) -> str:
    if authority.per_case is None:
        return _("Above your limit for the day or the year.")
    return _("Above your limit of %(limit)s.") % {"limit": formats.money(authority.per_case)}


def not_shown(case: CancellationCase) -> list[NotShown]:
    """What is not offered in this call, and why; three queries."""
    suggestion = candidates.in_force(case.pk)
    if suggestion is None:
        return []
    made = list(Offer.objects.filter(case=case).values_list("incentive_version_id", "presented_at"))
    left = rules.max_offers(case.customer.country) > sum(presented is not None for _version, presented in made)
    offered = {row["version"] for row in candidates.shown(suggestion, alternatives=2)} if left else set()
    rows = _left_out(suggestion, {version for version, _presented in made} | offered)
    versions = _versions(rows)
    return [_why_not(versions[pk], row, suggestion) for row in rows if (pk := row["version"]) in versions]


def _left_out(suggestion: Suggestion, cards: Set[int | None]) -> list[candidates.Candidate]:
    return [row for row in suggestion.candidates if row["version"] is not None and row["version"] not in cards]


def _versions(rows: Sequence[candidates.Candidate]) -> dict[int | None, IncentiveVersion]:
    """The incentives behind candidates; one query, none for none."""
    wanted = tuple(row["version"] for row in rows if row["version"])
    return {version.pk: version for version in _incentives(wanted)} if wanted else {}


@kept
def _incentives(versions: tuple[int, ...]) -> QuerySet[IncentiveVersion]:
    return IncentiveVersion.objects.select_related("incentive").filter(pk__in=versions)


def _why_not(version: IncentiveVersion, row: candidates.Candidate, suggestion: Suggestion) -> NotShown:
    title = terms.headline(version.incentive.kind, version.terms, version.incentive.label())
    gain = Decimal(row["gain"])
    if row["refusals"]:
        why = "; ".join(wording.refusal(refusal) for refusal in row["refusals"])
    elif gain <= 0:
        why = _("would cost more than it brings: %(gain)s")
    elif suggestion.hold_out and not suggestion.overridden:
        why = _("would gain %(gain)s; this customer is measured without offers")
    elif suggestion.chosen_id is None:
        why = _("would gain %(gain)s; this time nothing was chosen")
    else:
        why = _("would gain %(gain)s; those shown come first")
    return NotShown(title, why if row["refusals"] else why % {"gain": formats.money(gain)})
