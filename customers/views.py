"""The customer's pages: find, look, note, change, hand out what was written."""

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers import actions, letters, queries
from customers.erasure import check_living, erasures, still_open
from customers.forms import CustomerFilter, CustomerForm, EraseForm, NewCustomerForm, NoteForm
from customers.models import Customer, Document, Note
from staff import formats, paging, undo
from staff.errors import DomainError, Stale
from staff.sealed import filters_by_post


@permission_required("customers.view_customer", raise_exception=True)
@filters_by_post
def customer_list(request: HttpRequest) -> HttpResponse:
    form = CustomerFilter(request.GET)
    form.is_valid()
    page = queries.customer_page(
        typed=form.cleaned_data.get("q", ""),
        segment=form.cleaned_data.get("segment", ""),
        cursor=request.GET.get("after"),
    )
    return render(
        request,
        paging.shown(request, "customers/list.html"),
        {"form": form, "lines": queries.list_lines(page.rows), "more": paging.onward(request, page.next)},
    )


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def customer_detail(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.select_related("household"), pk=pk)
    now = timezone.now()
    kind = request.GET.get("kind", "")
    band = queries.band_for(customer, now)
    return render(
        request,
        "customers/detail.html",
        {
            "customer": customer,
            "band": band,
            "margin_a_year": formats.money(12 * band.monthly_margin),
            "goodwill": formats.money(band.goodwill),
            "actions": [] if customer.erased_at else queries.actions_for(request.user, band),
            "kinds": queries.timeline_kinds(),
            "timeline": queries.timeline_page(pk, kind=kind, cursor="", now=now),
        },
    )


@require_GET
@permission_required("customers.view_customer", raise_exception=True)
def customer_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """The next lines, as the reader scrolls; or the whole list afresh with another filter."""
    page = queries.timeline_page(
        pk, kind=request.GET.get("kind", ""), cursor=request.GET.get("after", ""), now=timezone.now()
    )
    part = "lines" if "after" in request.GET else "timeline"
    return render(
        request,
        f"customers/timeline.html#{part}",
        {"timeline": page, "kinds": queries.timeline_kinds(), "customer_pk": pk},
    )


@require_http_methods(["GET", "POST"])
@permission_required("customers.add_customer", raise_exception=True)
def customer_create(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = NewCustomerForm(request.POST or None, initial={"customer_since": timezone.localdate(now)})
    if request.method == "POST" and form.is_valid():
        customer = actions.create_customer(by=request.user, now=now, number=form.cleaned_data["number"], **form.details)
        return redirect("customers:detail", pk=customer.pk)
    return render(request, "customers/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@permission_required("customers.change_customer", raise_exception=True)
def customer_edit(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer.objects.select_related("household"), pk=pk)
    form = CustomerForm(request.POST or None, instance=customer)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.edit_customer(
                    pk,
                    version=form.cleaned_data["version"] or 0,
                    by=request.user,
                    now=timezone.now(),
                    **form.details,
                )
            except Stale as error:
                form.add_error(None, str(error))
                form.catch_up(Customer.objects.select_related("household").get(pk=pk))
                status = 409
            else:
                return redirect("customers:detail", pk=pk)
        else:
            status = 422
    return render(request, "customers/form.html", {"form": form, "customer": customer}, status=status)


@require_http_methods(["GET", "POST"])
@permission_required("customers.add_note", raise_exception=True)
def note_create(request: HttpRequest, pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=pk)
    now = timezone.now()
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        note = actions.add_note(pk, text=form.cleaned_data["text"], by=request.user, now=now)
        undo.offer(request, _("Note kept."), undo=reverse("customers:note_undo", args=[note.pk]))
        return redirect("customers:detail", pk=pk)
    return render(
        request,
        "customers/note.html",
        {"form": form, "customer": customer, "band": queries.band_for(customer, now)},
        status=422 if form.errors else 200,
    )


@require_POST
@permission_required("customers.add_note", raise_exception=True)
def note_undo(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Note, pk=pk, by=request.user)
    note = actions.take_back_note(pk, by=request.user, now=timezone.now())
    messages.success(request, _("The note is taken back."))
    return redirect("customers:detail", pk=note.customer_id)


@require_http_methods(["GET", "POST"])
@permission_required("customers.erase_customer", raise_exception=True)
def customer_erase(request: HttpRequest, pk: int) -> HttpResponse:
    """What will go and what will stay, and the erasing, for which the customer's number is typed."""
    customer = get_object_or_404(Customer.objects.select_related("household"), pk=pk)
    check_living(customer)
    form = EraseForm(request.POST or None, number=customer.number)
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            actions.erase_customer(pk, ground=form.cleaned_data["ground"], by=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(None, str(error))
            status = 409
        else:
            messages.success(request, _("Erased. What stays stands under the customer number."))
            return redirect("customers:detail", pk=pk)
    return render(
        request,
        "customers/erase.html",
        {
            "customer": customer,
            "band": queries.band_for(customer, timezone.now()),
            "form": form,
            "waiting": still_open(pk),
            "parts": [(erasures.label(name), part) for name, part in erasures.items()][::-1],
        },
        status=status,
    )


@require_GET
@permission_required("customers.view_document", raise_exception=True)
@csp_update({"object-src": "'self'"})  # the browser's own PDF viewer
def document(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes as they were handed over, shown and never kept by a cache on the way."""
    kept = get_object_or_404(Document, pk=pk)
    pdf = letters.pdf_of(kept)
    if not pdf:
        raise Http404(_("This letter was erased with its customer."))
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{kept.kind}-{kept.pk}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = f'"{kept.sha256}"'
    patch_cache_control(response, private=True, no_store=True)
    return response
