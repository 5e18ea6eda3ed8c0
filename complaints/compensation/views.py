"""Compensation on a complaint: propose, watch the answer come, carry the remedies out; and the manager's decision."""

from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import OuterRef, Subquery
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.actions import awards, remedies
from complaints.compensation import forms, pages, queries, worklist
from complaints.models import Award, AwardApproval, ComplaintCase, Remedy
from complaints.models.compensation import STANDING, AwardState
from complaints.queries.queue import time_left
from complaints.vouchers.views import shown_once
from customers.queries import band_for
from staff import formats, paging
from staff.decisions import Verdict
from staff.errors import DomainError


@require_http_methods(["GET", "POST"])
@permission_required("complaints.propose_award", raise_exception=True)
def compensation(request: HttpRequest, pk: int) -> HttpResponse:
    """The case's awards, the guidance, and the form for a proposal."""
    case, now = queries.found(pk), timezone.now()
    cards = [pages.award_card(award, now) for award in pages.awards_of(pk)]
    guidance = pages.guidance_panel(
        case, request.user, now, proposed=next((c.award.goodwill for c in cards if c.award.state in STANDING), None)
    )
    start = forms.start(
        guidance.found.goodwill if guidance.found else None,
        guidance.found.preferred if guidance.found else [],
        case.product,
    )
    terms, status = _untouched(start, get_language()), 200
    if request.method == "POST":
        form, rows = forms.ProposalForm(request.POST), forms.wishes(start, request.POST)
        status = 422
        if form.is_valid() and rows.is_valid():
            try:
                award = awards.propose(pk, form.terms(rows.forms), by=request.user, now=now)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
                status = 409
            else:
                if award.state == AwardState.PENDING:
                    messages.info(request, _("A colleague is asked. This page turns by itself."))
                else:
                    messages.success(request, _("Agreed: within your authority. Carry the remedies out below."))
                return redirect("complaints:compensation", pk=pk)
        terms = _terms(form, rows)
    return render(
        request,
        "complaints/compensation/page.html",
        {
            "case": case,
            "band": band_for(case.customer, now, goodwill=guidance.given),
            "cards": cards,
            "guidance": guidance,
            "terms": terms,
            "is_refused": status != 200,
            "can_propose": _can_propose(case, request),
        },
        status=status,
    )


def _terms(form: forms.ProposalForm, rows: BaseFormSet) -> SafeString:
    """What a proposal is asked for, as fields."""
    return render_to_string("complaints/compensation/terms.html", {"form": form, "rows": rows})


@lru_cache(maxsize=256)
def _untouched(start: forms.Start, language: str) -> SafeString:
    """The same before anything is typed: drawn once for each start and language."""
    return _terms(forms.ProposalForm(), forms.wishes(start))


def _can_propose(case: ComplaintCase, request: HttpRequest) -> bool:
    try:
        awards.check_can_compensate(case, request.user)
    except DomainError:
        return False
    return True


@require_GET
@permission_required("complaints.propose_award", raise_exception=True)
def award_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The award as it stands, once a second while it waits; 204 while nothing changed (one query). When the award was
    replaced or decided the whole page is wanted afresh."""
    looked = AwardApproval.objects.filter(award=OuterRef("pk")).values("looked_at_by")[:1]
    award = get_object_or_404(Award.objects.only("state", "version").annotate(looked=Subquery(looked)), pk=pk)
    if request.GET.get("seen") == f"{award.version}-{award.looked or 0}":
        return HttpResponse(status=204)
    if award.state != AwardState.PENDING:
        response = HttpResponse(status=200)
        response["HX-Refresh"] = "true"
        return response
    full = pages.with_everything(Award.objects.filter(pk=pk)).get()
    return render(
        request,
        "complaints/compensation/award.html",
        {"card": pages.award_card(full, timezone.now())},
    )


@require_POST
@permission_required("complaints.propose_award", raise_exception=True)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    award = get_object_or_404(Award, pk=pk)
    try:
        awards.withdraw(pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Withdrawn."))
    return redirect("complaints:compensation", pk=award.case_id)


@require_POST
@permission_required("complaints.propose_award", raise_exception=True)
def step(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One step of a remedy. Issuing a voucher answers with its code: the only time it is shown. Whoever came from the
    worklist goes back there."""
    remedy = get_object_or_404(Remedy.objects.select_related("award__case"), pk=pk)
    now, by = timezone.now(), request.user
    form = forms.StepForm(request.POST)
    data = form.cleaned_data if form.is_valid() else {"reference": "", "note": ""}
    verbs: dict[str, Any] = {
        "send": lambda: remedies.send_voucher(pk, by=by, now=now),
        "stamps": lambda: remedies.give_stamps(pk, by=by, now=now),
        "order": lambda: remedies.order(pk, by=by, now=now, reference=data["reference"]),
        "complete": lambda: remedies.complete(pk, by=by, now=now, **data),
        "fail": lambda: remedies.fail(pk, by=by, now=now, note=data["note"]),
        "cancel": lambda: remedies.cancel(pk, by=by, now=now, note=data["note"]),
    }
    try:
        if verb == "issue":
            issued = remedies.issue_voucher(pk, by=by, now=now)
            return shown_once(request, issued, apology=remedy.award.sentence)
        done = verbs[verb]()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{remedy.award.case.number}: {done}, {done.get_state_display()}")
    if (show := request.POST.get("show", "")) in worklist.GROUPS:
        kind = request.POST.get("kind", "")
        return redirect(f"{reverse('complaints:remedies')}?{urlencode({'show': show, 'kind': kind})}")
    return redirect("complaints:compensation", pk=remedy.award.case_id)


