"""The decision page of a request for stamps, and its panel in the approvals queue."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from loyalty import actions
from loyalty.models import StampRequest
from loyalty.queries.members import name_of
from staff import formats
from staff.decisions import Verdict
from staff.errors import DomainError
from staff.forms import VerdictForm

VERDICTS = {"approve": Verdict.APPROVED, "decline": Verdict.DECLINED}


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.decide_stamps", raise_exception=True)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    asked = get_object_or_404(
        StampRequest.objects.select_related("membership__customer", "requested_by", "receipt", "decided_by"), pk=pk
    )
    form, status = VerdictForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid() and (verdict := VERDICTS.get(request.POST.get("verdict", ""))):
        try:
            actions.decide_request(pk, verdict, by=request.user, now=timezone.now(), note=form.cleaned_data["note"])
        except DomainError as error:
            form.add_error(None, str(error))
            status = 422
        else:
            asked.refresh_from_db()
            if not request.htmx:
                return redirect("approvals")
    context = {
        "asked": asked,
        "name": name_of(asked.membership),
        "cost": formats.money(asked.cost),
        "since": formats.moment(asked.requested_at),
        "form": form,
        "is_open": asked.verdict == Verdict.PENDING,
    }
    page = "loyalty/request.html#panel" if request.htmx else "loyalty/request.html"
    response = render(request, page, context, status=status)
    if request.method == "POST" and status == 200:
        response["HX-Trigger"] = "decided"
    return response
