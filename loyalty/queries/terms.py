"""Which terms are in force."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q, QuerySet

from loyalty.models import ProgrammeVersion
from staff.statements import kept


def version_at(programme_id: int, at: datetime) -> ProgrammeVersion | None:
    """The terms in force at a moment; one query by index."""
    rows = _at(programme_id, at)
    return rows[0] if rows else None


@kept
def _at(programme_id: int, at: datetime) -> QuerySet[ProgrammeVersion]:
    return ProgrammeVersion.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at),
        programme_id=programme_id,
        state=ProgrammeVersion.State.PUBLISHED,
        valid_from__lte=at,
    ).order_by("-valid_from")[:1]


def versions_at(programmes: set[int] | None, at: datetime) -> dict[int, ProgrammeVersion]:
    """The terms in force at a moment, by programme (None: of all); one query."""
    rows = ProgrammeVersion.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at),
        state=ProgrammeVersion.State.PUBLISHED,
        valid_from__lte=at,
    )
    if programmes is not None:
        rows = rows.filter(programme__in=programmes)
    return {row.programme_id: row for row in rows}


PROGRESS = """
SELECT coalesce(m.merged_into_id, m.id),
       sum(CASE WHEN r.kind = 'sale' THEN r.stamps ELSE -r.stamps END),
       count(*) FILTER (WHERE r.kind = 'sale' AND r.stamps > 0)
FROM loyalty_receipt r JOIN loyalty_membership m ON m.id = r.membership_id
WHERE r.membership_id IN (
        SELECT id FROM loyalty_membership WHERE id = ANY(%(members)s)
        UNION SELECT id FROM loyalty_membership WHERE merged_into_id = ANY(%(members)s))
  AND r.state = 'counted' AND r.occurred_at > %(since)s AND r.occurred_at <= %(now)s
GROUP BY 1
"""


def tier_progress(members: Sequence[int], version: ProgrammeVersion, now: datetime) -> dict[int, int]:
    """What counts towards a tier, by member: what receipts earned less what returns took back, or the visits that
    earned, in the trailing days; merged cards count for the one they were merged into. One query by index."""
    since = now - timedelta(days=version.tier_days)
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, {"members": list(members), "since": since, "now": now})
        by_visits = version.tier_by == ProgrammeVersion.TierBy.VISITS
        return {pk: visits if by_visits else earned for pk, earned, visits in cursor.fetchall()}
