"""The loyalty report: each figure by the definition that stands beside it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from loyalty.models import Membership, Reward
from staff import formats
from staff.charts import Chart, bars, curves

HORIZON = 180  # days a completion curve runs
MATURE = 60  # days after which an issue cohort's redemption is told

CYCLES = """
WITH steps AS (
  SELECT membership_id, seq, kind, occurred_at, balance, lag(kind) OVER w AS before, lag(balance) OVER w AS was
  FROM loyalty_ledgerentry WINDOW w AS (PARTITION BY membership_id ORDER BY seq)
), starts AS (
  SELECT membership_id, seq, occurred_at FROM steps WHERE kind = 'earn' AND coalesce(was, 0) <= 0 AND balance > 0
)
SELECT extract(day FROM coalesce(e.occurred_at, %(now)s) - s.occurred_at)::int, e.occurred_at IS NOT NULL
FROM starts s LEFT JOIN LATERAL (
  SELECT occurred_at FROM loyalty_ledgerentry x
  WHERE x.membership_id = s.membership_id AND x.seq > s.seq AND x.kind = 'convert' ORDER BY x.seq LIMIT 1
) e ON true
"""
ACTIVE = """
SELECT count(*) FROM loyalty_membership m WHERE m.status = 'active' AND (
  EXISTS (SELECT 1 FROM loyalty_receipt r WHERE r.membership_id = m.id AND r.kind = 'sale' AND r.state = 'counted'
          AND r.stamps > 0 AND r.occurred_at > %(since)s)
  OR EXISTS (SELECT 1 FROM loyalty_reward w WHERE w.membership_id = m.id AND w.redeemed_at > %(since)s))
"""
COHORTS = """
SELECT date_trunc('month', issued_at)::date, count(*), count(*) FILTER (WHERE state = 'redeemed')
FROM loyalty_reward WHERE state <> 'revoked' AND issued_at < %(mature)s AND issued_at > %(since)s
GROUP BY 1 ORDER BY 1
"""
SUMS = """
SELECT coalesce(sum(stamps) FILTER (WHERE kind = 'earn'), 0) + coalesce(sum(stamps) FILTER (WHERE kind = 'reverse'), 0),
       coalesce(-sum(stamps) FILTER (WHERE kind = 'expire'), 0) FROM loyalty_ledgerentry
"""
OPEN = """
SELECT coalesce(sum(greatest(m.balance, 0)::numeric / m.cycle_needed), 0) FROM loyalty_membership m
WHERE m.cycle_needed IS NOT NULL AND m.status IN ('active', 'blocked')
"""


def kaplan_meier(cycles: list[tuple[int, bool]]) -> list[tuple[int, float]]:
    """Share of begun cards completed by each day, with cards still open censored at their age (Kaplan, Meier 1958)."""
    at_risk, share = len(cycles), 1.0
    points: list[tuple[int, float]] = [(0, 0.0)]
    by_day: dict[int, list[int]] = {}
    for days, done in cycles:
        by_day.setdefault(max(days, 0), [0, 0])[0 if done else 1] += 1
    for day in sorted(by_day):
        full, censored = by_day[day]
        if full:
            share *= 1 - full / at_risk
            points.append((day, 1 - share))
        at_risk -= full + censored
    return points


def median_day(points: list[tuple[int, float]]) -> int | None:
    """The first day by which half the cards were completed."""
    return next((day for day, share in points if share >= 0.5), None)


def report(now: datetime) -> dict[str, Any]:
    """Tiles and charts; eight queries over the whole ledger."""
    since = now - timedelta(days=90)
    opened = Membership.objects.filter(status="active").count()
    with connection.cursor() as cursor:
        cursor.execute(ACTIVE, {"since": since})
        ((active,),) = cursor.fetchall()
        cursor.execute(CYCLES, {"now": now})
        cycles = cursor.fetchall()
        cursor.execute(COHORTS, {"mature": now - timedelta(days=MATURE), "since": now - timedelta(days=730)})
        cohorts = cursor.fetchall()
        cursor.execute(SUMS)
        ((net, expired),) = cursor.fetchall()
        cursor.execute(OPEN)
        ((started,),) = cursor.fetchall()
    issued = sum(count for _month, count, _used in cohorts)
    used = sum(count for _month, _all, count in cohorts)
    lost = Reward.objects.filter(state=Reward.State.EXPIRED)
    lost_stamps = sum(lost.values_list("stamps", flat=True))
    open_rewards = list(Reward.objects.filter(state=Reward.State.ISSUED).values_list("cost", flat=True))
    cost = sum(open_rewards, Decimal(0)) / len(open_rewards) if open_rewards else _usual_cost()
    curve = [(day, share) for day, share in kaplan_meier(cycles) if day <= HORIZON]
    p_complete = Decimal(str(round(curve[-1][1], 4))) if curve else Decimal(0)
    p_redeem = Decimal(used) / issued if issued else Decimal(1)
    liability = (Decimal(started) * p_complete + len(open_rewards)) * p_redeem * cost
    median = median_day(curve)
    return {
        "tiles": [
            (_("Open members"), formats.number(opened), _("Memberships that are neither closed, merged nor blocked.")),
            (
                _("Active in 90 days"),
                formats.percent(active / opened) if opened else "–",
                _("Members with a stamp earned or a reward redeemed, of open members."),
            ),
            (
                _("Time to a full card"),
                formats.span(median * 86400) if median else "–",
                _("Kaplan–Meier median over all cards begun; open ones count as not yet full."),
            ),
            (
                _("Redemption"),
                formats.percent(used / issued) if issued else "–",
                _("Redeemed of issued rewards, of months at least %(days)s days past.") % {"days": MATURE},
            ),
            (
                _("Breakage"),
                formats.percent(float(expired + lost_stamps) / net) if net > 0 else "–",
                _("Stamps expired and stamps in expired rewards, of stamps earned less returned."),
            ),
            (
                _("Liability"),
                formats.money(liability.quantize(Decimal("0.01"))),
                _("(Cards begun × chance of filling + open rewards) × chance of redeeming × cost of goods."),
            ),
        ],
        "charts": _charts(curve, cohorts),
    }


def _usual_cost() -> Decimal:
    last = Reward.objects.order_by("-pk").values_list("cost", flat=True).first()
    return last or Decimal(0)


def _charts(curve: list[tuple[int, float]], cohorts: list[Any]) -> list[Chart]:
    return [
        curves(_("Cards filled, by days since the first stamp"), {_("Cards filled"): curve}, head=_("Days")),
        bars(
            _("Rewards redeemed, by month of issue"),
            [(f"{month:%Y-%m}", used / count if count else 0) for month, count, used in cohorts],
            head=[_("Month"), _("Redeemed")],
            write=formats.percent,
        ),
    ]
