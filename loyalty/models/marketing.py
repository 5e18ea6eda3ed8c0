"""What marketing plans, tries and watches."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from loyalty.models.members import Membership
from loyalty.models.programmes import ProgrammeVersion


class Forecast(models.Model):
    """A draft replayed over the shop's own receipts. `result` holds the figures, by case: low, base, high."""

    class State(models.TextChoices):
        QUEUED = "queued", _("waits for the worker")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    version = models.ForeignKey(ProgrammeVersion, models.CASCADE, related_name="forecasts", verbose_name=_("version"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    edits = models.PositiveIntegerField()  # of the draft it was made for
    since = models.DateField(_("receipts from"))
    until = models.DateField(_("receipts until"))
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(_("result"), default=dict)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("forecast")
        verbose_name_plural = _("forecasts")

    def __str__(self) -> str:
        return f"{self.version} ({self.get_state_display()})"


class SignalReview(models.Model):
    """What a person made of a sign of misuse. Nothing is ever blocked by the sign itself."""

    class Verdict(models.TextChoices):
        DISMISSED = "dismissed", _("nothing in it")
        BLOCKED = "blocked", _("membership blocked")

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="signal_reviews", verbose_name=_("membership")
    )
    signal = models.CharField(_("sign"), max_length=40)
    evidence = models.JSONField(_("evidence"), default=dict)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reviewed sign")
        verbose_name_plural = _("reviewed signs")
        indexes = [models.Index(fields=["membership", "signal", "-at"], name="loyalty_signal_review")]

    def __str__(self) -> str:
        return f"{self.signal}: {self.get_verdict_display()}"
