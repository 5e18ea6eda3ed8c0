"""The people who work here, and how much each may give away."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Team(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A member of staff. What he or she may do comes from groups (roles) by way of permissions."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("as the system")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("comfortable")
        DENSE = "dense", _("dense")

    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    theme = models.CharField(_("colours"), max_length=10, choices=Theme, default=Theme.SYSTEM)
    density = models.CharField(_("density"), max_length=12, choices=Density, default=Density.COMFORTABLE)
    shortcuts = models.BooleanField(
        _("keyboard shortcuts"), default=True, help_text=_("Single keys such as “/”, “j” and “c” press buttons.")
    )
    is_demo = models.BooleanField(_("demo account"), default=False, editable=False)

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        permissions = [
            ("use_desk", "May open the desk"),
            ("view_styleguide", "May open the style guide"),
            ("view_approvals", "May open the approvals queue"),
            ("view_reports", "May open the reports"),
        ]
        constraints = [  # the company's directory finds people by it
            models.UniqueConstraint(Lower("email"), condition=~Q(email=""), name="staff_email_once"),
        ]

    def clean(self) -> None:
        super().clean()
        if self.email and User.objects.filter(email__iexact=self.email).exclude(pk=self.pk).exists():
            raise ValidationError({"email": _("Somebody else here has this address already.")})

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def short_name(self) -> str:
        """“Åsa L.”: enough to know a colleague by."""
        return short_name(self.first_name, self.last_name, self.username)


def short_name(first: str, last: str, username: str) -> str:
    return f"{first} {last[:1]}." if first and last else first or last or username


class AuthorityLimit(models.Model):
    """How much one role may give away of one kind without asking. An empty limit means: no bound."""

    role = models.ForeignKey(Group, models.CASCADE, related_name="authority_limits", verbose_name=_("role"))
    kind = models.SlugField(_("kind"), max_length=40)  # an app's own word: "offer", "goodwill", "stamps"
    per_case = models.DecimalField(_("per case"), max_digits=10, decimal_places=2, null=True, blank=True)
    per_customer_year = models.DecimalField(
        _("per customer and year"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    per_agent_day = models.DecimalField(_("per agent and day"), max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("authority limit")
        verbose_name_plural = _("authority limits")
        constraints = [
            models.UniqueConstraint(fields=["role", "kind"], name="staff_one_limit_per_role_and_kind"),
            models.CheckConstraint(
                condition=(Q(per_case__gte=0) | Q(per_case__isnull=True))
                & (Q(per_customer_year__gte=0) | Q(per_customer_year__isnull=True))
                & (Q(per_agent_day__gte=0) | Q(per_agent_day__isnull=True)),
                name="staff_limits_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.kind}"


class SavedView(models.Model):
    """A person's own filters of a list, under a name. The address says all of it, so a link shares what is seen."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_views", verbose_name=_("person"))
    page = models.SlugField(_("page"), max_length=40)  # the list's own word: "cancellations"
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("filters"), max_length=500)  # as in the address, sorted, without an empty one
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True)  # kept a while: a removal can be undone

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "page", "name"], condition=Q(removed_at=None), name="staff_view_named_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """An answer kept for its repetition; see `staff.idempotency.once`."""

    client = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("client"))
    key = models.CharField(_("key"), max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(_("created at"), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="staff_idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
