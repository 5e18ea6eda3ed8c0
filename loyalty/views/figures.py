"""The figures of loyalty. Filters stand in the address."""

import csv
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from loyalty.models import Programme
from loyalty.queries import figures, outcome, points
from loyalty.queries import lift as matched
from loyalty.queries.figures import Scope
from staff import formats
from staff.forms import DayField

REPORTS = "loyalty.view_loyalty_reports"


class ScopeForm(forms.Form):
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)
    programme = forms.ModelChoiceField(
        Programme.objects.order_by("name"), label=_("Programme"), required=False, empty_label=_("all")
    )


def _scope(request: HttpRequest) -> tuple[Scope, ScopeForm]:
    """The last twelve months unless the address says otherwise."""
    form, today = ScopeForm(request.GET), timezone.localdate()
    found = form.cleaned_data if form.is_valid() else {}
    since, last = found.get("since") or today - timedelta(days=365), found.get("until") or today
    programme = found.get("programme")
    shown = ScopeForm(
        initial={"since": since.isoformat(), "until": last.isoformat(), "programme": programme and programme.pk}
    )
    return Scope(since, last + timedelta(days=1), programme and programme.pk), shown


def _found(scope: Scope, now: datetime) -> dict[str, Any]:
    of_points, of_tiers = points.points(scope, now), points.tiers(scope, now)
    found = figures.report(scope, now, cards=not (scope.programme and of_points))
    return found | {"sections": [section for section in (of_points, of_tiers) if section]}


@require_GET
@permission_required(REPORTS, raise_exception=True)
def report(request: HttpRequest) -> HttpResponse:
    scope, form = _scope(request)
    now = timezone.now()
    context = _found(scope, now) | {
        "form": form,
        "query": request.GET.urlencode(),
        "lines": outcome.lines(scope.programme, now),
    }
    return render(request, "loyalty/report.html", context)


@require_GET
@permission_required(REPORTS, raise_exception=True)
def lift(request: HttpRequest) -> HttpResponse:
    """Members against matched non-members; fetched once the page stands, for it reads every contract."""
    scope, _form = _scope(request)
    found = matched.lift(scope, timezone.localdate())
    difference = found.difference
    told: dict[str, Any] = {
        "members": formats.percent(found.members.share),
        "others": formats.percent(found.others.share),
        "members_n": formats.number(found.members.n),
        "others_n": formats.number(found.others.n),
        "strata": formats.number(found.strata),
        "unmatched": formats.number(found.unmatched) if found.unmatched else "",
        "is_told": difference.value is not None,
        "is_clear": difference.is_clear,
        "points": [_points(share) for share in (difference.value, difference.low, difference.high)],
        "least": matched.LEAST,
        "days": matched.STAY,
    }
    return render(request, "loyalty/report.html#lift", {"lift": told})


def _points(share: float | None) -> str:
    if share is None:
        return "–"
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return f"{sign}{formats.number(abs(round(100 * share, 1)))}"


@require_GET
@permission_required(REPORTS, raise_exception=True)
def figures_csv(request: HttpRequest) -> HttpResponse:
    """The tiles, the issue cohorts, points, tiers and the forecasts, as they stand on the page."""
    scope, _form = _scope(request)
    now = timezone.now()
    found = _found(scope, now)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="loyalty.csv"'
    writer = csv.writer(response)
    writer.writerow(["figure", "value", "definition"])
    writer.writerows(found["tiles"])
    writer.writerow([])
    writer.writerow(["issued in", "issued", "redeemed", "expired", "matured"])
    writer.writerows([f"{month:%Y-%m}", *rest] for month, *rest in found["cohorts"])
    for section in found["sections"]:
        writer.writerow([])
        writer.writerows(section.tiles)
        writer.writerow([])
        writer.writerow(section.head)
        writer.writerows(section.rows)
    writer.writerow([])
    writer.writerow(["version", "days", "figure", "low", "base", "high", "actual"])
    for line in outcome.lines(scope.programme, now):
        for name in ("stamps", "rewards", "cost"):
            writer.writerow([line.title, line.days, name, *getattr(line, name)])
    return response