@require_GET
@permission_required("complaints.propose_award", raise_exception=True)
def to_carry_out(request: HttpRequest) -> HttpResponse:
    """Remedies that billing, technicians or the store carry out, by where they stand."""
    group, kind = request.GET.get("show", "todo"), request.GET.get("kind", "")
    group = group if group in worklist.GROUPS else "todo"
    kind = kind if kind in dict(worklist.kinds()) else ""
    found, cursor = worklist.tasks(group, kind=kind, cursor=request.GET.get("after"), now=timezone.now())
    return render(
        request,
        paging.shown(request, "complaints/compensation/worklist.html"),
        {
            "tasks": found,
            "more": paging.onward(request, cursor),
            "groups": [(name, label) for name, (label, _state) in worklist.GROUPS.items()],
            "group": group,
            "kinds": worklist.kinds(),
            "kind": kind,
        },
    )


@require_http_methods(["GET", "POST"])
@permission_required("complaints.approve_award", raise_exception=True)
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """What a colleague asks, on a page or as the queue's panel; and the answer."""
    approval = get_object_or_404(AwardApproval.objects.select_related("requested_by", "decided_by"), pk=pk)
    now = timezone.now()
    award = pages.with_everything(Award.objects.filter(pk=approval.award_id)).get()
    form = forms.DecisionForm(request.POST or None, award=award, remedies=list(award.remedies.all()))
    status, done = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = _decide(request, approval, form)
                status = 200
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
                status = 409
    elif approval.verdict == Verdict.PENDING:
        awards.look(pk, by=request.user)
    if done and not request.htmx:
        messages.success(request, done)
        return redirect("approvals")
    approval.refresh_from_db()
    response = render(
        request,
        "complaints/compensation/decision.html#panel" if request.htmx else "complaints/compensation/decision.html",
        {
            "approval": approval,
            "card": pages.award_card(award, now),
            "case": award.case,
            "form": form,
            "done": done,
            "mine": approval.requested_by_id == request.user.pk,
            "is_open": approval.verdict == Verdict.PENDING,
            "left": time_left(award.case, now),
            "waited": formats.span((now - approval.requested_at).total_seconds()),
            "limit": formats.money(award.explanation["limit"] and Decimal(award.explanation["limit"])),
            "goodwill_year": formats.money(Decimal(award.explanation["facts"]["goodwill_year"])),
            "revenue": formats.money(Decimal(award.explanation["facts"]["yearly_revenue"])),
        },
        status=200 if request.htmx else status,
    )
    if done:
        response["HX-Trigger"] = "decided"
    return response


def _decide(request: HttpRequest, approval: AwardApproval, form: forms.DecisionForm) -> str:
    by, now, note = request.user, timezone.now(), form.cleaned_data["note"]
    if request.POST.get("verdict") == "decline":
        awards.decline(approval.pk, by=by, now=now, note=note)
        return _("Declined. The agent sees it now.")
    award = awards.approve(approval.pk, by=by, now=now, note=note, amounts=form.amounts())
    if award.pk != approval.award_id:
        return _("Approved with your change. The agent sees it now.")
    return _("Approved. The agent sees it now.")
