"""What loyalty adds to the shared pages: band, timeline, search, goodwill, variables, approvals, home, navigation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, Subquery, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers import contributions as customer_page
from customers.contributions import Action, Badge, Band, Fact
from customers.goodwill import goodwill
from customers.models import Customer
from customers.timeline import Entry, timeline
from loyalty import cards
from loyalty.models import (
    CardToken,
    Kind,
    LedgerEntry,
    Membership,
    Programme,
    ProgrammeVersion,
    Receipt,
    Reward,
    StampRequest,
    TierChange,
)
from loyalty.queries.members import name_of
from loyalty.rules.cards import grouped, normalise
from loyalty.rules.trace import say
from loyalty.words import amount_of
from staff.approvals import Pending, approvals
from staff.decisions import Verdict
from staff.home import Line, Panel, home
from staff.models import User
from staff.navigation import Entrance, navigation
from staff.reports import Report, reports
from staff.search import Hit, search

GIVEN = [LedgerEntry.Reason.GOODWILL, LedgerEntry.Reason.BONUS, LedgerEntry.Reason.WAIVER]


def register() -> None:
    from loyalty import jobs  # noqa: F401 the worker finds its tasks here

    navigation.register(
        "loyalty", Entrance(gettext_lazy("Loyalty"), "loyalty:members", "stamp", "loyalty.view_membership", 50)
    )
    customer_page.band.register("loyalty", band)
    customer_page.actions.register(
        "loyalty", Action(gettext_lazy("Stamp card"), "loyalty:customer", "stamp", "s", "loyalty.view_membership", 30)
    )
    customer_page.variables.register("loyalty", variables)
    timeline.register("loyalty", entries, gettext_lazy("Loyalty"))
    goodwill.register("loyalty", given)
    search.register("loyalty", find)
    approvals.register("loyalty", pending)
    home.register("loyalty", panel)
    reports.register(
        "loyalty",
        Report(
            gettext_lazy("Loyalty in figures"),
            gettext_lazy("Members, activity, time to a full card, redemption, breakage, liability."),
            "loyalty:report",
            "loyalty.view_loyalty_reports",
        ),
    )


def _in_force(now: datetime, field: str) -> Subquery:
    """A field of the terms in force."""
    return Subquery(
        ProgrammeVersion.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=now),
            programme=OuterRef("programme"),
            state=ProgrammeVersion.State.PUBLISHED,
            valid_from__lte=now,
        ).values(field)[:1]
    )


def _goal(row: Any) -> int | None:
    """What a card works towards: its own cycle's goal, that of the terms, or the next reward for points."""
    points = sorted(price["points"] for price in row.prices or ())
    if points:
        return next((price for price in points if price > row.balance), points[-1])
    return row.cycle_needed or row.goal


def band(customer: Customer, now: datetime) -> Band:
    """The card with its stamps, and a flag for debt or an open reward. Two queries."""
    rows = list(
        Membership.objects.filter(customer=customer, status__in=["active", "blocked"])
        .select_related("programme")
        .annotate(goal=_in_force(now, "stamps_needed"), prices=_in_force(now, "prices"))
        .order_by("-last_visit_at", "-pk")[:2]
    )
    if not rows:
        return Band()
    opened = Reward.objects.filter(membership__in=rows, state=Reward.State.ISSUED).count()
    facts, badges = [], []
    for row in rows:
        needed = _goal(row) or 1
        context = {
            "url": reverse("loyalty:member", args=[row.pk]),
            "filled": range(max(min(row.balance, needed), 0)) if needed <= cards.DRAWN else (),
            "empty": range(needed - max(min(row.balance, needed), 0)) if needed <= cards.DRAWN else (),
            "says": cards.says(row.balance, needed, row.programme.unit),
        }
        facts.append(Fact(row.programme.name, template="loyalty/fact.html", context=context))
        if row.balance < 0:
            badges.append(Badge(context["says"], "amber", "circle-minus", context["url"]))
        if row.tier:
            badges.append(Badge(row.tier, "teal", "award", context["url"]))
        if row.status == Membership.Status.BLOCKED:
            badges.append(Badge(_("loyalty card blocked"), "red", "ban", context["url"]))
    if opened:
        text = ngettext("%d free reward", "%d free rewards", opened) % opened
        badges.append(Badge(text, "green", "gift", reverse("loyalty:member", args=[rows[0].pk])))
    return Band(badges, facts)


def variables(customer_id: int, now: datetime) -> Mapping[str, Any]:
    """`has_card` and `stamps_to_reward` (None without), of the stamp card used last. One query."""
    row = (
        Membership.objects.filter(
            customer=customer_id, status=Membership.Status.ACTIVE, programme__unit=Programme.Unit.STAMP
        )
        .annotate(goal=_in_force(now, "stamps_needed"))
        .order_by("-last_visit_at", "-pk")
        .first()
    )
    if row is None:
        return {"has_card": False, "stamps_to_reward": None}
    needed = row.cycle_needed or row.goal
    return {"has_card": True, "stamps_to_reward": needed - row.balance if needed else None}


