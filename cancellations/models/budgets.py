"""What may be spent on incentives in a month, and what is reserved and consumed of it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cancellations.models.incentives import Incentive
from cancellations.models.offers import Offer
from staff.models import Team


class Budget(models.Model):
    """An amount for one month, for an incentive (empty: all), for a team (empty: all). The database refuses that more
    is reserved and consumed than there is."""

    month = models.DateField(_("month"), help_text=_("Its first day."))
    incentive = models.ForeignKey(
        Incentive, models.CASCADE, null=True, blank=True, related_name="budgets", verbose_name=_("incentive")
    )
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"))
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    reserved = models.DecimalField(_("reserved"), max_digits=10, decimal_places=2, default=0, editable=False)
    consumed = models.DecimalField(_("consumed"), max_digits=10, decimal_places=2, default=0, editable=False)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.UniqueConstraint(
                fields=["month", "incentive", "team"], nulls_distinct=False, name="cancellations_one_budget"
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, consumed__gte=0, amount__gte=F("reserved") + F("consumed")),
                name="cancellations_budget_never_overspent",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="cancellations_budget_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.incentive or ''} {self.team or ''}".strip()


class BudgetUse(models.Model):
    """What one offer takes of one budget."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        CONSUMED = "consumed", _("consumed")
        RELEASED = "released", _("released")

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="uses", verbose_name=_("budget"))
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="budget_uses", verbose_name=_("offer"))
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RESERVED)
    reserved_at = models.DateTimeField(_("reserved at"))
    settled_at = models.DateTimeField(_("consumed or released at"), null=True, blank=True)

    class Meta:
        verbose_name = _("use of a budget")
        verbose_name_plural = _("uses of budgets")
        constraints = [
            models.UniqueConstraint(
                fields=["budget", "offer"], condition=~Q(state="released"), name="cancellations_budget_used_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="cancellations_budget_use_not_negative"),
        ]
        indexes = [models.Index(fields=["budget", "reserved_at"], name="cancellations_budget_burn")]

    def __str__(self) -> str:
        return f"{self.offer}: {self.amount}"
