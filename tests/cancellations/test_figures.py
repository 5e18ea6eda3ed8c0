"""The report's figures, each against cases counted by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cancellations.queries import figures
from cancellations.queries.figures import Period
from tests.cancellations.factories import CancellationCaseFactory, ReasonFactory
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
YEAR = Period(TODAY - timedelta(days=365), TODAY + timedelta(days=1), TODAY)


def closed(at, **fields):
    day = at.date()
    usual = {"state": "saved_pending", "reason": ReasonFactory(), "window_until": day + timedelta(days=90)}
    return CancellationCaseFactory(noticed_at=at, opened_at=at, closed_at=at, **(usual | fields))


def test_a_call_shortly_after_midnight_belongs_to_the_local_day():
    """22:30 UTC on 30 September is the first of October in Stockholm, and another quarter."""
    case = closed(datetime(2026, 9, 30, 22, 30, tzinfo=UTC))
    case.subscription.status, case.subscription.ends_on = "ended", date(2026, 10, 31)
    case.subscription.save()
    assert figures.survival(YEAR) == {"2026 Q4 (n 1)": [(0, 1.0), (1, 0.0)]}
