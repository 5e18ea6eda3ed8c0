"""The importer in the admin: send a file, say what its columns are, see what would happen, confirm.

The file waits between the steps (`customers.imports.uploads`); the mapping stands in the address, so that a preview is
a page one can come back to. Preview, confirmation and the refused rows are each one run of `customers.imports.load`.
"""

from collections import Counter
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.imports import uploads
from customers.imports.forms import ColumnsForm, FileForm, label, open_sent
from customers.imports.load import load
from customers.imports.mapping import Columns
from customers.imports.reader import Unreadable
from customers.imports.rejects import Rejects

SAMPLES = 3
FAULTS_SHOWN = 100


@dataclass
class Outcome:
    """What a run did, or would do."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str, str]] = field(default_factory=list)  # line, field, reason; the first hundred
    rejects: StringIO = field(default_factory=StringIO)
    unreadable: str = ""  # why the file could not be read to its end


class ImportAdmin(admin.ModelAdmin):
    """An admin with the pages `import/` and `import/<token>/`."""

    def get_urls(self) -> list[URLPattern]:
        start, step = self.admin_site.admin_view(self.import_start), self.admin_site.admin_view(self.import_file)
        return [
            path("import/", require_http_methods(["GET", "POST"])(start), name="customers_customer_import"),
            path("import/<uuid:token>/", step, name="customers_customer_import_file"),
            *super().get_urls(),
        ]

    def import_start(self, request: HttpRequest) -> HttpResponse:
        """Send a file."""
        self._admit(request)
        form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
        if form.is_valid():
            try:
                token = uploads.keep(form.cleaned_data["file"], by=request.user, now=timezone.now())
            except OSError:
                form.add_error("file", _("The file could not be kept: the disk is full or closed. Try again later."))
            else:
                return redirect("admin:customers_customer_import_file", token)
        return self._page(request, "import.html", form=form)

    def import_file(self, request: HttpRequest, token: UUID) -> HttpResponse:
        """Map and preview (GET), fetch the refused rows (GET with `rejects`), import or discard (POST)."""
        self._admit(request)
        file = uploads.find(token, by=request.user)
        if file is None:
            messages.warning(request, _("That file is no longer here. Choose it again."))
            return redirect("admin:customers_customer_import")
        if "discard" in request.POST:
            uploads.forget(token, by=request.user)
            return redirect("admin:customers_customer_changelist")
        form = _columns_form(request, file)
        if form.is_valid() and "import" in request.POST:
            return self._import(request, file, form.columns)
        outcome = _run(file, form.columns, dry_run=True) if form.is_valid() else None
        if outcome and "rejects" in request.GET:
            text = outcome.rejects.getvalue().encode("utf-8-sig")
            headers = {"Content-Disposition": 'attachment; filename="rejects.csv"'}
            return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
        name = file.name.removeprefix("f_")
        return self._page(request, "import_file.html", form=form, outcome=outcome, file_name=name, shown=FAULTS_SHOWN)

    def _import(self, request: HttpRequest, file: Path, columns: Columns) -> HttpResponse:
        outcome = _run(file, columns, dry_run=False)
        words = _("Imported: %(created)d created, %(updated)d updated, %(unchanged)d unchanged, %(rejected)d rejected.")
        told = words % {name: outcome.counts[name] for name in ("created", "updated", "unchanged", "rejected")}
        LogEntry.objects.create(
            user=request.user,
            content_type=ContentType.objects.get_for_model(self.model),
            object_repr=file.name.removeprefix("f_"),
            action_flag=CHANGE,
            change_message=told,
        )
        messages.success(request, told)
        if outcome.unreadable:
            messages.error(request, outcome.unreadable)
        return HttpResponseRedirect(request.get_full_path())

    def _admit(self, request: HttpRequest) -> None:
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied

    def _page(self, request: HttpRequest, template: str, **context: object) -> TemplateResponse:
        base = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("Import customers")}
        return TemplateResponse(request, f"customers/{template}", base | context)


def _columns_form(request: HttpRequest, file: Path) -> ColumnsForm:
    with file.open("rb") as stream:
        table = open_sent(stream)
        try:
            samples = [cells for _line, cells in islice(table.rows, SAMPLES)]
        except Unreadable:
            samples = []  # the preview says why
        return ColumnsForm(request.GET, table.header, samples)


def _run(file: Path, columns: Columns, *, dry_run: bool) -> Outcome:
    """Constant memory but for the refused rows."""
    outcome = Outcome()
    with file.open("rb") as stream:
        table = open_sent(stream)
        refused = Rejects(outcome.rejects, table)
        try:
            for batch in load(table, columns, now=timezone.now(), dry_run=dry_run):
                outcome.counts.update(batch.counts)
                refused.write(batch.rejected)
                for row in batch.rejected[: FAULTS_SHOWN - len(outcome.faults)]:
                    outcome.faults += [
                        (row.line, fault.column or (label(fault.field) if fault.field else _("the row")), fault.reason)
                        for fault in row.faults
                    ]
        except Unreadable as error:
            outcome.unreadable = str(error)
    return outcome
