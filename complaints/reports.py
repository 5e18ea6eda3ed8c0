"""The figures of casework, each with its definition. Pure SQL over a period; nothing is estimated.

A period is [since, until) in local days. The exits (duplicate, withdrawn, not a complaint, referred) count as received
but not as decided or closed.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, LiteralString

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from complaints.states import EXITS


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: days, and perhaps one category, channel or team."""

    since: date
    until: date  # the day after the last
    category: int | None = None
    channel: str = ""
    team: int | None = None

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return tuple(timezone.make_aware(datetime.combine(day, time(0))) for day in (self.since, self.until))

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of every statement about the scope."""
        start, end = self.bounds
        narrowed = {"category_id": self.category, "channel": self.channel, "team_id": self.team}
        return narrowed | {"start": start, "end": end, "exits": sorted(EXITS)}

    @property
    def where(self) -> sql.Composable:
        """SQL that narrows cases `c` to the scope's category, channel and team: names of columns and of parameters."""
        parts = [
            sql.SQL("{} = {}").format(sql.Identifier("c", name), sql.Placeholder(name))
            for name in ("category_id", "channel", "team_id")
            if self.values[name]
        ]
        return sql.SQL(" AND ").join([sql.SQL("TRUE"), *parts])


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: `value` of `kind` ("share", "span", "count", "mark", "days"), over `n` cases; `about` defines it."""

    code: str
    label: str | Promise
    value: float | None
    kind: str
    n: int
    about: str | Promise


# Who complained, had an active subscription then, and whose last complaint of the period ended ninety days ago or more;
# and whether that customer is one still, ninety days after.
_MATURE = sql.SQL("""
    SELECT DISTINCT ON (c.customer_id) c.customer_id, c.closed_at FROM complaints_complaintcase c
    WHERE c.was_active AND NOT c.is_open AND c.state <> ALL(%(exits)s)
      AND c.closed_at >= %(start)s AND c.closed_at < %(end)s
      AND c.closed_at <= %(now)s - interval '90 days' AND {where}
    ORDER BY c.customer_id, c.closed_at DESC""")
_STAYED = sql.SQL("""EXISTS (
    SELECT 1 FROM customers_subscription s, LATERAL (SELECT (c.closed_at + interval '90 days')::date AS day) later
    WHERE s.customer_id = c.customer_id AND s.started_on <= later.day
      AND (s.ends_on IS NULL OR s.ends_on > later.day))""")


def _rows(scope: Scope, statement: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
    """The statement's rows, its `{where}` narrowed to the scope; every value goes in as a parameter."""
    parts = {"where": scope.where, "mature": _MATURE.format(where=scope.where), "stayed": _STAYED}
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(**parts), scope.values | values)
        return cursor.fetchall()


def _row(scope: Scope, statement: LiteralString, **values: Any) -> tuple[Any, ...]:
    return _rows(scope, statement, **values)[0]


