"""What every API endpoint shares: who may, how pages go on, how a refusal is said."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import pagination, permissions, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from staff.errors import DomainError
from staff.idempotency import once

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasViewPermission(permissions.BasePermission):
    """Default deny: a view names the permission per method in `permissions = {"GET": "customers.view_customer", …}`,
    a viewset per action: `permissions = {"list": …, "register": …}`. What is not named is refused."""

    message = _("Your role does not allow this.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        needed = getattr(view, "permissions", {})
        permission = needed.get(getattr(view, "action", None)) or needed.get(request.method)
        return bool(request.user and request.user.is_authenticated and permission and request.user.has_perm(permission))


class KeysetPagination(pagination.CursorPagination):
    """Pages by key. A view sets `ordering`; an index must carry it."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "size"
    ordering = "-pk"

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any] | None:
        """Raises NotFound for a cursor made up by hand, which REST framework hands to the database as it is."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, TypeError, OverflowError, ValidationError, DataError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            raise NotFound(self.invalid_cursor_message) from error


KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="Drawn by the client for each wish, sent again with each repetition of it; remembered for 30 days."
    " At most 255 characters.",
)
MAY_REPEAT = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Sent again with the same body, the request has one effect and gets the first answer.",
)


def key_of(request: Request) -> str:
    """The request's `Idempotency-Key`. Raises ValidationError unless it has 1 to 255 characters that print."""
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= 255 or not key.isprintable():
        raise serializers.ValidationError({"Idempotency-Key": [_("Send this header, 1 to 255 characters.")]})
    return key


def answered_once(request: Request, act: Callable[[], Response], *, may_lack: bool = False) -> Response:
    """`act`, or where the request's `Idempotency-Key` was answered before the stored answer; two queries more.

    With `may_lack` a request without the header acts as it is: for writes that a state refuses the second time.
    """
    if may_lack and "Idempotency-Key" not in request.headers:
        return act()

    def effect() -> tuple[int, Any]:
        response = act()
        return response.status_code, response.data

    asked = {"path": request.path, "body": request.data}
    code, body = once(request.user, key_of(request), asked, effect, now=timezone.now())
    return Response(body, status=code)


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A refusal of the trade is 409 {"code", "detail"}; the rest as REST framework has it."""
    from rest_framework.views import exception_handler as rest_exception_handler  # its module reads this one's name

    if isinstance(error, DomainError):
        body = {"code": error.code, "detail": str(error)}
        if error.field:
            body["field"] = error.field
        return Response(body, status=status.HTTP_409_CONFLICT)
    return rest_exception_handler(error, context)
