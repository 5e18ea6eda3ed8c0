"""Back to the page on which a form of the frame was sent."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """Where the form says it stood, else the browser; `otherwise` where neither does, or names another house."""
    page = request.POST.get("next", "") or request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return redirect(page if ours else otherwise)
