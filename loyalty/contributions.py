"""What loyalty adds to the shared pages: band, timeline, search, goodwill, variables, approvals, home, navigation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from customers import contributions as customer_page
from customers.contributions import Action, Badge, Band, Fact
from customers.goodwill import goodwill
from customers.models import Customer
from customers.timeline import Entry, Facts, Strand, author, said_by, timeline
from loyalty import cards
from loyalty.actions.outreach import give_stamps_to
from loyalty.contracts import Giver, givers, spending
from loyalty.models import (
    Campaign,
    CardToken,
    Forecast,
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
from loyalty.queries import spending as spent
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
from staff.statements import kept

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
    timeline.register("loyalty", history, gettext_lazy("Loyalty"))
    goodwill.register("loyalty", given)
    search.register("loyalty", find)
    approvals.register("loyalty", pending)
    approvals.register("programmes", pending_versions)
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
]


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


def pending_versions(user: User, limit: int) -> Sequence[Pending]:
    """Drafts that wait for a second person, with the cost of their forecast's base case."""
    if not (user.has_perm("loyalty.publish_programme") and user.has_perm("loyalty.design_programme")):
        return []
    done = Forecast.objects.filter(version=OuterRef("pk"), edits=OuterRef("edits"), state=Forecast.State.DONE)
    rows = (
        ProgrammeVersion.objects.filter(state=ProgrammeVersion.State.WAITING)
        .exclude(author=user)
        .select_related("programme", "author")
        .annotate(
            forecast_at=Subquery(done.order_by("-pk").values("finished_at")[:1]),
            forecast_cost=Subquery(done.order_by("-pk").values("result__cases__base__cost")[:1]),
        )
        .order_by("pk")[:limit]
    )
    return [
        Pending(
            key=f"programme-{row.pk}",
            url=reverse("loyalty:version", args=[row.pk]),
            customer=row.programme.name,
            asks_for=_("publish version %s") % row.number,
            why="",
            requested_by=row.author.short_name if row.author else "",
            requested_at=row.forecast_at,
            due_at=None,
            cost=Decimal(row.forecast_cost or 0),
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
