"""What campaigns cost so far, by source and day."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncDate

from loyalty.contracts import spending
from loyalty.models import BonusWindow, Given, Message

Days = Sequence[tuple[int, date, Decimal]]  # campaign, local day, amount

# What a bonus gave beyond the plain terms stands in each receipt's trace; a stamp's worth is its share of the reward.
BONUS = """
SELECT split_part(s->>'rule', '-', 2)::bigint, r.business_date,
       sum((s->>'extra')::int * v.reward_cost / v.stamps_needed)
FROM loyalty_programmeversion v
JOIN loyalty_receipt r ON r.version_id = v.id AND r.trace @> '[{"say": "bonus"}]'::jsonb
CROSS JOIN LATERAL jsonb_array_elements(r.trace) s
WHERE v.programme_id = ANY(%(programmes)s) AND r.kind = 'sale' AND r.state = 'counted'
  AND r.business_date >= %(since)s AND s->>'say' = 'bonus' AND s->>'rule' = ANY(%(keys)s)
GROUP BY 1, 2 ORDER BY 1, 2
"""


def gifts(campaign_ids: Sequence[int]) -> Days:
    """One query."""
    return _days(Given.objects.filter(cost__gt=0), "gift__campaign", campaign_ids)


def mails(campaign_ids: Sequence[int]) -> Days:
    """One query."""
    return _days(Message.objects.filter(cost__gt=0), "mailing__campaign", campaign_ids)


def _days(rows: QuerySet[Any], campaign: str, campaign_ids: Sequence[int]) -> Days:
    named = rows.filter(**{f"{campaign}__in": campaign_ids}).annotate(campaign=F(campaign), day=TruncDate("at"))
    return list(named.values_list("campaign", "day").annotate(Sum("cost")).order_by("campaign", "day"))


def bonus_windows(campaign_ids: Sequence[int]) -> Days:
    """Stamps given by bonus windows beyond the plain terms, at cost of goods; two queries."""
    windows = list(BonusWindow.objects.select_related("campaign").filter(campaign__in=campaign_ids))
    if not windows:
        return []
    asked: dict[str, Any] = {
        "programmes": sorted({window.programme_id for window in windows}),
        "keys": [window.key for window in windows],
        "since": min(window.campaign.starts_on for window in windows),
    }
    with connection.cursor() as cursor:
        cursor.execute(BONUS, asked)
        return [(pk, day, Decimal(cost)) for pk, day, cost in cursor.fetchall()]


def by_source(campaign_ids: Sequence[int]) -> dict[str, Days]:
    """Every source's days, by its name in `contracts.spending`; one query each, two for bonus windows."""
    return {name: source(campaign_ids) for name, source in spending.items()}


def totals(campaign_ids: Sequence[int]) -> dict[int, Decimal]:
    """All that was spent so far, by campaign."""
    found = dict.fromkeys(campaign_ids, Decimal(0))
    for days in by_source(campaign_ids).values():
        for pk, _day, cost in days:
            found[pk] += cost
    return found
