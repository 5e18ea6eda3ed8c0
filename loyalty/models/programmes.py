"""What a shop sells, where, and on which terms it stamps."""

from functools import reduce
from operator import or_

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from loyalty.terms import Terms


class Store(models.Model):
    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_open = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One article of the shop. What a receipt says under an unknown name is kept as text and earns by the receipt's
    own rules only."""

    sku = models.CharField(_("article number"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products", verbose_name=_("category")
    )
    price = models.DecimalField(_("price"), max_digits=10, decimal_places=2, default=0)
    cost = models.DecimalField(_("cost of goods"), max_digits=10, decimal_places=2, default=0)
    is_gift_card = models.BooleanField(_("gift card"), default=False, help_text=_("Gift cards earn nothing."))

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0, cost__gte=0), name="loyalty_product_not_negative")
        ]

    def __str__(self) -> str:
        return self.name


class Programme(models.Model):
    class Unit(models.TextChoices):
        STAMP = "stamp", _("stamps")
        POINT = "point", _("points")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    unit = models.CharField(_("unit"), max_length=5, choices=Unit, default=Unit.STAMP)
    reward_name = models.CharField(_("reward"), max_length=120, help_text=_("As printed on the card: “a free coffee”."))
    is_open = models.BooleanField(_("open to new members"), default=True)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        permissions = [("design_programme", "May design programmes"), ("publish_programme", "May publish programmes")]

    def __str__(self) -> str:
        return self.name


FINAL = (
    "state",
    "programme",
    "number",
    "stamps_needed",
    "rules",
    "interim",
    "prices",
    "tier_by",
    "tier_days",
    "cap_receipt",
    "cap_day",
    "cooldown_minutes",
    "stamp_days",
    "reward_days",
    "backdate_days",
    "head_start",
    "stores",
    "tiers",
    "reward_cost",
    "margin",
    "budget",
    "author",
    "approver",
    "valid_from",
)


class ProgrammeVersion(models.Model):
    """The terms of a programme for a span of time. Once published nothing of them changes (a trigger sees to it)
    but the day they end, and no two published versions of a programme overlap."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        WAITING = "waiting", _("waits for a second person")
        PUBLISHED = "published", _("published")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class TierBy(models.TextChoices):
        EARNED = "earned", _("what was earned")
        VISITS = "visits", _("visits")

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="versions", verbose_name=_("programme"))
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    stamps_needed = models.PositiveIntegerField(_("stamps needed"), help_text=_("Nine bought, the tenth free: 9."))
    rules = models.JSONField(_("what earns"), default=list)
    interim = models.JSONField(_("rewards on the way"), default=list, blank=True)
    prices = models.JSONField(_("rewards for points"), default=list, blank=True)  # of a points programme only
    cap_receipt = models.PositiveIntegerField(
        _("at most per receipt"),
        null=True,
        blank=True,
        help_text=_("Empty: ten full cards, or ten of the dearest reward."),
    )
    cap_day = models.PositiveIntegerField(_("at most per day"), null=True, blank=True)
    cooldown_minutes = models.PositiveIntegerField(_("minutes between two visits that earn"), default=0)
    stamp_days = models.PositiveIntegerField(
        _("a stamp lives, days"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    reward_days = models.PositiveIntegerField(
        _("a reward lives, days"), null=True, blank=True, help_text=_("Empty: for ever.")
    )
    backdate_days = models.PositiveIntegerField(
        _("receipts accepted after, days"), default=90, help_text=_("An older receipt waits for a person.")
    )
    head_start = models.PositiveIntegerField(
        _("stamps given at the start"),
        default=0,
        help_text=_("Two given at the start raised completion from 19 to 34 % at equal purchases (Nunes, Drèze 2006)."),
    )
    stores = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("stores"),
        default=list,
        blank=True,
        help_text=_("Empty: every store."),
    )
    tiers = models.JSONField(_("tiers"), default=list, blank=True)
    tier_by = models.CharField(_("tiers are reached by"), max_length=6, choices=TierBy, default=TierBy.EARNED)
    tier_days = models.PositiveIntegerField(
        _("in the last days"), default=365, help_text=_("What is older no longer counts towards a tier.")
    )
    reward_cost = models.DecimalField(_("cost of goods of one reward"), max_digits=10, decimal_places=2, default=0)
    margin = models.DecimalField(
        _("margin on sales"),
        max_digits=4,
        decimal_places=3,
        default="0.600",
        help_text=_("What is left of a sale, as a share: 0.6."),
    )
    budget = models.DecimalField(_("budget a year"), max_digits=12, decimal_places=2, null=True, blank=True)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("author")
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approver")
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    edits = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("programme version")
        verbose_name_plural = _("programme versions")
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="loyalty_version_number_once"),
            models.CheckConstraint(condition=Q(stamps_needed__gte=1), name="loyalty_version_needs_stamps"),
            models.CheckConstraint(
                condition=Q(head_start__lt=F("stamps_needed")), name="loyalty_version_head_start_below_goal"
            ),
            models.CheckConstraint(condition=~Q(author=F("approver")), name="loyalty_version_four_eyes"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="loyalty_version_range",
            ),
            models.CheckConstraint(condition=Q(margin__gt=0, margin__lte=1), name="loyalty_version_margin_is_a_share"),
            ExclusionConstraint(  # ranges of numbers carry the equality: no extension is needed
                name="loyalty_versions_do_not_overlap",
                expressions=[
                    (
                        Func(F("programme_id"), F("programme_id"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("valid_from"),
                            F("valid_until"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="published"),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state="published")
                & reduce(or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in FINAL)),
            ),
            pgtrigger.Protect(
                name="published_stays", operation=pgtrigger.Delete, condition=pgtrigger.Q(old__state="published")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.number}"

    @cached_property
    def terms(self) -> Terms:
        """The terms as the rules read them. Raises TermsError when the stored rules are not well formed."""
        return Terms.read(self)

    @property
    def goal(self) -> int | None:
        """What fills a card; None for points, which the member spends."""
        return None if self.prices else self.stamps_needed
