"""Calendars and promises as the clocks want them: read once, plain values."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

import holidays
from django.db.models import Q

from complaints.clocks import Hours
from complaints.models import Calendar, Category, Policy


def hours_of(calendar: Calendar) -> Hours:
    """The calendar's opening hours. Two queries, none when both relations were prefetched."""
    week: list[list] = [[] for _ in range(7)]
    for interval in calendar.intervals.all():
        week[interval.weekday].append((interval.opens, interval.closes))
    exceptions = {
        one.day: ((one.opens, one.closes),) if one.opens and one.closes else () for one in calendar.exceptions.all()
    }
    return Hours(
        ZoneInfo(calendar.time_zone),
        week,
        exceptions,
        holidays.country_holidays(calendar.country, subdiv=calendar.subdivision or None)
        if calendar.country
        else frozenset(),
    )


def best(policies: Iterable[Policy], *, category: Category, priority: int, day: date) -> Policy | None:
    """The most exact promise in force on `day`; among equals the one that took effect last. Pure."""

    def rank(policy: Policy) -> tuple[int, bool, date]:
        place = 2 if policy.category_id == category.pk else 1 if policy.category_id else 0
        return place, policy.priority is not None, policy.effective_from

    fitting = [
        policy
        for policy in policies
        if policy.effective_from <= day
        and (policy.effective_until is None or policy.effective_until >= day)
        and policy.category_id in (None, category.pk, category.parent_id)
        and policy.priority in (None, priority)
    ]
    return max(fitting, key=rank, default=None)


def policy_for(*, category: Category, priority: int, day: date) -> Policy | None:
    """The promise for a complaint received on `day`, with its calendar. Three queries at most."""
    return best(
        Policy.objects.filter(
            Q(category=None) | Q(category__in=[category.pk, category.parent_id]),
            Q(priority=None) | Q(priority=priority),
            effective_from__lte=day,
        )
        .select_related("calendar")
        .prefetch_related("calendar__intervals", "calendar__exceptions"),
        category=category,
        priority=priority,
        day=day,
    )
