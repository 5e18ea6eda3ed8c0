"""The two clocks of a complaint, as pure arithmetic: no database, no wall clock.

With W(a, b) the open time in [a, b) by the calendar, and pauses [p, r) whose overlaps are merged:

    E(t) = W(received, t) − Σ W(pause ∩ [received, t))
    due  = the first moment with E(due) = target        (running)
    left = target − E(now)                              (paused: kept until the clock runs again)

The operational clock runs so; the statutory clock counts calendar days from receipt and is never paused.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

Interval = tuple[time, time]
Span = tuple[datetime, datetime]
ZERO = timedelta(0)
MIDNIGHT = time(23, 59)  # as a closing time: until the day is over
HORIZON = timedelta(days=3660)  # a calendar that does not open in ten years never opens


class NeverOpen(ValueError):
    """The calendar has no opening hours that could be counted."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar as plain values. `week` has seven entries, Monday first; `exceptions` replace a day's intervals
    (an empty sequence: closed) and outrank `holidays`, on which it is closed all day."""

    zone: ZoneInfo
    week: Sequence[Sequence[Interval]]
    exceptions: Mapping[date, Sequence[Interval]] = field(default_factory=dict)
    holidays: Container[date] = frozenset()

    def on(self, day: date) -> Sequence[Interval]:
        """The intervals of one local day, merged and in order."""
        if day in self.exceptions:
            intervals = self.exceptions[day]
        elif day in self.holidays:
            intervals = ()
        else:
            intervals = self.week[day.weekday()]
        merged: list[Interval] = []
        for opens, closes in sorted(intervals):
            if merged and opens <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
            else:
                merged.append((opens, closes))
        return merged

    def spans(self, day: date) -> list[Span]:
        """The same as moments in UTC. A day on which the clocks change is as long as it really is."""
        found = []
        for opens, closes in self.on(day):
            end = (day + timedelta(days=1), time(0)) if closes >= MIDNIGHT else (day, closes)
            a = datetime.combine(day, opens, self.zone).astimezone(UTC)
            b = datetime.combine(*end, self.zone).astimezone(UTC)
            if a < b:
                found.append((a, b))
        return found

    def local_day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def from_day(self, day: date) -> Iterator[Span]:
        """All open spans from `day` on; ends at the horizon."""
        for _ in range(HORIZON.days):
            yield from self.spans(day)
            day += timedelta(days=1)


def work(hours: Hours, a: datetime, b: datetime) -> timedelta:
    """W(a, b): open time in [a, b); zero when b ≤ a. Takes time proportional to the days between."""
    a, b = a.astimezone(UTC), b.astimezone(UTC)
    total = ZERO
    if b <= a:
        return total
    for opens, closes in hours.from_day(hours.local_day(a)):
        if opens >= b:
            break
        total += max(min(closes, b) - max(opens, a), ZERO)
    return total


def add_work(hours: Hours, start: datetime, amount: timedelta) -> datetime:
    """The first moment t ≥ start with W(start, t) = amount. Raises NeverOpen."""
    start = start.astimezone(UTC)  # sums within one local zone would be made in wall time
    if amount <= ZERO:
        return start
    for opens, closes in hours.from_day(hours.local_day(start)):
        if closes <= start:
            continue
        here = closes - max(opens, start)
        if here >= amount:
            return max(opens, start) + amount
        amount -= here
    raise NeverOpen


def merged(pauses: Iterable[tuple[datetime, datetime | None]], *, until: datetime) -> list[Span]:
    """Pauses in any order as disjoint spans in order; one still running ends at `until`."""
    spans: list[Span] = []
    for start, end in sorted((p, r if r is not None and r < until else until) for p, r in pauses):
        if end <= start:
            continue
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def elapsed(
    hours: Hours, received: datetime, t: datetime, pauses: Iterable[tuple[datetime, datetime | None]] = ()
) -> timedelta:
    """E(t): open time used since receipt, without the pauses."""
    return work(hours, received, t) - sum(
        (work(hours, max(p, received), r) for p, r in merged(pauses, until=t)), start=ZERO
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """What the clock says. `due` is None while a pause keeps it standing with time left."""

    elapsed: timedelta
    left: timedelta  # negative after the deadline
    due: datetime | None


def operational(
    hours: Hours,
    *,
    received: datetime,
    target: timedelta,
    pauses: Iterable[tuple[datetime, datetime | None]] = (),
    now: datetime,
) -> Reading:
    """The working-time clock at `now`. The same events in any order give the same reading. Raises NeverOpen."""
    pauses = list(pauses)
    used = elapsed(hours, received, now, pauses)
    return Reading(used, target - used, moment_of(hours, received=received, amount=target, pauses=pauses))


def moment_of(
    hours: Hours, *, received: datetime, amount: timedelta, pauses: Iterable[tuple[datetime, datetime | None]] = ()
) -> datetime | None:
    """The first moment at which E reaches `amount`; None when a running pause stands in the way."""
    start, rest = received, amount
    open_pause = [p for p, r in pauses if r is None]
    far = max([p for p, _ in pauses] + [r for _, r in pauses if r is not None] + [received]) + HORIZON
    for p, r in merged(pauses, until=far):
        if r <= start:
            continue
        here = work(hours, start, p)
        if here >= rest:
            return add_work(hours, start, rest)
        if open_pause and r == far:
            return None
        rest -= here
        start = max(start, r)
    return add_work(hours, start, rest)


def statutory(zone: ZoneInfo, *, received: datetime, days: int) -> datetime:
    """The last second of the last day: the day of receipt does not count, nothing pauses."""
    day = received.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


class Because(StrEnum):
    RECEIVED = "received"
    OPEN = "open"  # open hours that counted
    CLOSED = "closed"  # a weekday on which it is closed
    HOLIDAY = "holiday"
    EXCEPTION = "exception"
    PAUSED = "paused"  # open hours that did not count
    DUE = "due"
    STANDING = "standing"  # paused now, the remainder is kept


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an explanation: on `day` (or at `at`) this much counted, so that `total` has been used."""

    because: Because
    day: date
    at: datetime | None = None
    amount: timedelta = ZERO
    total: timedelta = ZERO


