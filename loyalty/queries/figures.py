"""The loyalty report: each figure by the definition that stands beside it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.models import ProgrammeVersion, Reward
from staff import formats
from staff.charts import Chart, bars, curves

HORIZON = 180  # days a completion curve runs
MATURE = 60  # days after which an issue cohort's redemption is told

WITHIN = 90  # days in which a card counts as completed in time

# A card begins with a stamp on an empty one, bought or given, or with what a full one left over.
CYCLES = """
WITH steps AS (
  SELECT e.membership_id, e.seq, e.kind, e.occurred_at, e.balance, lag(e.balance) OVER w AS was
  FROM loyalty_ledgerentry e JOIN loyalty_membership m ON m.id = e.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
  JOIN loyalty_programme p ON p.id = m.programme_id AND p.unit = 'stamp'
  WINDOW w AS (PARTITION BY e.membership_id ORDER BY e.seq)
), starts AS (
  SELECT membership_id, seq, occurred_at FROM steps
  WHERE balance > 0 AND (kind = 'convert' OR (kind IN ('earn', 'adjust') AND coalesce(was, 0) <= 0))
    AND occurred_at >= %(since)s AND occurred_at < %(until)s
)
SELECT extract(day FROM coalesce(e.occurred_at, %(now)s) - s.occurred_at)::int, e.occurred_at IS NOT NULL,
       extract(day FROM %(now)s - s.occurred_at)::int
FROM starts s LEFT JOIN LATERAL (
  SELECT occurred_at FROM loyalty_ledgerentry x
  WHERE x.membership_id = s.membership_id AND x.seq > s.seq AND x.kind = 'convert' ORDER BY x.seq LIMIT 1
) e ON true
"""
# What a merged card did counts for the one it was merged into; stamps that a return took back were not earned.
MEMBERS = """
WITH did AS (
  SELECT r.membership_id FROM loyalty_receipt r
  WHERE r.kind = 'sale' AND r.state = 'counted' AND r.occurred_at > %(recent)s AND r.stamps > (
    SELECT coalesce(sum(b.stamps), 0) FROM loyalty_receipt b WHERE b.original_id = r.id AND b.state = 'counted')
  UNION SELECT w.membership_id FROM loyalty_reward w WHERE w.redeemed_at > %(recent)s
), active AS (
  SELECT DISTINCT coalesce(o.merged_into_id, o.id) AS id FROM did JOIN loyalty_membership o ON o.id = did.membership_id
)
SELECT count(*) FILTER (WHERE m.status = 'active'),
  count(*) FILTER (WHERE m.status = 'active' AND m.id IN (SELECT id FROM active)),
  coalesce(sum(greatest(m.balance, 0)::numeric / m.cycle_needed)
           FILTER (WHERE m.cycle_needed IS NOT NULL AND m.status IN ('active', 'blocked')), 0)
