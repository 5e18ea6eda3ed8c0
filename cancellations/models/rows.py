"""Rows of one shape in a JSON column, kept by column: a decision weighs hundreds of offers in a score of figures."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import models
from psycopg.types.json import Json

Row = dict[str, Any]


class Rows(Sequence[Row]):
    """Rows with the same names. A row is put together when it is read: most never are."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], count: int | None = None) -> None:
        """`count` is needed where there is no column."""
        self.columns = columns
        self._count = len(next(iter(columns.values()))) if count is None else count

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> "Rows":
        """Raises ValueError or KeyError when the rows have not all the same names."""
        names = tuple(rows[0]) if rows else ()
        if any(len(row) != len(names) for row in rows):
            raise ValueError("Rows kept by column must have the same names.")
        return cls({name: [row[name] for row in rows] for name in names}, len(rows))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(self)[at]
        return {name: values[at] for name, values in self.columns.items()}

    def __iter__(self) -> Iterator[Row]:
        if not self.columns:
            return iter([{} for _ in range(self._count)])
        return (dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __repr__(self) -> str:
        return repr(list(self))

    def as_json(self) -> dict[str, Any]:
        """Each name once with the values of all rows, or with the one value they share."""
        same: dict[str, Any] = {}
        columns: dict[str, Sequence[Any]] = {}
        for name, values in self.columns.items():
            if _alike(values):
                same[name] = values[0]
            else:
                columns[name] = values
        return {"rows": self._count, "same": same, "columns": columns}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Rows":
        """The rows again, in their order."""
        count = kept["rows"]
        return cls({name: [value] * count for name, value in kept["same"].items()} | kept["columns"], count)


def _alike(values: Sequence[Any]) -> bool:
    """Whether all are one plain value; True is not 1."""
    if not values or values[0] != values[-1] or isinstance(values[0], list | dict):
        return False
    return values.count(values[0]) == len(values) and len(set(map(type, values))) == 1


class DocumentField(models.JSONField):
    """JSON that is written once and read whole: PostgreSQL keeps its text and does not take it apart, which saves most
    of the time of writing it. Asked within by hand alone (`parameters -> 'none'`)."""

    def db_type(self, connection: Any) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value if value is None or hasattr(value, "resolve_expression") else Json(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # psycopg has read it


class RowsField(DocumentField):
    """A list of rows, each a mapping with the same names; read as `Rows`. In the database it is what `Rows.as_json`
    makes of them: a fifth of the size, and `candidates -> 'columns' -> 'score'` in SQL."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, Sequence):
            value = (value if isinstance(value, Rows) else Rows.of(value)).as_json()
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return Rows.from_json(value) if isinstance(value, dict) and "columns" in value else value
