"""What the night does: stamps and rewards past their life expire, first in, first out."""

from datetime import datetime

from django.db import connection, transaction

from loyalty.actions import books
from loyalty.actions.closing import lapse_closed
from loyalty.models import Membership, Reward, RewardEvent
from loyalty.queries.terms import version_at
from loyalty.rules.account import EXPIRE

BATCH = 500

# Stamps are used up first in, first out: of the credits whose life is over, what all uses together have not consumed.
DUE = """
SELECT e.membership_id, sum(e.stamps) FILTER (WHERE e.expires_at <= %(now)s) - (sum(e.stamps) - m.balance) AS due
FROM loyalty_ledgerentry e
JOIN loyalty_membership m ON m.id = e.membership_id
WHERE e.membership_id = ANY(%(members)s) AND e.stamps > 0 AND e.kind <> 'unconvert'
GROUP BY e.membership_id, m.balance
"""


@transaction.atomic
def expire_stamps(membership_ids: list[int], *, now: datetime) -> int:
    """Expire what is due on these memberships; returns the stamps expired. Run again it does nothing."""
    members = books.lock_all(sorted(membership_ids))
    postings, total = [], 0
    for member_id, due in _due(sorted({member.pk for member in members.values()}), now):
        membership = members[member_id]
        stamps = min(due, membership.balance)
        if stamps <= 0:
            continue
        version = version_at(membership.programme_id, now)
        account = books.account_of(membership, version)
        account.debit(EXPIRE, stamps, version.goal if version else None)
        postings.append(books.Posting(membership, account, version, now))
        total += stamps
    books.write(postings, by=None, now=now)
    return total


def _due(members: list[int], now: datetime) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "members": members})
        return [(member, due) for member, due in cursor.fetchall() if due]


@transaction.atomic
def expire_rewards(*, now: datetime) -> int:
    """Close open rewards past their day, a batch at a time; how many."""
    due = Reward.objects.filter(state=Reward.State.ISSUED, expires_at__lte=now).order_by("expires_at")
    owners = dict(due.values_list("pk", "membership")[:BATCH])
    books.lock_all(sorted(set(owners.values())))  # first, as whoever redeems or takes back
    rows = list(due.select_for_update().filter(pk__in=owners))
    Reward.objects.filter(pk__in=[row.pk for row in rows]).update(state=Reward.State.EXPIRED)
    RewardEvent.objects.bulk_create(RewardEvent(reward=row, kind=RewardEvent.Kind.EXPIRED, at=now) for row in rows)
    return len(rows)


def expire_all(*, now: datetime) -> dict[str, int]:
    """The whole nightly run, in transactions of a few hundred rows."""
    stamps = rewards = last = 0
    while members := list(
        Membership.objects.filter(pk__gt=last, balance__gt=0, entries__expires_at__lte=now)
        .order_by("pk")
        .values_list("pk", flat=True)
        .distinct()[:BATCH]
    ):
        stamps += expire_stamps(members, now=now)
        last = members[-1]
    while done := expire_rewards(now=now):
        rewards += done
    while lapse_closed(now=now):
        pass  # the next batch
    return {"stamps": stamps, "rewards": rewards}
