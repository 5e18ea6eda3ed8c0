"""Members about to lapse: one row for each time a member stays away, worked by a person or held out to compare with."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.members import Membership

CLAIM = timedelta(minutes=30)  # as long a colleague's hand stays on a row


class Lapse(models.Model):
    """Noticed by the night's job. `came_back_at` is the first visit within thirty days of being noticed, in either
    arm: what the calls bring is the difference between the arms."""

    class State(models.TextChoices):
        OPEN = "open", _("to be called")
        DONE = "done", _("done")

    class Arm(models.TextChoices):
        CALLED = "called", _("to be called")
        HELD = "held", _("held out")

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="lapses", verbose_name=_("membership"))
    last_visit_at = models.DateTimeField(_("last visit"))
    visits = models.PositiveIntegerField(_("visits"))
    gap = models.DurationField(_("usual gap"))
    arm = models.CharField(_("arm"), max_length=6, choices=Arm)
    state = models.CharField(_("state"), max_length=4, choices=State, default=State.OPEN)
    noticed_at = models.DateTimeField(_("noticed at"))
    next_at = models.DateTimeField(_("call again from"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )
    claimed_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    came_back_at = models.DateTimeField(_("came back at"), null=True, blank=True)

    class Meta:
        verbose_name = _("member about to lapse")
        verbose_name_plural = _("members about to lapse")
        constraints = [
            models.UniqueConstraint(fields=["membership", "last_visit_at"], name="loyalty_lapse_noticed_once"),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True) | Q(claimed_at__isnull=False), name="loyalty_lapse_claim_has_time"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "-last_visit_at", "-id"], condition=Q(arm="called"), name="loyalty_lapse_list"
            ),
            models.Index(fields=["noticed_at"], name="loyalty_lapse_effect"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def holder(self, now: datetime) -> int | None:
        """Who works on it at this moment."""
        if self.claimed_by_id and self.claimed_at and self.claimed_at > now - CLAIM:
            return self.claimed_by_id
        return None


class Contact(models.Model):
    """One try to win a member back, and what came of it."""

    class Outcome(models.TextChoices):
        REACHED = "reached", _("reached, will come")
        OFFERED = "offered", _("reached, given stamps")
        NOT_REACHED = "not_reached", _("no answer")
        NO_INTEREST = "no_interest", _("no interest")
        CAME_BACK = "came_back", _("was back already")

    membership = models.ForeignKey(Membership, models.PROTECT, related_name="contacts", verbose_name=_("membership"))
    lapse = models.ForeignKey(
        Lapse, models.PROTECT, null=True, blank=True, related_name="contacts", verbose_name=_("about to lapse")
    )
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [models.Index(fields=["membership", "-at"], name="loyalty_contact_member")]

    def __str__(self) -> str:
        return self.get_outcome_display()
