"""The report on compensation, on a page and as CSV."""

import csv
from datetime import datetime, time, timedelta

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from complaints.compensation.figures import Costs, by_band, costs
from complaints.vouchers.report_views import period
from staff import charts, formats


@require_GET
@permission_required("complaints.view_compensation_report", raise_exception=True)
def compensation_report(request: HttpRequest) -> HttpResponse:
    form = period(request)
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    since, until = (timezone.make_aware(datetime.combine(day, time.min)) for day in (first, last + timedelta(days=1)))
    found = costs(since, until)
    if request.GET.get("format") == "csv":
        return _csv(found, f"{first}-{last}")
    bands = by_band(since, until)
    asked = request.GET.copy()
    asked["format"] = "csv"
    names = {
        "below": _("below the band"),
        "within": _("within the band"),
        "above": _("above the band"),
        "none": _("no guidance"),
    }
    return render(
        request,
        "complaints/compensation/report.html",
        {
            "form": form,
            "cases": formats.number(found.cases),
            "figures": [
                (label, formats.money(found.per_case(basis)), about)
                for basis, label, about in (
                    ("committed", _("Agreed, per case"), _("What was agreed at face value, divided by the cases.")),
                    (
                        "expected",
                        _("Expected, per case"),
                        _("Face × the chance that a voucher is redeemed × what the goods cost us."),
                    ),
                    ("realised", _("Spent, per case"), _("What was done or redeemed until now, at cost.")),
                )
            ],
            "redeemed": formats.percent(found.redeemed),
            "product_cost": formats.percent(found.product_cost),
            "rows": [
                (
                    kind.kind,
                    formats.number(kind.n),
                    formats.money(kind.committed),
                    formats.money(kind.expected),
                    formats.money(kind.realised),
                )
                for kind in found.kinds
            ],
            "chart": charts.bars(
                _("Awards with goodwill, against the guidance"),
                [(name, bands.get(code, 0)) for code, name in names.items()],
                head=[_("Against the band"), _("Awards")],
            ),
            "csv_url": f"?{asked.urlencode()}",
        },
    )


def _csv(found: Costs, name: str) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="compensation-{name}.csv"'
    writer = csv.writer(response)
    writer.writerow(["remedy", "n", "committed", "expected", "realised"])
    writer.writerows([kind.kind, kind.n, kind.committed, kind.expected, kind.realised] for kind in found.kinds)
    return response
