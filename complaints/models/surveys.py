"""What the customer thought of it: the outcome, the process and the treatment, each by itself."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import ComplaintCase

ONE_TO_FIVE = [MinValueValidator(1), MaxValueValidator(5)]


class Survey(models.Model):
    """Asked once a closing, by a signed link. Answered once; each mark is 1 (bad) to 5 (good)."""

    case = models.ForeignKey(ComplaintCase, models.CASCADE, related_name="surveys", verbose_name=_("complaint"))
    cycle_number = models.PositiveSmallIntegerField(_("cycle"))
    asked_at = models.DateTimeField(_("asked"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    outcome = models.PositiveSmallIntegerField(_("the outcome"), null=True, blank=True, validators=ONE_TO_FIVE)
    process = models.PositiveSmallIntegerField(_("how it was handled"), null=True, blank=True, validators=ONE_TO_FIVE)
    treatment = models.PositiveSmallIntegerField(_("how you were met"), null=True, blank=True, validators=ONE_TO_FIVE)
    comment = models.TextField(_("anything else"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        constraints = [
            models.UniqueConstraint(fields=["case", "cycle_number"], name="complaints_one_survey_per_cycle"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True)
                | Q(outcome__range=(1, 5), process__range=(1, 5), treatment__range=(1, 5)),
                name="complaints_answered_survey_is_whole",
            ),
        ]
        indexes = [models.Index(fields=["answered_at"], name="complaints_survey_answered")]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.cycle_number}"
