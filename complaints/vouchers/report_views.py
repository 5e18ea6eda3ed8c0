"""The liability report, on a page and as CSV."""

import csv
from datetime import date

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from complaints.models.vouchers import VoucherKind
from complaints.vouchers.forms import PeriodForm
from complaints.vouchers.liability import Liability, Movement, liability
from staff import formats

COLUMNS = ("opening", "issued", "redeemed", "reversed", "expired", "voided", "adjusted", "closing")


def period(request: HttpRequest) -> PeriodForm:
    """The asked period; this year so far when none or no good one was asked for."""
    today = timezone.localdate()
    start = {"first": date(today.year, 1, 1).isoformat(), "last": today.isoformat()}
    form = PeriodForm({name: request.GET.get(name) or value for name, value in start.items()})
    if not form.is_valid():
        form.cleaned_data = {name: date.fromisoformat(value) for name, value in start.items()}
    return form


@require_GET
@permission_required("complaints.view_liability", raise_exception=True)
def liability_report(request: HttpRequest) -> HttpResponse:
    form = period(request)
    found = liability(form.cleaned_data["first"], form.cleaned_data["last"])
    if request.GET.get("format") == "csv":
        return _csv(found)
    asked = request.GET.copy()
    asked["format"] = "csv"
    kinds = [kind for kind in VoucherKind if any(line.kind == kind for line in found.lines)]
    return render(
        request,
        "complaints/vouchers/liability.html",
        {
            "form": form,
            "columns": column_names(),
            "groups": [
                (
                    kind.label,
                    [
                        (formats.month(line.month), _written(line.movement))
                        for line in found.lines
                        if line.kind == kind and any(line.movement)
                    ],
                    _written(found.total(kind)),
                )
                for kind in kinds
            ],
            "total": _written(found.total()),
            "closing": formats.money(found.total().closing),
            "closes": all(line.movement.closes for line in found.lines),
            "last": formats.day(found.last),
            "csv_url": f"?{asked.urlencode()}",
        },
    )


def column_names() -> list[str]:
    return [
        _("Opening"),
        _("+ issued"),
        _("− redeemed"),
        _("+ taken back"),
        _("− expired"),
        _("− voided"),
        _("± adjusted"),
        _("= closing"),
    ]


def _written(movement: Movement) -> list[str]:
    return [formats.money(amount) if amount else "–" for amount in movement]


def _csv(found: Liability) -> HttpResponse:
    """Plain decimals with a point, one line a kind and month of issue: for a spreadsheet or the auditor."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="liability-{found.first}-{found.last}.csv"'
    writer = csv.writer(response)
    writer.writerow(["kind", "issue_month", *COLUMNS])
    writer.writerows([line.kind, f"{line.month:%Y-%m}", *line.movement] for line in found.lines)
    return response
