"""Members: find, enrol, and the page of one card."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.models import Customer
from loyalty import actions, cards
from loyalty.actions.closing import KEPT_DAYS
from loyalty.forms import desk as forms
from loyalty.models import CardToken, Membership, Programme
from loyalty.queries import members as queries
from loyalty.queries.terms import version_at
from loyalty.terms import Terms
from staff import paging
from staff.errors import DomainError

LANGUAGES = ("en", "sv", "de")


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def member_list(request: HttpRequest) -> HttpResponse:
    return _list(request, forms.FindForm())


@require_POST
@permission_required("loyalty.view_membership", raise_exception=True)
def find_card(request: HttpRequest) -> HttpResponse:
    """The number travels in the body, never in an address."""
    form = forms.FindForm(request.POST)
    if form.is_valid():
        if pk := queries.find(form.cleaned_data["card"]):
            return redirect("loyalty:member", pk=pk)
        form.add_error("card", _("No card has this number."))
    return _list(request, form, status=404)


def _list(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    chosen = forms.FilterForm(request.GET)
    rows = Membership.objects.all()
    if chosen.is_valid():
        if chosen.cleaned_data["status"]:
            rows = rows.filter(status=chosen.cleaned_data["status"])
        if chosen.cleaned_data["programme"]:
            rows = rows.filter(programme=chosen.cleaned_data["programme"])
    page = queries.members_page(rows, request.GET.get("after"))
    now = timezone.now()
    return render(
        request,
        paging.shown(request, "loyalty/members.html"),
        {
            "form": form,
            "filter": chosen,
            "rows": queries.listed(page.rows, now),
            "more": paging.onward(request, page.next),
        },
        status=status,
    )


@require_http_methods(["GET", "POST"])
@permission_required("loyalty.enrol_member", raise_exception=True)
def enrol(request: HttpRequest) -> HttpResponse:
    """A new member: for the customer named in `?customer=`, else a nameless card."""
    number = request.GET.get("customer", "")
    customer = get_object_or_404(Customer, pk=number) if number.isdigit() else None
    form = forms.EnrolForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            member = actions.enrol(
                form.cleaned_data["programme"].pk,
                customer_id=customer.pk if customer else None,
                card=form.cleaned_data["card"],
                by=request.user,
                now=timezone.now(),
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("Welcome! The card can be stamped now."))
            return redirect("loyalty:member", pk=member.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "loyalty/enrol.html", {"form": form, "customer": customer}, status=status)


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def customer_card(request: HttpRequest, customer_pk: int) -> HttpResponse:
    """From the customer's page: to the card used last, else to enrolling."""
    member = (
        Membership.objects.filter(customer=customer_pk, status__in=["active", "blocked"])
        .order_by("-last_visit_at", "-pk")
        .first()
    )
    if member:
        return redirect("loyalty:member", pk=member.pk)
    response = redirect("loyalty:enrol")
    response["Location"] += f"?customer={customer_pk}"
    return response


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def member_page(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, pk)


def show(request: HttpRequest, pk: int, *, status: int = 200, **bound: Form) -> HttpResponse:
    """The member with the forms that stand open; `bound` are those that came back with an error."""
    member = get_object_or_404(Membership.objects.select_related("customer", "programme", "merged_into"), pk=pk)
    detail = queries.detail(member, timezone.now())
    terms = detail.version.terms if detail.version else None
    offered: dict[str, Any] = {
        "stamp": forms.StampForm(auto_id="stamp_%s", terms=terms),
        "spend": forms.SpendForm(auto_id="spend_%s"),
        "waive": forms.NoteForm(auto_id="waive_%s"),
    } | bound
    context = {"detail": detail, "member": member, "forms": offered, "opened": next(iter(bound), ""), "kept": KEPT_DAYS}
    return render(request, "loyalty/member.html", context, status=status)


FOLDED: dict[str, Callable[[int], Form]] = {
    "claim": lambda pk: forms.ClaimForm(auto_id="claim_%s", terms=queries.terms_of(pk, timezone.now())),
    "give": lambda pk: forms.GiveForm(auto_id="give_%s"),
    "replace": lambda pk: forms.CardForm(auto_id="replace_%s", cards=queries.replaceable(pk)),
    "merge": lambda pk: forms.MergeForm(auto_id="merge_%s"),
    "transfer": lambda pk: forms.TransferForm(auto_id="transfer_%s"),
    "extend": lambda pk: forms.ExtendForm(auto_id="extend_%s", rewards=queries.extendable(pk)),
    "name": lambda pk: forms.NameForm(auto_id="name_%s"),
    "close": lambda pk: forms.NoteForm(auto_id="close_%s"),
}


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def folded(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A form of the member's page, fetched as it is unfolded."""
    member = get_object_or_404(Membership, pk=pk)
    if name not in FOLDED:
        raise Http404
    context = {"member": member, "forms": {name: FOLDED[name](pk)}, "kept": KEPT_DAYS}
    return render(request, f"loyalty/member.html#{name}", context)


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def ledger(request: HttpRequest, pk: int) -> HttpResponse:
    """The entries behind the balance, fetched when they are opened, then page by page."""
    member = get_object_or_404(Membership.objects.select_related("programme"), pk=pk)
    lines, following = queries.ledger(pk, request.GET.get("after"), timezone.now())
    url = reverse("loyalty:ledger", args=[pk])
    unit = _("Points") if member.programme.unit == Programme.Unit.POINT else _("Stamps")
    context = {
        "lines": lines,
        "unit": unit,
        "next_url": f"{url}?{urlencode({'after': following})}" if following else "",
    }
    return render(request, f"loyalty/ledger.html{'#rows' if 'after' in request.GET else ''}", context)


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def card_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The card on paper, in `?language=` or the customer's own."""
    card, language, terms = _card(request, pk)
    member = card.membership
    content = cards.pdf(
        card,
        member.programme,
        terms=terms,
        needed=member.cycle_needed,
        name=member.customer.name if member.customer else "",
        language=language,
        today=timezone.localdate(),
    )
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="card.pdf"'}
    )


@require_GET
@permission_required("loyalty.view_membership", raise_exception=True)
def card_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The card for a phone, an SVG of its own."""
    card, language, _terms = _card(request, pk)
    return HttpResponse(
        cards.picture(card, card.membership.programme, language),
        content_type="image/svg+xml",
        headers={"Content-Disposition": 'inline; filename="card.svg"'},
    )


def _card(request: HttpRequest, pk: int) -> tuple[CardToken, str, Terms | None]:
    card = get_object_or_404(
        CardToken.objects.select_related("membership__customer", "membership__programme"), pk=pk, replaced_by=None
    )
    own = card.membership.customer.language if card.membership.customer else request.LANGUAGE_CODE
    language = request.GET.get("language", own)
    version = version_at(card.membership.programme_id, timezone.now())
    return card, language if language in LANGUAGES else "en", version.terms if version else None
