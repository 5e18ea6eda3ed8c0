"""Taking a complaint down: whose it is, what it is about, what looks like the same matter."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from complaints import actions
from complaints.forms import IntakeForm, NewCustomerForm
from complaints.queries.similar import similar as alike
from customers import queries as customer_queries
from customers.actions import create_customer
from customers.models import Customer
from staff.errors import DomainError
from staff.search import search

REGISTER = "complaints.register_complaint"


@require_http_methods(["GET", "POST"])
@permission_required(REGISTER, raise_exception=True)
def choose_customer(request: HttpRequest) -> HttpResponse:
    """Whose complaint is it? Found as one types, or written down here."""
    text = request.POST.get("q", "").strip()  # a name, which may stand in no address
    form = NewCustomerForm(request.POST if request.POST and "q" not in request.POST else None)
    if form.is_valid():
        now = timezone.now()
        customer = create_customer(
            by=request.user, now=now, customer_since=timezone.localdate(now), **form.cleaned_data
        )
        return redirect("complaints:register", customer.pk)
    found = find_customers(request, text) if text else []
    if request.htmx:
        return render(request, "complaints/choose.html#found", {"found": found, "text": text})
    return render(request, "complaints/choose.html", {"form": form, "found": found, "text": text})


def find_customers(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    """The customers the search field of every page would find, each with the page on which to register."""
    source = search.get("customers")
    found = []
    for hit in source(request.user, text, 8) if source else ():
        found.append({"title": hit.title, "detail": hit.detail, "pk": hit.url.rstrip("/").rpartition("/")[2]})
    return found


@require_http_methods(["GET", "POST"])
@permission_required(REGISTER, raise_exception=True)
def register(request: HttpRequest, customer_pk: int) -> HttpResponse:
    customer = get_object_or_404(Customer, pk=customer_pk)
    now = timezone.now()
    form = IntakeForm(request.POST or None, request.FILES or None, customer=customer, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            case = actions.register(customer_id=customer.pk, by=request.user, now=now, **form.details)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("%(number)s is registered.") % {"number": case.number})
            return redirect("complaints:case", case.pk)
    return render(
        request,
        "complaints/intake.html",
        {
            "form": form,
            "band": customer_queries.band_for(customer, now),
            "customer": customer,
            "similar": alike(customer.pk, category_id=None, text="", now=now),
        },
        status=422 if form.errors else 200,
    )


@require_POST
@permission_required(REGISTER, raise_exception=True)
def similar(request: HttpRequest, customer_pk: int) -> HttpResponse:
    """What looks like the same matter, while the story is being typed. The story travels in the body: what stands in an
    address is logged."""
    category = request.POST.get("category", "")
    found = alike(
        customer_pk,
        category_id=int(category) if category.isdecimal() and len(category) < 10 else None,
        text=f"{request.POST.get('title', '')} {request.POST.get('happened', '')}"[:2000],
        now=timezone.now(),
    )
    return render(request, "complaints/intake.html#similar", {"similar": found})
