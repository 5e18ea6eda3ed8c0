"""Members about to lapse: noticed by night, taken and called by day."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.actions.gifts import give_stamps
from loyalty.models import Contact, Lapse
from loyalty.models.retention import CLAIM
from staff.errors import DomainError, WrongState
from staff.models import User

HELD_OUT = 10  # of a hundred, by a hash of the membership: the same person is always on the same side
TRIES = 3  # unanswered calls, then it is enough
WATCHED = timedelta(days=30)

# Days since the last visit ÷ the member's own median gap between 2 and 12, with at least four visits in two years.
# Those of a merged card count for the one it was merged into.
NOTICE = """
WITH came AS (
  SELECT coalesce(o.merged_into_id, o.id) AS membership_id, r.occurred_at
  FROM loyalty_receipt r JOIN loyalty_membership o ON o.id = r.membership_id
  WHERE r.kind = 'sale' AND r.state = 'counted'
    AND r.occurred_at > %(now)s - interval '2 years' AND r.occurred_at <= %(now)s
), visits AS (
  SELECT membership_id, occurred_at, occurred_at - lag(occurred_at) OVER w AS gap
  FROM came WINDOW w AS (PARTITION BY membership_id ORDER BY occurred_at)
), own AS (
  SELECT membership_id, count(*) AS visits, max(occurred_at) AS last,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE gap > interval '0') AS gap
  FROM visits GROUP BY membership_id HAVING count(*) >= 4
)
INSERT INTO loyalty_lapse (membership_id, last_visit_at, visits, gap, arm, state, noticed_at)
SELECT m.id, o.last, o.visits, o.gap,
       CASE WHEN ('x' || substr(md5('lapse:' || m.id), 1, 8))::bit(32)::bigint %% 100 < %(held)s
            THEN 'held' ELSE 'called' END, 'open', %(now)s
FROM own o
JOIN loyalty_membership m ON m.id = o.membership_id AND m.status = 'active'
JOIN customers_customer c ON c.id = m.customer_id AND c.may_be_contacted AND NOT c.is_bereaved
WHERE o.gap > interval '0' AND %(now)s - o.last BETWEEN 2 * o.gap AND 12 * o.gap
ON CONFLICT DO NOTHING
"""
CAME_BACK = """
UPDATE loyalty_lapse l SET came_back_at = v.first FROM (
  SELECT l.id, min(r.occurred_at) AS first FROM loyalty_lapse l
  JOIN loyalty_receipt r ON r.membership_id = l.membership_id AND r.kind = 'sale' AND r.state = 'counted'
   AND r.occurred_at > l.noticed_at AND r.occurred_at <= l.noticed_at + make_interval(days => %(days)s)
  WHERE l.came_back_at IS NULL AND l.noticed_at > %(now)s - make_interval(days => 2 * %(days)s) GROUP BY l.id
) v WHERE v.id = l.id
"""


@transaction.atomic
def notice(*, now: datetime) -> int:
    """Who has begun to stay away since last night, and who came back; how many are new. Run again it does nothing.

    One pass over two years' receipts and one over the lapses of two months: for the night.
    """
    with connection.cursor() as cursor:
        cursor.execute(CAME_BACK, {"now": now, "days": WATCHED.days})
        cursor.execute(NOTICE, {"now": now, "held": HELD_OUT})
        new = int(cursor.rowcount)
    over = Q(came_back_at__isnull=False) | Q(last_visit_at__lt=Value(now) - 12 * F("gap"))
    Lapse.objects.filter(over, state=Lapse.State.OPEN).update(state=Lapse.State.DONE)
    return new


@transaction.atomic
def take_next(*, by: User, now: datetime) -> Lapse | None:
    """The freshest that is due and in nobody's hand, for this person; None when all are. Two queries."""
    free = Q(claimed_at__isnull=True) | Q(claimed_at__lte=now - CLAIM) | Q(claimed_by=by)
    due = Q(next_at__isnull=True) | Q(next_at__lte=now)
    row = (
        Lapse.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(free, due, state=Lapse.State.OPEN, arm=Lapse.Arm.CALLED)
        .order_by("-last_visit_at", "-pk")
        .first()
    )
    return _claim(row, by, now) if row else None


@transaction.atomic
def take(pk: int, *, by: User, now: datetime) -> Lapse:
    """This one. Raises DomainError when a colleague has it in hand, WrongState when it is done."""
    return _claim(_workable(pk, by, now), by, now)


@transaction.atomic
def put_back(pk: int, *, by: User, now: datetime) -> Lapse:
    """Somebody else may take it."""
    row = _workable(pk, by, now)
    row.claimed_by = row.claimed_at = None
    row.save(update_fields=["claimed_by", "claimed_at"])
    return row


@transaction.atomic
def record(
    pk: int, *, outcome: str, note: str, by: User, now: datetime, again_on: datetime | None = None, stamps: int = 0
) -> Contact:
    """What came of a call. Nobody answered: it comes again, tomorrow or when said, three times at most. Stamps are
    given within the caller's authority, above it they wait for a colleague. Raises as `take`."""
    row = _workable(pk, by, now)
    if outcome == Contact.Outcome.OFFERED and not stamps:
        raise DomainError(_("Say how many stamps."), code="stamps", field="stamps")
    if stamps and outcome != Contact.Outcome.OFFERED:
        raise DomainError(_("Stamps belong to “reached, given stamps”."), code="stamps", field="stamps")
    contact = Contact.objects.create(
        membership_id=row.membership_id, lapse=row, outcome=outcome, note=note, by=by, at=now
    )
    if stamps:
        words = note or _("Called because you stayed away")
        give_stamps(row.membership_id, count=stamps, note=words, by=by, now=now, key=f"lapse-{row.pk}")
    row.claimed_by = row.claimed_at = None
    if outcome == Contact.Outcome.NOT_REACHED and row.contacts.filter(outcome=outcome).count() < TRIES:
        morning = timezone.localtime(now).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
        row.next_at = again_on or morning
    else:
        row.state = Lapse.State.DONE
    row.save(update_fields=["claimed_by", "claimed_at", "next_at", "state"])
    return contact


def _workable(pk: int, by: User, now: datetime) -> Lapse:
    row = Lapse.objects.select_for_update(of=("self",)).select_related("claimed_by").get(pk=pk, arm=Lapse.Arm.CALLED)
    if row.state != Lapse.State.OPEN:
        raise WrongState(_("This call is done already."))
    if row.claimed_by and row.holder(now) not in (None, by.pk):
        raise DomainError(_("%s works on this one. Take another.") % row.claimed_by.short_name, code="taken")
    return row


def _claim(row: Lapse, by: User, now: datetime) -> Lapse:
    row.claimed_by, row.claimed_at = by, now
    row.save(update_fields=["claimed_by", "claimed_at"])
    return row
