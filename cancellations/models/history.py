"""Offers of the time before Kvar, as a company's own files tell of them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer


class PastOffer(models.Model):
    """One offer to one customer as it was observed. Nobody was assigned by lot, so neither the engine nor the uplift
    ever reads it; it stands in a report of its own."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+", verbose_name=_("customer"))
    offer = models.CharField(_("offer"), max_length=120, blank=True, help_text=_("Empty: none."))
    offered_on = models.DateField(_("offered on"))
    accepted = models.BooleanField(_("accepted"))
    still_customer = models.BooleanField(_("still a customer"), null=True, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=2, null=True, blank=True)
    imported_at = models.DateTimeField(_("imported at"))

    class Meta:
        verbose_name = _("offer of the past")
        verbose_name_plural = _("offers of the past")
        constraints = [
            models.UniqueConstraint(fields=["customer", "offer", "offered_on"], name="cancellations_past_offer_once"),
            models.CheckConstraint(
                condition=Q(cost__isnull=True) | Q(cost__gte=0), name="cancellations_past_cost_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["offered_on", "offer"], name="cancellations_past_offers")]

    def __str__(self) -> str:
        return f"{self.customer} · {self.offer} {self.offered_on}"
