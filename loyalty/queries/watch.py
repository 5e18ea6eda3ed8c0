"""Signs of misuse."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from loyalty.models import SignalReview
from loyalty.queries.members import name_of
from staff import formats


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign of misuse, with its evidence as a sentence. It blocks nothing."""

    kind: str
    membership: int
    name: str
    text: str


SIGNALS = """
SELECT 'many_an_hour' AS kind, e.membership_id AS id, max(e.n)::text AS a, '' AS b FROM (
  SELECT membership_id, sum(stamps) AS n FROM loyalty_ledgerentry
  WHERE kind = 'earn' AND occurred_at > %(since)s GROUP BY membership_id, date_trunc('hour', occurred_at)
) e JOIN loyalty_membership m ON m.id = e.membership_id
JOIN loyalty_programme p ON p.id = m.programme_id AND p.unit = 'stamp'
WHERE e.n > 12 GROUP BY e.membership_id
UNION ALL
SELECT 'one_cashier', r.membership_id, max(r.n)::text, max(r.who) FROM (
  SELECT x.membership_id, x.who, count(*) AS n, sum(count(*)) OVER (PARTITION BY x.membership_id) AS total,
         max(s.share) AS usual
  FROM (SELECT membership_id, store_id, coalesce(nullif(cashier, ''), u.username, '') AS who
        FROM loyalty_receipt LEFT JOIN staff_user u ON u.id = by_id
        WHERE state = 'counted' AND kind = 'sale' AND stamps > 0 AND occurred_at > %(since)s) x
  JOIN (SELECT store_id, coalesce(nullif(cashier, ''), u.username, '') AS who,
               count(*) / sum(count(*)) OVER (PARTITION BY store_id) AS share
        FROM loyalty_receipt LEFT JOIN staff_user u ON u.id = by_id
        WHERE state = 'counted' AND kind = 'sale' AND occurred_at > %(since)s
        GROUP BY store_id, coalesce(nullif(cashier, ''), u.username, '')) s ON s.store_id = x.store_id AND s.who = x.who
  WHERE x.who <> '' GROUP BY x.membership_id, x.who
) r WHERE r.n >= 10 AND r.n > 0.8 * r.total AND r.usual < 0.5 GROUP BY r.membership_id
UNION ALL
SELECT 'no_receipt', n.membership_id, sum(n.n)::text, '' FROM (
  SELECT membership_id, count(*) AS n FROM loyalty_receipt
  WHERE state = 'counted' AND source = 'desk' AND occurred_at > %(since)s GROUP BY membership_id
  UNION ALL
  SELECT membership_id, count(*) FROM loyalty_ledgerentry
  WHERE kind = 'adjust' AND reason = 'goodwill' AND occurred_at > %(since)s GROUP BY membership_id
) n GROUP BY n.membership_id HAVING sum(n.n) >= 20
UNION ALL
SELECT 'at_once', w.membership_id, count(*)::text, '' FROM loyalty_reward w
WHERE w.state = 'redeemed' AND w.redeemed_at > %(since)s AND w.redeemed_at < w.issued_at + interval '3 minutes'
GROUP BY w.membership_id HAVING count(*) >= 3
UNION ALL
SELECT 'own_card', e.membership_id, count(*)::text, max(u.username) FROM loyalty_ledgerentry e
JOIN staff_user u ON u.id = e.by_id JOIN loyalty_membership m ON m.id = e.membership_id
JOIN customers_customer c ON c.id = m.customer_id AND c.email <> '' AND lower(c.email) = lower(u.email)
WHERE e.kind IN ('earn', 'adjust') AND e.occurred_at > %(since)s GROUP BY e.membership_id
"""
FILTERED = f"""
SELECT s.kind, s.id, s.a, s.b, coalesce(nullif(trim(c.given_name || ' ' || c.family_name), ''), c.company, '')
FROM ({SIGNALS}) s JOIN loyalty_membership m ON m.id = s.id LEFT JOIN customers_customer c ON c.id = m.customer_id
WHERE m.status = 'active' AND NOT EXISTS (
  SELECT 1 FROM loyalty_signalreview v WHERE v.membership_id = s.id AND v.signal = s.kind AND v.at > %(since)s)
ORDER BY s.kind, s.id LIMIT 200
"""  # noqa: S608 no value is put in


def signals(now: datetime) -> list[Signal]:
    """Signs of the last thirty days that nobody has looked at. One query."""
    with connection.cursor() as cursor:
        cursor.execute(FILTERED, {"since": now - timedelta(days=30)})
        rows = cursor.fetchall()
    says = {
        "many_an_hour": _("%(a)s stamps within one hour."),
        "one_cashier": _("%(a)s stampings, nearly all by %(b)s, who serves less than half of the store's customers."),
        "no_receipt": _("%(a)s times stamped by hand, without a till receipt."),
        "at_once": _("%(a)s rewards redeemed within three minutes of being earned."),
        "own_card": _("%(a)s entries by a colleague with the member's own address (%(b)s)."),
    }
    return [
        Signal(kind, pk, name or _("Nameless card"), says[kind] % {"a": a, "b": b}) for kind, pk, a, b, name in rows
    ]


def looked_at(limit: int = 50) -> list[dict[str, Any]]:
    """The last signs that somebody judged, and how; one query."""
    rows = SignalReview.objects.select_related("membership__customer", "by").order_by("-pk")[:limit]
    return [
        {
            "member": row.membership_id,
            "name": name_of(row.membership),
            "text": row.evidence.get("text", row.signal),
            "verdict": row.get_verdict_display(),
            "tone": "red" if row.verdict == SignalReview.Verdict.BLOCKED else "",
            "note": row.note,
            "by": row.by.short_name,
            "at": formats.moment(row.at),
        }
        for row in rows
    ]
