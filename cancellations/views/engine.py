"""What the engine believes, what it may spend, what limits it."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cancellations.actions import incentives as actions
from cancellations.budgets import month_of
from cancellations.incentive_forms import BudgetForm, LimitsForm
from cancellations.models import Belief, Budget, EnginePolicy, Incentive, LearnedModel, Reason
from cancellations.queries import beliefs as queries
from staff import charts, formats
from staff.errors import DomainError

Quantity = Belief.Quantity


@require_safe
@permission_required("cancellations.view_beliefs", raise_exception=True)
def beliefs(request: HttpRequest) -> HttpResponse:
    """By kind and incentive, or (with ?incentive=) by reason of one incentive, or (with ?reason= too) by segment;
    ?quantity= chooses the estimate."""
    quantity = request.GET.get("quantity", Quantity.ACCEPT)
    quantity = quantity if quantity in Quantity.values else Quantity.ACCEPT
    chosen = reason = None
    if quantity in (Quantity.ACCEPT, Quantity.STAY_ACCEPTED):  # who refused or had no offer is not told by incentive
        chosen = Incentive.objects.filter(pk=_number(request.GET.get("incentive"))).first()
        reason = Reason.objects.filter(pk=_number(request.GET.get("reason"))).first() if chosen else None
    model = LearnedModel.objects.defer("arrays").order_by("-as_of").first()
    if model is None:
        rows = []
    elif chosen and reason:
        rows = queries.by_segment(model, quantity, chosen, reason)
    else:
        rows = queries.rows(model, quantity, chosen)
    shown = [
        {
            "name": row.name or (chosen.label() if chosen else _("all")),
            "depth": row.depth,
            "url": _further(row, quantity, chosen, reason),
            "mean": formats.percent(row.mean),
            "range": f"{formats.percent(row.low)}–{formats.percent(row.high)}",
            "picture": charts.interval(row.mean, row.low, row.high),
            "counted": f"{formats.number(round(row.k))} / {formats.number(round(row.n))}",
            "little": row.little,
            "course": charts.sparkline(row.course, _("How it moved")) if len(row.course) > 1 else "",
        }
        for row in rows
    ]
    points = queries.moved(quantity, chosen, reason)
    return render(
        request,
        "cancellations/engine/beliefs.html",
        {
            "rows": shown,
            "moved": _moved(points) if len(points) > 1 else None,
            "model": model,
            "as_of": formats.moment(model.as_of) if model else "",
            "facts": formats.number(model.facts) if model else "",
            "changes": [Quantity(name).label for name, at in (model.about.get("change") or {}).items() if at]
            if model
            else [],
            "quantities": [(value, label, value == quantity) for value, label in Quantity.choices],
            "quantity": quantity,
            "chosen": chosen,
            "reason": reason,
        },
    )


def _further(row: queries.Row, quantity: str, chosen: Incentive | None, reason: Reason | None) -> str:
    """Where the next link of the chain is told."""
    if reason or not row.incentive_id or (chosen and not row.reason_id):
        return ""
    address = {"quantity": quantity, "incentive": row.incentive_id}
    return "?" + urlencode(address | {"reason": row.reason_id} if chosen else address)


def _moved(points: Sequence[queries.Moved]) -> charts.Chart:
    days = [point.day.toordinal() for point in points]
    bounds = {
        _("estimate"): [point.mean for point in points],
        _("likely from"): [point.low for point in points],
        _("to"): [point.high for point in points],
    }
    return charts.curves(
        _("How it moved"),
        {name: list(zip(days, values, strict=True)) for name, values in bounds.items()},
        head=_("Day"),
        write=lambda day: formats.day(date.fromordinal(int(day))),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.view_budget", raise_exception=True)
def budgets(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The budgets of a month (?month=2026-11-01, else this one), how they burn down, and a form for whoever may set
    them."""
    this = month_of(timezone.now())
    may = request.user.has_perm("cancellations.change_budget")
    instance = get_object_or_404(Budget, pk=pk) if pk else None
    month = instance.month if instance else _month(request.GET.get("month")) or this
    form = BudgetForm(request.POST or None, instance=instance, initial={} if instance else {"month": month})
    if request.method == "POST" and may and form.is_valid():
        try:
            saved = actions.set_budget(pk, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(f"{reverse('cancellations:budgets')}?month={saved.month.isoformat()}")
    rows = []
    for row in queries.burn_down(month):
        budget = row.budget
        left = budget.amount - budget.reserved - budget.consumed
        rows.append(
            {
                "pk": budget.pk,
                "name": budget.incentive or _("all incentives"),
                "team": budget.team or _("all teams"),
                "amount": formats.money(budget.amount),
                "reserved": formats.money(budget.reserved),
                "consumed": formats.money(budget.consumed),
                "left": formats.money(left),
                "tone": "red" if left <= 0 else "amber" if left < budget.amount / 5 else "",
                "price": formats.number(round(1 + row.price, 2)) if month == this else "",
                "chart": charts.curves(
                    _("Left of the budget"), {_("left"): row.left, _("at an even pace"): row.even}, head=_("Day")
                )
                if row.left
                else None,
            }
        )
    months = sorted({this, month, *queries.budget_months()}, reverse=True)
    return render(
        request,
        "cancellations/engine/budgets.html",
        {
            "rows": rows,
            "form": form if may else None,
            "editing": instance,
            "month": formats.month(month),
            "months": [(each.isoformat(), formats.month(each), each == month) for each in months],
        },
    )


def _month(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "").replace(day=1)
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.change_limits", raise_exception=True)
def limits(request: HttpRequest) -> HttpResponse:
    """The company's limits; every change is a new row, the old ones stay to be read."""
    now = timezone.now()
    rows = list(EnginePolicy.objects.select_related("author").order_by("-pk")[:10])
    initial: dict[str, Any] = model_to_dict(rows[0]) if rows else {}
    form = LimitsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.set_limits(by=request.user, now=now, **form.cleaned_data)
        messages.success(request, _("Saved. It holds from the next call on."))
        return redirect("cancellations:limits")
    history = [
        {
            "at": formats.moment(row.created_at),
            "by": row.author or _("at the start"),
            "margin": formats.percent(row.margin_floor),
            "value": formats.percent(row.share_of_value),
            "goodwill": formats.money(row.goodwill_in_year) if row.goodwill_in_year is not None else _("without bound"),
            "days": formats.number(row.household_days),
            "accepted": formats.number(row.accepted_in_year),
            "hold_out": formats.percent(row.hold_out),
        }
        for row in rows
    ]
    return render(request, "cancellations/engine/limits.html", {"form": form, "history": history})
