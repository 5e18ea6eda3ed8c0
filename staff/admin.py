"""People, teams and how much each role may give away, kept in the Django admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from staff.models import AuthorityLimit, Team, User
from staff.sealed import SealedSearch

admin.site.site_url = "/"


@admin.register(User)
class StaffAdmin(SealedSearch, UserAdmin):
    """Roles are given here; single permissions are not, so that a role says all there is to know."""

    list_display = ("username", "first_name", "last_name", "email", "team", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "groups", "team")
    list_select_related = ("team",)
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    autocomplete_fields = ("team",)
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "team")}),
        (_("Work"), {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
        (_("Choices"), {"fields": ("language", "theme", "density", "shortcuts")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),
        (_("Person"), {"classes": ("wide",), "fields": ("first_name", "last_name", "email", "team", "groups")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who could change a superuser's password or address would be one."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_change_permission(request, obj) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes superusers."""
        return (*self.readonly_fields, *(() if request.user.is_superuser else ("is_superuser",)))


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(AuthorityLimit)
class AuthorityLimitAdmin(admin.ModelAdmin):
    list_display = ("role", "kind", "per_case", "per_customer_year", "per_agent_day")
    list_filter = ("role", "kind")
    list_select_related = ("role",)
    ordering = ("kind", "role__name")
