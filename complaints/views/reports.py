"""The report on complaints: figures, pictures, the same as CSV."""

import csv
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from complaints import reports
from complaints.forms import Labelled
from complaints.models import Category, ComplaintCase, RootCause
from complaints.reports import Figure, Scope
from staff import charts, formats
from staff.forms import DayField
from staff.models import Team

ANY = gettext_lazy("any")


class ReportFilter(Labelled):
    since = DayField(label=gettext_lazy("from"), required=False)
    until = DayField(label=gettext_lazy("to and with"), required=False)
    category = forms.ModelChoiceField(
        label=gettext_lazy("category"), queryset=Category.objects.none(), required=False, empty_label=ANY
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("came by"), choices=[("", ANY), *ComplaintCase.Channel.choices], required=False
    )
    team = forms.ModelChoiceField(
        label=gettext_lazy("team"), queryset=Team.objects.none(), required=False, empty_label=ANY
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = Category.objects.order_by("order", "pk")
        self.fields["team"].queryset = Team.objects.order_by("name")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", gettext_lazy("The period ends before it begins."))
        return cleaned

    def scope(self, default: tuple[date, date]) -> Scope:
        values = self.cleaned_data if self.is_valid() else {}
        since, until = values.get("since") or default[0], values.get("until")
        category, team = values.get("category"), values.get("team")
        return Scope(
            since=since,
            until=until + timedelta(days=1) if until else max(default[1], since + timedelta(days=1)),
            category=category.pk if category else None,
            channel=values.get("channel", ""),
            team=team.pk if team else None,
        )


def written(figure: Figure) -> str:
    if figure.value is None:
        return "–"
    return {
        "share": lambda v: formats.percent(v),
        "span": lambda v: _("%(hours)s h") % {"hours": formats.number(round(v / 3600, 1))},
        "days": lambda v: formats.number(round(v, 1)),
        "mark": lambda v: formats.number(round(v, 1)),
        "count": lambda v: formats.number(int(v)),
    }[figure.kind](float(figure.value))


@require_GET
@permission_required("complaints.view_complaint_reports", raise_exception=True)
def complaints_report(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    default = reports.last_months(now)
    data = request.GET.copy()
    data.setdefault("since", default[0].isoformat())
    data.setdefault("until", (default[1] - timedelta(days=1)).isoformat())
    form = ReportFilter(data)
    scope = form.scope(default)
    figures = reports.figures(scope, now)
    if request.GET.get("format") == "csv":
        return _csv(figures, scope)
    data["format"] = "csv"
    names = {one.pk: str(one) for one in RootCause.objects.all()}
    weeks, months = reports.sla_by_week(scope, now), reports.recovered_by_month(scope, now)
    return render(
        request,
        "complaints/reports.html",
        {
            "form": form,
            "figures": [
                {"label": one.label, "value": written(one), "n": formats.number(one.n), "about": one.about}
                for one in figures
            ],
            "csv_url": f"?{data.urlencode()}",
            "charts": [
                charts.bars(
                    _("Age of complaints without an answer"), reports.ages(scope, now), head=[_("Age"), _("Complaints")]
                ),
                charts.bars(
                    _("Still a customer after 90 days, by month of closing"),
                    [(formats.month(month), kept / active) for month, kept, active in months],
                    head=[_("Month"), _("Share")],
                    write=formats.percent,
                ),
                charts.bars(
                    _("Within the promise, by week"),
                    [(formats.day(week), kept / due) for week, kept, due in weeks],
                    head=[_("Week of"), _("Share")],
                    write=formats.percent,
                ),
                charts.pareto(
                    _("Root causes"),
                    [(names[cause], count) for cause, count in reports.causes(scope)],
                    head=[_("Cause"), _("Complaints")],
                ),
            ],
        },
    )


def _csv(figures: list[Figure], scope: Scope) -> HttpResponse:
    """The figures as plain numbers, for a spreadsheet; the byte-order mark tells Excel that it is UTF-8."""
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = f"complaints-{scope.since}-{scope.until - timedelta(days=1)}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    out = csv.writer(response)
    out.writerow(["code", "figure", "value", "unit", "n", "definition"])
    units = {"span": "open seconds", "share": "share", "days": "days", "mark": "1-5", "count": "complaints"}
    for one in figures:
        out.writerow(
            [one.code, one.label, "" if one.value is None else float(one.value), units[one.kind], one.n, one.about]
        )
    return response
