"""Offers of the past: what a file may say, that it says it once, and that nothing else ever reads it."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from cancellations import learning
from cancellations.models import PastOffer, Suggestion
from cancellations.queries import figures
from tests.conftest import NOON
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
HEAD = "number,offer,offered_on,accepted,still_customer,cost\n"


def run(path, *arguments):
    out = StringIO()
    call_command("import_outcomes", str(path), *arguments, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


@pytest.fixture
def file(tmp_path):
    for number in ("K-1", "K-2"):
        CustomerFactory(number=number)
    path = tmp_path / "history.csv"
    path.write_text(
        HEAD + "K-1,Router,2024-03-01,ja,nein,20.00\nK-2,,2024-03-01,no,yes,\nK-3,Router,2024-03-01,yes,,\n"
    )
    return path


def test_a_file_is_kept_once_and_a_changed_row_changes_what_is_kept(file):
    assert run(file) == {"read": 3, "created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    rows = PastOffer.objects.order_by("customer__number")
    assert list(rows.values_list("offer", "offered_on", "accepted", "still_customer", "cost")) == [
        ("Router", date(2024, 3, 1), True, False, Decimal("20.00")),
        ("", date(2024, 3, 1), False, True, None),
    ]
    assert run(file) == {"read": 3, "created": 0, "updated": 0, "unchanged": 2, "rejected": 1}
    file.write_text(file.read_text().replace("20.00", "25.00"))
    assert run(file) == {"read": 3, "created": 0, "updated": 1, "unchanged": 1, "rejected": 1}


def test_a_dry_run_counts_and_keeps_nothing(file):
    assert run(file, "--dry-run")["created"] == 2
    assert not PastOffer.objects.exists()


def test_refused_rows_say_why(file, tmp_path):
    file.write_text(
        HEAD + "K-9,A,2024-03-01,yes,,\nK-1,A,2099-01-01,perhaps,,-3\nK-1,B,2024-03-01,yes,,\nK-1,B,2024-03-01,no,,\n"
    )
    refused = tmp_path / "refused.csv"
    assert run(file, "--rejects", str(refused))["rejected"] == 3
    told = refused.read_text().splitlines()[1:]
    assert "There is no customer of this number." in told[0]
    assert all(word in told[1] for word in ("offered_on: ", "accepted: “perhaps”", "cost: "))
    assert "Line 4 says the same offer." in told[2]


def test_a_file_without_a_needed_column_is_refused_whole(file):
    file.write_text("number,offer\nK-1,A\n")
    with pytest.raises(SystemExit) as stopped:
        run(file)
    assert stopped.value.code == 2


def test_what_was_observed_teaches_nothing_and_is_no_uplift(file):
    run(file)
    period = figures.Period(date(2024, 1, 1), date(2025, 1, 1), NOON.date())
    assert [(row.offer, row.cases, row.still.k, row.still.n) for row in figures.observed(period)] == [
        ("", 1, 1, 1),
        ("Router", 1, 0, 1),
    ]
    assert figures.figures(period).uplift.treated.n == 0
    assert not Suggestion.objects.exists()
    assert learning.learn(as_of=NOON).facts == 0


def test_all_time_reaches_back_to_what_was_imported(client, file, settings):
    run(file)
    client.force_login(UserFactory(is_superuser=True))
    page = reverse("cancellations:history")
    assert "Router" not in client.get(page).content.decode()
    told = client.get(page, {"all": "on"}).content.decode()
    assert "Router" in told
    assert "observational" in told
