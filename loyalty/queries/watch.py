"""Signs of misuse."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _


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
  WHERE kind = 'earn' AND recorded_at > %(since)s GROUP BY membership_id, date_trunc('hour', occurred_at)
) e WHERE e.n > 12 GROUP BY e.membership_id
UNION ALL
SELECT 'one_cashier', r.membership_id, max(r.n)::text, max(r.cashier) FROM (
  SELECT membership_id, coalesce(nullif(cashier, ''), by_id::text) AS cashier, count(*) AS n,
         sum(count(*)) OVER (PARTITION BY membership_id) AS total
  FROM loyalty_receipt WHERE state = 'counted' AND source = 'desk' AND recorded_at > %(since)s
  GROUP BY membership_id, coalesce(nullif(cashier, ''), by_id::text)
) r WHERE r.n >= 10 AND r.n > 0.8 * r.total GROUP BY r.membership_id
UNION ALL
SELECT 'no_receipt', membership_id, count(*)::text, '' FROM loyalty_receipt
WHERE state = 'counted' AND source = 'desk' AND recorded_at > %(since)s
GROUP BY membership_id HAVING count(*) >= 20
UNION ALL
SELECT 'at_once', w.membership_id, count(*)::text, '' FROM loyalty_reward w
WHERE w.state = 'redeemed' AND w.redeemed_at > %(since)s AND w.redeemed_at < w.issued_at + interval '3 minutes'
GROUP BY w.membership_id HAVING count(*) >= 3
UNION ALL
SELECT 'own_card', e.membership_id, count(*)::text, max(u.username) FROM loyalty_ledgerentry e
JOIN staff_user u ON u.id = e.by_id JOIN loyalty_membership m ON m.id = e.membership_id
JOIN customers_customer c ON c.id = m.customer_id AND c.email <> '' AND lower(c.email) = lower(u.email)
WHERE e.recorded_at > %(since)s GROUP BY e.membership_id
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
        "one_cashier": _("%(a)s stampings at the desk, most by one person (%(b)s)."),
        "no_receipt": _("%(a)s stampings without a till receipt."),
        "at_once": _("%(a)s rewards redeemed within three minutes of being earned."),
        "own_card": _("%(a)s entries by a colleague with the member's own address (%(b)s)."),
    }
    return [
        Signal(kind, pk, name or _("Nameless card"), says[kind] % {"a": a, "b": b}) for kind, pk, a, b, name in rows
    ]
