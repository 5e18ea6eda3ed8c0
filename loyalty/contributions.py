"""What loyalty adds to the shared pages: band, timeline, search, goodwill, variables, approvals, home, navigation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers import contributions as customer_page
from customers.contributions import Action, Badge, Band, Fact
from customers.goodwill import goodwill
from customers.models import Customer
from customers.timeline import timeline
from loyalty import cards
from loyalty.actions.outreach import give_stamps_to
from loyalty.approvals import asks_for, pending_campaigns, pending_requests, pending_versions
from loyalty.contracts import Giver, givers, spending
from loyalty.models import (
    Campaign,
    CardToken,
    LedgerEntry,
    Membership,
    Programme,
    ProgrammeVersion,
    Reward,
    StampRequest,
)
from loyalty.queries import spending as spent
from loyalty.queries.members import name_of
from loyalty.rules.cards import grouped, normalise
from loyalty.timeline import history
from staff.approvals import approvals
from staff.decisions import Verdict
from staff.home import Line, Panel, home
from staff.models import User
from staff.navigation import Entrance, navigation
from staff.reports import Report, reports
from staff.search import Hit, search
from staff.statements import kept

GIVEN = [LedgerEntry.Reason.GOODWILL, LedgerEntry.Reason.BONUS, LedgerEntry.Reason.WAIVER]


def register() -> None:
    navigation.register(
        "loyalty", Entrance(gettext_lazy("Loyalty"), "loyalty:members", "stamp", "loyalty.view_membership", 50)
    )
    customer_page.band.register("loyalty", band)
    customer_page.actions.register(
        "loyalty", Action(gettext_lazy("Stamp card"), "loyalty:customer", "stamp", "s", "loyalty.stamp_card", 30)
    )
    customer_page.variables.register("loyalty", variables)
    timeline.register("loyalty", history, gettext_lazy("Loyalty"))
    goodwill.register("loyalty", given)
    search.register("loyalty", find)
    approvals.register("loyalty", pending_requests)
    approvals.register("programmes", pending_versions)
    approvals.register("campaigns", pending_campaigns)
    home.register("loyalty", panel)
    givers.register("stamps", Giver(gettext_lazy("stamps"), give_stamps_to, is_whole=True))
    spending.register("gifts", spent.gifts, gettext_lazy("Gifts"))
    spending.register("bonus", spent.bonus_windows, gettext_lazy("Bonus windows"))
    spending.register("mails", spent.mails, gettext_lazy("Mails"))
    home.register("campaigns", campaigns_panel)
    reports.register(
        "campaigns",
        Report(
            gettext_lazy("Campaigns"),
            gettext_lazy("What each campaign costs against its budget, whom it reached, and what that brought."),
            "loyalty:campaigns",
            "loyalty.view_campaign",
        ),
    )
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
    """The card with its stamps, and a flag for debt or an open reward. One query."""
    rows = _of_band(customer.pk, now)
    if not rows:
        return Band()
    opened = sum(row.issued or 0 for row in rows)
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


@kept
def _of_band(customer: int, now: datetime) -> QuerySet[Any]:
    return (
        Membership.objects.filter(customer=customer, status__in=["active", "blocked"])
        .select_related("programme")
        .annotate(
            goal=_in_force(now, "stamps_needed"),
            prices=_in_force(now, "prices"),
            issued=Subquery(
                Reward.objects.filter(membership=OuterRef("pk"), state=Reward.State.ISSUED)
                .order_by()
                .values("membership")
                .values_list(Count("pk"))
            ),
        )
        .order_by("-last_visit_at", "-pk")[:2]
    )


def variables(customer_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """`has_card` and `stamps_to_reward` (None without), of the stamp card used last. One query."""
    rows = (
        Membership.objects.filter(
            customer__in=customer_ids, status=Membership.Status.ACTIVE, programme__unit=Programme.Unit.STAMP
        )
        .annotate(goal=_in_force(now, "stamps_needed"))
        .order_by("customer_id", F("last_visit_at").desc(nulls_last=True), "-pk")
        .distinct("customer_id")
    )
    found: dict[int, dict[str, Any]] = {pk: {"has_card": False, "stamps_to_reward": None} for pk in customer_ids}
    for row in rows:
        needed = row.cycle_needed or row.goal
        found[row.customer_id] = {"has_card": True, "stamps_to_reward": needed - row.balance if needed else None}
    return found


def given(customer_ids: Sequence[int], since: datetime, until: datetime) -> QuerySet[LedgerEntry, tuple[int, Decimal]]:
    """Goodwill and bonus stamps and waived debts at cost of goods; what customers earned is no gift."""
    return (
        LedgerEntry.objects.filter(
            membership__customer__in=customer_ids, reason__in=GIVEN, recorded_at__gte=since, recorded_at__lt=until
        )
        .values_list("membership__customer")
        .annotate(given=Sum("cost"))
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


def campaigns_panel(user: User, now: datetime) -> Panel | None:
    """Campaigns that wait for this person to publish them, then those he or she owns. Two queries."""
    if not user.has_perm("loyalty.publish_campaign"):
        return None
    waiting = Campaign.objects.filter(state="waiting").exclude(author=user).order_by("pk")[:5]
    own = Campaign.objects.filter(owner=user, state="running").order_by("-pk")[:5]
    lines = [
        Line(row.name, reverse("loyalty:campaign", args=[row.pk]), _("waits for publishing"), "amber")
        for row in waiting
    ]
    lines += [Line(row.name, reverse("loyalty:campaign", args=[row.pk]), row.get_state_display()) for row in own]
    return Panel(
        gettext_lazy("Campaigns"),
        reverse("loyalty:campaigns"),
        lines,
        empty=gettext_lazy("No campaign waits for you, and you own none that runs."),
    )