def figures(scope: Scope, now: datetime) -> list[Figure]:
    """Every figure of the period. Seven queries."""
    times = {
        kind: (median, p90, n)
        for kind, median, p90, n in _rows(
            scope,
            """SELECT k.kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY k.elapsed),
                       percentile_cont(0.9) WITHIN GROUP (ORDER BY k.elapsed), count(*)
                FROM complaints_clock k JOIN complaints_complaintcase c ON c.id = k.case_id
                WHERE k.met_at >= %(start)s AND k.met_at < %(end)s AND NOT k.is_cancelled AND {where}
                GROUP BY 1""",
        )
    }
    empty = (None, None, 0)
    first, resolved = times.get("first_response", empty), times.get("resolution", empty)
    by_law = times.get("statutory", empty)
    kept, due = _row(
        scope,
        """SELECT count(*) FILTER (WHERE k.met_at <= k.due_at AND b.id IS NULL), count(*)
            FROM complaints_clock k JOIN complaints_complaintcase c ON c.id = k.case_id
            LEFT JOIN complaints_breach b ON b.clock_id = k.id
            WHERE k.kind = 'resolution' AND NOT k.is_cancelled AND NOT (k.is_paused AND k.met_at IS NULL)
              AND k.due_at >= %(start)s AND k.due_at < LEAST(%(end)s, %(now)s) AND {where}""",
        now=now,
    )
    received, complainants, repeaters = _row(
        scope,
        """WITH here AS (SELECT c.customer_id, count(*) AS n FROM complaints_complaintcase c
                          WHERE c.received_at >= %(start)s AND c.received_at < %(end)s AND {where} GROUP BY 1)
            SELECT coalesce(sum(n), 0), count(*), count(*) FILTER (WHERE 2 <= (
                SELECT count(*) FROM complaints_complaintcase o WHERE o.customer_id = here.customer_id
                AND o.received_at >= %(end)s - interval '365 days' AND o.received_at < %(end)s)) FROM here""",
    )
    closed, reopened = _row(
        scope,
        """SELECT count(*), count(*) FILTER (WHERE EXISTS (
                SELECT 1 FROM complaints_casemove again WHERE again.subject_id = c.id AND again.to_state = 'reopened'
                AND again.at > m.at AND again.at <= m.at + interval '30 days'))
            FROM complaints_casemove m JOIN complaints_complaintcase c ON c.id = m.subject_id
            WHERE m.to_state IN ('closed', 'resolved_on_contact')
              AND m.at >= %(start)s AND m.at < %(end)s AND {where}""",
    )
    decided, upheld = _row(
        scope,
        """SELECT count(*), count(*) FILTER (WHERE c.outcome IN ('upheld', 'partly_upheld'))
            FROM complaints_complaintcase c
            WHERE c.responded_at >= %(start)s AND c.responded_at < %(end)s AND c.outcome <> '' AND {where}""",
    )
    mature, recovered = _row(
        scope,
        "SELECT count(*), count(*) FILTER (WHERE {stayed}) FROM ({mature}) c",
        now=now,
    )
    asked, answered, *marks = _row(
        scope,
        """SELECT count(*), count(s.answered_at), avg(s.outcome), avg(s.process), avg(s.treatment)
            FROM complaints_survey s JOIN complaints_complaintcase c ON c.id = s.case_id
            WHERE s.asked_at >= %(start)s AND s.asked_at < %(end)s AND {where}""",
    )

    def share(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    return [
        Figure("received", _("Received"), received, "count", received, _("Complaints received in the period.")),
        Figure(
            "first_median",
            _("First answer, median"),
            first[0],
            "span",
            first[2],
            _("Open hours from receipt to the first human answer, without pauses; automatic messages do not count."),
        ),
        Figure(
            "first_p90",
            _("First answer, 9 of 10"),
            first[1],
            "span",
            first[2],
            _("The time within which nine of ten got their first human answer (90th percentile)."),
        ),
        Figure(
            "resolution_median",
            _("Answer, median"),
            resolved[0],
            "span",
            resolved[2],
            _("Open hours from receipt to the answer, without the time that only the customer could end."),
        ),
        Figure(
            "resolution_p90",
            _("Answer, 9 of 10"),
            resolved[1],
            "span",
            resolved[2],
            _("The time within which nine of ten got their answer (90th percentile)."),
        ),
        Figure(
            "resolution_days",
            _("Answer in calendar days, median"),
            by_law[0] / 86400 if by_law[0] is not None else None,
            "days",
            by_law[2],
            _("Calendar days from receipt to the answer, nothing taken off."),
        ),
        Figure(
            "resolution_days_p90",
            _("Answer in calendar days, 9 of 10"),
            by_law[1] / 86400 if by_law[1] is not None else None,
            "days",
            by_law[2],
            _("Calendar days within which nine of ten got their answer (90th percentile)."),
        ),
        Figure(
            "sla",
            _("Within the promise"),
            share(kept, due),
            "share",
            due,
            _("Answers due in the period that were given in time ÷ all answers due in it. Open and overdue counts."),
        ),
        Figure(
            "reopened",
            _("Reopened"),
            share(reopened, closed),
            "share",
            closed,
            _("Closed in the period and reopened within 30 days ÷ closed in the period."),
        ),
        Figure(
            "repeaters",
            _("Repeat complainers"),
            share(repeaters, complainants),
            "share",
            complainants,
            _("Customers with two or more complaints in the 365 days before the period's end ÷ all who complained."),
        ),
        Figure(
            "upheld",
            _("Upheld"),
            share(upheld, decided),
            "share",
            decided,
            _("Upheld or partly upheld ÷ decided in the period."),
        ),
        Figure(
            "recovered90",
            _("Still a customer after 90 days"),
            share(recovered, mature),
            "share",
            mature,
            _(
                "Complainants active when they complained and still active 90 days after closing ÷ complainants "
                "active when they complained; each counts once, by the last complaint of the period closed at least "
                "90 days ago."
            ),
        ),
        Figure(
            "survey_rate",
            _("Opinions given"),
            share(answered, asked),
            "share",
            asked,
            _("Surveys answered ÷ surveys sent in the period."),
        ),
        *(
            Figure(
                f"survey_{code}",
                label,
                float(mark) if mark is not None else None,
                "mark",
                answered,
                _("Mean of the marks from 1 (bad) to 5 (good) of who answered."),
            )
            for (code, label), mark in zip(
                (
                    ("outcome", _("Content with the outcome")),
                    ("process", _("Content with the handling")),
                    ("treatment", _("Content with the treatment")),
                ),
                marks,
                strict=True,
            )
        ),
    ]


def ages(scope: Scope, now: datetime) -> list[tuple[str | Promise, int]]:
    """Open cases by age in calendar days, as of now. One query."""
    counted = _row(
        scope,
        """SELECT count(*) FILTER (WHERE age < interval '1 day'),
                   count(*) FILTER (WHERE age >= interval '1 day' AND age < interval '3 days'),
                   count(*) FILTER (WHERE age >= interval '3 days' AND age < interval '7 days'),
                   count(*) FILTER (WHERE age >= interval '7 days' AND age < interval '14 days'),
                   count(*) FILTER (WHERE age >= interval '14 days' AND age < interval '30 days'),
                   count(*) FILTER (WHERE age >= interval '30 days')
            FROM (SELECT %(now)s - c.received_at AS age FROM complaints_complaintcase c
                  WHERE c.is_open AND c.responded_at IS NULL AND {where}) aged""",
        now=now,
    )
    labels = (
        _("under a day"),
        _("1 to 2 days"),
        _("3 to 6 days"),
        _("1 to 2 weeks"),
        _("2 to 4 weeks"),
        _("a month and more"),
    )
    return list(zip(labels, counted, strict=True))


def sla_by_week(scope: Scope, now: datetime) -> list[tuple[date, int, int]]:
    """(Monday, kept, due) for each week with something due. One query."""
    return _rows(
        scope,
        """SELECT date_trunc('week', k.due_at AT TIME ZONE %(zone)s)::date,
                   count(*) FILTER (WHERE k.met_at <= k.due_at AND b.id IS NULL), count(*)
            FROM complaints_clock k JOIN complaints_complaintcase c ON c.id = k.case_id
            LEFT JOIN complaints_breach b ON b.clock_id = k.id
            WHERE k.kind = 'resolution' AND NOT k.is_cancelled AND NOT (k.is_paused AND k.met_at IS NULL)
              AND k.due_at >= %(start)s AND k.due_at < LEAST(%(end)s, %(now)s) AND {where}
            GROUP BY 1 ORDER BY 1""",
        now=now,
        zone=timezone.get_current_timezone_name(),
    )


def causes(scope: Scope) -> list[tuple[int, int]]:
    """(root cause, cases) of what was decided in the period. One query."""
    return _rows(
        scope,
        """SELECT c.root_cause_id, count(*) FROM complaints_complaintcase c
            WHERE c.root_cause_id IS NOT NULL AND c.responded_at >= %(start)s AND c.responded_at < %(end)s AND {where}
            GROUP BY 1 ORDER BY 2 DESC""",
    )


def recovered_by_month(scope: Scope, now: datetime) -> list[tuple[date, int, int]]:
    """(month of closing, still customers, active when they complained), each complainant once. One query."""
    return _rows(
        scope,
        """SELECT date_trunc('month', c.closed_at AT TIME ZONE %(zone)s)::date,
                   count(*) FILTER (WHERE {stayed}), count(*)
            FROM ({mature}) c GROUP BY 1 ORDER BY 1""",
        now=now,
        zone=timezone.get_current_timezone_name(),
    )


def last_months(now: datetime, months: int = 6) -> tuple[date, date]:
    """The default period: about half a year up to and including today."""
    today = timezone.localdate(now)
    return today - timedelta(days=30 * months), today + timedelta(days=1)
