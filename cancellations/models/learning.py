"""What the engine believes, as it was learned day by day, and the company's limits to what it may suggest."""

import secrets
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations.models.incentives import Incentive
from cancellations.models.reasons import Reason


class LearnedModel(models.Model):
    """Everything believed at one moment: a pure function of the facts known at `as_of` (`cancellations.learning`)."""

    as_of = models.DateTimeField(_("as of"), unique=True)
    created_at = models.DateTimeField(_("learned at"))
    facts = models.PositiveIntegerField(_("cases counted"))
    arrays = models.BinaryField(_("posterior tables"))
    digest = models.CharField(_("SHA-256 of the tables"), max_length=64)
    about = models.JSONField(_("settings and findings"), default=dict)

    class Meta:
        verbose_name = _("learned model")
        verbose_name_plural = _("learned models")
        permissions = [("view_beliefs", "May see what the engine believes")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.as_of):%Y-%m-%d %H:%M}"


class Belief(models.Model):
    """One estimate of one model, for people: the mean of Beta(mean · strength, …) after k of n cases."""

    class Quantity(models.TextChoices):
        ACCEPT = "accept", _("accepts when offered")
        STAY_ACCEPTED = "stay_accepted", _("still here after 90 days, having accepted")
        STAY_REFUSED = "stay_refused", _("still here after 90 days, having refused")
        STAY_NONE = "stay_none", _("still here after 90 days, with no offer")

    model = models.ForeignKey(LearnedModel, models.CASCADE, related_name="beliefs", verbose_name=_("model"))
    quantity = models.CharField(_("quantity"), max_length=16, choices=Quantity)
    level = models.CharField(_("level"), max_length=30)
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    incentive = models.ForeignKey(
        Incentive, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("incentive")
    )
    reason = models.ForeignKey(
        Reason, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("reason")
    )
    segment = models.CharField(_("segment"), max_length=12, blank=True)
    k = models.FloatField(_("successes"))
    n = models.FloatField(_("cases"))
    mean = models.FloatField(_("mean"))
    strength = models.FloatField(_("strength, cases"))

    class Meta:
        verbose_name = _("belief")
        verbose_name_plural = _("beliefs")
        indexes = [
            models.Index(fields=["model", "quantity", "level"], name="cancellations_belief_page"),
            models.Index(fields=["quantity", "level", "incentive", "reason"], name="cancellations_belief_line"),
            models.Index(fields=["level", "id"], name="cancellations_belief_level"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.kind} {self.mean:.2f}"


def new_salt() -> str:
    return secrets.token_hex(8)


SHARE = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))]


class EnginePolicy(models.Model):
    """The company's limits and the size of the hold-out. Never changed: an edit writes the next row."""

    margin_floor = models.DecimalField(
        _("margin floor"),
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.100"),
        validators=[MinValueValidator(Decimal(-1)), MaxValueValidator(Decimal(1))],
        help_text=_("Share of a year's price that must be left after the incentive."),
    )
    share_of_value = models.DecimalField(
        _("most of the customer's value"),
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.500"),
        validators=SHARE,
        help_text=_("An incentive may cost at most this share of what the customer brings in 12 months."),
    )
    household_days = models.PositiveSmallIntegerField(
        _("cool-down of the household, days"), default=90, help_text=_("Also for those who share a payer.")
    )
    accepted_in_year = models.PositiveSmallIntegerField(_("accepted incentives in 12 months, at most"), default=2)
    goodwill_in_year = models.DecimalField(
        _("goodwill in 12 months, at most"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        default=Decimal(150),
        help_text=_("What all apps together gave, this incentive included. Empty: no bound."),
    )
    hold_out = models.DecimalField(
        _("hold-out"),
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.100"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal("0.5"))],
        help_text=_(
            "Share of customers to whom nothing is suggested, drawn anew each quarter: what uplift is measured by."
        ),
    )
    salt = models.CharField(max_length=32, default=new_salt, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("set by")
    )
    created_at = models.DateTimeField(_("from"))

    class Meta:
        verbose_name = _("limits of the engine")
        verbose_name_plural = _("limits of the engine")
        permissions = [("change_limits", "May change the engine's limits and the hold-out")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.created_at):%Y-%m-%d %H:%M}"
