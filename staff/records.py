"""Rows that grow in the Django admin; of them workflow records are only looked at, and change by the desk's actions."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet, UniqueConstraint
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from staff.errors import DomainError

MOST = 10_000


class UpToMost(Paginator):
    """Counts, and leafs through, no more than MOST rows, however many there are."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:MOST].count()


class Growing(admin.ModelAdmin):
    """A list over rows without number: never counted whole, and sorted by what an index begins with."""

    paginator = UpToMost
    show_full_result_count = False
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        listed = (getattr(answer, "context_data", None) or {}).get("cl")
        if listed and listed.result_count == MOST:
            answer.context_data["subtitle"] = _("The first %(count)s. Narrow the list to see others.") % {"count": MOST}
        return answer

    def get_sortable_by(self, request: HttpRequest) -> list[str]:
        indexed = begun_by_an_index(self.model)
        columns = {
            name: getattr(getattr(self, str(name), None), "admin_order_field", name) for name in self.list_display
        }
        return [str(name) for name, field in columns.items() if str(field).lstrip("-") in indexed]


def begun_by_an_index(model: type[Model]) -> set[str]:
    """The fields that an index of `model` begins with, so that rows are found by them or come in their order. An index
    of some rows counts where they are those for which the field is true."""
    fields = {f.name for f in model._meta.local_fields if f.primary_key or f.unique or f.db_index}
    indexes = [*model._meta.indexes, *(one for one in model._meta.constraints if isinstance(one, UniqueConstraint))]
    begun = {(one.fields[0].lstrip("-"), one.condition) for one in indexes if one.fields}
    return fields | {field for field, condition in begun if condition in (None, Q((field, True)))}


class ReadOnly(Growing):
    """Looked at, never changed by hand."""

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


class Numbered(ReadOnly):
    """Found by the whole number, which an index answers; a subclass says where it stands, to be searched exactly."""

    search_help_text = _("The whole number.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term.upper())


class Moves(admin.TabularInline):
    """The states a record went through; a subclass names the model of its moves."""

    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "from_state", "to_state", "by", "note")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
