"""Reads of the ledger."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from loyalty.models import LedgerEntry


def balance_at(membership_id: int, day: date, known_at: datetime) -> int:
    """The balance at the end of a local day as it was known at a moment: what happened by then and was recorded by
    then. The past, as known then, never changes. One query by index."""
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
    rows = LedgerEntry.objects.filter(membership=membership_id, occurred_at__lt=end, recorded_at__lte=known_at)
    return rows.aggregate(total=Sum("stamps"))["total"] or 0


CHECK = """
WITH sums AS (
  SELECT e.membership_id AS id, sum(e.stamps) AS total, max(e.seq) AS last, count(*) AS entries,
         (array_agg(e.balance ORDER BY e.seq DESC))[1] AS told
  FROM loyalty_ledgerentry e GROUP BY e.membership_id
)
SELECT m.id, m.balance, coalesce(s.total, 0), m.seq, coalesce(s.entries, 0)
FROM loyalty_membership m LEFT JOIN sums s ON s.id = m.id
WHERE m.balance <> coalesce(s.total, 0) OR m.seq <> coalesce(s.last, 0) OR m.seq <> coalesce(s.entries, 0)
   OR m.balance <> coalesce(s.told, 0)
   OR (m.status = 'active' AND m.cycle_needed IS NOT NULL AND m.balance >= m.cycle_needed)
"""


def faults(limit: int = 100) -> list[dict[str, Any]]:
    """Memberships whose cached figures differ from their ledger, or whose entries are not numbered without a gap.

    Empty on a sound ledger. One pass over the ledger: for the night.
    """
    with connection.cursor() as cursor:
        cursor.execute(CHECK + f" ORDER BY m.id LIMIT {int(limit)}")
        names = ("membership", "balance", "ledger", "seq", "entries")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
