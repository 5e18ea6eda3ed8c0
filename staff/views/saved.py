"""Saved views of a list: kept, renamed, removed, brought back; each ends on the list one came from."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from staff import saved, undo
from staff.errors import DomainError
from staff.models import SavedView
from staff.views.back import back


def _do(request: HttpRequest, act: Callable[[], SavedView], said: str) -> HttpResponse:
    try:
        view = act()
    except SavedView.DoesNotExist:
        raise Http404 from None
    except DomainError as error:
        messages.error(request, str(error))
    else:
        told = said % {"name": view.name}
        if view.removed_at:
            undo.offer(request, told, undo=reverse("view_restore", args=[view.pk]))
        else:
            messages.success(request, told)
    return back(request, "home")


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    given = {name: request.POST.get(name, "") for name in ("name", "query")}
    page = request.POST.get("page", "")[:40]
    now = timezone.now()
    return _do(request, lambda: saved.save(request.user, page=page, now=now, **given), _("“%(name)s” is kept."))


@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    name = request.POST.get("name", "")
    return _do(request, lambda: saved.rename(pk, user=request.user, name=name), _("It is called “%(name)s” now."))


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    return _do(request, lambda: saved.remove(pk, user=request.user, now=now), _("“%(name)s” is removed."))


@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    return _do(request, lambda: saved.restore(pk, user=request.user), _("“%(name)s” is back."))
