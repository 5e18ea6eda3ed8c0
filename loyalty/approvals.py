"""What of loyalty waits for a second person."""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Max, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.models import Campaign, Forecast, ProgrammeVersion, StampRequest
from loyalty.models.campaigns import CampaignState
from loyalty.queries.members import name_of
from staff.approvals import Pending, pending_of, undecided
from staff.models import User


def pending_requests(user: User, limit: int) -> Sequence[Pending]:
    """Goodwill stamps, waivers and late receipts that wait. One query."""
    if not user.has_perm("loyalty.decide_stamps"):
        return []
    return [
        pending_of(
            row,
            user,
            key=f"stamps-{row.pk}",
            url=reverse("loyalty:request", args=[row.pk]),
            customer=name_of(row.membership),
            asks_for=asks_for(row),
            cost=row.cost,
        )
        for row in undecided(StampRequest, user, "membership__customer")[:limit]
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


def pending_campaigns(user: User, limit: int) -> Sequence[Pending]:
    """Campaigns handed in, with their budget as the cost. One query."""
    if not user.has_perm("loyalty.publish_campaign"):
        return []
    rows = (
        Campaign.objects.filter(state=CampaignState.WAITING)
        .exclude(author=user)
        .select_related("author")
        .annotate(handed_in_at=Max("moves__at", filter=Q(moves__to_state=CampaignState.WAITING)))
        .order_by("pk")[:limit]
    )
    return [
        Pending(
            key=f"campaign-{row.pk}",
            url=reverse("loyalty:campaign", args=[row.pk]),
            customer=row.name,
            asks_for=_("publish a campaign"),
            why=row.about[:200],
            requested_by=row.author.short_name,
            requested_at=row.handed_in_at,
            due_at=None,
            cost=row.budget,
        )
        for row in rows
    ]


def asks_for(row: StampRequest) -> str:
    if row.kind == StampRequest.Kind.LATE:
        return row.get_kind_display()
    count = int(row.amount)
    return f"{row.get_kind_display()}: {ngettext('%d stamp', '%d stamps', count) % count}"
