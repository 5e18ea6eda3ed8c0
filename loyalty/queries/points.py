"""Points and tiers in the report: what is owed in points, what becomes of them, and who stands in which tier."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.models import Programme, ProgrammeVersion
from loyalty.queries.figures import Scope, Tile, cents, midnight
from loyalty.queries.terms import versions_at
from staff import formats
from staff.charts import Chart, bars, curves

LEAST = 30  # rewards, before what they cost and whether they are fetched is reckoned from them
SETTLED = 60  # days after which a reward chosen is fetched or never will be

# Balances at the end of each day asked for: an entry counts from the first day that ends after it.
STANDING = """
WITH steps AS (
  SELECT e.membership_id, width_bucket(e.occurred_at, %(ends)s::timestamptz[]) AS slot, sum(e.stamps) AS stamps
  FROM loyalty_ledgerentry e JOIN loyalty_membership m ON m.id = e.membership_id
  WHERE m.programme_id = ANY(%(programmes)s) AND e.occurred_at < %(until)s GROUP BY 1, 2
), running AS (
  SELECT slot, sum(stamps) OVER w AS balance, lead(slot) OVER w AS next FROM steps
  WINDOW w AS (PARTITION BY membership_id ORDER BY slot)
)
SELECT k, coalesce(sum(balance) FILTER (WHERE balance > 0), 0), coalesce(-sum(balance) FILTER (WHERE balance < 0), 0)
FROM generate_series(1, cardinality(%(ends)s::timestamptz[])) k
LEFT JOIN running ON k > slot AND (next IS NULL OR k <= next) GROUP BY k ORDER BY k
"""
FLOWS = """
SELECT date_trunc('month', e.occurred_at, %(zone)s) AT TIME ZONE %(zone)s,
  coalesce(sum(e.stamps) FILTER (WHERE e.kind IN ('earn', 'reverse')), 0),
  coalesce(sum(e.stamps) FILTER (WHERE e.kind = 'adjust'), 0),
  coalesce(-sum(e.stamps) FILTER (WHERE e.kind IN ('convert', 'unconvert')), 0),
  coalesce(-sum(e.stamps) FILTER (WHERE e.kind = 'expire'), 0)
FROM loyalty_ledgerentry e JOIN loyalty_membership m ON m.id = e.membership_id
WHERE m.programme_id = ANY(%(programmes)s) AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
GROUP BY 1 ORDER BY 1
"""
# A month is closed when the last of its points can live no more; points go first in, first out.
CLOSED = """
SELECT coalesce(sum(e.stamps) FILTER (WHERE e.kind IN ('earn', 'reverse') AND e.occurred_at < c.past), 0),
  coalesce(-sum(e.stamps) FILTER (WHERE e.kind = 'expire'
           AND e.occurred_at - make_interval(days => c.stamp_days) < c.past), 0)
FROM (SELECT id, stamp_days,
        date_trunc('month', %(until)s - make_interval(days => stamp_days), %(zone)s) AS past
      FROM loyalty_programmeversion WHERE stamp_days IS NOT NULL AND programme_id = ANY(%(programmes)s)) c
JOIN loyalty_ledgerentry e ON e.version_id = c.id AND e.occurred_at < %(until)s
"""
# Rewards chosen for points, as they stood at the end of the day.
CHOSEN = """
SELECT count(*) FILTER (WHERE issued_at >= %(year)s AND last <> 'revoked'),
  coalesce(sum(cost) FILTER (WHERE issued_at >= %(year)s AND last <> 'revoked'), 0),
  coalesce(sum(stamps) FILTER (WHERE issued_at >= %(year)s AND last <> 'revoked'), 0),
  count(*) FILTER (WHERE last IN ('issued', 'unredeemed', 'extended')),
  coalesce(sum(cost) FILTER (WHERE last IN ('issued', 'unredeemed', 'extended')), 0),
  count(*) FILTER (WHERE issued_at < %(settled)s AND last <> 'revoked'),
  count(*) FILTER (WHERE issued_at < %(settled)s AND last = 'redeemed')