def entries(customer_id: int, before: datetime | None, limit: int) -> Sequence[Entry]:
    """Receipts as sentences, gifts, points spent, tiers reached and lost. Three queries of `limit` rows."""
    own = Q(membership__customer=customer_id) | Q(membership__merged_into__customer=customer_id)
    receipts = Receipt.objects.filter(own).select_related("store", "by")
    chosen = ~Q(kind="convert") | ~Q(reward__name="")  # a full card's own reward is told with its receipt
    gifts = LedgerEntry.objects.filter(own, chosen, receipt=None).select_related(
        "by", "membership__programme", "reward"
    )
    tiers = TierChange.objects.filter(own)
    if before:
        receipts, gifts = receipts.filter(occurred_at__lte=before), gifts.filter(recorded_at__lte=before)
        tiers = tiers.filter(at__lte=before)
    rows = [_told(receipt) for receipt in receipts.order_by("-occurred_at", "-pk")[:limit]]
    rows += [_given(entry) for entry in gifts.order_by("-recorded_at", "-pk")[:limit]]
    rows += [_tier(change) for change in tiers.order_by("-at", "-pk")[:limit]]
    return sorted(rows, key=lambda row: row.at, reverse=True)[:limit]


def _told(receipt: Receipt) -> Entry:
    head, *rest = say(receipt.trace) or [receipt.get_state_display()]
    number = f" {receipt.number}" if receipt.source not in ("desk", "coffee") else ""
    return Entry(
        at=receipt.occurred_at,
        key=f"receipt-{receipt.pk}",
        kind="loyalty",
        title=head,
        detail=" · ".join([f"{receipt.get_kind_display()}{number}, {receipt.store.name}", *rest]),
        by=receipt.by.short_name if receipt.by else receipt.cashier,
        url=reverse("loyalty:member", args=[receipt.membership_id]),
        tone={"counted": "green" if receipt.kind == "sale" else "amber", "held": "amber"}.get(receipt.state, ""),
    )


def _tier(change: TierChange) -> Entry:
    title = _("%s reached") % change.after if change.rose else _("%s lost") % change.before
    return Entry(
        at=change.at,
        key=f"tier-{change.pk}",
        kind="loyalty",
        title=title,
        detail="" if change.rose else _("now %s") % (change.after or _("no tier")),
        url=reverse("loyalty:member", args=[change.membership_id]),
        tone="green" if change.rose else "amber",
    )


def _given(entry: LedgerEntry) -> Entry:
    stamps = amount_of(abs(entry.stamps), points=entry.membership.programme.unit == Programme.Unit.POINT)
    what = entry.get_reason_display() or entry.get_kind_display()
    if entry.kind == Kind.CONVERT:
        what = entry.reward.name
    return Entry(
        at=entry.recorded_at,
        key=f"stamps-{entry.pk}",
        kind="loyalty",
        title=f"{'+' if entry.stamps > 0 else '−'}{stamps}: {what}",
        detail=entry.note,
        by=entry.by.short_name if entry.by else "",
        url=reverse("loyalty:member", args=[entry.membership_id]),
        tone="green" if entry.stamps > 0 else "amber",
    )


def given(customer_ids: Sequence[int], since: datetime, until: datetime) -> Mapping[int, Decimal]:
    """Goodwill and bonus stamps and waived debts at cost of goods; what customers earned is no gift. One query."""
    return dict(
        LedgerEntry.objects.filter(
            membership__customer__in=customer_ids, reason__in=GIVEN, recorded_at__gte=since, recorded_at__lt=until
        )
        .values_list("membership__customer")
        .annotate(total=Sum("cost"))
    )


def find(user: User, text: str, limit: int) -> Sequence[Hit]:
    """A card by its whole number. One indexed query, none for a text too short or with no digit."""
    number = normalise(text)
    if (
        len(number) < 4
        or not any(letter.isdigit() for letter in number)
        or not user.has_perm("loyalty.view_membership")
    ):
        return []
    found = CardToken.objects.filter(number=number[:64]).select_related("membership__customer")[:limit]
    return [
        Hit(
            title=_("Card %s") % grouped(card.number),
            url=reverse("loyalty:member", args=[card.membership.merged_into_id or card.membership_id]),
            detail=f"{name_of(card.membership)} · {card.get_status_display()}",
            icon="stamp",
            exact=True,
        )
        for card in found
    ]


def pending(user: User, limit: int) -> Sequence[Pending]:
    if not user.has_perm("loyalty.decide_stamps"):
        return []
    rows = (
        StampRequest.objects.filter(verdict=Verdict.PENDING)
        .exclude(requested_by=user)
        .select_related("membership__customer", "requested_by", "looked_at_by")
        .order_by("requested_at", "pk")[:limit]
    )
    return [
        Pending(
            key=f"stamps-{row.pk}",
            url=reverse("loyalty:request", args=[row.pk]),
            customer=name_of(row.membership),
            asks_for=asks_for(row),
            why=row.reason,
            requested_by=row.requested_by.short_name,
            requested_at=row.requested_at,
            due_at=row.due_at,
            cost=row.cost,
            looked_at_by=row.watcher(user),
        )
        for row in rows
    ]


def asks_for(row: StampRequest) -> str:
    if row.kind == StampRequest.Kind.LATE:
        return row.get_kind_display()
    count = int(row.amount)
    return f"{row.get_kind_display()}: {ngettext('%d stamp', '%d stamps', count) % count}"


def panel(user: User, now: datetime) -> Panel | None:
    """Rewards made today, and requests of one's own still waiting. Two queries."""
    if not user.has_perm("loyalty.stamp_card"):
        return None
    waiting = StampRequest.objects.filter(requested_by=user, verdict=Verdict.PENDING).select_related(
        "membership__customer"
    )
    lines = [
        Line(name_of(row.membership), reverse("loyalty:member", args=[row.membership_id]), asks_for(row), "amber")
        for row in waiting.order_by("requested_at")[:5]
    ]
    return Panel(
        gettext_lazy("Loyalty"),
        reverse("loyalty:members"),
        lines,
        empty=gettext_lazy("No request of yours is waiting. Scan a card to begin."),
    )
