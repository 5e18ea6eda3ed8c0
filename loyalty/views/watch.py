"""What a person should look at: signs of misuse, and people who may take part twice."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from loyalty.actions import watch as actions
from loyalty.actions.duplicates import judge_duplicate
from loyalty.models import Duplicate, Membership, SignalReview
from loyalty.queries import duplicates as pairs
from loyalty.queries import watch
from staff import paging
from staff.errors import DomainError


class VerdictForm(forms.Form):
    signal = forms.SlugField(max_length=40)
    evidence = forms.CharField(max_length=400)
    verdict = forms.ChoiceField(choices=SignalReview.Verdict.choices)
    note = forms.CharField(max_length=400, required=False)


@require_GET
@permission_required("loyalty.review_signals", raise_exception=True)
def signals(request: HttpRequest) -> HttpResponse:
    return render(request, "loyalty/signals.html", {"rows": watch.signals(timezone.now()), "seen": watch.looked_at()})


@require_POST
@permission_required("loyalty.review_signals", raise_exception=True)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    member, form = get_object_or_404(Membership, pk=pk), VerdictForm(request.POST)
    if form.is_valid():
        try:
            actions.review_signal(member.pk, by=request.user, now=timezone.now(), **form.cleaned_data)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Noted."))
    return redirect("loyalty:signals")


class PairForm(forms.Form):
    verdict = forms.ChoiceField(choices=[("same", ""), ("two", "")])
    note = forms.CharField(max_length=400, required=False)


@require_GET
@permission_required("loyalty.merge_members", raise_exception=True)
def duplicates(request: HttpRequest) -> HttpResponse:
    page = pairs.open_page(request.GET.get("after"))
    context = {"rows": pairs.listed(list(page.rows)), "more": paging.onward(request, page.next)}
    if "after" not in request.GET:
        context["judged"] = pairs.judged(timezone.now())
    return render(request, paging.shown(request, "loyalty/duplicates.html"), context)


@require_POST
@permission_required("loyalty.merge_members", raise_exception=True)
def judge(request: HttpRequest, pk: int) -> HttpResponse:
    pair, form = get_object_or_404(Duplicate, pk=pk), PairForm(request.POST)
    if form.is_valid():
        same, note = form.cleaned_data["verdict"] == "same", form.cleaned_data["note"]
        try:
            judge_duplicate(pair.pk, same=same, note=note, by=request.user, now=timezone.now())
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The two cards are one now.") if same else _("Noted."))
    return redirect("loyalty:duplicates")