FROM (
  SELECT w.issued_at, w.cost, w.stamps, v.kind AS last FROM loyalty_reward w
  JOIN loyalty_membership m ON m.id = w.membership_id AND m.programme_id = ANY(%(programmes)s)
  JOIN LATERAL (SELECT kind FROM loyalty_rewardevent e WHERE e.reward_id = w.id AND e.at < %(until)s
                ORDER BY e.at DESC, e.id DESC LIMIT 1) v ON true
  WHERE w.issued_at < %(until)s AND w.convert_id IS NOT NULL
) chosen
"""
TIERS = """
SELECT m.programme_id, coalesce(t.after, ''), count(*)
FROM loyalty_membership m
LEFT JOIN LATERAL (SELECT after FROM loyalty_tierchange t WHERE t.membership_id = m.id AND t.at < %(until)s
                   ORDER BY t.at DESC, t.id DESC LIMIT 1) t ON true
WHERE m.programme_id = ANY(%(programmes)s) AND m.status IN ('active', 'blocked') AND m.enrolled_at < %(until)s
GROUP BY 1, 2
"""
MOVED = """
SELECT count(*) FILTER (WHERE t.rose), count(*) FILTER (WHERE NOT t.rose)
FROM loyalty_tierchange t JOIN loyalty_membership m ON m.id = t.membership_id
WHERE m.programme_id = ANY(%(programmes)s) AND t.at >= %(since)s AND t.at < %(until)s
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: its tiles, its pictures, and the rows of the file with their head."""

    title: str
    tiles: list[Tile]
    charts: list[Chart]
    head: list[str]
    rows: list[list[Any]]


def points(scope: Scope, now: datetime) -> Section | None:
    """Points as of the scope's last day and over its days; None without a points programme. Six queries."""
    found = Programme.objects.filter(unit=Programme.Unit.POINT)
    programmes = list((found.filter(pk=scope.programme) if scope.programme else found).values_list("pk", flat=True))
    if not programmes:
        return None
    until = min(midnight(scope.until), now)
    ends = _month_ends(scope, until)
    asked: dict[str, Any] = {
        "programmes": programmes,
        "zone": timezone.get_current_timezone_name(),
        "since": midnight(scope.since),
        "until": until,
        "ends": ends,
        "year": until - timedelta(days=365),
        "settled": until - timedelta(days=SETTLED),
    }
    standing, flows = _rows(STANDING, asked), _rows(FLOWS, asked)
    ((closed, gone),) = _rows(CLOSED, asked)
    ((chosen, cost, spent), (waiting, waiting_cost), (settled, fetched)) = _threes(_rows(CHOSEN, asked)[0])
    earned = sum(row[1] for row in flows)
    used = sum(row[3] for row in flows)
    outstanding, owed = standing[-1][1:]
    a_point = cost / spent if chosen >= LEAST and spent else _listed_cost(programmes, until)
    breakage = Decimal(gone) / closed if closed > 0 else None
    handed_over = Decimal(fetched) / settled if settled >= LEAST else Decimal(1)
    liability = outstanding * (1 - min(breakage or Decimal(0), Decimal(1))) * a_point + waiting_cost * handed_over
    day = formats.day(scope.until - timedelta(days=1))
    tiles: list[Tile] = [
        (
            _("Points outstanding"),
            formats.number(outstanding),
            _("Balances above zero at the end of %(day)s, by all that is known today; %(owed)s owed are not set off.")
            % {"day": day, "owed": formats.number(owed)},
        ),
        (
            _("Liability of points"),
            formats.money(cents(liability)),
            _(
                "At the end of %(day)s: points outstanding × (1 − breakage) × cost of goods of a point, and what the"
                " %(count)s rewards chosen but not handed over cost × the share that is handed over within %(settled)s"
                " days. Where breakage or that share is not known yet, everything is taken to be used."
            )
            % {"day": day, "count": formats.number(waiting), "settled": SETTLED},
        ),
        (
            _("Cost of 100 points"),
            formats.money(cents(100 * a_point)),
            _(
                "Cost of goods of the rewards chosen in the 365 days before, of the points given for them; with fewer"
                " than %(least)s of them the mean of the price list."
            )
            % {"least": LEAST},
        ),
        (
            _("Points redeemed"),
            formats.percent(used / earned) if earned > 0 else "–",
            _("Points spent on rewards less those turned back, of points earned less returned, in these days."),
        ),
        (
            _("Breakage of points"),
            formats.percent(float(breakage)) if breakage is not None else "–",
            _(
                "Points expired of points earned less returned, over months whose points can live no more at the end"
                " of %(day)s. Without a lifetime no month ever closes."
            )
            % {"day": day},
        ),
    ]
    marks = [(formats.day(end - timedelta(seconds=1)), row[1]) for end, row in zip(ends, standing, strict=True)]
    charts = [
        bars(_("Points outstanding, at the end of"), marks, head=[_("Day"), _("Points")]),
        curves(
            _("Points earned and spent, by month"),
            {
                _("earned"): [(n, float(row[1])) for n, row in enumerate(flows, 1)],
                _("spent"): [(n, float(row[3])) for n, row in enumerate(flows, 1)],
                _("expired"): [(n, float(row[4])) for n, row in enumerate(flows, 1)],
            },
            head=_("Month"),
            top=float(max([1, *(max(row[1], row[3], row[4]) for row in flows)])),
            says=lambda value: "–" if value is None else formats.number(round(value)),
            write=lambda n: formats.month(flows[int(n) - 1][0]) if flows else "",
        ),
    ]
    rows = [[f"{month:%Y-%m}", *rest] for month, *rest in flows]
    return Section(_("Points"), tiles, charts, ["month", "earned", "given", "spent", "expired"], rows)


