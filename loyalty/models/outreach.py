"""Whom a campaign reached, with what, and who was held out."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Delivery
from loyalty.models.campaigns import Campaign, Gift, Mailing


class Reach(models.Model):
    """One customer's turn in a campaign: `year` 0 when it began, else the year of a birthday. Who is held out was
    drawn by lot at this moment, and from this moment both arms are watched."""

    class Arm(models.TextChoices):
        TREATED = "treated", _("reached")
        HELD = "held", _("held out")

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="reaches", verbose_name=_("campaign"))
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("customer"))
    year = models.PositiveSmallIntegerField(_("year"), default=0)
    arm = models.CharField(_("arm"), max_length=7, choices=Arm)
    at = models.DateTimeField(_("at"))
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer reached")
        verbose_name_plural = _("customers reached")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer", "year"], name="loyalty_reached_once"),
        ]
        indexes = [
            models.Index(fields=["campaign", "id"], condition=Q(handled_at__isnull=True), name="loyalty_reach_todo"),
            models.Index(fields=["campaign", "at"], name="loyalty_reach_effect"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.customer_id}"


class Why(models.TextChoices):
    """Why somebody did not get what the campaign meant."""

    NOTHING = "", ""
    NO_CONSENT = "no_consent", _("no consent to marketing")
    NO_ADDRESS = "no_address", _("no e-mail address")
    BUDGET = "budget", _("the budget was used up")
    UNTOLD = "untold", _("no mail could tell of it")
    REFUSED = "refused", _("the card refused it")
    FAILED = "failed", _("a fault; see the log")


class Message(models.Model):
    """A mailing to one customer: on its way as a delivery, or left out and why."""

    mailing = models.ForeignKey(Mailing, models.PROTECT, related_name="messages", verbose_name=_("mailing"))
    reach = models.ForeignKey(Reach, models.PROTECT, related_name="messages", verbose_name=_("customer reached"))
    delivery = models.OneToOneField(
        Delivery, models.PROTECT, null=True, blank=True, related_name="campaign_message", verbose_name=_("delivery")
    )
    why = models.CharField(_("left out because"), max_length=10, choices=Why, default=Why.NOTHING, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=8, decimal_places=4, default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.UniqueConstraint(fields=["mailing", "reach"], name="loyalty_mailed_once"),
            models.CheckConstraint(
                condition=Q(delivery__isnull=False, why="") | (Q(delivery__isnull=True) & ~Q(why="")),
                name="loyalty_mailed_or_says_why_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}/{self.reach_id}"


class Given(models.Model):
    """A gift to one customer: what it cost, or why it was not given."""

    gift = models.ForeignKey(Gift, models.PROTECT, related_name="given", verbose_name=_("gift"))
    reach = models.ForeignKey(Reach, models.PROTECT, related_name="given", verbose_name=_("customer reached"))
    why = models.CharField(_("left out because"), max_length=10, choices=Why, default=Why.NOTHING, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=2, default=0)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("gift given")
        verbose_name_plural = _("gifts given")
        constraints = [models.UniqueConstraint(fields=["gift", "reach"], name="loyalty_given_once")]

    def __str__(self) -> str:
        return f"{self.gift_id}/{self.reach_id}"
