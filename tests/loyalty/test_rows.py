"""How rows reach the database: whatever they hold, few or many, several statements at one go."""

from datetime import date

import pytest
from django.db import connection

from loyalty.actions import rows
from loyalty.models import Store
from tests.loyalty.factories import StoreFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["plain", "", "NULL", "null"],
        ["a,b", "{c}", 'say "d"', "e\\f", "\\", '"', "Åsa 😀 \u202eשלום", " g "],
        [None, "h", None, 'i"'],
        [None],
    ],
)
def test_an_array_comes_back_as_it_went(values):
    ((found,),) = rows.ask(("SELECT %s::text[]", [rows.array(values)]))[0]
    assert found == values


def test_numbers_and_days_need_no_quotes_of_their_own():
    asked = ("SELECT %s::int[], %s::date[]", [rows.array([1, -2]), rows.array([date(2026, 11, 18)])])
    assert rows.ask(asked) == [[([1, -2], [date(2026, 11, 18)])]]


def test_each_statement_sees_what_the_ones_before_it_did(django_assert_num_queries):
    StoreFactory(code="a")
    with django_assert_num_queries(1):
        answers = rows.ask(
            ("SELECT code FROM loyalty_store", []),
            ("UPDATE loyalty_store SET name = %s", ["100 %"]),
            ("SELECT name FROM loyalty_store WHERE code = %s", ["a"]),
        )
    assert answers == [[("a",)], [], [("100 %",)]]


@pytest.mark.parametrize("count", [1, 3, rows.COPY_FROM])
def test_few_rows_and_many_are_written_alike(count):
    stores = [Store(code=f"s{n}", name="Tab\tand\nline, \\N") for n in range(count)]
    rows.insert(stores)
    assert list(Store.objects.order_by("pk")) == stores
    assert {store.name for store in Store.objects.all()} == {"Tab\tand\nline, \\N"}
    stores[0].name = "renamed"
    stores[0].save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM loyalty_store")
        assert cursor.fetchone() == (count,)


def test_nothing_to_write_asks_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        rows.insert([])
        rows.write([rows.Sheet("loyalty_store", "code, name", [])])