def tiers(scope: Scope, now: datetime) -> Section | None:
    """Members by tier as of the scope's last day, and who moved in its days; None without tiers. Four queries."""
    until = min(midnight(scope.until), now)
    versions = versions_at({scope.programme} if scope.programme else None, until)
    terms = {pk: version.terms for pk, version in versions.items() if version.tiers}
    if not terms:
        return None
    names = dict(Programme.objects.filter(pk__in=terms).values_list("pk", "name"))
    asked = {"programmes": list(terms), "since": midnight(scope.since), "until": until}
    counts = {(programme, tier): count for programme, tier, count in _rows(TIERS, asked)}
    ((rose, fell),) = _rows(MOVED, asked)
    told: list[tuple[str, str, int]] = []
    for programme, own in sorted(terms.items(), key=lambda item: names[item[0]]):
        steps = ["", *(tier.name for tier in sorted(own.tiers, key=lambda tier: tier.start))]
        former = sorted(tier for pk, tier in counts if pk == programme and tier not in steps)
        told += [(names[programme], tier, counts.get((programme, tier), 0)) for tier in [*steps, *former]]
    whole, inside = sum(count for *_names, count in told), sum(count for _name, tier, count in told if tier)
    tiles: list[Tile] = [
        (
            _("Members in a tier"),
            formats.percent(inside / whole) if whole else "–",
            _("At the end of %(day)s, of open members of programmes with tiers.")
            % {"day": formats.day(scope.until - timedelta(days=1))},
        ),
        (_("Rose"), formats.number(rose), _("Times a member rose to a tier in these days.")),
        (_("Fell"), formats.number(fell), _("Times a member fell from a tier in these days.")),
    ]
    charts = [
        bars(
            _("Members by tier: %s") % name,
            [(tier or _("no tier"), count) for _name, tier, count in group],
            head=[_("Tier"), _("Members")],
        )
        for name, group in groupby(told, key=lambda row: row[0])
    ]
    return Section(_("Tiers"), tiles, charts, ["programme", "tier", "members"], [list(row) for row in told])


def _rows(sql: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def _threes(row: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    return row[:3], row[3:5], row[5:7]


def _month_ends(scope: Scope, until: datetime) -> list[datetime]:
    """The ends of the scope's months, the last twelve of them, and of its last day."""
    first, ends = date(scope.since.year, scope.since.month, 1), []
    while (first := (first + timedelta(days=32)).replace(day=1)) < scope.until:
        ends.append(midnight(first))
    return [*[end for end in ends if end < until][-12:], until]


def _listed_cost(programmes: list[int], at: datetime) -> Decimal:
    """What a point costs by the price lists in force: the mean over their rewards."""
    versions: list[ProgrammeVersion] = list(versions_at(set(programmes), at).values())
    shares = [price.cost / price.points for version in versions for price in version.terms.prices]
    return sum(shares, Decimal(0)) / len(shares) if shares else Decimal(0)
