"""Four eyes: what one person asks for, another decides."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from staff.errors import AlreadyDecided, SelfApproval

if TYPE_CHECKING:
    from staff.models import User


class Verdict(models.TextChoices):
    PENDING = "pending", _("waiting")
    APPROVED = "approved", _("approved")
    CHANGED = "approved_with_change", _("approved with a change")
    DECLINED = "declined", _("declined")
    EXPIRED = "expired", _("not decided in time")
    VOID = "void", _("void: the terms changed")


class Decision(models.Model):
    """What is asked, by whom, why; who decided, when and why. Concrete subclasses add the foreign key to their subject.

    The database refuses a decision by its requester. Subclasses keep at most one pending row per subject by a
    partial unique index of their own.
    """

    verdict = models.CharField(_("verdict"), max_length=20, choices=Verdict, default=Verdict.PENDING)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    reason = models.TextField(_("why"), blank=True)
    due_at = models.DateTimeField(_("answer wanted by"), null=True, blank=True)
    looked_at_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("being looked at by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=~Q(decided_by=F("requested_by")), name="%(app_label)s_%(class)s_four_eyes"
            ),
            models.CheckConstraint(
                condition=~Q(verdict__in=["approved", "approved_with_change", "declined"])
                | Q(decided_by__isnull=False),
                name="%(app_label)s_%(class)s_decided_by_someone",
            ),
        ]

    def watcher(self, user: "User") -> str:
        """Who else is looking at this, besides `user`; empty for nobody. No query where `looked_at_by` was joined."""
        return self.looked_at_by.short_name if self.looked_at_by and self.looked_at_by_id != user.pk else ""

    def decide(self, verdict: str, *, by: "User | None", at: datetime, note: str = "") -> None:
        """Close a pending decision; one query. The caller holds the row's lock.

        Raises AlreadyDecided (saying who was first) and SelfApproval.
        """
        if self.verdict != Verdict.PENDING:
            raise AlreadyDecided(
                _("%(who)s was first: %(verdict)s.")
                % {"who": self.decided_by or _("The clock"), "verdict": self.get_verdict_display()}
            )
        if by is not None and by.pk == self.requested_by_id:
            raise SelfApproval(_("Ask a colleague to decide on your own request."))
        self.verdict, self.decided_by, self.decided_at, self.note = verdict, by, at, note
        self.save(update_fields=["verdict", "decided_by", "decided_at", "note"])
