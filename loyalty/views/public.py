"""The one page of loyalty that customers see: no more marketing mail."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from loyalty.actions.outreach import customer_of, stop_mails


@login_not_required  # opened from the customer's mailbox; the signed link is the key
@csrf_exempt  # a mail program posts here by itself (RFC 8058); whoever has the link may do no more than this
@never_cache
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asked by GET (which scanners of mails do by themselves) it changes nothing; a POST is the customer's word."""
    customer = customer_of(token)
    if customer is None:
        raise Http404
    if request.method == "POST":
        customer = stop_mails(token, now=timezone.now())
    with translation.override(customer.language):
        context = {
            "done": customer.unsubscribed_at is not None,
            "language": customer.language,
            "company": settings.KVAR_COMPANY,
        }
        return render(request, "loyalty/unsubscribe.html", context)
