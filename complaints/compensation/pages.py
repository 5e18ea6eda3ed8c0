"""What the compensation pages show, formatted before a template sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from complaints.compensation import queries, rules
from complaints.models import Award, AwardApproval, ComplaintCase, Remedy
from complaints.models.compensation import STANDING, AwardState, RemedyState
from complaints.models.guidance import BY_OTHERS, VOUCHERS, RemedyKind
from customers.timeline import author, said_by
from staff import charts, formats
from staff.authority import authority_of
from staff.decisions import Verdict
from staff.models import User
from staff.statements import kept, prepared

TONES = {
    AwardState.PENDING: "amber",
    AwardState.APPROVED: "teal",
    AwardState.DONE: "green",
    AwardState.DECLINED: "red",
    RemedyState.PROPOSED: "amber",
    RemedyState.AGREED: "teal",
    RemedyState.ORDERED: "amber",
    RemedyState.FAILED: "red",
    RemedyState.DONE: "green",
}
ICONS = {
    AwardState.PENDING: "hourglass",
    AwardState.APPROVED: "thumbs-up",
    AwardState.DONE: "circle-check",
    AwardState.DECLINED: "circle-x",
    RemedyState.PROPOSED: "hourglass",
    RemedyState.AGREED: "list-todo",
    RemedyState.ORDERED: "truck",
    RemedyState.FAILED: "circle-alert",
    RemedyState.DONE: "circle-check",
    RemedyState.CANCELLED: "ban",
}


@dataclass(frozen=True, slots=True)
class RemedyRow:
    pk: int
    kind: str
    basis: str
    amount: str
    what: str
    state: str
    tone: str
    icon: str
    reference: str
    voucher_pk: int | None
    voucher: str
    steps: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AwardCard:
    award: Award
    title: str
    sentence: str  # as the customer reads it, in `language`; empty when nothing came of it
    language: str
    state: str
    tone: str
    icon: str
    total: str
    split: Sequence[tuple[str, str]]
    band: str
    proposed: str
    remedies: Sequence[RemedyRow]
    why_asked: Sequence[str]
    modifiers: Sequence[tuple[str, str]]
    waiting: int  # seconds since a colleague was asked
    is_pending: bool
    can_withdraw: bool
    decided: str
    note: str
    looked_at_by: str
    seen: str  # changes with everything the waiting card shows


@dataclass(frozen=True, slots=True)
class ShownState:
    text: str
    tone: str
    icon: str


def award_state(award: Award) -> ShownState:
    state = AwardState(award.state)
    return ShownState(str(state.label), TONES.get(state, ""), ICONS.get(state, "archive"))


def award_card(award: Award, now: datetime) -> AwardCard:
    """An award with its remedies and its question; no query when `with_everything` loaded it."""
    asked = award.asked  # type: ignore[attr-defined]  # annotated by with_everything
    decider = said_by(asked["decider"]) if asked else ""
    remedies = [remedy_row(remedy) for remedy in award.remedies.all()]
    state = AwardState(award.state)
    begun = any(r.state in (RemedyState.ORDERED, RemedyState.DONE, RemedyState.FAILED) for r in award.remedies.all())
    return AwardCard(
        award=award,
        title=" + ".join(filter(None, (_summary(remedy) for remedy in remedies))),
        sentence=award.sentence if state in STANDING else "",
        language=award.case.customer.language,
        state=str(state.label),
        tone=TONES.get(state, ""),
        icon=ICONS.get(state, "archive"),
        total=formats.money(award.total),
        split=[
            (label, formats.money(amount))
            for label, amount in (
                (_("Owed by law or contract"), award.owed),
                (_("Proven loss"), award.loss),
                (_("Goodwill"), award.goodwill),
            )
            if amount
        ],
        band=str(award.get_band_display()),
        proposed=f"{award.proposed_by.short_name}, {formats.moment(award.proposed_at)}",
        remedies=remedies,
        why_asked=[rules.reason_text(code) for code in award.explanation["reasons"]],
        modifiers=modifier_lines(award.explanation),
        waiting=int((now - datetime.fromisoformat(asked["at"])).total_seconds()) if asked else 0,
        is_pending=state == AwardState.PENDING,
        can_withdraw=state in (AwardState.PENDING, AwardState.APPROVED) and not begun,
        decided=f"{Verdict(asked['verdict']).label}, {decider}" if decider else "",
        note=asked["note"] if asked else "",
        looked_at_by=said_by(asked["looks"]) if asked else "",
        seen=f"{award.version}-{(asked and asked['looks']['pk']) or 0}",
    )


def _summary(remedy: RemedyRow) -> str:
    """“value voucher €20.00”, “free replacement by voucher: TV box €60.00”."""
    named = f"{remedy.kind}: {remedy.what}" if remedy.what else remedy.kind
    return capfirst(f"{named} {remedy.amount}" if remedy.amount != "–" else named)


@prepared()
@kept
def awards_of(case: int) -> QuerySet[Award]:
    """The newest ten of a case, but for those that others replaced, with everything."""
    shown: QuerySet[Award] = with_everything(Award.objects.filter(case=case).exclude(state=AwardState.REPLACED))
    return shown.order_by("-pk")[:10]


def with_everything(rows: Any) -> Any:
    """Awards with remedies, vouchers and what a colleague was `asked`: two queries however many."""
    asked = AwardApproval.objects.filter(award=OuterRef("pk")).order_by("-pk")
    facts = JSONObject(
        at="requested_at",
        verdict="verdict",
        note="note",
        decider=JSONObject(**author("decided_by")),
        looks=JSONObject(pk="looked_at_by", **author("looked_at_by")),
    )
    return (
        rows.annotate(asked=Subquery(asked.values(facts=facts)[:1]))
        .select_related("proposed_by", "case__customer", "matrix")
        .prefetch_related(Prefetch("remedies", Remedy.objects.select_related("voucher").order_by("pk")))
    )


def remedy_row(remedy: Remedy) -> RemedyRow:
    state = RemedyState(remedy.state)
    what = remedy.what or (_("%(count)d stamps") % {"count": remedy.stamps} if remedy.stamps else "")
    return RemedyRow(
        pk=remedy.pk,
        kind=remedy.get_kind_display(),
        basis=remedy.get_basis_display(),
        amount=formats.money(remedy.amount) if remedy.amount else "–",
        what=what,
        state=str(state.label),
        tone=TONES.get(state, ""),
        icon=ICONS[state],
        reference=remedy.reference,
        voucher_pk=remedy.voucher_id,
        voucher=f"···· {remedy.voucher.last_four}" if remedy.voucher else "",
        steps=_steps(RemedyKind(remedy.kind), state),
    )


def _steps(kind: RemedyKind, state: RemedyState) -> list[tuple[str, str]]:
    """The buttons of a remedy, the likeliest first."""
    if state in (RemedyState.AGREED, RemedyState.FAILED):
        again = state == RemedyState.FAILED
        if kind in VOUCHERS:
            found = [("issue", _("Issue and print")), ("send", _("Send by e-mail"))]
        elif kind == RemedyKind.STAMPS:
            found = [("stamps", _("Give the stamps"))]
        elif kind == RemedyKind.APOLOGY:
            found = [("complete", _("Said or written"))]
        else:
            found = [("order", _("Order again") if again else _("Order")), ("complete", _("Done"))]
        return [*found, ("cancel", _("Leave out"))]
    if state == RemedyState.ORDERED and kind in BY_OTHERS:
        return [("complete", _("Done")), ("fail", _("Failed"))]
    return []


def modifier_lines(explanation: dict[str, Any]) -> list[tuple[str, str]]:
    """Each circumstance with its money, from the frozen explanation."""
    guidance = explanation.get("guidance")
    if not guidance:
        return []
    return rules.told(
        Decimal(guidance["mid"]),
        [(m["code"], m["count"], Decimal(m["amount"])) for m in guidance["modifiers"]],
        Decimal(guidance["goodwill"]) - Decimal(guidance["unclamped"]),
    )


@dataclass(frozen=True, slots=True)
class GuidancePanel:
    """What stands beside a proposal: the band, how the suggestion comes about, what others got, the limits."""

    found: rules.Guidance | None
    version: str
    low: str
    mid: str
    high: str
    suggestion: str
    lines: Sequence[tuple[str, str]]
    preferred: Sequence[str]
    given: Decimal
    goodwill_year: str
    limit: str
    chart: Any
    compared: str
    thirds: Sequence[tuple[str, str, str, str, str]]


def guidance_panel(case: ComplaintCase, by: User, now: datetime, *, proposed: Decimal | None = None) -> GuidancePanel:
    """Four queries: the facts of the case are counted afresh. Among what others got stands the goodwill `proposed`, or
    what is suggested."""
    matrix, cell = queries.guidance_for(case, now)
    facts = queries.situation(case, by, now)
    found = rules.guide(matrix, cell, facts) if matrix and cell else None
    like = queries.comparables(case, now)
    limit = authority_of(by, rules.AUTHORITY_GOODWILL).per_case
    labels = dict(RemedyKind.choices)
    mark = (found and found.goodwill, _("suggested")) if proposed is None else (proposed, _("proposed"))
    return GuidancePanel(
        found=found,
        version=str(matrix) if matrix else "",
        low=formats.money(found.low) if found else "",
        mid=formats.money(found.mid) if found else "",
        high=formats.money(found.high) if found else "",
        suggestion=formats.money(found.goodwill) if found else "",
        lines=rules.told(
            found.mid, [(m.code, m.count, m.amount) for m in found.modifiers], found.goodwill - found.unclamped
        )
        if found
        else [],
        preferred=[str(labels[kind]) for kind in found.preferred] if found else [],
        given=facts.goodwill_year,
        goodwill_year=formats.money(facts.goodwill_year),
        limit=_("no limit") if limit is None else formats.money(limit),
        chart=_strip(like, *mark) if like else None,
        compared=_compared(like) if like else "",
        thirds=[
            (
                f"{formats.money(third.low)} – {formats.money(third.high)}",
                str(third.n),
                queries.share(third.accepted, third.n),
                queries.share(third.reopened, third.n),
                queries.share(third.stayed, third.n),
            )
            for third in like.thirds
        ]
        if like
        else [],
    )


def _strip(like: queries.Comparables, mark: Decimal | None, label: str) -> Any:
    return charts.strip(
        _("Goodwill in comparable cases"),
        like.amounts,
        head=[_("Goodwill"), _("Cases")],
        write=formats.money,
        mark=mark,
        mark_label=label,
    )


def _compared(like: queries.Comparables) -> str:
    same = {"subcategory": _("subcategory"), "product": _("product"), "channel": _("channel")}
    what = ", ".join([_("category"), _("severity"), *(same[name] for name in like.alike)])
    q1, q2, q3 = (formats.money(amount) for amount in like.quartiles)
    return _(
        "%(n)d upheld cases of 24 months with the same %(what)s. Half of them got %(q1)s to %(q3)s, the middle %(q2)s."
    ) % {"n": like.n, "what": what, "q1": q1, "q2": q2, "q3": q3}
