"""Lists that people work through: members about to lapse, and signs of misuse."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from staff import formats

LAPSING = """
WITH visits AS (
  SELECT membership_id, occurred_at,
         extract(epoch FROM occurred_at - lag(occurred_at) OVER w) AS gap
  FROM loyalty_receipt
  WHERE kind = 'sale' AND state = 'counted' AND occurred_at > %(now)s - interval '2 years'
  WINDOW w AS (PARTITION BY membership_id ORDER BY occurred_at)
), own AS (
  SELECT membership_id, count(*) AS visits, max(occurred_at) AS last,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) FILTER (WHERE gap > 0) AS gap
  FROM visits GROUP BY membership_id HAVING count(*) >= 4
)
SELECT m.id, coalesce(nullif(trim(c.given_name || ' ' || c.family_name), ''), c.company), m.balance,
       o.visits, o.last, o.gap, extract(epoch FROM %(now)s - o.last) / o.gap AS ratio, c.id
FROM own o
JOIN loyalty_membership m ON m.id = o.membership_id AND m.status = 'active'
JOIN customers_customer c ON c.id = m.customer_id AND c.may_be_contacted AND NOT c.is_bereaved
WHERE o.gap > 0 AND extract(epoch FROM %(now)s - o.last) / o.gap BETWEEN 2 AND 12
  AND NOT EXISTS (SELECT 1 FROM loyalty_contact k WHERE k.membership_id = m.id AND k.at > o.last)
ORDER BY ratio, m.id LIMIT 100
"""


def lapsing(now: datetime) -> list[dict[str, Any]]:
    """Members whose last visit is 2 to 12 of their own median gaps ago, with at least four visits, who agreed to be
    contacted and were not since; the freshest first. One query, at most a hundred rows."""
    with connection.cursor() as cursor:
        cursor.execute(LAPSING, {"now": now})
        rows = cursor.fetchall()
    return [
        {
            "pk": pk,
            "name": name,
            "customer": customer,
            "stamps": balance,
            "visits": visits,
            "last": formats.day(last),
            "gap": formats.span(gap),
            "ratio": f"{ratio:.1f}",
        }
        for pk, name, balance, visits, last, gap, ratio, customer in rows
    ]


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
