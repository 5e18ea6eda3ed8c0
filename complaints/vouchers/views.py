"""The voucher desk: find one by its code, redeem it, see its ledger, put it right."""

import base64
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.actions import redemption
from complaints.actions import vouchers as actions
from complaints.models import Reservation, Voucher, VoucherEntry
from complaints.vouchers import codes, forms, letter, queries
from complaints.vouchers.rules import TooManyGuesses
from staff import formats, paging
from staff.addresses import client_address
from staff.errors import DomainError


@require_GET
@permission_required("complaints.view_voucher", raise_exception=True)
def voucher_list(request: HttpRequest) -> HttpResponse:
    return _desk(request, forms.CodeForm())


@require_POST
@permission_required("complaints.redeem_voucher", raise_exception=True)
def find_voucher(request: HttpRequest) -> HttpResponse:
    """The code travels in the body, never in an address."""
    form = forms.CodeForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            found = redemption.find(
                form.cleaned_data["code"], by=request.user, address=client_address(request), now=timezone.now()
            )
        except DomainError as error:
            form.add_error("code", str(error))
            status = 429 if isinstance(error, TooManyGuesses) else 404
        else:
            return redirect("complaints:voucher", pk=found.pk)
    return _desk(request, form, status=status)


def _desk(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    chosen = forms.FilterForm(request.GET)
    chosen.is_valid()
    rows = Voucher.objects.all()
    if state := chosen.cleaned_data.get("state"):
        rows = rows.filter(state=state)
    if last_four := chosen.cleaned_data.get("last_four"):
        rows = rows.filter(last_four=codes.normalise(last_four))
    page = queries.voucher_page(rows, request.GET.get("after"))
    today = timezone.localdate()
    return render(
        request,
        paging.shown(request, "complaints/vouchers/list.html"),
        {
            "form": form,
            "filter": chosen,
            "rows": [queries.Row.of(voucher, today) for voucher in page.rows],
            "more": paging.onward(request, page.next),
        },
        status=status,
    )


@require_GET
@permission_required("complaints.view_voucher", raise_exception=True)
def voucher_page(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, *, status: int = 200, **bound: Form) -> HttpResponse:
    """The voucher with its forms; `bound` are those that came back with an error."""
    voucher = get_object_or_404(Voucher.objects.select_related("customer", "case", "replaces", "issued_by"), pk=pk)
    detail = queries.detail(voucher, timezone.now())
    redeem = forms.RedeemProductForm() if detail.is_product else forms.RedeemForm(initial={"amount": detail.free})
    offered = {
        "redeem": redeem,
        "extend": forms.ExtendForm(initial={"valid_until": voucher.valid_until}, auto_id="extend_%s"),
        "void": forms.ReasonForm(auto_id="void_%s"),
        "reissue": forms.ReasonForm(auto_id="reissue_%s"),
    } | bound
    opened = next(iter(bound), "")
    return render(
        request,
        "complaints/vouchers/detail.html",
        {"detail": detail, "voucher": voucher, "forms": offered, "opened": opened},
        status=status,
    )


@require_POST
@permission_required("complaints.redeem_voucher", raise_exception=True)
def redeem_voucher(request: HttpRequest, pk: int) -> HttpResponse:
    voucher = get_object_or_404(Voucher, pk=pk)
    form = (forms.RedeemProductForm if voucher.product else forms.RedeemForm)(request.POST)

    def act(data: dict[str, Any]) -> str:
        entry = redemption.redeem(
            pk,
            amount=data.get("amount"),
            reference=data["reference"],
            by=request.user,
            now=timezone.now(),
            key=f"desk-{request.user.pk}-{data['key']}",
        )
        return _("Redeemed: %(amount)s.") % {"amount": formats.money(-entry.amount)}

    return _answer(request, pk, "redeem", form, act)


@require_http_methods(["GET", "POST"])
@permission_required("complaints.reverse_redemption", raise_exception=True)
def reverse_redemption(request: HttpRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(VoucherEntry.objects.select_related("voucher__customer"), pk=pk, kind="redeem")
    given_back = sum(entry.reversals.values_list("amount", flat=True))
    form = forms.ReverseForm(request.POST or None, initial={"amount": -entry.amount - given_back})
    if request.method == "POST" and form.is_valid():
        try:
            back = redemption.reverse(
                pk,
                amount=form.cleaned_data["amount"],
                note=form.cleaned_data["note"],
                by=request.user,
                now=timezone.now(),
                key=f"desk-{request.user.pk}-{form.cleaned_data['key']}",
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("Back on the voucher: %(amount)s.") % {"amount": formats.money(back.amount)})
            return redirect("complaints:voucher", pk=entry.voucher_id)
    return render(
        request,
        "complaints/vouchers/reverse.html",
        {
            "form": form,
            "voucher": entry.voucher,
            "amount": formats.money(-entry.amount),
            "at": formats.moment(entry.at),
            "reference": entry.reference,
        },
        status=422 if form.errors else 200,
    )


@require_POST
@permission_required("complaints.redeem_voucher", raise_exception=True)
def release_hold(request: HttpRequest, pk: int) -> HttpResponse:
    hold = get_object_or_404(Reservation, pk=pk)
    try:
        redemption.release(pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Released: %(amount)s.") % {"amount": formats.money(hold.amount)})
    return redirect("complaints:voucher", pk=hold.voucher_id)


@require_POST
@permission_required("complaints.void_voucher", raise_exception=True)
def void_voucher(request: HttpRequest, pk: int) -> HttpResponse:
    def act(data: dict[str, Any]) -> str:
        actions.void(pk, note=data["note"], by=request.user, now=timezone.now())
        return _("The voucher is void.")

    return _answer(request, pk, "void", forms.ReasonForm(request.POST, auto_id="void_%s"), act)


@require_POST
@permission_required("complaints.extend_voucher", raise_exception=True)
def extend_voucher(request: HttpRequest, pk: int) -> HttpResponse:
    def act(data: dict[str, Any]) -> str:
        voucher = actions.extend(
            pk, valid_until=data["valid_until"], note=data["note"], by=request.user, now=timezone.now()
        )
        return _("Valid until %(day)s now.") % {"day": formats.day(voucher.valid_until)}

    return _answer(request, pk, "extend", forms.ExtendForm(request.POST, auto_id="extend_%s"), act)


@require_POST
@permission_required("complaints.issue_voucher", raise_exception=True)
def reissue_voucher(request: HttpRequest, pk: int) -> HttpResponse:
    """Void the old code and show the new one: once, on this answer, never again."""
    form = forms.ReasonForm(request.POST, auto_id="reissue_%s")
    if form.is_valid():
        try:
            issued = actions.reissue(pk, note=form.cleaned_data["note"], by=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return shown_once(request, issued)
    return _page(request, pk, status=409, reissue=form)


def shown_once(request: HttpRequest, issued: actions.Issued, *, apology: str = "") -> HttpResponse:
    """The code, its QR and the printable PDF on one page that no cache keeps."""
    voucher = Voucher.objects.select_related("customer", "case").get(pk=issued.voucher.pk)
    pdf = letter.pdf(voucher, issued.code, apology=apology, today=timezone.localdate())
    response = render(
        request,
        "complaints/vouchers/issued.html",
        {
            "voucher": voucher,
            "worth": letter.worth(voucher),
            "until": formats.day(voucher.valid_until),
            "code": codes.written(issued.code),
            "qr": letter.qr_svg(issued.code),
            "pdf": base64.b64encode(pdf).decode(),
        },
    )
    patch_cache_control(response, private=True, no_store=True)
    return response


def _answer(request: HttpRequest, pk: int, name: str, form: Form, act: Callable[[dict[str, Any]], str]) -> HttpResponse:
    """Valid → act → back to the voucher with what happened; else the page with the error at its field."""
    if form.is_valid():
        try:
            told = act(form.cleaned_data)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
            return _page(request, pk, status=409, **{name: form})
        messages.success(request, told)
        return redirect("complaints:voucher", pk=pk)
    return _page(request, pk, status=422, **{name: form})