FROM loyalty_membership m WHERE (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
"""
JOINED = """
SELECT date_trunc('month', m.enrolled_at)::date, count(*) FROM loyalty_membership m
WHERE (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
  AND m.enrolled_at >= %(since)s AND m.enrolled_at < %(until)s GROUP BY 1 ORDER BY 1
"""
CAME = """
SELECT date_trunc('month', r.occurred_at)::date, count(DISTINCT r.membership_id)
FROM loyalty_receipt r JOIN loyalty_membership m ON m.id = r.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
WHERE r.kind = 'sale' AND r.state = 'counted' AND r.occurred_at >= %(since)s AND r.occurred_at < %(until)s
GROUP BY 1 ORDER BY 1
"""
COHORTS = """
SELECT date_trunc('month', w.issued_at)::date, count(*), count(*) FILTER (WHERE w.state = 'redeemed'),
       count(*) FILTER (WHERE w.state = 'expired'),
       date_trunc('month', w.issued_at) + interval '1 month' <= %(mature)s
FROM loyalty_reward w JOIN loyalty_membership m ON m.id = w.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
WHERE w.state <> 'revoked' AND w.issued_at >= %(since)s AND w.issued_at < %(until)s
GROUP BY 1, 5 ORDER BY 1, 5
"""
# A month's stamps are closed when the last of them, and the last reward made of them, can live no more.
CLOSED = """
WITH closed AS (
  SELECT v.id, v.stamp_days,
         date_trunc('month', %(now)s - make_interval(days => v.stamp_days + v.reward_days)) AS past
  FROM loyalty_programmeversion v WHERE v.stamp_days IS NOT NULL AND v.reward_days IS NOT NULL
)
SELECT coalesce(sum(e.stamps) FILTER (WHERE e.kind IN ('earn', 'reverse') AND e.occurred_at < c.past), 0),
  coalesce(-sum(e.stamps) FILTER (WHERE e.kind = 'expire'
           AND e.occurred_at - make_interval(days => c.stamp_days) < c.past), 0),
  coalesce(sum(w.stamps) FILTER (WHERE e.occurred_at < c.past), 0)
FROM loyalty_ledgerentry e JOIN closed c ON c.id = e.version_id
JOIN loyalty_membership m ON m.id = e.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
LEFT JOIN loyalty_reward w ON w.convert_id = e.id AND w.state = 'expired'
"""
OWED = """
SELECT count(*), coalesce(avg(w.cost), 0) FROM loyalty_reward w
JOIN loyalty_membership m ON m.id = w.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
JOIN loyalty_programme p ON p.id = m.programme_id AND p.unit = 'stamp' WHERE w.state = 'issued'
"""
YEAR = """
SELECT (SELECT coalesce(sum(CASE r.kind WHEN 'sale' THEN r.total ELSE -r.total END), 0)
        FROM loyalty_receipt r JOIN loyalty_membership m ON m.id = r.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
        WHERE r.state = 'counted' AND r.occurred_at > %(year)s),
       (SELECT count(*) FROM loyalty_reward w JOIN loyalty_membership m ON m.id = w.membership_id
  AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
        WHERE w.state <> 'revoked' AND w.issued_at > %(year)s)
"""


Tile = tuple[str, str, str]  # what, how much, by which definition


@dataclass(frozen=True, slots=True)
class Scope:
    """Which programme (None: all), and from which day to which (exclusive) what begins is counted."""

    since: date
    until: date
    programme: int | None = None


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


def report(scope: Scope, now: datetime, *, cards: bool = True) -> dict[str, Any]:
    """Tiles, charts and the rows behind them, without those of cards to be filled where there are none (points have a
    report of their own). Nine queries over the whole ledger."""
    asked: dict[str, Any] = {
        "programme": scope.programme,
        "since": midnight(scope.since),
        "until": midnight(scope.until),
        "now": now,
        "recent": now - timedelta(days=90),
        "mature": now - timedelta(days=MATURE),
        "year": now - timedelta(days=365),
    }
    with connection.cursor() as cursor:

        def rows(sql: str) -> list[Any]:
            cursor.execute(sql, asked)
            return list(cursor.fetchall())

        ((opened, active, started),) = rows(MEMBERS)
        cycles, joined, came, cohorts = rows(CYCLES), rows(JOINED), rows(CAME), rows(COHORTS)
        ((net, gone, gone_rewards),), ((waiting, mean_cost),), ((sales, issued_year),) = (
            rows(CLOSED),
            rows(OWED),
            rows(YEAR),
        )
    matured = [row for row in cohorts if row[4]]
    issued, used = sum(row[1] for row in matured), sum(row[2] for row in matured)
    curve = [(day, share) for day, share in kaplan_meier([row[:2] for row in cycles]) if day <= HORIZON]
    cost = mean_cost if waiting else _usual_cost()
    p_complete = Decimal(str(round(curve[-1][1], 4))) if curve else Decimal(0)
    p_redeem = Decimal(used) / issued if issued else Decimal(1)
    owed = (Decimal(started) * p_complete + waiting) * p_redeem
    price = cost / (1 - _margin(scope.programme))
    kept = Decimal(sales) / (sales + issued_year * p_redeem * price) if sales > 0 else Decimal(1)
    old = [row for row in cycles if row[2] >= WITHIN]
    full = sum(1 for days, done, _age in old if done and days <= WITHIN)
    median = median_day(curve)
    tiles: list[Tile] = [
        (_("Open members"), formats.number(opened), _("Memberships that are neither closed, merged nor blocked.")),
        (
            _("Active in 90 days"),
            formats.percent(active / opened) if opened else "–",
            _("Members with a stamp earned and not taken back, or a reward redeemed, of open members."),
        ),
        (
            _("Redemption"),
            formats.percent(used / issued) if issued else "–",
            _("Redeemed of issued rewards, of months at least %(days)s days past.") % {"days": MATURE},
        ),
    ]
    charts = [
        _by_month(_("New members, by month"), joined, _("Members")),
        _by_month(_("Members who came, by month"), came, _("Members")),
        bars(
            _("Rewards redeemed, by month of issue"),
            [(_month(row), row[2] / row[1] if row[1] else 0) for row in cohorts],
            head=[_("Month"), _("Redeemed")],
            write=formats.percent,
        ),
    ]
    if cards:
        tiles += [
            (
                _("Full within %(days)s days") % {"days": WITHIN},
                formats.percent(full / len(old)) if old else "–",
                _("Cards filled within so many days, of cards begun at least as long ago. n = %(count)s.")
                % {"count": len(old)},
            ),
            (
                _("Time to a full card"),
                formats.span(median * 86400) if median else "–",
                _("Kaplan–Meier median over all cards begun; open ones count as not yet full."),
            ),
            (
                _("Breakage of stamps"),
                formats.percent(float(gone + gone_rewards) / float(net)) if net > 0 else "–",
                _(
                    "Stamps expired and stamps in expired rewards, of stamps earned less returned, over months whose"
                    " stamps and rewards can live no more. Without lifetimes no month ever closes."
                ),
            ),
            (
                _("Liability of stamps"),
                formats.money(cents(owed * cost)),
                _("(Cards begun × chance of filling + open rewards) × chance of redeeming × cost of goods."),
            ),
            (
                _("Deferred revenue"),
                formats.money(cents(owed * price * kept)),
                _(
                    "IFRS 15: the same promises at their selling price (cost of goods ÷ (1 − margin)), times the share"
                    " of a year's price that falls on what was sold rather than on what was promised with it."
                ),
            ),
        ]
        filled = {_("Cards filled"): curve}
        charts.insert(2, curves(_("Cards filled, by days since the first stamp"), filled, head=_("Days")))
    return {"tiles": tiles, "charts": charts, "cohorts": cohorts}


def _month(row: Any) -> str:
    month = formats.month(row[0])
    return month if row[4] else _("%s, still open") % month


def _by_month(title: str, found: list[Any], what: str) -> Chart:
    return bars(title, [(formats.month(month), count) for month, count in found], head=[_("Month"), what])


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def _usual_cost() -> Decimal:
    last = Reward.objects.order_by("-pk").values_list("cost", flat=True).first()
    return last or Decimal(0)


def _margin(programme: int | None) -> Decimal:
    """Of the terms published last; at most 99 %."""
    rows = ProgrammeVersion.objects.filter(state=ProgrammeVersion.State.PUBLISHED)
    if programme:
        rows = rows.filter(programme=programme)
    margin = rows.order_by("-valid_from").values_list("margin", flat=True).first()
    return min(margin or Decimal(0), Decimal("0.99"))
