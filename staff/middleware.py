"""What every request gets: the person's own language, news said in place, refusals in words, a second factor if due."""

import json
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.messages import get_messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from staff.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]


def language(get_response: Handler) -> Handler:
    """The language chosen by the member of staff; before login, the browser's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "")
        if chosen not in dict(settings.LANGUAGES):
            chosen = translation.get_language_from_request(request)
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = get_response(request)
            response.headers.setdefault("Content-Language", chosen)
            return response

    return middleware


def size(get_response: Handler) -> Handler:
    """What is larger than any form of ours is refused unread: anybody's upload would be written to the disk first."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.LARGEST_REQUEST:
            return HttpResponse(_("This is too large to be sent at once."), status=413, content_type="text/plain")
        return get_response(request)

    return middleware


def toasts(get_response: Handler) -> Handler:
    """Messages of a write by htmx that stays on its page ride along in the answer's header and show as toasts."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        leaves = 300 <= response.status_code < 400 or any(h in response for h in ("HX-Redirect", "HX-Refresh"))
        if getattr(request, "htmx", False) and request.method != "GET" and not leaves:
            said = [
                {"text": str(message), "tone": message.level_tag}
                | ({"undo": message.extra_tags} if message.extra_tags else {})
                for message in get_messages(request)
            ]
            if said:
                _trigger(response, "toast", said)
        return response

    return middleware


def _trigger(response: HttpResponse, event: str, detail: object) -> None:
    """Add one event to HX-Trigger, whichever of its two notations is there already."""
    present = response.headers.get("HX-Trigger", "")
    events = (
        json.loads(present) if present.startswith("{") else {n.strip(): "" for n in present.split(",") if n.strip()}
    )
    response.headers["HX-Trigger"] = json.dumps(events | {event: detail})


class Refusals:
    """A refusal that no view has caught: a page that says it (409), or a toast for a part. The API answers for itself.

    What the database refused because a colleague wrote the same at this moment is asked once more: the form now finds
    what the colleague wrote, and says so at its field.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, IntegrityError) and request.POST:
            try:
                return _once_more(request)
            except DomainError as refusal:
                error = refusal
        if not isinstance(error, DomainError):
            return None
        if getattr(request, "htmx", False):
            messages.error(request, str(error))
            return HttpResponse(status=409, headers={"HX-Reswap": "none"})
        return render(request, "409.html", {"error": error}, status=409)


def _once_more(request: HttpRequest) -> HttpResponse:
    for _name, files in request.FILES.lists():
        for file in files:
            file.seek(0)
    view, args, kwargs = request.resolver_match
    return view(request, *args, **kwargs)


def second_factor(get_response: Handler) -> Handler:
    """People in KVAR_SECOND_FACTOR_ROLES set up a second factor before they work; allauth asks for it ever after.

    Two queries a request at most, and only where the setting names a role.
    """

    from allauth.mfa.models import Authenticator  # models stand only after the middleware was imported

    accounts = reverse("account_login").removesuffix("login/")

    def middleware(request: HttpRequest) -> HttpResponse:
        roles = settings.KVAR_SECOND_FACTOR_ROLES
        if not roles or not request.user.is_authenticated or request.path.startswith(accounts):
            return get_response(request)
        factors = Authenticator.objects.filter(user=request.user).exclude(type=Authenticator.Type.RECOVERY_CODES)
        due = request.user.groups.filter(name__in=roles).exists() and not factors.exists()
        if not due:
            return get_response(request)
        told = _("Your role needs a second factor. Set one up to go on.")
        if request.path.startswith("/api/"):
            return JsonResponse({"code": "second_factor_required", "detail": told}, status=403)
        if getattr(request, "htmx", False):
            return HttpResponse(status=204)
        messages.warning(request, told)
        return redirect("mfa_index")

    return middleware
