"""The desk's reports: figures, reasons, other policies, fairness. Filters stand in the address."""

import csv
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cancellations import decision_log
from cancellations.engine.measure import LEAST_SAMPLE, Estimate
from cancellations.models import ReasonCategory
from cancellations.queries import figures as queries
from cancellations.queries.figures import Period
from cancellations.queries.parity import Group
from cancellations.queries.parity import parity as parity_of
from cancellations.queries.policies import policies as policies_of
from cancellations.views import figure_lines
from customers.models import Customer
from staff import charts, formats
from staff.forms import DayField, ShortChoiceField
from staff.models import Team
from staff.rates import Rate


class FilterForm(forms.Form):
    """A year back when it says nothing; `all` reaches back to the first notice or imported offer."""

    all = forms.BooleanField(label=_("All time"), required=False)
    since = DayField(label=_("From"), required=False)
    until = DayField(label=_("To"), required=False)
    team = ShortChoiceField(Team.objects.order_by("name"), label=_("Team"), required=False, empty_label=_("any"))
    category = ShortChoiceField(
        ReasonCategory.objects.order_by("order"), label=_("Reason category"), required=False, empty_label=_("any")
    )


def _period(request: HttpRequest, *, agent: int | None = None) -> tuple[Period, FilterForm]:
    today = timezone.localdate()
    form = FilterForm(request.GET)
    found = form.cleaned_data if form.is_valid() else {}
    since = found.get("since") or today - timedelta(days=365)
    if found.get("all"):
        since = queries.first_day() or since
    until = (found.get("until") or today) + timedelta(days=1)
    shown = {**found, "since": since.isoformat(), "until": (until - timedelta(days=1)).isoformat()}
    team, category = found.get("team"), found.get("category")
    return (
        Period(since, until, today, agent=agent, team=team and team.pk, category=category and category.pk),
        FilterForm(initial=shown) if form.is_valid() else form,
    )


