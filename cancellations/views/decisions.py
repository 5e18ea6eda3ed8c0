"""A manager's panel: what is asked, what it costs and brings, and the three answers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cancellations import actions
from cancellations.forms import DecisionForm
from cancellations.models import Offer
from cancellations.queries import decisions as queries
from staff.errors import DomainError


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.decide_offer", raise_exception=True)
def decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Opening it tells the agent who is reading. By htmx the panel alone, else a page of its own."""
    offer = get_object_or_404(queries.offers(), pk=pk)
    now = timezone.now()
    form = DecisionForm(request.POST or None, offer=offer, auto_id="decision_%s")
    status, decided = 200, False
    if request.method == "GET":
        actions.look(pk, by=request.user)
    elif form.is_valid():
        try:
            _decide(request, offer, form)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
            status = 409
            offer = get_object_or_404(queries.offers(), pk=pk)
        else:
            decided = True
            offer = get_object_or_404(queries.offers(), pk=pk)
    else:
        status = 422
    context: dict[str, Any] = {"form": form, "panel": queries.panel(offer, by=request.user, now=now), "offer": offer}
    if decided and not request.htmx:
        messages.success(request, _("Decided: %(verdict)s.") % {"verdict": offer.get_state_display()})
        return redirect("approvals")
    response = render(
        request,
        "cancellations/decision.html#panel" if request.htmx else "cancellations/decision.html",
        context,
        status=status,
    )
    if decided or status == 409:
        response["HX-Trigger"] = "decided, refreshCounts" if decided else "refreshCounts"
    return response


def _decide(request: HttpRequest, offer: Offer, form: DecisionForm) -> None:
    common = {"by": request.user, "now": timezone.now(), "note": form.cleaned_data["note"]}
    match request.POST.get("verdict"):
        case "approve":
            actions.approve(offer.pk, **common)
        case "change":
            actions.approve(offer.pk, changed=form.changed, **common)
        case "decline":
            actions.decline(offer.pk, **common)
        case _:
            raise DomainError(_("Choose: approve, approve with a change, or decline."), code="verdict")
