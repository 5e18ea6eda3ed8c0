"""A membership stopped for a while, ended at the member's wish, and opened again."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from customers.erasure import living
from loyalty.actions import books
from loyalty.models import Membership, Reward, RewardEvent, StatusChange
from loyalty.queries.terms import versions_at
from loyalty.rules.account import EXPIRE
from staff.errors import DomainError
from staff.models import User

Status = Membership.Status
KEPT_DAYS = 30  # in which a closed membership comes back with all it had
BATCH = 500


@transaction.atomic
def set_blocked(membership_id: int, blocked: bool, *, by: User, now: datetime, note: str = "") -> Membership:
    """Stop or allow stamping and redeeming. The balance stays. Raises Erased where it would be allowed."""
    membership = books.lock(membership_id)
    if membership.status not in (Status.ACTIVE, Status.BLOCKED):
        raise DomainError(_("This membership was closed or merged."), code="wrong_state")
    return _turn(membership, Status.BLOCKED if blocked else Status.ACTIVE, by=by, now=now, note=note)


@transaction.atomic
def close(membership_id: int, *, by: User, now: datetime, note: str = "") -> Membership:
    """The member wishes it. Cards and rewards are refused from now on; what is on the card is kept for KEPT_DAYS and
    lapses then. The customer may enrol anew at once, unless the card owes something.

    Raises DomainError("wrong_state") for one that is closed already.
    """
    membership = books.lock(membership_id)
    if membership.status == Status.CLOSED:
        raise DomainError(_("This membership is closed already."), code="wrong_state")
    return _turn(membership, Status.CLOSED, by=by, now=now, note=note)


@transaction.atomic
def reopen(membership_id: int, *, by: User, now: datetime, note: str = "") -> Membership:
    """A closed membership is active again, with all that has not lapsed meanwhile.

    Raises DomainError: not closed, or its customer has enrolled anew or was erased.
    """
    membership = books.lock(membership_id)
    if membership.status != Status.CLOSED:
        raise DomainError(_("This membership is not closed."), code="wrong_state")
    newer = Membership.objects.filter(
        programme=membership.programme_id, customer=membership.customer_id, status__in=[Status.ACTIVE, Status.BLOCKED]
    )
    if membership.customer_id and newer.exists():
        raise DomainError(_("The customer has another card in this programme meanwhile."), code="already_member")
    return _turn(membership, Status.ACTIVE, by=by, now=now, note=note)


def _turn(membership: Membership, status: Status, *, by: User, now: datetime, note: str) -> Membership:
    if status == Status.ACTIVE and membership.customer_id:
        living(membership.customer_id)
    if membership.status != status:
        membership.status = status
        membership.save(update_fields=["status"])
        StatusChange.objects.create(membership=membership, after=status, at=now, by=by, note=note)
    return membership


@transaction.atomic
def lapse_closed(*, now: datetime) -> int:
    """Let lapse what stands on memberships closed KEPT_DAYS ago, a batch at a time; how many. A debt stays."""
    recent = StatusChange.objects.filter(membership=OuterRef("pk"), at__gt=now - timedelta(days=KEPT_DAYS))
    opened = Reward.objects.filter(membership=OuterRef("pk"), state=Reward.State.ISSUED)
    due = Membership.objects.filter(Q(balance__gt=0) | Exists(opened), ~Exists(recent), status=Status.CLOSED)
    members = books.lock_all(sorted(due.order_by("pk").values_list("pk", flat=True)[:BATCH]))
    closed = [member for member in members.values() if member.status == Status.CLOSED]
    terms = versions_at({member.programme_id for member in closed}, now)
    postings = []
    for member in closed:
        if member.balance > 0:
            version = terms.get(member.programme_id)
            account = books.account_of(member, None)
            account.debit(EXPIRE, member.balance, version.goal if version else None)
            postings.append(books.Posting(member, account, version, now))
    books.write(postings, by=None, now=now)
    rewards = list(Reward.objects.select_for_update().filter(membership__in=closed, state=Reward.State.ISSUED))
    Reward.objects.filter(pk__in=[row.pk for row in rewards]).update(state=Reward.State.EXPIRED)
    RewardEvent.objects.bulk_create(RewardEvent(reward=row, kind=RewardEvent.Kind.EXPIRED, at=now) for row in rewards)
    return len(closed)
