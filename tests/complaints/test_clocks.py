"""The arithmetic of the clocks, over random calendars, pauses and policies."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints import clocks
from complaints.clocks import Because, Hours, NeverOpen, add_work, elapsed, merged, operational, statutory, work

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DESK = ((time(8), time(12)), (time(13), time(17)))
OFFICE = Hours(
    STOCKHOLM,
    [DESK] * 5 + [(), ()],
    exceptions={date(2026, 12, 24): ((time(8), time(12)),)},
    holidays=holidays.country_holidays("SE"),
)
ALWAYS = Hours(STOCKHOLM, [((time(0), time(23, 59)),)] * 7)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=STOCKHOLM)


minutes = st.integers(0, 24 * 60 - 1).map(lambda m: time(m // 60, m % 60))
intervals = st.lists(st.tuples(minutes, minutes).map(sorted).map(tuple).filter(lambda i: i[0] < i[1]), max_size=3)
moments = st.integers(0, 2 * 365 * 24 * 60).map(lambda m: datetime(2025, 6, 1, tzinfo=UTC) + timedelta(minutes=m))


@st.composite
def calendars(draw) -> Hours:
    week = draw(st.lists(intervals, min_size=7, max_size=7).filter(any))
    days = st.dates(date(2025, 6, 1), date(2027, 12, 31))
    zone = ZoneInfo(draw(st.sampled_from(["Europe/Stockholm", "Europe/Berlin", "UTC", "America/New_York"])))
    return Hours(zone, week, draw(st.dictionaries(days, intervals, max_size=5)), draw(st.frozensets(days, max_size=5)))


amounts = st.integers(1, 80 * 3600).map(lambda s: timedelta(seconds=s))
spans = st.tuples(moments, st.integers(0, 20 * 24 * 60)).map(lambda p: (p[0], p[0] + timedelta(minutes=p[1])))


@given(calendars(), moments, amounts)
def test_add_work_inverts_work(hours, start, amount):
    try:
        t = add_work(hours, start, amount)
    except NeverOpen:  # hours so short, or only on a day that never comes
        return
    assert work(hours, start, t) == amount
    assert work(hours, start, t - timedelta(microseconds=1)) < amount


@given(calendars(), moments, moments, moments)
def test_work_is_additive_and_never_more_than_time(hours, a, b, c):
    a, b, c = sorted((a, b, c))
    assert work(hours, a, b) + work(hours, b, c) == work(hours, a, c)
    assert timedelta(0) <= work(hours, a, c) <= c - a


@given(calendars(), moments, amounts, st.lists(spans, max_size=5), st.randoms())
def test_the_order_of_events_does_not_matter(hours, received, target, pauses, random: Random):
    shuffled = random.sample(pauses, len(pauses))
    now = received + timedelta(days=9)
    try:
        reading = operational(hours, received=received, target=target, pauses=pauses, now=now)
    except NeverOpen:
        return
    assert reading == operational(hours, received=received, target=target, pauses=shuffled, now=now)


@given(calendars(), moments, amounts, st.lists(spans, max_size=5))
def test_pauses_only_ever_put_the_operational_deadline_later_and_the_time_used_is_the_target(
    hours, received, target, pauses
):
    try:
        reading = operational(hours, received=received, target=target, pauses=pauses, now=received)
        without = add_work(hours, received, target)
    except NeverOpen:
        return
    assert reading.due >= without
    assert elapsed(hours, received, reading.due, pauses) == target


@given(moments, st.integers(1, 90), st.lists(spans, max_size=5), calendars())
def test_pauses_and_calendars_never_touch_the_statutory_clock(received, days, pauses, hours):
    """It takes neither: what it takes decides alone, and a longer promise is never a shorter one."""
    due = statutory(hours.zone, received=received, days=days)
    assert due.astimezone(hours.zone).date() - received.astimezone(hours.zone).date() == timedelta(days=days)
    assert due < statutory(hours.zone, received=received, days=days + 1)
    assert due > received


def test_a_paused_clock_stands_with_what_is_left_and_runs_on_from_there():
    received, target = local(2026, 11, 16, 10), timedelta(hours=8)
    standing = operational(
        OFFICE, received=received, target=target, pauses=[(local(2026, 11, 16, 15), None)], now=local(2026, 11, 18, 9)
    )
    assert standing == clocks.Reading(timedelta(hours=4), timedelta(hours=4), None)
    running = operational(
        OFFICE,
        received=received,
        target=target,
        pauses=[(local(2026, 11, 16, 15), local(2026, 11, 18, 9))],
        now=local(2026, 11, 18, 9),
    )
    assert running.left == timedelta(hours=4)
    assert running.due == add_work(OFFICE, local(2026, 11, 18, 9), running.left) == local(2026, 11, 18, 14)


def test_a_deadline_reached_before_the_pause_stays_where_it_was():
    reading = operational(
        OFFICE,
        received=local(2026, 11, 16, 8),
        target=timedelta(hours=2),
        pauses=[(local(2026, 11, 16, 11), None)],
        now=local(2026, 11, 20, 8),
    )
    assert (reading.due, reading.left) == (local(2026, 11, 16, 10), timedelta(hours=-1))


def test_overlapping_pauses_are_merged():
    a, b, c, d = (local(2026, 11, 16, h) for h in (9, 10, 11, 14))
    assert merged([(b, d), (a, c), (c, c)], until=local(2026, 11, 16, 16)) == [(a, d)]
    assert elapsed(OFFICE, local(2026, 11, 16, 8), local(2026, 11, 16, 17), [(a, c), (b, d)]) == timedelta(hours=4)


def test_public_holidays_and_own_exceptions():
    # Christmas Eve open till noon by exception; Christmas Day, Boxing Day and the week-end closed
    assert work(OFFICE, local(2026, 12, 24), local(2026, 12, 28)) == timedelta(hours=4)
    assert add_work(OFFICE, local(2026, 12, 24, 8), timedelta(hours=5)) == local(2026, 12, 28, 9)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_days_of_daylight_saving_are_as_long_as_they_are(day, hours):
    start = datetime.combine(day, time(0), STOCKHOLM)
    end = datetime.combine(day + timedelta(days=1), time(0), STOCKHOLM)
    assert work(ALWAYS, start, end) == timedelta(hours=hours)
    assert add_work(ALWAYS, start, timedelta(hours=hours)) == end


def test_office_hours_around_the_change_of_clocks_are_the_same_length():
    assert work(OFFICE, local(2026, 3, 27), local(2026, 3, 31)) == timedelta(hours=16)
    assert work(OFFICE, local(2026, 10, 23), local(2026, 10, 27)) == timedelta(hours=16)


def test_closed_for_good_is_said():
    with pytest.raises(NeverOpen):
        add_work(Hours(STOCKHOLM, [()] * 7), local(2026, 1, 1), timedelta(seconds=1))


def test_an_explanation_names_every_day_and_adds_up():
    lines = clocks.explain(
        OFFICE,
        received=local(2026, 12, 23, 15),
        target=timedelta(hours=10),
        pauses=[(local(2026, 12, 23, 16), local(2026, 12, 24, 10))],
        now=local(2026, 12, 24, 12),
    )
    assert [(line.because, line.day.day, line.amount) for line in lines] == [
        (Because.RECEIVED, 23, timedelta(0)),
        (Because.OPEN, 23, timedelta(hours=1)),
        (Because.PAUSED, 23, timedelta(hours=1)),
        (Because.OPEN, 24, timedelta(hours=2)),
        (Because.PAUSED, 24, timedelta(hours=2)),
        (Because.HOLIDAY, 25, timedelta(0)),
        (Because.CLOSED, 26, timedelta(0)),
        (Because.CLOSED, 27, timedelta(0)),
        (Because.OPEN, 28, timedelta(hours=7)),
        (Because.DUE, 28, timedelta(0)),
    ]
    assert lines[-1].at == local(2026, 12, 28, 16)


@settings(max_examples=50)
@given(calendars(), moments, amounts, st.lists(spans, max_size=3))
def test_every_explanation_sums_to_its_target(hours, received, target, pauses):
    try:
        lines = clocks.explain(hours, received=received, target=target, pauses=pauses, now=received)
    except NeverOpen:
        return
    assert sum((line.amount for line in lines if line.because == Because.OPEN), start=timedelta(0)) == target
    assert lines[-1].because == Because.DUE
