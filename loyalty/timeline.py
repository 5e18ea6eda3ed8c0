"""What of loyalty stands on a customer's timeline: receipts, gifts, tiers."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from customers.timeline import Entry, Facts, Strand, author, said_by
from loyalty.models import Kind, LedgerEntry, Membership, Programme, Receipt, StatusChange, TierChange
from loyalty.rules.trace import say
from loyalty.words import amount_of


def _told(at: datetime, pk: int, facts: Facts) -> Entry:
    """A receipt as sentences."""
    kind, state = Receipt.Kind(facts["kind"]), Receipt.State(facts["state"])
    head, *rest = say(facts["trace"]) or [str(state.label)]
    number = f" {facts['number']}" if facts["source"] not in ("desk", "coffee") else ""
    return Entry(
        at=at,
        key=f"receipt-{pk}",
        kind="loyalty",
        title=head,
        detail=" · ".join([f"{kind.label}{number}, {facts['store']}", *rest]),
        by=said_by(facts) or facts["cashier"],
        url=reverse("loyalty:member", args=[facts["membership"]]),
        tone={"counted": "green" if kind == "sale" else "amber", "held": "amber"}.get(state, ""),
    )


def _tier(at: datetime, pk: int, facts: Facts) -> Entry:
    title = _("%s reached") % facts["after"] if facts["rose"] else _("%s lost") % facts["before"]
    return Entry(
        at=at,
        key=f"tier-{pk}",
        kind="loyalty",
        title=title,
        detail="" if facts["rose"] else _("now %s") % (facts["after"] or _("no tier")),
        url=reverse("loyalty:member", args=[facts["membership"]]),
        tone="green" if facts["rose"] else "amber",
    )


def _status(at: datetime, pk: int, facts: Facts) -> Entry:
    said = {"blocked": _("Loyalty card blocked"), "closed": _("Loyalty membership closed")}
    return Entry(
        at=at,
        key=f"status-{pk}",
        kind="loyalty",
        title=said.get(facts["after"], _("Loyalty membership opened again")),
        detail=facts["note"],
        by=said_by(facts),
        url=reverse("loyalty:member", args=[facts["membership"]]),
        tone="amber" if facts["after"] in said else "green",
    )


def _gift(at: datetime, pk: int, facts: Facts) -> Entry:
    count = facts["stamps"]
    stamps = amount_of(abs(count), points=facts["unit"] == Programme.Unit.POINT)
    what = str(LedgerEntry.Reason(facts["reason"]).label or Kind(facts["kind"]).label)
    if facts["kind"] == Kind.CONVERT:
        what = facts["reward"]
    return Entry(
        at=at,
        key=f"stamps-{pk}",
        kind="loyalty",
        title=f"{'+' if count > 0 else '−'}{stamps}: {what}",
        detail=facts["note"],
        by=said_by(facts),
        url=reverse("loyalty:member", args=[facts["membership"]]),
        tone="green" if count > 0 else "amber",
    )


def _memberships(customer: int) -> QuerySet[Membership, Any]:
    """The customer's, and those merged into one of them: two index scans, where an OR would read every receipt."""
    own = Membership.objects.filter(customer=customer).values("pk")
    return own.union(Membership.objects.filter(merged_into__customer=customer).values("pk"))


history = [
    Strand(
        lambda customer: Receipt.objects.filter(membership__in=_memberships(customer)),
        "occurred_at",
        {
            **{name: name for name in ("kind", "state", "source", "number", "trace", "cashier")},
            "store": "store__name",
            "membership": "membership_id",
            **author(),
        },
        _told,
    ),
    Strand(
        # a full card's own reward is told with its receipt
        lambda customer: LedgerEntry.objects.filter(
            ~Q(kind=Kind.CONVERT) | ~Q(reward__name=""), membership__in=_memberships(customer), receipt=None
        ),
        "recorded_at",
        {
            **{name: name for name in ("kind", "reason", "stamps", "note")},
            "membership": "membership_id",
            "unit": "membership__programme__unit",
            "reward": "reward__name",
            **author(),
        },
        _gift,
    ),
    Strand(
        lambda customer: TierChange.objects.filter(membership__in=_memberships(customer)),
        "at",
        {**{name: name for name in ("before", "after", "rose")}, "membership": "membership_id"},
        _tier,
    ),
    Strand(
        lambda customer: StatusChange.objects.filter(membership__in=_memberships(customer)),
        "at",
        {"after": "after", "note": "note", "membership": "membership_id", **author()},
        _status,
    ),
]
