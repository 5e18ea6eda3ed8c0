"""Who is here and what he or she may do: asked on every page, so asked once."""

import json
from functools import cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Model, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat, JSONObject

from staff.authority import AMOUNTS
from staff.models import AuthorityLimit, User
from staff.statements import prepared


class OneQuery(AuthenticationBackend):
    """Login by name or address as allauth has it; the person of a session comes with all permissions and the limits of
    his or her authority, in one query.

    They are read anew with every request, so a role given or taken away counts from the next press on.
    """

    def get_user(self, user_id: int) -> User | None:
        sql, params = _statement()
        with prepared():  # else PostgreSQL plans it for three times as long as it runs it
            user = next(iter(User.objects.raw(sql, [*params, user_id])), None)
        if user is None or not self.user_can_authenticate(user):
            return None
        user.limits = [json.loads(limit) for limit in user.limits]
        if not user.is_superuser:
            user.allowed = {*user.by_role, *user.by_name}
        return user

    def get_all_permissions(self, user_obj: User, obj: Model | None = None) -> set[str]:
        if obj is None and hasattr(user_obj, "allowed"):
            return user_obj.allowed
        return super().get_all_permissions(user_obj, obj)


@cache
def _statement() -> tuple[str, tuple[Any, ...]]:
    """The SQL of a person with permissions, and its parameters without the last, the person's key: put together once,
    since Django would spend more time on writing it than PostgreSQL on answering."""
    people = User.objects.annotate(
        by_role=ArraySubquery(_names(Permission.objects.filter(group__user=OuterRef("pk")))),
        by_name=ArraySubquery(_names(Permission.objects.filter(user=OuterRef("pk")))),
        limits=ArraySubquery(
            AuthorityLimit.objects.filter(role__user=OuterRef("pk")).values_list(
                JSONObject(kind="kind", **{name: Cast(name, CharField()) for name in AMOUNTS})
            )
        ),
    )
    sql, params = people.filter(pk=0).query.sql_with_params()
    return sql, params[:-1]


def _names(permissions: QuerySet[Permission]) -> QuerySet[Permission, str]:
    return permissions.values_list(Concat("content_type__app_label", Value("."), "codename"), flat=True)
