from datetime import date

import pytest

from staff import formats


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "Sunday 22 November"), ("sv", "söndag 22 november"), ("de", "Sonntag, 22. November")],
)
def test_weekday_is_written_as_each_language_does(language, written):
    assert formats.weekday(date(2026, 11, 22), language) == written


@pytest.mark.parametrize(("language", "written"), [("en", "Nov 2026"), ("sv", "nov. 2026"), ("de", "Nov. 2026")])
def test_month_is_written_as_each_language_does_and_never_wraps(language, written):
    assert formats.month(date(2026, 11, 1), language).split("\u00a0") == written.split()
