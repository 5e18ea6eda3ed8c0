"""Writing the guidance: draft a version from the last one, change its cells, have a colleague publish it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Matrix, MatrixCell
from staff.errors import DomainError, SelfApproval, WrongState
from staff.models import User

SETTINGS = (
    "per_week",
    "per_contact",
    "repeat",
    "vulnerable",
    "breach",
    "contributory",
    "customer_value",
    "typical_value",
    "cap_customer_year",
    "cap_item",
    "stamp_cost",
    "product_cost",
)


@transaction.atomic
def draft(*, name: str, valid_from: date, by: User, now: datetime) -> Matrix:
    """A new version that starts as a copy of the one in force; three queries."""
    current = Matrix.objects.in_force(timezone.localdate(now))
    settings = {setting: getattr(current, setting) for setting in SETTINGS} if current else {}
    matrix = Matrix.objects.create(name=name, valid_from=valid_from, author=by, created_at=now, **settings)
    if current:
        MatrixCell.objects.bulk_create(
            MatrixCell(
                matrix=matrix,
                category_id=cell.category_id,
                severity=cell.severity,
                low=cell.low,
                mid=cell.mid,
                high=cell.high,
                preferred=cell.preferred,
            )
            for cell in current.cells.all()
        )
    return matrix


@transaction.atomic
def change(pk: int, *, settings: dict[str, Any], cells: Sequence[MatrixCell], by: User) -> Matrix:
    """Replace a draft's settings and cells. Who changes it becomes its author: the publisher is another. WrongState."""
    matrix = Matrix.objects.select_for_update().get(pk=pk)
    _check_draft(matrix)
    for name, value in settings.items():
        setattr(matrix, name, value)
    matrix.author = by
    matrix.save()
    matrix.cells.all().delete()
    for cell in cells:
        cell.pk, cell.matrix = None, matrix
    MatrixCell.objects.bulk_create(cells)
    return matrix


@transaction.atomic
def publish(pk: int, *, by: User, now: datetime) -> Matrix:
    """Bring a colleague's draft into force on its day; the cells stand from then on. Raises SelfApproval, WrongState,
    DomainError for a day in the past (awards made since would have been guided by something else)."""
    matrix = Matrix.objects.select_for_update().get(pk=pk)
    _check_draft(matrix)
    if matrix.author_id == by.pk:
        raise SelfApproval(_("Ask a colleague to publish what you wrote."))
    if matrix.valid_from < timezone.localdate(now):
        raise DomainError(_("Its first day has passed. Choose today or later."), field="valid_from")
    if not matrix.cells.exists():
        raise DomainError(_("It has no cells yet."))
    matrix.publisher, matrix.published_at = by, now
    matrix.save()
    return matrix


def _check_draft(matrix: Matrix) -> None:
    if matrix.is_published:
        raise WrongState(_("This version is published and stands as it is. Make a new one."))
