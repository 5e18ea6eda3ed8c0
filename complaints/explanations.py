"""How a deadline came about, in words: the lines of `clocks.explain` for a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from complaints import clocks
from complaints.actions.timekeeping import spans_of
from complaints.calendars import hours_of
from complaints.clocks import Because, Hours, Line, NeverOpen
from complaints.models import Calendar, Clock
from staff import formats


@dataclass(frozen=True, slots=True)
class Said:
    day: str
    text: str
    amount: str
    total: str
    tone: str = ""


def of(clock: Clock, now: datetime) -> list[Said]:
    """Line by line, from the receipt to the deadline. Three queries."""
    calendar = clock.policy.calendar
    hours = hours_of(calendar)
    if clock.kind == Clock.Kind.STATUTORY:
        day = _day(hours, clock.started_at)
        return [
            Said(day, _("received; this day does not count"), "", ""),
            Said("", _("calendar days, week-ends and holidays included; nothing pauses them"), str(clock.target), ""),
            Said(_day(hours, clock.due_at), _("last day, until midnight"), "", "", "teal"),
        ]
    try:
        lines = clocks.explain(
            hours,
            received=clock.started_at,
            target=timedelta(seconds=clock.target),
            pauses=spans_of(clock.case),
            now=clock.met_at or now,
        )
    except NeverOpen:
        return [Said("", _("The calendar “%(name)s” has no opening hours.") % {"name": calendar}, "", "", "red")]
    return [_said(line, hours, calendar) for line in lines]


def _said(line: Line, hours: Hours, calendar: Calendar) -> Said:
    day = f"{dateformat.format(line.day, 'D')} {formats.day(line.day)}"
    match line.because:
        case Because.RECEIVED:
            return Said(formats.moment(line.at), _("received: the clock starts"), "", _span(line.total))
        case Because.OPEN:
            return Said(
                day, _("open: %(hours)s") % {"hours": _hours(hours, line)}, _span(line.amount), _span(line.total)
            )
        case Because.PAUSED:
            return Said(day, _("waiting for the customer: not counted"), f"({_span(line.amount)})", _span(line.total))
        case Because.HOLIDAY:
            return Said(
                day, _("closed: %(holiday)s") % {"holiday": hours.holidays.get(line.day)}, "–", _span(line.total)
            )
        case Because.EXCEPTION:
            return Said(day, _("closed: %(why)s") % {"why": _exception(calendar, line)}, "–", _span(line.total))
        case Because.CLOSED:
            return Said(day, _("not open"), "–", _span(line.total))
        case Because.STANDING:
            return Said(
                day,
                _("stands now; %(left)s are left when it goes on") % {"left": _span(line.amount)},
                "",
                _span(line.total),
                "amber",
            )
        case _:
            return Said(formats.moment(line.at), _("due"), "", _span(line.total), "teal")


def _hours(hours: Hours, line: Line) -> str:
    return ", ".join(f"{a:%H:%M}–{b:%H:%M}" for a, b in hours.on(line.day))


def _exception(calendar: Calendar, line: Line) -> str:
    return next((one.name for one in calendar.exceptions.all() if one.day == line.day), "")


def _day(hours: Hours, at: datetime) -> str:
    return formats.day(hours.local_day(at))


def _span(amount: timedelta) -> str:
    """Hours and minutes: “6:30 h”."""
    minutes = int(amount.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02d} h"
