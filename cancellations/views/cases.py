"""The queue, a closed case, billing's worklist."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cancellations import actions
from cancellations.forms import NoteForm, QueueFilter
from cancellations.models import CancellationCase
from cancellations.queries import call as call_queries
from cancellations.queries import lists as queries
from customers.models import Delivery
from customers.queries import band_for
from staff import formats, paging
from staff.errors import DomainError

see = permission_required("cancellations.view_cancellationcase", raise_exception=True)
may_fulfil = permission_required("cancellations.fulfil_offer", raise_exception=True)
may_win_back = permission_required("cancellations.win_back", raise_exception=True)


@require_GET
@see
def queue(request: HttpRequest) -> HttpResponse:
    form = QueueFilter(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    rows, cursor = queries.queue(
        group=chosen.get("show", ""),
        agent=request.user.pk if chosen.get("whose") == "mine" else None,
        category=chosen["category"].pk if chosen.get("category") else None,
        team=chosen["team"].pk if chosen.get("team") else None,
        cursor=request.GET.get("after"),
        now=timezone.now(),
    )
    return render(
        request,
        paging.shown(request, "cancellations/queue.html"),
        {"form": form, "rows": rows, "more": paging.onward(request, cursor), "filtered": any(chosen.values())},
    )


@require_GET
@see
def case(request: HttpRequest, pk: int) -> HttpResponse:
    found = call_queries.found(pk)
    now = timezone.now()
    notice = queries.notice_of(found)
    state = CancellationCase.State(found.state)
    return render(
        request,
        "cancellations/case.html",
        {
            "case": found,
            "band": band_for(found.customer, now),
            "tone": queries.TONES[state],
            "icon": queries.ICONS[queries.TONES[state]],
            "notice": notice,
            "received": formats.moment(notice.received_at) if notice else "",
            "delivery": Delivery.State(notice.delivery["state"]).label if notice and notice.delivery else "",
            "ends": formats.day(found.ends_on) if found.ends_on else "",
            "price": formats.money(found.price_before),
            "window": formats.day(found.window_until) if found.window_until else "",
            "history": queries.history(found, now),
            "can_reinstate": found.can_move_to(CancellationCase.State.REINSTATED),
            "can_win_back": found.can_move_to(CancellationCase.State.WON_BACK) and not found.customer.erased_at,
        },
    )


@require_POST
@may_win_back
def reinstate(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        actions.reinstate(pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The cancellation is taken back; the customer has it in writing."))
    return redirect("cancellations:case", pk=pk)


@require_POST
@may_win_back
def win_back(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        actions.win_back(pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Welcome back: the subscription is active again."))
    return redirect("cancellations:case", pk=pk)


@require_GET
@may_fulfil
def fulfilment(request: HttpRequest) -> HttpResponse:
    group = request.GET.get("show", "todo")
    group = group if group in queries.WORK else "todo"
    tasks, cursor = queries.worklist(group, cursor=request.GET.get("after"), now=timezone.now())
    groups = [
        ("todo", _("To do")),
        ("failed", _("Failed")),
        ("running", _("Running")),
        ("done", _("Over")),
    ]
    return render(
        request,
        paging.shown(request, "cancellations/fulfilment.html"),
        {"tasks": tasks, "more": paging.onward(request, cursor), "groups": groups, "group": group},
    )


@require_POST
@may_fulfil
def carry_out(request: HttpRequest, pk: int, done: str) -> HttpResponse:
    """Billing's word on one offer: applied, failed or revoked, with a note."""
    form = NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    act = {"apply": actions.apply, "fail": actions.fail, "revoke": actions.revoke}[done]
    try:
        offer = act(pk, by=request.user, now=timezone.now(), note=note)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{offer.case.number}: {offer.get_state_display()}")
    show = request.POST.get("show", "todo")
    address = redirect("cancellations:fulfilment")
    address["Location"] += f"?show={show}" if show in queries.WORK else ""
    return address
