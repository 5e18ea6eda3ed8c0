"""What one person asks for and another decides."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.members import Membership
from loyalty.models.receipts import Receipt
from staff.decisions import Decision


class StampRequest(Decision):
    """Stamps beyond one's authority, a debt to be waived, or a receipt too old to count by itself.

    `amount` is in stamps; `cost` what they are worth at cost of goods.
    """

    class Kind(models.TextChoices):
        GOODWILL = "goodwill", _("goodwill stamps")
        WAIVER = "waiver", _("waive a debt")
        LATE = "late", _("count a late receipt")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="requests", verbose_name=_("membership"))
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, blank=True, related_name="requests", verbose_name=_("receipt")
    )
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=2, default=0)

    class Meta(Decision.Meta):
        verbose_name = _("request for stamps")
        verbose_name_plural = _("requests for stamps")
        constraints = [
            *Decision.Meta.constraints,
            models.UniqueConstraint(
                fields=["membership", "kind"],
                condition=Q(verdict="pending", receipt__isnull=True),
                name="loyalty_one_request_waits",
            ),
            models.UniqueConstraint(
                fields=["receipt"], condition=Q(verdict="pending"), name="loyalty_one_request_per_receipt"
            ),
        ]
        indexes = [
            models.Index(fields=["requested_at", "id"], condition=Q(verdict="pending"), name="loyalty_requests_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.amount}"
