"""Tables of a migration made together."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from staff.operations import CreateModels, together

pytestmark = pytest.mark.django_db


def table(model, **fields):
    key = models.BigAutoField(primary_key=True)
    return migrations.CreateModel(model, [("id", key), *fields.items()])


def test_tables_that_refer_to_each_other_come_and_go_in_order():
    note = migrations.RunSQL("SELECT 1", "SELECT 1")
    shelf = table("Shelf", name=models.CharField(max_length=20))
    book = table("Book", shelf=models.ForeignKey("staff.Shelf", models.CASCADE))
    page = table("Page", book=models.ForeignKey("staff.Book", models.CASCADE))
    both, kept, last = together([shelf, book, note, page])
    assert (both.operations, kept, last.operations) == ([shelf, book], note, [page])
    assert [type(one) for one in (both, last)] == [CreateModels, CreateModels]

    before = ProjectState()
    assert not before.apps.is_installed("books")  # drawn already: what is added must be seen all the same
    after = before.clone()
    both.state_forwards("staff", after)
    with connection.schema_editor() as editor:
        both.database_forwards("staff", editor, before, after)
    tables = connection.introspection.table_names()
    assert {"staff_shelf", "staff_book"} <= set(tables)
    with connection.cursor() as cursor:
        assert len(connection.introspection.get_relations(cursor, "staff_book")) == 1
    with connection.schema_editor() as editor:
        both.database_backwards("staff", editor, after, before)
    assert not {"staff_shelf", "staff_book"} & set(connection.introspection.table_names())
