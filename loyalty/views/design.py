"""Marketing's desk: programmes, drafts with the card beside them, forecasts, publishing by a second person."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty import cards, words
from loyalty.actions import programmes as actions
from loyalty.forms.design import Design, ProgrammeForm
from loyalty.models import Programme, ProgrammeVersion
from loyalty.queries import programmes as queries
from loyalty.terms import Terms
from staff.errors import DomainError


@require_GET
@permission_required("loyalty.design_programme", raise_exception=True)
def programme_list(request: HttpRequest) -> HttpResponse:
    return render(request, "loyalty/programmes.html", {"rows": queries.programmes()})


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.design_programme", raise_exception=True)
def new_programme(request: HttpRequest) -> HttpResponse:
    form = ProgrammeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        programme = form.save()
        return redirect("loyalty:new_version", pk=programme.pk)
    return render(request, "loyalty/programme_form.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.design_programme", raise_exception=True)
def new_version(request: HttpRequest, pk: int) -> HttpResponse:
    """A new draft, begun from the version before."""
    programme = get_object_or_404(Programme, pk=pk)
    before = programme.versions.order_by("-number").first()
    initial: dict[str, Any] = {"starts_on": timezone.localdate(), "ends_on": None, "edits": None}
    if before is None:
        initial["stamps_needed"] = 9
    return _edit(request, Design(_posted(request), programme=programme, version=before, initial=initial), programme)


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.design_programme", raise_exception=True)
def version(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft to be edited, or published terms to be read."""
    row = get_object_or_404(ProgrammeVersion.objects.select_related("programme", "author", "approver"), pk=pk)
    if request.htmx and request.method == "GET":
        return _panel(request, row)
    if row.state in (ProgrammeVersion.State.PUBLISHED, ProgrammeVersion.State.WITHDRAWN) and request.method == "POST":
        messages.error(request, _("Published terms are final; draft a new version."))
        return redirect("loyalty:version", pk=pk)
    return _edit(request, Design(_posted(request), programme=row.programme, version=row), row.programme, row)


def _panel(request: HttpRequest, row: ProgrammeVersion, *, error: str = "") -> HttpResponse:
    """What a second person decides on, in the approvals queue: the terms in words, and what they are to cost."""
    context = {
        "row": row,
        "told": queries.version_row(row),
        "forecast": queries.forecast_rows(row),
        "is_open": row.state == ProgrammeVersion.State.WAITING,
        "error": error,
    }
    status = 422 if error else 200
    return render(request, "loyalty/version.html#panel", context | _face(row.terms, row.programme), status=status)


def _posted(request: HttpRequest) -> Any:
    """What was typed; with one more row where that was asked for."""
    if request.method != "POST":
        return None
    added = request.POST.get("add", "")
    return Design.with_row(request.POST, added) if added in Design.ROWS else request.POST


def _edit(
    request: HttpRequest, design: Design, programme: Programme, row: ProgrammeVersion | None = None
) -> HttpResponse:
    status = 200
    if request.method == "POST" and "add" not in request.POST:
        status = 422
        if design.is_valid():
            try:
                saved = actions.save_draft(
                    row.pk if row else None,
                    programme=programme,
                    edits=design.form.cleaned_data["edits"] or 0,
                    by=request.user,
                    now=timezone.now(),
                    **design.terms(),
                )
            except DomainError as error:
                design.form.add_error(None, str(error))
            else:
                messages.success(request, _("Draft saved."))
                return redirect("loyalty:version", pk=saved.pk)
    terms = design.sketch() if design.is_bound or row is None else row.terms
    context = {
        "design": design,
        "form": design.form,
        "programme": programme,
        "row": row,
        "told": queries.version_row(row) if row else None,
        "forecast": queries.forecast_rows(row) if row else {},
        "is_final": row is not None and row.state == ProgrammeVersion.State.PUBLISHED,
        "is_own": row is not None and row.author_id == request.user.pk,
    }
    return render(request, "loyalty/version.html", context | _face(terms, programme), status=status)


def _face(terms: Terms, programme: Programme) -> dict[str, Any]:
    return {
        "picture": cards.face(terms, terms.head_start),
        "sentences": words.sentences(terms, programme.reward_name),
        "programme": programme,
    }


@require_POST
@permission_required("loyalty.design_programme", raise_exception=True)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The card as a member would see it on the first day, and its terms in words, while the form is typed."""
    programme = get_object_or_404(Programme, pk=pk)
    terms = Design(request.POST, programme=programme, version=None).sketch()
    return render(request, "loyalty/version.html#face", _face(terms, programme))


@require_GET
@permission_required("loyalty.design_programme", raise_exception=True)
def forecast_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """The forecast as it is now; asked again every second while it runs."""
    row = get_object_or_404(ProgrammeVersion, pk=pk)
    context = {"row": row, "forecast": queries.forecast_rows(row)}
    return render(request, "loyalty/version.html#forecast", context)


def _step(permission: str, act: Callable[..., Any], told: Any) -> Callable[..., HttpResponse]:
    @require_POST
    @permission_required(permission, raise_exception=True)
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(ProgrammeVersion, pk=pk)
        try:
            act(pk, by=request.user, now=timezone.now())
        except DomainError as error:
            if request.htmx:
                return _panel(request, _found(pk), error=str(error))
            messages.error(request, str(error))
        else:
            if request.htmx:
                response = _panel(request, _found(pk))
                response["HX-Trigger"] = "decided"
                return response
            messages.success(request, told)
        return redirect("loyalty:version", pk=pk)

    return view


def _found(pk: int) -> ProgrammeVersion:
    return ProgrammeVersion.objects.select_related("programme", "author", "approver").get(pk=pk)


DESIGN, PUBLISH = "loyalty.design_programme", "loyalty.publish_programme"
forecast = _step(DESIGN, actions.ask_for_forecast, gettext_lazy("The forecast is on its way."))
submit = _step(DESIGN, actions.submit, gettext_lazy("Handed in: a second person publishes it."))
publish = _step(PUBLISH, actions.publish, gettext_lazy("Published."))
send_back = _step(PUBLISH, actions.send_back, gettext_lazy("Sent back to its author."))
