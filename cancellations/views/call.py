"""The call page: each press is one action; its answer is the call drawn anew, with the refusal if there was one."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from cancellations import actions
from cancellations.forms import EndForm, KeepForm, ReasonForm
from cancellations.models import CancellationCase, Offer
from cancellations.queries import call as queries
from cancellations.queries import cards
from customers.models import Customer, Subscription
from customers.queries import band_for
from staff.errors import DomainError

take = permission_required("cancellations.take_cancellation", raise_exception=True)
may_register = permission_required("cancellations.register_cancellation", raise_exception=True)
may_present = permission_required("cancellations.present_offer", raise_exception=True)


@require_POST
@may_register
def begin(request: HttpRequest, customer_pk: int) -> HttpResponse:
    """From the customer page: the one subscription's call, or a question which one is meant."""
    customer = get_object_or_404(Customer, pk=customer_pk)
    running = list(
        customer.subscriptions.exclude(status=Subscription.Status.ENDED).select_related("plan").order_by("pk")
    )
    chosen = request.POST.get("subscription", "")
    if len(running) == 1 and not chosen:
        chosen = str(running[0].pk)
    subscription = next((one for one in running if str(one.pk) == chosen), None)
    if subscription is None:
        return render(
            request,
            "cancellations/begin.html",
            {"customer": customer, "band": band_for(customer, timezone.now()), "running": running},
        )
    try:
        case = actions.open_case(subscription.pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        done = CancellationCase.objects.filter(subscription=subscription).order_by("-opened_at").first()
        return redirect("cancellations:case", pk=done.pk) if done else redirect("customers:detail", pk=customer.pk)
    return redirect("cancellations:call", pk=case.pk)


@require_GET
@may_register
def call(request: HttpRequest, pk: int) -> HttpResponse:
    case = queries.found(pk)
    if not case.is_open:
        return redirect("cancellations:case", pk=pk)
    return render(request, "cancellations/call.html", _context(request, case))


@require_GET
@may_register
def offers(request: HttpRequest, pk: int) -> HttpResponse:
    """The offers as they are now; 204 when they look as they did. Two queries then."""
    now = timezone.now()
    if cards.pulse(pk, now) == request.GET.get("seen"):
        return HttpResponse(status=204)
    case = queries.found(pk)
    if not case.is_open:
        return HttpResponseClientRedirect(reverse("cancellations:case", args=[pk]))
    context = {"case": case, "panel": cards.offers(case, by=request.user, now=now)}
    return render(request, "cancellations/call.html#offers", context)


@require_GET
@may_register
def not_shown(request: HttpRequest, pk: int) -> HttpResponse:
    """What is not offered and why, when its fold is opened: of 200 incentives it would be most of the page."""
    case = queries.found(pk)
    return render(request, "cancellations/not_shown.html", {"rows": cards.not_shown(case)})


def _context(request: HttpRequest, case: CancellationCase) -> dict[str, Any]:
    now = timezone.now()
    panel = cards.offers(case, by=request.user, now=now)
    return {
        "case": case,
        "why": queries.why(case),
        "band": None if request.htmx else band_for(case.customer, now, goodwill=panel.goodwill),
        "panel": panel,
        "endings": queries.endings(case, now),
        "steps": queries.steps(case, panel),
        "keep_form": _keep_form(get_language()),
    }


@lru_cache
def _keep_form(language: str) -> SafeString:
    """The fields of the question why the customer stays: drawn once, since it is put empty in every call."""
    return KeepForm(auto_id="keep_%s").render()


def _do(request: HttpRequest, pk: int, act: Callable[[], object]) -> HttpResponse:
    """Act, then draw the call anew; a refusal stands above it and nothing typed is lost."""
    refusal: DomainError | None = None
    try:
        act()
    except DomainError as error:
        refusal = error
    case = queries.found(pk)
    if not case.is_open:
        if refusal:
            messages.error(request, str(refusal))
        address = reverse("cancellations:case", args=[pk])
        return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    if refusal is None and not request.htmx:
        return redirect("cancellations:call", pk=pk)
    context = _context(request, case) | {"refusal": refusal}
    template = "cancellations/call.html#call" if request.htmx else "cancellations/call.html"
    return render(request, template, context, status=409 if refusal else 200)


@require_POST
@take
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, lambda: actions.resume(pk, by=request.user, now=timezone.now()))


