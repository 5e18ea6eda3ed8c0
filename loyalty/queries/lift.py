"""What membership brings beyond what would have been: members against matched customers who are none."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from loyalty.queries.figures import Scope
from staff.rates import Difference, Rate, of_strata

STAY = 180  # days after which it is asked whether the contract still runs
LEAST = 100  # of either side, before anything is said

# Both sides are looked at on the first of the month after the members joined (nobody is counted as staying before he or
# she could leave) and must have a contract then. Non-members hold no card yet; who takes one later stays where he was.
# Matched exactly (coarsened: Iacus, King, Porro 2012) on month, plan, segment and time as a customer.
MATCHED = """
WITH joined AS (
  SELECT m.customer_id, (date_trunc('month', min(m.enrolled_at)) + interval '1 month')::date AS day
  FROM loyalty_membership m WHERE m.customer_id IS NOT NULL
  GROUP BY m.customer_id HAVING %(programme)s::bigint IS NULL OR bool_or(m.programme_id = %(programme)s)
), days AS (
  SELECT DISTINCT day FROM joined WHERE day >= %(since)s AND day < %(until)s AND day <= %(latest)s
), people AS (
  SELECT DISTINCT ON (d.day, s.customer_id) d.day, s.customer_id, s.plan_id, c.segment, j.day = d.day AS is_member,
    width_bucket((d.day - c.customer_since)::int, ARRAY[180, 365, 730, 1825]) AS tenure
  FROM days d
  JOIN customers_subscription s ON s.started_on <= d.day AND (s.ends_on IS NULL OR s.ends_on > d.day)
  JOIN customers_customer c ON c.id = s.customer_id
  LEFT JOIN joined j ON j.customer_id = c.id
  WHERE j.day IS NULL OR j.day >= d.day
  ORDER BY d.day, s.customer_id, s.id
)
SELECT count(*) FILTER (WHERE is_member), count(*) FILTER (WHERE is_member AND stays),
       count(*) FILTER (WHERE is_member IS NOT TRUE), count(*) FILTER (WHERE is_member IS NOT TRUE AND stays)
FROM (
  SELECT p.*, EXISTS (SELECT 1 FROM customers_subscription t WHERE t.customer_id = p.customer_id
    AND t.started_on <= p.day + %(stay)s AND (t.ends_on IS NULL OR t.ends_on > p.day + %(stay)s)) AS stays
  FROM people p
) q
GROUP BY day, plan_id, segment, tenure HAVING count(*) FILTER (WHERE is_member) > 0
"""


@dataclass(frozen=True, slots=True)
class Lift:
    """Shares that stayed, over the strata with both sides; `difference` is weighted by members, None under LEAST.
    `unmatched`: members for whom nobody alike was found."""

    members: Rate
    others: Rate
    difference: Difference
    strata: int
    unmatched: int


def lift(scope: Scope, today: date) -> Lift:
    """Of members who joined in the scope: how many more still had a contract after STAY days. One query."""
    asked: dict[str, Any] = {
        "programme": scope.programme,
        "since": scope.since,
        "until": scope.until,
        "latest": date.fromordinal(today.toordinal() - STAY),
        "stay": STAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(MATCHED, asked)
        rows = cursor.fetchall()
    pairs = [(Rate.of(stayed, count), Rate.of(other_stayed, others)) for count, stayed, others, other_stayed in rows]
    matched = [(one, other) for one, other in pairs if other.n]
    members = Rate.of(sum(one.k for one, _other in matched), sum(one.n for one, _other in matched))
    others = Rate.of(sum(other.k for _one, other in matched), sum(other.n for _one, other in matched))
    enough = min(members.n, others.n) >= LEAST
    return Lift(
        members,
        others,
        of_strata(matched) if enough else Difference(),
        len(matched),
        sum(one.n for one, other in pairs if not other.n),
    )