def _csv(name: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    writer = csv.writer(response)
    writer.writerow(head)
    writer.writerows(rows)
    return response


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def figures(request: HttpRequest) -> HttpResponse:
    period, form = _period(request)
    return _figures(request, period, form, mine=False)


@require_safe
@permission_required("cancellations.take_cancellation", raise_exception=True)
def mine(request: HttpRequest) -> HttpResponse:
    """One's own figures: nobody's else, no rank."""
    period, form = _period(request, agent=request.user.pk)
    del form.fields["team"]
    return _figures(request, period, form, mine=True)


def _figures(request: HttpRequest, period: Period, form: FilterForm, *, mine: bool) -> HttpResponse:
    wanted = request.GET.get("as")
    if wanted == "cohorts":
        head = ("month", "notices", "mature", "staying after the call", "saved, mature", "boomerang", "confirmed")
        return _csv(
            "cohorts",
            head,
            [
                (c.month, c.notices, c.mature, c.contact_save.k, c.boomerang.n, c.boomerang.k, c.confirmed_save.k)
                for c in queries.cohorts(period)
            ],
        )
    found = queries.figures(period)
    lines = figure_lines.lines(found)
    if wanted == "csv":
        return _csv("figures", figure_lines.HEAD, figure_lines.rows(lines))
    steps = [
        _now("notices"),
        _now("agreed to hear an offer"),
        _now("were offered something"),
        _now("accepted"),
        _now("carried out"),
        _now("paying on day 90"),
    ]
    funnel = charts.funnel(
        _now("From notice to still paying"),
        list(zip(steps, queries.funnel(period), strict=True)),
        head=[_now("Step"), _now("Cases")],
    )
    curves = queries.survival(period)
    survival = (
        charts.curves(_now("Saved customers still here, by quarter of the call"), curves, head=_now("Months"))
        if curves
        else None
    )
    cohorts = [
        {
            "month": formats.month(cohort.month),
            "notices": formats.number(cohort.notices),
            "mature": formats.number(cohort.mature),
            "contact": figure_lines.rate(cohort.contact_save)[0],
            "confirmed": figure_lines.rate(cohort.confirmed_save),
            "picture": charts.interval(*_whiskers(cohort.confirmed_save)) if cohort.mature else "",
            "boomerang": figure_lines.rate(cohort.boomerang)[0],
            "grey": cohort.mature < cohort.notices,
        }
        for cohort in queries.cohorts(period)
    ]
    return render(
        request,
        "cancellations/reports/figures.html",
        {
            "lines": lines,
            "form": form,
            "funnel": funnel,
            "survival": survival,
            "cohorts": cohorts,
            "mine": mine,
            "immature": formats.number(found.immature),
            "mature": formats.number(found.mature),
            "query": _query(request),
        },
    )


def _query(request: HttpRequest) -> str:
    """The filters as they stand in the address, to go on with."""
    query = request.GET.copy()
    query.pop("as", None)
    return query.urlencode()


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def reasons(request: HttpRequest) -> HttpResponse:
    period, form = _period(request)
    rows = queries.reasons(period)
    if request.GET.get("as") == "csv":
        return _csv("reasons", ["category", "reason", "notices"], rows)
    by_category: dict[str, int] = {}
    for category, _reason, count in rows:
        by_category[category] = by_category.get(category, 0) + count
    labels = {c.name: c.label() for c in ReasonCategory.objects.all()}
    not_told = _now("not told")
    pareto = charts.pareto(
        _now("Why customers leave"),
        [(labels.get(name, name) or not_told, count) for name, count in by_category.items()],
        head=[_now("Reason category"), _now("Notices")],
    )
    by_month = queries.reasons_by_month(period)
    ordered = sorted(by_month, key=lambda n: -sum(count for _m, count in by_month[n]))
    trends = [
        {
            "name": labels.get(name, name) or not_told,
            "count": formats.number(sum(count for _m, count in by_month[name])),
            "spark": charts.sparkline([count for _m, count in by_month[name]], _now("Notices by month")),
        }
        for name in ordered
    ]
    months = [
        (formats.month(month), [formats.number(by_month[name][at][1]) for name in ordered])
        for at, (month, _count) in enumerate(by_month[ordered[0]] if ordered else [])
    ]
    detail = [
        {"category": labels.get(category, category), "reason": reason or not_told, "count": formats.number(count)}
        for category, reason, count in rows
    ]
    return render(
        request,
        "cancellations/reports/reasons.html",
        {
            "form": form,
            "pareto": pareto,
            "trends": trends,
            "months": months,
            "rows": detail,
            "total": formats.number(sum(count for _c, _r, count in rows)),
            "query": _query(request),
        },
    )


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def experiment(request: HttpRequest) -> HttpResponse:
    """The two arms, and what other policies would have brought."""
    period, form = _period(request)
    found = queries.figures(period)
    names = {
        "logged": _now("as it was chosen"),
        "best": _now("always the best expected score"),
        "none": _now("never an incentive"),
    }

    def said(estimate: Estimate | None) -> str:
        if estimate is None:
            return _now("refused: sample under %d") % LEAST_SAMPLE
        return f"{_money(estimate.value)} ({_money(estimate.low)} – {_money(estimate.high)})"

    arms = [(_now("Offers suggested"), found.uplift.treated), (_now("Hold-out"), found.uplift.held)]
    results = {names[name]: result for name, result in policies_of(period).items()}
    if request.GET.get("as") == "csv":
        lines = [*(figure_lines.of_rate(name, rate) for name, rate in arms), *figure_lines.uplift(found)]
        estimated = [
            (
                f"{kind}: {name}",
                *(("", "", "") if at is None else (at.value, at.low, at.high)),
                "",
                round(result.sample),
            )
            for name, result in results.items()
            for kind, at in (("IPS", result.ips), ("SNIPS", result.snips), ("DR", result.dr))
        ]
        return _csv("experiment", figure_lines.HEAD, [*figure_lines.rows(lines), *estimated])
    policies = [
        {
            "name": name,
            "sample": formats.number(round(result.sample)),
            "estimates": [said(result.ips), said(result.snips), said(result.dr)],
        }
        for name, result in results.items()
    ]
    return render(
        request,
        "cancellations/reports/experiment.html",
        {
            "form": form,
            "policies": policies,
            "arms": [(name, *figure_lines.rate(rate), charts.interval(*_whiskers(rate))) for name, rate in arms],
            "lines": figure_lines.uplift(found),
            "overridden": found.overridden,
            "query": _query(request),
        },
    )


def _whiskers(rate: Rate) -> tuple[float, float | None, float | None]:
    return rate.share or 0.0, rate.low, rate.high


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def parity(request: HttpRequest) -> HttpResponse:
    """What was offered to whom: groups of fewer than 100 notices are not judged."""
    period, form = _period(request)
    tables = []
    lines: list[Sequence[object]] = []
    names: dict[str, dict[str, Any]] = {
        "segment": dict(Customer.Segment.choices),
        "language": dict(settings.LANGUAGES),
        "vulnerable": {"True": _now("yes"), "False": _now("no")},
    }
    for by, label in (("segment", _now("Segment")), ("language", _now("Language")), ("vulnerable", _now("Vulnerable"))):
        groups = parity_of(period, by)
        lines += [(by, g.name, g.notices, *_parity_row(g)) for g in groups]
        rows = [
            {
                "name": names[by].get(group.name, group.name),
                "notices": formats.number(group.notices),
                "offered": " · ".join(figure_lines.rate(group.offered))
                if group.offered
                else _now("fewer than 100 notices"),
                "picture": charts.interval(*_whiskers(group.offered)) if group.offered else "",
                "value": _money(group.value.mean) if group.value else "–",
                "range": " – ".join(map(_money, group.value.interval)) if group.value else "",
                "clear": group.against.is_clear,
                "against": f"{'+' if (group.against.value or 0) > 0 else ''}{_money(group.against.value)}"
                if group.against.value is not None
                else "",
                "grey": group.offered is None,
            }
            for group in groups
        ]
        tables.append({"label": label, "rows": rows})
    if request.GET.get("as") == "csv":
        head = ("by", "group", "notices", "offered", "offered per notice", "low", "high", "against the others")
        return _csv("parity", head, lines)
    return render(
        request, "cancellations/reports/parity.html", {"form": form, "tables": tables, "query": _query(request)}
    )


def _parity_row(group: Group) -> tuple[object, ...]:
    if group.offered is None or group.value is None:
        return ("", "", "", "", "")
    figures = (group.value.mean, *group.value.interval, group.against.value)
    return group.offered.k, *("" if figure is None else round(figure, 2) for figure in figures)


def _money(amount: float | None) -> str:
    return formats.money(None if amount is None else Decimal(str(round(amount, 2))))


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def history(request: HttpRequest) -> HttpResponse:
    """Imported offers, as observed."""
    period, form = _period(request)
    for name in ("team", "category"):
        del form.fields[name]
    found = queries.observed(period)
    rows = [
        {
            "name": row.offer or _now("no offer"),
            "cases": formats.number(row.cases),
            "accepted": " · ".join(figure_lines.rate(row.accepted)),
            "still": " · ".join(figure_lines.rate(row.still)),
            "picture": charts.interval(*_whiskers(row.still)),
        }
        for row in found
    ]
    if request.GET.get("as") == "csv":
        head = ["offer", "cases", "accepted", "still a customer, known", "still a customer"]
        lines = [(r.offer, r.cases, r.accepted.k, r.still.n, r.still.k) for r in found]
        return _csv("observed", head, lines)
    return render(
        request,
        "cancellations/reports/history.html",
        {"form": form, "rows": rows, "query": _query(request)},
    )


@require_safe
@permission_required("staff.view_reports", raise_exception=True)
def decisions(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """The decision log of the last year, as CSV or in Vowpal Wabbit's form; streamed."""
    if form not in ("csv", "vw"):
        raise Http404
    rows = decision_log.decisions(since=timezone.now() - timedelta(days=366))
    write = decision_log.as_csv if form == "csv" else decision_log.as_vowpal
    response = StreamingHttpResponse(write(rows), content_type="text/csv" if form == "csv" else "text/plain")
    response["Content-Disposition"] = f'attachment; filename="decisions.{form}"'
    return response