@require_POST
@take
def reason(request: HttpRequest, pk: int) -> HttpResponse:
    form = ReasonForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise DomainError(next(iter(form.errors.values()))[0], field=next(iter(form.errors)))
        given = form.cleaned_data
        actions.set_reason(
            pk,
            reason=given["reason"],
            own_reading=given["own_reading"],
            note=given["note"],
            competitor=given["competitor"],
            version=given["version"],
            by=request.user,
            now=timezone.now(),
        )

    return _do(request, pk, act)


@require_POST
@take
def permission(request: HttpRequest, pk: int) -> HttpResponse:
    granted = request.POST.get("granted") == "yes"
    return _do(request, pk, lambda: actions.ask_permission(pk, granted=granted, by=request.user, now=timezone.now()))


@require_POST
@may_register
def end(request: HttpRequest, pk: int) -> HttpResponse:
    form = EndForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise DomainError(next(iter(form.errors.values()))[0], field=next(iter(form.errors)))
        given = form.cleaned_data
        actions.choose_end(
            pk,
            mode=given["mode"] or CancellationCase.EndMode.END_OF_TERM,
            ends_on=given["ends_on"],
            version=given["version"],
            by=request.user,
            now=timezone.now(),
        )

    return _do(request, pk, act)


@require_POST
@take
def refer(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, lambda: actions.refer(pk, text="", by=request.user, now=timezone.now()))


# --- offers -----------------------------------------------------------------------------------------------------------
def _version(request: HttpRequest) -> int:
    text = request.POST.get("incentive", "")
    if not text.isdecimal():
        raise DomainError(_("Choose one of the suggestions."), code="not_found")
    return int(text)


@require_POST
@may_present
def hardship(request: HttpRequest, pk: int) -> HttpResponse:
    """A customer of the hold-out is shown offers all the same; why is noted."""

    def act() -> None:
        why = request.POST.get("why", "").strip()[:200]
        if not why:
            raise DomainError(_("Write why this customer needs an offer now."), code="note_needed", field="why")
        actions.suggest(pk, by=request.user, now=timezone.now(), hardship=why)

    return _do(request, pk, act)


@require_POST
@may_present
def present(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(
        request,
        pk,
        lambda: actions.present(
            pk,
            version_id=_version(request),
            consent=request.POST.get("consent") == "on",
            by=request.user,
            now=timezone.now(),
        ),
    )


@require_POST
@may_present
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(
        request,
        pk,
        lambda: actions.request_approval(
            pk,
            version_id=_version(request),
            why=request.POST.get("why", "")[:500],
            by=request.user,
            now=timezone.now(),
        ),
    )


@require_POST
@may_present
def answer(request: HttpRequest, pk: int, said: str) -> HttpResponse:
    """What the customer said to the offer on the table, or that it is taken off it."""
    offer = get_object_or_404(Offer, pk=pk)
    now = timezone.now()

    def act() -> None:
        if said == "accept":
            only = request.POST.get("only_price") == "on"
            actions.accept(pk, by=request.user, now=now, only_a_better_price=only)
        elif said == "refuse":
            actions.refuse(pk, by=request.user, now=now)
        else:
            actions.withdraw(pk, by=request.user, now=now)

    return _do(request, offer.case_id, act)


# --- endings ----------------------------------------------------------------------------------------------------------
@require_POST
@may_register
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """One step, for every agent, whatever is missing."""
    form = EndForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise DomainError(next(iter(form.errors.values()))[0], field=next(iter(form.errors)))
        actions.register_cancellation(
            pk,
            mode=form.cleaned_data["mode"] or None,
            ends_on=form.cleaned_data["ends_on"],
            by=request.user,
            now=timezone.now(),
        )

    return _do(request, pk, act)


@require_POST
@may_register
def dropped(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, pk, lambda: actions.call_dropped(pk, by=request.user, now=timezone.now()))


@require_POST
@take
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    form = KeepForm(request.POST)

    def act() -> None:
        if not form.is_valid():
            raise DomainError(_("Say why the customer stays."), code="outcome", field="outcome")
        actions.keep(pk, by=request.user, now=timezone.now(), **form.cleaned_data)

    return _do(request, pk, act)
