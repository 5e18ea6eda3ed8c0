"""The list of members about to lapse, one of them at work, and what the calls bring."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from loyalty.cards import goal_of
from loyalty.models import Contact, Lapse
from loyalty.queries.members import name_of
from loyalty.queries.terms import versions_at
from staff import formats
from staff.models import User
from staff.paging import Page, keyset_page
from staff.rates import Difference, Rate, needed, of_shares

SIZE = 25
LEAST = 30
WATCHED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Row:
    """A member to be called."""

    pk: int
    member: int
    name: str
    stamps: str
    visits: int
    last: str
    gap: str
    ratio: str
    state: str
    tone: str


def rows(state: str, programme: int | None, by: User, now: datetime) -> QuerySet[Lapse]:
    """`state`: "" what is due, "later", "mine", "done"."""
    found = Lapse.objects.filter(arm=Lapse.Arm.CALLED)
    if programme:
        found = found.filter(membership__programme=programme)
    if state == "done":
        return found.filter(state=Lapse.State.DONE)
    found = found.filter(state=Lapse.State.OPEN)
    if state == "later":
        return found.filter(next_at__gt=now)
    if state == "mine":
        return found.filter(claimed_by=by)
    return found.filter(Q(next_at__isnull=True) | Q(next_at__lte=now))


def page(found: QuerySet[Lapse], cursor: str | None) -> Page[Lapse]:
    """The freshest first; one query."""
    found = found.select_related("membership__customer", "membership__programme", "claimed_by")
    return keyset_page(found, order=["-last_visit_at", "-id"], cursor=cursor, size=SIZE)


def listed(lapses: Sequence[Lapse], now: datetime) -> list[Row]:
    """Written out; two queries: goals, and the last outcome of what is done."""
    goals = versions_at({row.membership.programme_id for row in lapses}, now) if lapses else {}
    contacts = Contact.objects.filter(lapse__in=[row.pk for row in lapses]).order_by("pk")
    last = {contact.lapse_id: contact for contact in contacts} if lapses else {}
    written = []
    for row in lapses:
        member = row.membership
        version = goals.get(member.programme_id)
        needed_now = member.cycle_needed or (goal_of(version.terms, member.balance) if version else None)
        state, tone = _state(row, last.get(row.pk), now)
        written.append(
            Row(
                pk=row.pk,
                member=member.pk,
                name=name_of(member),
                stamps=f"{member.balance} / {needed_now}" if needed_now else str(member.balance),
                visits=row.visits,
                last=formats.day(row.last_visit_at),
                gap=formats.span(row.gap.total_seconds()),
                ratio=formats.number(round((now - row.last_visit_at) / row.gap, 1)),
                state=state,
                tone=tone,
            )
        )
    return written


def _state(row: Lapse, contact: Contact | None, now: datetime) -> tuple[str, str]:
    if row.came_back_at:
        return _("came back %s") % formats.day(row.came_back_at), "green"
    if row.state == Lapse.State.DONE:
        return contact.get_outcome_display() if contact else _("too long ago"), ""
    if row.holder(now) and row.claimed_by:
        return _("%s is on it") % row.claimed_by.short_name, "teal"
    if row.next_at and row.next_at > now:
        return _("again %s") % formats.day(row.next_at), "amber"
    return (contact.get_outcome_display(), "amber") if contact else (_("to be called"), "")


def tried(lapse: Lapse) -> list[dict[str, Any]]:
    """The calls so far; one query."""
    return [
        {
            "at": formats.moment(contact.at),
            "outcome": contact.get_outcome_display(),
            "note": contact.note,
            "by": contact.by.short_name if contact.by else "",
        }
        for contact in lapse.contacts.select_related("by").order_by("-pk")
    ]


@dataclass(frozen=True, slots=True)
class Effect:
    """Who came back within thirty days, of those on the list and of those held out; by intention to treat."""

    called: Rate
    held: Rate
    difference: Difference
    more: int


def effect(now: datetime) -> Effect:
    """Over the lapses of a year whose thirty days are over; None differences under thirty in either arm. One query."""
    mature = Lapse.objects.filter(noticed_at__gt=now - timedelta(days=365), noticed_at__lte=now - WATCHED)
    arms = {
        arm: Rate.of(back, count)
        for arm, count, back in mature.values_list("arm")
        .annotate(count=Count("pk"), back=Count("pk", filter=Q(came_back_at__isnull=False)))
        .values_list("arm", "count", "back")
    }
    called, held = (arms.get(arm, Rate.of(0, 0)) for arm in (Lapse.Arm.CALLED, Lapse.Arm.HELD))
    return Effect(called, held, of_shares(called, held, least=LEAST), needed(called, held))
