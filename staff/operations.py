"""Migrations of many tables, in a third of the time."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Tables created one after another against the state that holds them all.

    Django draws the models anew after each CreateModel, with whatever refers to them: of a room's thirty tables, which
    all know a member of staff, each would draw nearly the whole project.
    """

    reduces_to_sql = True

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        state.__dict__.pop("apps", None)  # drawn when it is asked for, once
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.operations)} models"


def together(operations: Iterable[Operation]) -> list[Operation]:
    """The operations of a migration as they were, neighbouring CreateModels as one."""
    packed: list[Operation] = []
    for is_model, group in groupby(operations, lambda operation: isinstance(operation, CreateModel)):
        if is_model:
            packed.append(CreateModels(list(group)))
        else:
            packed += group
    return packed