def explain(
    hours: Hours,
    *,
    received: datetime,
    target: timedelta,
    pauses: Iterable[tuple[datetime, datetime | None]] = (),
    now: datetime,
) -> list[Line]:
    """How the operational deadline comes about, one line a day; the lines' amounts of OPEN sum to the target.

    A clock that stands is explained up to `now`.
    """
    pauses, received = list(pauses), received.astimezone(UTC)
    due = moment_of(hours, received=received, amount=target, pauses=pauses)
    end = (due or max(now, received)).astimezone(UTC)
    stops = merged(pauses, until=end)
    lines = [Line(Because.RECEIVED, hours.local_day(received), at=received)]
    total, day, last = ZERO, hours.local_day(received), hours.local_day(end)
    while day <= last:
        open_time = paused = ZERO
        for opens, closes in hours.spans(day):
            a, b = max(opens, received), min(closes, end)
            if a < b:
                inside = sum((max(min(b, r) - max(a, p), ZERO) for p, r in stops), start=ZERO)
                paused += inside
                open_time += b - a - inside
        total += open_time
        if open_time:
            lines.append(Line(Because.OPEN, day, amount=open_time, total=total))
        if paused:
            lines.append(Line(Because.PAUSED, day, amount=paused, total=total))
        if not open_time and not paused:
            lines.append(Line(_why_closed(hours, day), day, total=total))
        day += timedelta(days=1)
    lines.append(Line(Because.DUE if due else Because.STANDING, last, at=due, amount=target - total, total=total))
    return lines


def _why_closed(hours: Hours, day: date) -> Because:
    if day in hours.exceptions:
        return Because.EXCEPTION
    return Because.HOLIDAY if day in hours.holidays and hours.week[day.weekday()] else Because.CLOSED
