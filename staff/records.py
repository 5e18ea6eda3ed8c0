"""Workflow records in the Django admin: looked at there, changed only through the actions that the desk uses."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.errors import DomainError


class ReadOnly(admin.ModelAdmin):
    """Looked at, never changed by hand."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def each(self, request: HttpRequest, rows: QuerySet[Any], act: Callable[..., object]) -> None:
        """The action for each row chosen; a refusal names its row and holds up no other."""
        done = 0
        for row in rows:
            try:
                act(row.pk, by=request.user, now=timezone.now())
            except DomainError as error:
                self.message_user(request, f"{row}: {error}", messages.ERROR)
            else:
                done += 1
        if done:
            self.message_user(request, _("Done: %(count)d.") % {"count": done}, messages.SUCCESS)


class Moves(admin.TabularInline):
    """The states a record went through; a subclass names the model of its moves."""

    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "from_state", "to_state", "by", "note")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
