"""What may be offered: the catalogue, its immutable versions, and marketing's first guess of what helps."""

from decimal import Decimal
from functools import reduce
from operator import or_

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from cancellations.models.reasons import Named, Reason


class Kind(models.TextChoices):
    """What an incentive does. Terms, cost, price and wording of each kind: `cancellations.terms`."""

    PERCENT_OFF = "percent_off", _("percent off")
    AMOUNT_OFF = "amount_off", _("amount off")
    FREE_MONTHS = "free_months", _("free months")
    PAUSE = "pause", _("pause")
    PLAN_CHANGE = "plan_change", _("change of plan")
    ADDON = "addon", _("free add-on")
    BONUS_STAMPS = "bonus_stamps", _("bonus stamps")
    GIFT = "gift", _("gift")
    FEE_WAIVER = "fee_waiver", _("fee waiver")
    PRICE_LOCK = "price_lock", _("price lock for a contract extension")
    SERVICE_FIX = "service_fix", _("service fix")
    CUSTOM = "custom", _("custom")


class Incentive(Named):
    Kind = Kind

    code = models.SlugField(_("code"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    wording = models.TextField(_("what to say"), blank=True, help_text=_("In the customer's words, in English."))
    wording_sv = models.TextField(_("what to say in Swedish"), blank=True)
    wording_de = models.TextField(_("what to say in German"), blank=True)
    campaigns = models.ManyToManyField(
        "loyalty.Campaign",
        blank=True,
        related_name="incentives",
        verbose_name=_("campaigns"),
        help_text=_("What is accepted on a campaign's days counts against its budget."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("incentive")
        verbose_name_plural = _("incentives")

    def said(self, language: str | None = None) -> str:
        """What to say, in the language given (else the one in force); empty when marketing wrote nothing."""
        return getattr(self, f"wording_{(language or get_language() or 'en')[:2]}", "") or self.wording


def no_rules() -> dict[str, None]:
    return {"eligible": None, "applicable": None, "suitable": None}


TERMS = ("incentive", "number", "terms", "rules", "lever")
LIMITS = ("max_accepted", "cooldown_days", "monthly_budget", "valid_from", "valid_to")
FROZEN = (*TERMS, *LIMITS, "author", "publisher", "created_at", "published_at")  # once published; it may be retired


def _any_differs(fields: tuple[str, ...]) -> pgtrigger.Q:
    return reduce(or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in fields))


class IncentiveVersion(models.Model):
    """Terms and rules that never change once published: an offer can always be read as it was made."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        RETIRED = "retired", _("retired")

    incentive = models.ForeignKey(Incentive, models.PROTECT, related_name="versions", verbose_name=_("incentive"))
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    terms = models.JSONField(_("terms"), default=dict)  # validated by `cancellations.terms`
    rules = models.JSONField(_("rules"), default=no_rules)  # trees; None: no condition
    lever = models.DecimalField(
        _("lever"),
        max_digits=3,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(Decimal(2))],
        help_text=_("Marketing's weight on the score, 0.5 to 2. It is logged with every decision."),
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    max_accepted = models.PositiveSmallIntegerField(
        _("times in 12 months"), default=1, help_text=_("How often one customer may accept it in 12 months.")
    )
    cooldown_days = models.PositiveSmallIntegerField(
        _("cool-down, days"), default=180, help_text=_("Days after any accepted incentive before this one is offered.")
    )
    monthly_budget = models.DecimalField(
        _("budget per month"), max_digits=10, decimal_places=2, null=True, blank=True, help_text=_("Empty: no bound.")
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by"))
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    handed_in_at = models.DateTimeField(
        _("handed in at"), null=True, blank=True, help_text=_("Its author is done; a colleague may publish it.")
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        verbose_name = _("incentive version")
        verbose_name_plural = _("incentive versions")
        permissions = [("publish_incentive", "May publish and retire incentives")]
        constraints = [
            models.UniqueConstraint(fields=["incentive", "number"], name="cancellations_version_number_once"),
            models.UniqueConstraint(
                fields=["incentive"], condition=Q(state="published"), name="cancellations_one_published_version"
            ),
            models.UniqueConstraint(
                fields=["incentive"], condition=Q(state="draft"), name="cancellations_one_draft_version"
            ),
            models.CheckConstraint(condition=~Q(publisher=F("author")), name="cancellations_version_four_eyes"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(publisher__isnull=False, published_at__isnull=False),
                name="cancellations_published_by_someone",
            ),
            models.CheckConstraint(condition=Q(lever__gte=Decimal("0.5"), lever__lte=2), name="cancellations_lever"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_from__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="cancellations_version_valid_span",
            ),
            models.CheckConstraint(
                condition=Q(monthly_budget__isnull=True) | Q(monthly_budget__gte=0),
                name="cancellations_budget_not_negative",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="terms_immutable",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="draft") & _any_differs(FROZEN),
            )
        ]

    def __str__(self) -> str:
        return f"{self.incentive.code} v{self.number}"


class ReasonIncentive(models.Model):
    """Marketing's guess before there is data: it counts as 15 cases (see `cancellations.engine`)."""

    reason = models.ForeignKey(Reason, models.CASCADE, related_name="guesses", verbose_name=_("reason"))
    incentive = models.ForeignKey(Incentive, models.CASCADE, related_name="guesses", verbose_name=_("incentive"))
    accepts = models.DecimalField(
        _("share that accepts"),
        max_digits=3,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
    )
    stays = models.DecimalField(
        _("share of those still here after 90 days"),
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
    )

    said_at = models.DateTimeField(
        _("said at"), auto_now=True, help_text=_("Once callers have changed since, it counts no more.")
    )

    class Meta:
        verbose_name = _("first guess")
        verbose_name_plural = _("first guesses")
        constraints = [
            models.UniqueConstraint(fields=["reason", "incentive"], name="cancellations_one_guess"),
            models.CheckConstraint(
                condition=Q(accepts__gte=0, accepts__lte=1) & (Q(stays__isnull=True) | Q(stays__gte=0, stays__lte=1)),
                name="cancellations_guess_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} → {self.incentive}"
