"""The guidance: its versions, a version's cells to read, a draft to write, and its publication by a colleague."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.actions import matrix as actions
from complaints.compensation.forms import CellForm, MatrixForm, NewMatrixForm
from complaints.models import Category, ComplaintCase, Matrix
from complaints.models.guidance import RemedyKind
from staff import formats
from staff.errors import DomainError


@require_GET
@permission_required("complaints.view_matrix", raise_exception=True)
def matrices(request: HttpRequest) -> HttpResponse:
    return _versions(request, NewMatrixForm(initial={"valid_from": timezone.localdate() + timedelta(days=1)}))


@require_POST
@permission_required("complaints.change_matrix", raise_exception=True)
def new_matrix(request: HttpRequest) -> HttpResponse:
    """A draft that starts as a copy of the version in force."""
    form = NewMatrixForm(request.POST)
    if not form.is_valid():
        return _versions(request, form, status=422)
    made = actions.draft(**form.cleaned_data, by=request.user, now=timezone.now())
    return redirect("complaints:matrix", pk=made.pk)


def _versions(request: HttpRequest, form: NewMatrixForm, *, status: int = 200) -> HttpResponse:
    current = Matrix.objects.in_force(timezone.localdate())
    rows = Matrix.objects.select_related("author", "publisher").order_by("-valid_from", "-pk")[:100]
    return render(
        request,
        "complaints/compensation/matrices.html",
        {
            "form": form,
            "rows": [
                {
                    "matrix": row,
                    "from": formats.day(row.valid_from),
                    "author": row.author.short_name,
                    "publisher": row.publisher.short_name if row.publisher else "–",
                    "state": _("in force")
                    if row == current
                    else _("draft")
                    if not row.is_published
                    else _("to come")
                    if row.valid_from > timezone.localdate()
                    else _("earlier"),
                    "tone": "green" if row == current else "amber" if not row.is_published else "",
                }
                for row in rows
            ],
        },
        status=status,
    )


@require_http_methods(["GET", "POST"])
@permission_required("complaints.view_matrix", raise_exception=True)
def matrix_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A published version to read; a draft as a form for those who may write it."""
    version = get_object_or_404(Matrix.objects.select_related("author", "publisher"), pk=pk)
    may_write = request.user.has_perm("complaints.change_matrix") and not version.is_published
    if not may_write:
        return render(
            request,
            "complaints/compensation/matrix.html",
            {"matrix": version, "groups": _read(version), "settings": _settings(version)},
        )
    form = MatrixForm(request.POST or None, instance=version)
    groups = _cell_forms(version, request)
    cells = [cell for _category, row in groups for cell in row]
    status = 200
    if request.method == "POST":
        status = 422
        if all([form.is_valid(), *(cell.is_valid() for cell in cells)]):
            try:
                actions.change(
                    pk,
                    settings=form.settings(),
                    cells=[cell.save(commit=False) for cell in cells if cell.is_filled],
                    by=request.user,
                )
            except DomainError as error:
                form.add_error(None, str(error))
                status = 409
            else:
                messages.success(request, _("Saved. A colleague can publish it now."))
                return redirect("complaints:matrix", pk=pk)
    return render(
        request,
        "complaints/compensation/matrix_form.html",
        {"matrix": version, "form": form, "groups": groups, "mine": version.author_id == request.user.pk},
        status=status,
    )


@require_POST
@permission_required("complaints.publish_matrix", raise_exception=True)
def publish_matrix(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Matrix, pk=pk)
    try:
        actions.publish(pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Published."))
    return redirect("complaints:matrix", pk=pk)


def _cell_forms(version: Matrix, request: HttpRequest) -> list[tuple[Category, Sequence[CellForm]]]:
    cells = {(cell.category_id, cell.severity): cell for cell in version.cells.all()}
    return [
        (
            category,
            [
                CellForm(
                    request.POST or None,
                    instance=cells.get((category.pk, severity)),
                    prefix=f"cell-{category.pk}-{severity}",
                    category=category,
                    severity=severity,
                )
                for severity in ComplaintCase.Severity.values
            ],
        )
        for category in Category.objects.filter(is_active=True).order_by("order", "pk")
    ]


def _read(version: Matrix) -> list[tuple[str, list[tuple[str, str, str, str, str]]]]:
    """(category, its cells by severity) as they are read."""
    labels = dict(RemedyKind.choices)
    cells = version.cells.select_related("category").order_by("category__order", "category", "severity")
    return [
        (
            str(category),
            [
                (
                    cell.get_severity_display().partition(":")[0],
                    formats.money(cell.low),
                    formats.money(cell.mid),
                    formats.money(cell.high),
                    " · ".join(str(labels[kind]) for kind in cell.preferred),
                )
                for cell in found
            ],
        )
        for category, found in groupby(cells, key=lambda cell: cell.category)
    ]


def _settings(version: Matrix) -> list[tuple[str, str]]:
    """What moves a cell's middle, and the caps, by their names."""
    fields = ((Matrix._meta.get_field(name), getattr(version, name)) for name in actions.SETTINGS)
    return [
        (
            capfirst(field.verbose_name),
            "–" if value is None else (formats.percent if field.max_digits == 4 else formats.money)(value),
        )
        for field, value in fields
    ]
