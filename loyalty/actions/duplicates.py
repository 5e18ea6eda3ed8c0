"""People who may take part twice: noticed at night, merged or kept apart by a person."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from loyalty.actions.merges import merge
from loyalty.models import Duplicate
from staff.errors import DomainError
from staff.models import User

# Who enrolled of late, each compared with everybody by the index of the customer search (customers/search.sql); OFFSET
# keeps the planner from reading all customers instead. A telephone is a household's: it speaks only for two whose given
# names sound alike.
SAME_PERSON = """
WITH fresh AS MATERIALIZED (
  SELECT m.id, m.programme_id, c.id AS customer_id, c.email, c.phone, c.birthday, c.given_name, c.family_name,
    coalesce(nullif(c.given_name, ''), c.company) AS called
  FROM loyalty_membership m JOIN customers_customer c ON c.id = m.customer_id
  WHERE m.status = 'active' AND m.enrolled_at > %(since)s
), alike AS (
  SELECT f.id, f.programme_id, o.id AS other, o.sign FROM fresh f CROSS JOIN LATERAL (
    (SELECT c.id, 'email' AS sign FROM customers_customer c
     WHERE f.email <> '' AND c.search @@ customers_lexeme('@' || lower(f.email COLLATE "C"), false)::tsquery OFFSET 0)
    UNION ALL
    (SELECT c.id, 'phone' FROM customers_customer c
     WHERE f.phone <> '' AND c.search @@ customers_lexeme('+' || reverse(ltrim(f.phone, '+')), false)::tsquery
       AND customers_sound(customers_fold(split_part(coalesce(nullif(c.given_name, ''), c.company), ' ', 1)))
         = customers_sound(customers_fold(split_part(f.called, ' ', 1))) OFFSET 0)
    UNION ALL
    (SELECT c.id, 'name' FROM customers_customer c
     WHERE f.birthday IS NOT NULL AND f.given_name <> '' AND f.family_name <> ''
       AND c.search @@ customers_query(f.given_name || ' ' || f.family_name, 3) AND c.birthday = f.birthday OFFSET 0)
  ) o WHERE o.id <> f.customer_id
)
SELECT least(a.id, m.id), greatest(a.id, m.id), a.sign FROM alike a
JOIN loyalty_membership m ON m.customer_id = a.other AND m.programme_id = a.programme_id AND m.status = 'active'
"""
# A nameless card and another, shown at the same till one after the other, on four days or more of the last thirty.
TOGETHER = """
SELECT least(one, two), greatest(one, two), 'together' FROM (
  SELECT r.membership_id AS one, lead(r.membership_id) OVER till AS two, r.occurred_at AS at,
         lead(r.occurred_at) OVER till AS next, r.business_date AS day
  FROM loyalty_receipt r
  WHERE r.occurred_at > %(visited)s AND r.state = 'counted' AND r.kind = 'sale'
  WINDOW till AS (PARTITION BY r.store_id, r.cashier ORDER BY r.occurred_at, r.id)
) visits
JOIN loyalty_membership a ON a.id = one AND a.status = 'active'
JOIN loyalty_membership b ON b.id = two AND b.status = 'active' AND b.programme_id = a.programme_id
WHERE one <> two AND next - at < interval '2 minutes' AND (a.customer_id IS NULL OR b.customer_id IS NULL)
GROUP BY 1, 2 HAVING count(DISTINCT day) >= 4
"""
NOTICE = f"""
INSERT INTO loyalty_duplicate AS known (first_id, second_id, signs, found_at, verdict, note)
SELECT first, second, array_agg(DISTINCT sign ORDER BY sign), %(now)s, 'open', ''
FROM ({SAME_PERSON} UNION ALL {TOGETHER}) AS found(first, second, sign) GROUP BY first, second
ON CONFLICT (first_id, second_id) DO UPDATE SET signs = excluded.signs
WHERE known.verdict = 'open' AND known.signs <> excluded.signs
"""  # noqa: S608 no value is put in


def notice_duplicates(*, now: datetime, days: int = 3) -> int:
    """Look at who enrolled in the last days, and at the cards used of late; how many pairs are new or told anew. What
    a person has judged stays judged. One statement; each who enrolled is compared by index, in about 20 ms among a
    million customers."""
    since = {"since": now - timedelta(days=days), "visited": now - timedelta(days=30), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(NOTICE, since)
        return int(cursor.rowcount)


@transaction.atomic
def judge_duplicate(pk: int, *, same: bool, note: str, by: User, now: datetime) -> Duplicate:
    """One person: the second membership goes into the first. Two people: the pair is not shown again.

    Raises DomainError("already_decided"), and whatever refuses the merge.
    """
    pair = Duplicate.objects.select_for_update(of=("self",)).get(pk=pk)
    if pair.verdict != Duplicate.Verdict.OPEN:
        raise DomainError(_("A colleague has judged these two meanwhile."), code="already_decided")
    if same:
        merge(pair.second_id, into_id=pair.first_id, by=by, now=now)
    pair.verdict = Duplicate.Verdict.MERGED if same else Duplicate.Verdict.DISMISSED
    pair.note, pair.by, pair.at = note, by, now
    pair.save(update_fields=["verdict", "note", "by", "at"])
    return pair
