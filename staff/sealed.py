"""A list's filters stand in its address; free text among them is a name as often as not, and stands there sealed.

So one can go back, turn the page, keep the view or send it to a colleague, while the browser's history, proxies and
logs hold no name. The same text is always sealed the same, so that a kept view is known again.
"""

import base64
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList, ChangeListSearchForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_http_methods

TEXT = "q"  # the filter that is free text, in every list
MARK = "~"
LONGEST = 200


@cache
def _cipher() -> AESSIV:
    return AESSIV(salted_hmac("staff.sealed", "", algorithm="sha512").digest())


def seal(text: str, kind: str = TEXT) -> str:
    """How `text`, which is not empty, stands in an address. What was sealed as one kind does not open as another."""
    sealed = _cipher().encrypt(text.encode(), [kind.encode()])
    return MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(value: str, kind: str = TEXT) -> str:
    """What was sealed; nothing when that was elsewhere or under a key of the past."""
    try:
        sealed = base64.urlsafe_b64decode(value.removeprefix(MARK) + "=" * (-len(value.removeprefix(MARK)) % 4))
        return _cipher().decrypt(sealed, [kind.encode()]).decode()
    except (InvalidTag, ValueError):
        return ""


class SealedInput(forms.TextInput):
    """Reads what the address holds, shows what was typed. A link may say its text plainly."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        value = super().value_from_datadict(data, files, name)
        return opened(value) if value and value.startswith(MARK) else value


def filters_by_post(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A list whose form is sent by POST and answered with the address of what it asks for."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def listed(request: HttpRequest) -> HttpResponse:
        return addressed(request) if request.method == "POST" else view(request)

    return listed


def addressed(request: HttpRequest) -> HttpResponse:
    """Where the list stands as this form asks for it."""
    asked = QueryDict(mutable=True)
    for name, values in request.POST.lists():
        if name != "csrfmiddlewaretoken":
            asked.setlist(name, [seal(value[:LONGEST]) if name == TEXT else value for value in values if value])
    return redirect(f"{request.path}?{asked.urlencode()}")


class SealedSearchForm(ChangeListSearchForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[TEXT].widget = SealedInput()


class SealedChangeList(ChangeList):
    search_form_class = SealedSearchForm


class SealedSearch(admin.ModelAdmin):
    """An admin whose list is searched for people."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return addressed(request) if TEXT in request.POST else super().changelist_view(request, extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SealedChangeList
