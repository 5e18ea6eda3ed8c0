"""Who handles what."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from complaints.actions.records import change, locked
from complaints.errors import NothingToTake
from complaints.models import ComplaintCase, Presence
from complaints.states import State
from staff.errors import DomainError
from staff.models import Team, User

HERE = timedelta(seconds=25)  # a page that was open this recently is open


@transaction.atomic
def assign(
    pk: int, *, to: User | None, team: Team | None = None, version: int | None = None, by: User, now: datetime
) -> ComplaintCase:
    """Give the case to a colleague, or back to the queue; with `team`, to another team's queue."""
    case = locked(pk, version=version)
    if to is not None and not to.has_perm("complaints.work_complaint"):
        raise DomainError(_("%(who)s does not work on complaints.") % {"who": to}, field="to")
    values: dict[str, object] = {"assignee": to}
    if team is not None:
        values["team"] = team
    change(case, values, by=by, at=now)
    return case


@transaction.atomic
def take_next(*, by: User, now: datetime) -> ComplaintCase:
    """The most urgent case that nobody handles: of one's own team first, then of any. Colleagues who press at the
    same moment get different cases. Raises NothingToTake."""
    free = (
        ComplaintCase.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(is_open=True, assignee=None)
        .exclude(state=State.PENDING_APPROVAL)  # an approver has it
        .order_by("priority", "due_at", "pk")
    )
    case = (by.team_id and free.filter(team=by.team_id).first()) or free.filter(
        Q(team=None) | Q(team=by.team_id)
    ).first()
    if not case:
        raise NothingToTake(_("Nothing waits in your team's queue."))
    change(case, {"assignee": by}, by=by, at=now)
    return case


@transaction.atomic
def share_out(team: Team | None, *, by: User, now: datetime, most: int = 200) -> int:
    """Give the team's waiting cases out, the most urgent first, each to the member with the least on the table
    (an urgent case weighs four, a low one one). Answers how many. Three queries and two a case."""
    if team is None:
        raise DomainError(_("You belong to no team. Ask an administrator to enter one."))
    members = [
        user
        for user in team.members.filter(is_active=True).annotate(
            load=Count("complaints", filter=Q(complaints__is_open=True))
        )
        if user.has_perm("complaints.work_complaint")
    ]
    if not members:
        raise DomainError(_("Nobody in this team works on complaints."))
    weights = dict(
        ComplaintCase.objects.filter(is_open=True, assignee__in=members)
        .values("assignee")
        .annotate(weight=Count("pk") * 5)
        .values_list("assignee", "weight")
    )
    for assignee, priority in ComplaintCase.objects.filter(is_open=True, assignee__in=members).values_list(
        "assignee", "priority"
    ):
        weights[assignee] -= priority
    waiting = (
        ComplaintCase.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(is_open=True, assignee=None, team=team)
        .order_by("priority", "due_at", "pk")[:most]
    )
    count = 0
    for case in waiting:
        least = min(members, key=lambda user: (weights.get(user.pk, 0), user.pk))
        weights[least.pk] = weights.get(least.pk, 0) + 5 - case.priority
        change(case, {"assignee": least}, by=by, at=now)
        count += 1
    return count


def be_here(pk: int, *, user: User, now: datetime) -> list[User]:
    """Say that `user` has the case open; answers the colleagues who have too. Two queries."""
    Presence.objects.bulk_create(
        [Presence(case_id=pk, user=user, seen_at=now)],
        update_conflicts=True,
        unique_fields=["case", "user"],
        update_fields=["seen_at"],
    )
    return [
        one.user
        for one in Presence.objects.filter(case_id=pk, seen_at__gte=now - HERE)
        .exclude(user=user)
        .select_related("user")
        .order_by("user__first_name", "user_id")
    ]
