"""Rows kept by column come back as they were, in whatever they hold."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from cancellations.models import Suggestion
from cancellations.models.rows import Rows
from tests.cancellations.factories import CancellationCaseFactory, candidate
from tests.conftest import NOON

values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers())
shapes = st.lists(st.text(), min_size=1, max_size=6, unique=True)
tables = shapes.flatmap(lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, values)), max_size=8))


@given(tables)
def test_there_and_back(rows):
    kept = Rows.from_json(Rows.of(rows).as_json())
    assert kept == rows
    assert [kept[i] for i in range(len(kept))] == kept[:] == rows


def test_a_list_is_no_two_rows_own():
    kept = Rows.from_json(Rows.of([{"refusals": []}, {"refusals": []}]).as_json())
    kept[0]["refusals"].append("one")
    assert kept[1] == {"refusals": []}


@pytest.mark.parametrize("rows", [[{"a": 1}, {"b": 1}], [{"a": 1}, {"a": 1, "b": 2}], [{"a": 1, "b": 2}, {"a": 1}]])
def test_rows_of_different_shape_are_refused(rows):
    with pytest.raises((ValueError, KeyError)):
        Rows.of(rows)


@pytest.mark.django_db
def test_what_is_shared_is_written_once():
    rows = [candidate(None), candidate(None, gain="3.00")]
    made = Suggestion.objects.create(case=CancellationCaseFactory(), at=NOON, candidates=rows)
    assert Suggestion.objects.get(pk=made.pk).candidates == rows
    assert list(Suggestion.objects.values_list("candidates", flat=True)) == [rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "select candidates->'columns'->'gain', candidates->'same'->>'value' from cancellations_suggestion"
        )
        assert cursor.fetchone() == (["0.00", "3.00"], "200.00")
