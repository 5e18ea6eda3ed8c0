"""What the worker clears away by night."""

from datetime import timedelta

import pytest
from django.utils import timezone

from staff import jobs
from staff.idempotency import once

pytestmark = pytest.mark.django_db


def test_an_answer_is_remembered_for_thirty_days(user_as):
    client, now = user_as("agent"), timezone.now()
    told = []

    def ask(key, at):
        return once(client, key, {}, lambda: (201, told.append(key)), now=at)

    ask("old", now - timedelta(days=31))
    ask("young", now - timedelta(days=29))
    jobs.forget_answers(timestamp=0)
    ask("old", now)
    ask("young", now)
    assert told == ["old", "young", "old"]
