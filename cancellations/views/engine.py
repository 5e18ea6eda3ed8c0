"""What the engine believes, what it may spend, what limits it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cancellations.actions import incentives as actions
from cancellations.budgets import month_of
from cancellations.incentive_forms import BudgetForm, LimitsForm
from cancellations.models import Belief, Budget, EnginePolicy, Incentive, LearnedModel
from cancellations.queries import beliefs as queries
from staff import charts, formats
from staff.errors import DomainError

Quantity = Belief.Quantity


@require_safe
@permission_required("cancellations.view_beliefs", raise_exception=True)
def beliefs(request: HttpRequest) -> HttpResponse:
    """By incentive, or (with ?incentive=) by reason of one incentive; ?quantity= chooses the estimate."""
    quantity = request.GET.get("quantity", Quantity.ACCEPT)
    quantity = quantity if quantity in Quantity.values else Quantity.ACCEPT
    chosen = Incentive.objects.filter(pk=_number(request.GET.get("incentive"))).first()
    model = LearnedModel.objects.defer("arrays").order_by("-as_of").first()
    rows = queries.rows(model, quantity, chosen) if model else []
    shown = [
        {
            "name": row.name or _("all"),
            "url": row.incentive_id and not chosen,
            "incentive": row.incentive_id,
            "mean": formats.percent(row.mean),
            "range": f"{formats.percent(row.low)}–{formats.percent(row.high)}",
            "picture": charts.interval(row.mean, row.low, row.high),
            "counted": f"{formats.number(round(row.k))} / {formats.number(round(row.n))}",
            "little": row.little,
            "course": charts.sparkline(row.course, _("How it moved")) if len(row.course) > 1 else "",
        }
        for row in rows
    ]
    return render(
        request,
        "cancellations/engine/beliefs.html",
        {
            "rows": shown,
            "model": model,
            "as_of": formats.moment(model.as_of) if model else "",
            "facts": formats.number(model.facts) if model else "",
            "changes": [Quantity(name).label for name, at in (model.about.get("change") or {}).items() if at]
            if model
            else [],
            "quantities": [(value, label, value == quantity) for value, label in Quantity.choices],
            "quantity": quantity,
            "chosen": chosen,
        },
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.view_budget", raise_exception=True)
def budgets(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The budgets of this month, how they burn down, and a form for whoever may set them."""
    now = timezone.now()
    month = month_of(now)
    may = request.user.has_perm("cancellations.change_budget")
    instance = get_object_or_404(Budget, pk=pk) if pk else None
    form = BudgetForm(request.POST or None, instance=instance, initial={} if instance else {"month": month})
    if request.method == "POST" and may and form.is_valid():
        try:
            actions.set_budget(pk, **form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("cancellations:budgets")
    rows = []
    for budget, points in queries.burn_down(month):
        left = budget.amount - budget.reserved - budget.consumed
        rows.append(
            {
                "pk": budget.pk,
                "name": budget.incentive or _("all incentives"),
                "team": budget.team or _("all teams"),
                "month": formats.day(budget.month),
                "amount": formats.money(budget.amount),
                "reserved": formats.money(budget.reserved),
                "consumed": formats.money(budget.consumed),
                "left": formats.money(left),
                "tone": "red" if left <= 0 else "amber" if left < budget.amount / 5 else "",
                "chart": charts.curves(_("Left of the budget"), {_("left"): points}, head=_("Day"))
                if len(points) > 1
                else None,
            }
        )
    return render(
        request, "cancellations/engine/budgets.html", {"rows": rows, "form": form if may else None, "editing": instance}
    )


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
            "goodwill": formats.money(row.goodwill_in_year),
            "hold_out": formats.percent(row.hold_out),
        }
        for row in rows
    ]
    return render(request, "cancellations/engine/limits.html", {"form": form, "history": history})
