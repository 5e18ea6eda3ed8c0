"""What a manager needs to decide on an offer in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cancellations import rules, terms, wording
from cancellations.models import IncentiveVersion, Offer, OfferDecision
from cancellations.models.offers import OfferState
from cancellations.queries.spending import spent
from customers import goodwill
from staff import formats
from staff.approvals import Pending, pending_of, undecided
from staff.authority import authority_of
from staff.decisions import Verdict
from staff.models import User

YEAR = timedelta(days=365)


def offers() -> QuerySet[Offer]:
    return Offer.objects.select_related(
        "case__customer",
        "case__subscription__plan",
        "case__reason__category",
        "incentive_version__incentive",
        "suggestion",
    ).prefetch_related(
        Prefetch(
            "decisions",
            OfferDecision.objects.select_related("requested_by", "decided_by", "looked_at_by").order_by("-pk"),
        )
    )


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    customer: str
    about: str  # plan and reason
    why: str
    agents_word: str
    facts: Sequence[tuple[str, str]]
    instead: str
    requested_by: str
    open: bool
    outcome: str
    waited: int
    waited_text: str


def panel(offer: Offer, *, by: User, now: datetime) -> Panel:
    """At most nine queries."""
    decision = next(iter(offer.decisions.all()), None)
    case, incentive = offer.case, offer.incentive_version.incentive
    given = goodwill.given([case.customer_id], now - YEAR, now)[case.customer_id]
    pending = decision is not None and decision.verdict == Verdict.PENDING
    late = pending and decision is not None and decision.due_at is not None and decision.due_at <= now
    waited = max(int((now - decision.requested_at).total_seconds()), 0) if decision else 0
    limit = authority_of(decision.requested_by, "offer").per_case if decision else None
    reason = f"{case.reason.category.label()}: {case.reason.label()}" if case.reason else _("reason not told")
    return Panel(
        title=terms.headline(incentive.kind, offer.terms, incentive.label()),
        customer=case.customer.name,
        about=f"{case.subscription.plan.name} · {reason}",
        why=wording.why(offer.explanation),  # the candidate's row, frozen
        agents_word=decision.reason if decision else "",
        facts=[
            (_("Customer's value, 12 months"), formats.money(offer.customer_value)),
            (_("Goodwill given, 12 months"), formats.money(given)),
            (_("Cost if accepted"), formats.money(offer.cost)),
            (_("Gain over no offer"), formats.money(offer.gain)),
            (_("Agent's limit"), formats.money(limit) if limit is not None else "–"),
        ],
        instead=_instead(offer, decision, now) if decision and pending else "",
        requested_by=decision.requested_by.short_name if decision else "",
        open=pending and not late and bool(decision and decision.requested_by_id != by.pk),
        outcome=_outcome(offer, decision, late=late, by=by),
        waited=waited,
        waited_text=f"{waited // 60}:{waited % 60:02d}",
    )


def _outcome(offer: Offer, decision: OfferDecision | None, *, late: bool, by: User) -> str:
    if decision is None:
        return _("No approval was asked for.")
    if late:
        return _("The two minutes are over: the agent goes on without this offer.")
    if decision.verdict == Verdict.PENDING:
        return _("Ask a colleague to decide on your own request.") if decision.requested_by_id == by.pk else ""
    return _("%(verdict)s by %(who)s at %(time)s.") % {
        "verdict": str(decision.get_verdict_display()).capitalize(),
        "who": decision.decided_by or _("the clock"),
        "time": formats.clock(decision.decided_at) if decision.decided_at else "–",
    }


def _instead(offer: Offer, decision: OfferDecision, now: datetime) -> str:
    """What the agent could offer within her own limit, of what this call has not seen yet; at most five queries."""
    if offer.suggestion is None:
        return ""
    limit = authority_of(decision.requested_by, "offer")
    sums = spent(offer.case, by=decision.requested_by, now=now)
    put = offer.case.offers.exclude(state=OfferState.WITHDRAWN)
    seen = {None, *put.values_list("incentive_version_id", flat=True)}
    for row in sorted(offer.suggestion.candidates, key=lambda r: -r["score"]):
        if not row["shown"] or row["version"] in seen or Decimal(row["gain"]) <= 0:
            continue
        if rules.within(limit, Decimal(row["cost"]), **sums):
            version = IncentiveVersion.objects.select_related("incentive").get(pk=row["version"])
            title = terms.headline(version.incentive.kind, version.terms, version.incentive.label())
            return _("Instead, within the agent's limit: %(title)s, gains %(gain)s.") % {
                "title": title,
                "gain": formats.money(Decimal(row["gain"])),
            }
    return _("Nothing else is suggested within the agent's limit.")


def pending(user: User, limit: int) -> Sequence[Pending]:
    """What waits for this person's decision: the approvals queue's source. One query."""
    if not user.has_perm("cancellations.decide_offer"):
        return []
    joined = ("offer__case__customer", "offer__case__reason", "offer__incentive_version__incentive")
    rows = undecided(OfferDecision, user, *joined).filter(due_at__gt=timezone.now())[:limit]
    return [
        pending_of(
            row,
            user,
            key=f"offer-{row.offer_id}",
            url=reverse("cancellations:decision", args=[row.offer_id]),
            customer=row.offer.case.customer.name,
            asks_for=terms.headline(
                row.offer.incentive_version.incentive.kind,
                row.offer.terms,
                row.offer.incentive_version.incentive.label(),
            ),
            why=row.reason or (row.offer.case.reason.label() if row.offer.case.reason else ""),
            gain=row.offer.gain,
        )
        for row in rows
    ]
