"""What the log says of a request that was refused, and of one that broke."""

import io
import json
import logging

import pytest
from django.core.exceptions import PermissionDenied

from staff.logs import formatter

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines():
    """`lines()`: what Django has logged of requests since, as our one handler writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


def test_a_refused_page_is_one_line_without_a_traceback(client_as, lines):
    assert client_as("agent").get("/approvals/").status_code == 403
    [line] = lines()
    assert (line["level"], line["event"]) == ("warning", "Forbidden (Permission denied): /approvals/")
    assert "exception" not in line


def test_a_page_that_breaks_says_where(lines):
    logger = logging.getLogger("django.request")
    logger.error("Internal Server Error: %s", "/x/", exc_info=ValueError("it broke"))
    logger.error("Forbidden", exc_info=PermissionDenied())
    broken, refused = lines()
    assert "ValueError: it broke" in broken["exception"]
    assert "exception" not in refused


def test_what_was_searched_for_is_in_no_line(client_as, lines):
    assert client_as("agent").get("/api/v1/customers/none/", {"q": "Quistgard"}).status_code == 404
    [line] = lines()
    assert "/api/v1/customers/" in line["event"]
    assert "Quistgard" not in str(line)
