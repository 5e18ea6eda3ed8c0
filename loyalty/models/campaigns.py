"""What marketing does for a while: whom it is for, what it gives, what it may cost."""

from datetime import date
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.programmes import Programme
from staff.states import Move, Stateful, fsm


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("draft")
    WAITING = "waiting", _("waits for a second person")
    RUNNING = "running", _("running")
    ENDED = "ended", _("ended")


CAMPAIGN_MOVES = {
    CampaignState.DRAFT: frozenset({CampaignState.WAITING}),
    CampaignState.WAITING: frozenset({CampaignState.DRAFT, CampaignState.RUNNING}),
    CampaignState.RUNNING: frozenset({CampaignState.ENDED}),
}
FINAL = (
    "programme",
    "starts_on",
    "segment",
    "hold_out",
    "effect_days",
    "budget",
    "author",
    "publisher",
    "published_at",
)


class Occasion(models.TextChoices):
    """When something reaches a customer."""

    START = "start", _("when the campaign begins")
    BIRTHDAY = "birthday", _("on the birthday")


class Campaign(Stateful):
    """Written by one, published by another. Once it runs its terms never change (a trigger sees to it): whom it is for,
    what may be spent and who is held out are what its effect is measured by.

    `segment` is read by `loyalty.rules.segments`.
    """

    State = CampaignState
    MOVES = CAMPAIGN_MOVES

    name = models.CharField(_("name"), max_length=120)
    about = models.TextField(_("what it is to bring"), blank=True, max_length=2000)
    programme = models.ForeignKey(
        Programme,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="campaigns",
        verbose_name=_("programme"),
        help_text=_("Whose members and cards it is about. Empty: every programme."),
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True, help_text=_("Empty: until somebody ends it."))
    budget = models.DecimalField(
        _("budget"), max_digits=12, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    segment = models.JSONField(_("whom it is for"), default=dict, blank=True)
    hold_out = models.PositiveSmallIntegerField(
        _("held out, of 100"),
        default=10,
        validators=[MaxValueValidator(50)],
        help_text=_(
            "These get nothing, drawn by lot: what the others do more is the effect. Without them there is none."
        ),
    )
    effect_days = models.PositiveSmallIntegerField(
        _("effect watched, days"), default=30, validators=[MinValueValidator(7), MaxValueValidator(180)]
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by"))
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    state = models.CharField(_("state"), max_length=8, choices=CampaignState, default=CampaignState.DRAFT)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    reached_at = models.DateTimeField(_("audience drawn at"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        permissions = [
            ("design_campaign", "May write campaigns"),
            ("publish_campaign", "May publish and end campaigns"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(publisher=F("author")), name="loyalty_campaign_four_eyes"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="loyalty_campaign_span"
            ),
            models.CheckConstraint(condition=Q(budget__gte=0), name="loyalty_campaign_budget_not_negative"),
            models.CheckConstraint(condition=Q(hold_out__lte=50), name="loyalty_campaign_hold_out"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "waiting"]) | Q(publisher__isnull=False, published_at__isnull=False),
                name="loyalty_campaign_published_by_someone",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="loyalty_campaign_state")]
        triggers = [
            fsm(CAMPAIGN_MOVES),
            pgtrigger.Protect(
                name="running_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["running", "ended"])
                & reduce(or_, (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in FINAL)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_live(self, day: date) -> bool:
        """Whether it has an effect on this local day."""
        return (
            self.state == CampaignState.RUNNING
            and self.starts_on <= day
            and (self.ends_on is None or day <= self.ends_on)
        )


class CampaignMove(Move):
    subject = models.ForeignKey(Campaign, models.CASCADE, related_name="moves", verbose_name=_("campaign"))

    class Meta(Move.Meta):
        abstract = False
        verbose_name = _("campaign move")
        verbose_name_plural = _("campaign moves")


class BonusWindow(models.Model):
    """Stamps times two (or more) at certain hours: at publishing it becomes a rule of the programme's next version."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="windows", verbose_name=_("campaign"))
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name=_("programme"))
    times = models.PositiveSmallIntegerField(
        _("stamps, times"), default=2, validators=[MinValueValidator(2), MaxValueValidator(10)]
    )
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("weekdays"), default=list, blank=True)
    begins = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)
    categories = ArrayField(models.CharField(max_length=40), verbose_name=_("categories"), default=list, blank=True)
    stores = ArrayField(models.CharField(max_length=40), verbose_name=_("stores"), default=list, blank=True)

    class Meta:
        verbose_name = _("bonus window")
        verbose_name_plural = _("bonus windows")
        constraints = [
            models.CheckConstraint(condition=Q(times__gte=2, times__lte=10), name="loyalty_window_multiplies")
        ]

    def __str__(self) -> str:
        return f"× {self.times}"

    @property
    def key(self) -> str:
        """The rule's name in the terms, by which a receipt tells whose bonus it had."""
        return f"campaign-{self.campaign_id}-{self.pk}"

    @property
    def rule(self) -> dict[str, Any]:
        """As a version's terms store it; the days are the campaign's."""
        found: dict[str, Any] = {
            "key": self.key,
            "per": "bonus",
            "times": self.times,
            "since": self.campaign.starts_on.isoformat(),
        }
        if self.campaign.ends_on:
            found["to"] = self.campaign.ends_on.isoformat()
        if self.weekdays:
            found["weekdays"] = sorted(self.weekdays)
        if self.begins:
            found["from"] = f"{self.begins:%H:%M}"
        if self.ends:
            found["until"] = f"{self.ends:%H:%M}"
        if self.categories:
            found["categories"] = sorted(self.categories)
        if self.stores:
            found["stores"] = sorted(self.stores)
        return found


class Mailing(models.Model):
    """A text in the customer's language, with variables; sent once to each (on birthdays: once a year)."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="mailings", verbose_name=_("campaign"))
    occasion = models.CharField(_("when"), max_length=8, choices=Occasion, default=Occasion.START)
    subject_en = models.CharField(_("subject in English"), max_length=150)
    body_en = models.TextField(_("text in English"), max_length=5000)
    subject_sv = models.CharField(_("subject in Swedish"), max_length=150)
    body_sv = models.TextField(_("text in Swedish"), max_length=5000)
    subject_de = models.CharField(_("subject in German"), max_length=150)
    body_de = models.TextField(_("text in German"), max_length=5000)
    unit_cost = models.DecimalField(
        _("cost of one mail"),
        max_digits=8,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("What the mail service takes for one."),
    )

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "occasion"], name="loyalty_one_mailing_per_occasion"),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="loyalty_mail_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return self.subject_en


class Gift(models.Model):
    """Something for everybody reached. `kind` names a giver of `loyalty.contracts`: stamps, a voucher."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="gifts", verbose_name=_("campaign"))
    occasion = models.CharField(_("when"), max_length=8, choices=Occasion, default=Occasion.START)
    kind = models.SlugField(_("gift"), max_length=20)
    amount = models.DecimalField(
        _("how much"), max_digits=8, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    note = models.CharField(
        _("what for"), max_length=120, help_text=_("Stands in the card's ledger or on the voucher: “Happy birthday”.")
    )
    valid_days = models.PositiveSmallIntegerField(_("good for, days"), default=90, help_text=_("Of a voucher."))

    class Meta:
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "occasion", "kind"], name="loyalty_one_gift_of_a_kind"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="loyalty_gift_is_something"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
