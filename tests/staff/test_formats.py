from datetime import date

import pytest

from staff import formats


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "Sunday 22 November"), ("sv", "söndag 22 november"), ("de", "Sonntag, 22. November")],
)
def test_weekday_is_written_as_each_language_does(language, written):
    assert formats.weekday(date(2026, 11, 22), language) == written
