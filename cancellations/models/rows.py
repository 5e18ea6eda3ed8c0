"""Rows of one shape in a JSON column, kept by column: a decision weighs hundreds of offers in a score of figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models

Row = Mapping[str, Any]


def to_columns(rows: Sequence[Row]) -> dict[str, Any]:
    """Each name once with the values of all rows, or with the one value they share. Raises ValueError or
    KeyError when the rows have not all the same names."""
    if not rows:
        return {"rows": 0, "same": {}, "columns": {}}
    names = tuple(rows[0])
    if any(len(row) != len(names) for row in rows):
        raise ValueError("Rows kept by column must have the same names.")
    same: dict[str, Any] = {}
    columns: dict[str, list[Any]] = {}
    for name in names:
        values = [row[name] for row in rows]
        shared = values[0]
        alike = values.count(shared) == len(values) and len(set(map(type, values))) == 1
        if alike and not isinstance(shared, list | dict):
            same[name] = shared
        else:
            columns[name] = values
    return {"rows": len(rows), "same": same, "columns": columns}


def from_columns(kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows again, in their order."""
    same, columns = kept["same"], kept["columns"]
    if not columns:
        return [dict(same) for _ in range(kept["rows"])]
    return [same | dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


class RowsField(models.JSONField):
    """A list of rows, each a mapping with the same names. In the database it is what `to_columns` makes of them: a
    fifth of the size, and `candidates -> 'columns' -> 'score'` in SQL."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, list):
            value = to_columns(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        return from_columns(found) if isinstance(found, dict) and "columns" in found else found
