"""One complaint: the page, its steps, its files, its letters, and who else has it open."""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints import actions, explanations, steps, texts
from complaints.actions.casework import with_notice
from complaints.actions.messages import LETTER, letter_facts
from complaints.actions.records import said_since
from complaints.contributions import panels
from complaints.downloads import download, shown_as
from complaints.forms import ComposeForm, Versioned
from complaints.models import Attachment, Clock, ComplaintCase, Message, Template
from complaints.queries import case as queries
from complaints.queries.queue import marks
from customers import queries as customer_queries
from customers.letters import pdf_of, typeset
from staff.errors import DomainError, Stale

VIEW = "complaints.view_complaintcase"
WORK = "complaints.work_complaint"
BROWSERS_PDF_VIEWER = {"object-src": "'self'"}


@require_GET
@permission_required(VIEW, raise_exception=True)
def case_page(request: HttpRequest, pk: int) -> HttpResponse:
    case, now = queries.whole(pk), timezone.now()
    return render(request, "complaints/case.html", page_context(request, case, now))


def page_context(request: HttpRequest, case: ComplaintCase, now: Any) -> dict[str, Any]:
    """Everything the page shows beside the case: three queries, those of the customer's band, and one a panel. Who else
    is here the page asks itself, once it stands."""
    conversation, notes, files = queries.conversation(case)
    moves, chores = steps.open_to(case, request.user)
    drawn = [panel for source in panels if (panel := source(case, request.user, now))]
    history = queries.history(case)
    return {
        "case": case,
        "marks": marks(case, now),
        "assignee": case.assignee.short_name if case.assignee else "–",
        "band": customer_queries.band_for(case.customer, now),
        "clocks": queries.clock_faces(case, now),
        "conversation": conversation,
        "notes": notes,
        "files": files,
        "history": history,
        "came_here": next((past for past in history if past.state == case.state), None),
        "steps": moves,
        "chores": chores,
        "panels": [render_to_string(p.template, {"case": case, **p.context}, request=request) for p in drawn],
    }


@require_http_methods(["GET", "POST"])
@permission_required(VIEW, raise_exception=True)
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """The form of a step, and taking it. A refusal keeps every word that was typed."""
    found = steps.find(verb)
    if found is None:
        raise Http404
    if not request.user.has_perm(found.permission):
        raise PermissionDenied
    case, now = queries.whole(pk), timezone.now()
    if request.method == "GET":
        form = found.form(case=case, user=request.user)
        if case.state not in found.states:
            messages.info(request, _("This complaint is “%(state)s” now.") % {"state": case.get_state_display()})
            return _to_case(request, pk)
        if isinstance(form, ComposeForm) and form.purpose and not form.fields["body"].initial:
            _suggest(form, case, request, now)
        return _form(request, case, found, form)
    form = found.form(request.POST, request.FILES, case=case, user=request.user)
    if form.is_valid():
        try:
            found.run(case, form, request.user, now)
        except Stale as stale:
            case = queries.whole(pk)
            form.refuse(stale)
            form.catch_up(case.version)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, str(found.said or _("Done.")))
            return _to_case(request, pk)
    return _form(request, case, found, form, status=409 if not form.errors else 422)


def _suggest(form: ComposeForm, case: ComplaintCase, request: HttpRequest, now: Any) -> None:
    """Start from the first template of this purpose in the customer's language."""
    template = form.fields["template"].queryset.filter(language=case.customer.language).first()
    if template:
        form.fields["template"].initial = template.pk
        form.fields["subject"].initial, form.fields["body"].initial = texts.filled(
            template, case, by=request.user, now=now
        )


def _to_case(request: HttpRequest, pk: int) -> HttpResponse:
    response = redirect("complaints:case", pk)
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": response["Location"]})
    return response


def _form(
    request: HttpRequest, case: ComplaintCase, found: steps.Step, form: Versioned, status: int = 200
) -> HttpResponse:
    context = {"case": case, "step": found, "form": form}
    template = "complaints/step.html#form" if request.htmx else "complaints/step.html"
    return render(request, template, context, status=status)


@require_POST
@permission_required(WORK, raise_exception=True)
def fill_template(request: HttpRequest, pk: int) -> HttpResponse:
    """The chosen template's words in the subject and text fields."""
    case = queries.whole(pk)
    chosen = request.POST.get("template", "")
    template = Template.objects.filter(pk=chosen if chosen.isdecimal() else None, is_active=True).first()
    if template is None:
        return HttpResponse(status=204)
    subject, body = texts.filled(template, case, by=request.user, now=timezone.now())
    return render(
        request,
        "complaints/step.html#texts",
        {"subject": subject, "body": body, "language": template.language},
    )


@require_POST
@permission_required(WORK, raise_exception=True)
@csp_update(BROWSERS_PDF_VIEWER)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter as it would be printed; nothing is kept or sent."""
    case = queries.whole(pk)
    subject, body = request.POST.get("subject", "")[:180], request.POST.get("body", "")[:20_000]
    language = request.POST.get("language") or case.customer.language
    if request.POST.get("verb") == "respond":
        try:
            body = with_notice(case, body, language)
        except DomainError as error:
            return HttpResponse(str(error), status=409, content_type="text/plain; charset=utf-8")
    facts = letter_facts(case, subject=subject, body=body, language=language, by=request.user, now=timezone.now())
    pdf = typeset(LETTER, facts)
    return shown_as(HttpResponse(pdf, content_type="application/pdf"), f"{case.number}.pdf")


@require_GET
@permission_required(VIEW, raise_exception=True)
@csp_update(BROWSERS_PDF_VIEWER)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """A letter as it was handed over."""
    message = get_object_or_404(Message.objects.select_related("document", "case"), pk=pk, document__isnull=False)
    pdf = pdf_of(message.document)
    if not pdf:
        raise Http404(_("This letter was erased with its customer."))
    response = HttpResponse(pdf, content_type="application/pdf")
    return shown_as(response, f"{message.case.number}.pdf")


@require_GET
@permission_required(VIEW, raise_exception=True)
@csp_update(BROWSERS_PDF_VIEWER)
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """A file to those who may see the case: shown when it is one we opened ourselves, never guessed at."""
    return download(get_object_or_404(Attachment, pk=pk))


@require_GET
@permission_required(VIEW, raise_exception=True)
def deadline(request: HttpRequest, pk: int) -> HttpResponse:
    """“Explain this deadline”: its lines."""
    clock = get_object_or_404(
        Clock.objects.select_related("policy__calendar", "case", "cycle").prefetch_related(
            "policy__calendar__intervals", "policy__calendar__exceptions"
        ),
        pk=pk,
    )
    context = {"clock": clock, "lines": explanations.of(clock, timezone.now()), "case": clock.case}
    return render(request, "complaints/deadline.html#panel" if request.htmx else "complaints/deadline.html", context)


@require_GET
@permission_required(VIEW, raise_exception=True)
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """Who else is here, and whether the case moved on since this page was drawn. Three queries; 204 when nothing
    changed since the last answer."""
    case = get_object_or_404(ComplaintCase.objects.only("pk", "version", "state"), pk=pk)
    others = actions.be_here(pk, user=request.user, now=timezone.now())
    seen = "-".join(str(number) for number in (case.version, *(user.pk for user in others)))
    if request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    shown = request.GET.get("version", "")
    news = shown.isdecimal() and int(shown) != case.version
    return render(
        request,
        "complaints/case.html#live",
        {"case": case, "others": others, "news": said_since(case) if news else "", "shown": shown, "seen": seen},
    )
