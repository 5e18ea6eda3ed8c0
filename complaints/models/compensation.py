"""What a customer is awarded: the split, the remedies with their own lives, and who agreed."""

from decimal import Decimal
from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import ComplaintCase
from complaints.models.guidance import Matrix, RemedyKind
from complaints.models.vouchers import Voucher
from staff.decisions import Decision
from staff.erasure import Rewritten
from staff.states import Move, Stateful, fsm

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class AwardState(models.TextChoices):
    PENDING = "pending", _("waiting for approval")
    APPROVED = "approved", _("agreed")
    DECLINED = "declined", _("declined")
    REPLACED = "replaced", _("replaced by another proposal")
    WITHDRAWN = "withdrawn", _("withdrawn")
    DONE = "done", _("done")


AWARD_MOVES: dict[str, frozenset[str]] = {
    AwardState.PENDING: frozenset(
        {AwardState.APPROVED, AwardState.DECLINED, AwardState.REPLACED, AwardState.WITHDRAWN}
    ),
    AwardState.APPROVED: frozenset({AwardState.DONE, AwardState.REPLACED, AwardState.WITHDRAWN}),
    AwardState.DECLINED: frozenset[str](),
    AwardState.REPLACED: frozenset[str](),
    AwardState.WITHDRAWN: frozenset[str](),
    AwardState.DONE: frozenset[str](),
}
STANDING = (AwardState.PENDING, AwardState.APPROVED, AwardState.DONE)  # what counts against limits


class Basis(models.TextChoices):
    OWED = "owed", _("owed by law or contract")
    LOSS = "loss", _("proven loss")
    GOODWILL = "goodwill", _("goodwill")
    APOLOGY = "apology", _("apology and correction")


class Award(Stateful):
    """One proposal to put a case right. Its terms never change: other terms are another award, to be agreed again."""

    MOVES = AWARD_MOVES

    case = models.ForeignKey(
        ComplaintCase, models.PROTECT, related_name="awards", db_index=False, verbose_name=_("complaint")
    )
    state = models.CharField(_("state"), max_length=10, choices=AwardState)
    matrix = models.ForeignKey(Matrix, models.PROTECT, null=True, related_name="awards", verbose_name=_("guidance"))
    owed = models.DecimalField(_("owed"), max_digits=10, decimal_places=2)
    loss = models.DecimalField(_("loss"), max_digits=10, decimal_places=2)
    goodwill = models.DecimalField(_("goodwill"), max_digits=10, decimal_places=2)
    guided = models.DecimalField(_("guidance says"), max_digits=10, decimal_places=2, null=True)
    band = models.CharField(
        _("against the band"),
        max_length=6,
        choices=[("below", _("below")), ("within", _("within")), ("above", _("above")), ("none", _("no guidance"))],
    )
    voucher_for_owed = models.BooleanField(_("customer agreed to a voucher for what is owed"), default=False)
    consent = models.CharField(_("how the customer agreed"), max_length=200, blank=True)
    deviation = models.CharField(_("why other than the guidance"), max_length=400, blank=True)
    explanation = models.JSONField(_("explanation"))
    sentence = models.TextField(_("in one sentence, as the customer reads it"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )

    if TYPE_CHECKING:
        remedies: RelatedManager["Remedy"]
        approvals: RelatedManager["AwardApproval"]

    class Meta:
        verbose_name = _("award")
        verbose_name_plural = _("awards")
        permissions = [
            ("propose_award", "May propose compensation and carry it out"),
            ("approve_award", "May decide on compensation proposed by a colleague"),
            ("view_compensation_report", "May open the compensation report"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(owed__gte=0, loss__gte=0, goodwill__gte=0), name="complaints_award_not_negative"
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="pending"), name="complaints_one_pending_award_per_case"
            ),
            models.CheckConstraint(
                condition=Q(voucher_for_owed=False) | ~Q(consent=""), name="complaints_consent_is_recorded"
            ),
        ]
        indexes = [
            models.Index(fields=["case", "-proposed_at"], name="complaints_award_of_case"),
            models.Index(fields=["proposed_by", "proposed_at"], name="complaints_award_by_agent"),
            models.Index(fields=["proposed_at"], name="complaints_award_time"),
            models.Index(fields=["state", "id"], name="complaints_award_state"),
            models.Index(
                KT("explanation__category"),
                KT("explanation__severity"),
                models.F("proposed_at").desc(),
                name="complaints_award_comparable",
            ),
        ]
        triggers = [
            fsm(AWARD_MOVES),
            pgtrigger.Protect(
                name="terms_fixed",
                operation=pgtrigger.Update,
                condition=Rewritten("consent", "deviation", "sentence", free=("state", "version")),
            ),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def total(self) -> Decimal:
        return self.owed + self.loss + self.goodwill


class AwardMove(Move):
    subject = models.ForeignKey(Award, models.PROTECT, related_name="moves", verbose_name=_("award"))

    class Meta(Move.Meta):
        abstract = False
        verbose_name = _("step of an award")
        verbose_name_plural = _("steps of awards")
        indexes = [
            models.Index(fields=["by", "at"], condition=Q(to_state="approved"), name="complaints_award_day"),
        ]


class AwardApproval(Decision):
    award = models.ForeignKey(Award, models.PROTECT, related_name="approvals", verbose_name=_("award"))

    class Meta(Decision.Meta):
        abstract = False
        verbose_name = _("approval of compensation")
        verbose_name_plural = _("approvals of compensation")
        constraints = [
            *Decision.Meta.constraints,
            models.UniqueConstraint(
                fields=["award"], condition=Q(verdict="pending"), name="complaints_one_pending_approval_per_award"
            ),
        ]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(verdict="pending"), name="complaints_approval_queue"),
            models.Index(fields=["decided_at"], name="complaints_approval_decided"),
        ]

    def __str__(self) -> str:
        return f"{self.award} ({self.get_verdict_display()})"


class RemedyState(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    AGREED = "agreed", _("to be done")
    ORDERED = "ordered", _("under way")
    FAILED = "failed", _("failed: try again or choose another")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


REMEDY_MOVES: dict[str, frozenset[str]] = {
    RemedyState.PROPOSED: frozenset({RemedyState.AGREED, RemedyState.CANCELLED}),
    RemedyState.AGREED: frozenset({RemedyState.ORDERED, RemedyState.DONE, RemedyState.CANCELLED}),
    RemedyState.ORDERED: frozenset({RemedyState.DONE, RemedyState.FAILED}),
    RemedyState.FAILED: frozenset({RemedyState.ORDERED, RemedyState.DONE, RemedyState.CANCELLED}),
    RemedyState.DONE: frozenset[str](),
    RemedyState.CANCELLED: frozenset[str](),
}
REMEDY_ENDED = (RemedyState.DONE, RemedyState.CANCELLED)


class Remedy(Stateful):
    """One thing that is done for the customer, from agreed to done."""

    Kind = RemedyKind
    MOVES = REMEDY_MOVES

    award = models.ForeignKey(Award, models.PROTECT, related_name="remedies", db_index=False, verbose_name=_("award"))
    kind = models.CharField(_("kind"), max_length=16, choices=RemedyKind)
    basis = models.CharField(_("for"), max_length=8, choices=Basis)
    state = models.CharField(_("state"), max_length=10, choices=RemedyState)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    what = models.CharField(_("what exactly"), max_length=120, blank=True)
    stamps = models.PositiveSmallIntegerField(_("stamps"), null=True, blank=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    voucher = models.OneToOneField(
        Voucher, models.PROTECT, null=True, blank=True, related_name="remedy", verbose_name=_("voucher")
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)

    class Meta:
        verbose_name = _("remedy")
        verbose_name_plural = _("remedies")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="complaints_remedy_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="stamps", stamps__gt=0) | (~Q(kind="stamps") & Q(stamps__isnull=True)),
                name="complaints_remedy_stamps_counted",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["product_voucher", "gift", "repair"]) | ~Q(what=""),
                name="complaints_remedy_says_what",
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at__isnull=True)),
                name="complaints_remedy_done_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["value_voucher", "product_voucher"], state="done") | Q(voucher__isnull=False),
                name="complaints_voucher_remedy_done_means_issued",
            ),
        ]
        indexes = [
            models.Index(fields=["award", "id"], name="complaints_remedy_of_award"),
            models.Index(fields=["state", "id"], name="complaints_remedy_work"),
            models.Index(fields=["kind", "id"], name="complaints_remedy_kind"),
            models.Index(fields=["done_at"], condition=Q(state="done"), name="complaints_remedy_done"),
        ]
        triggers = [
            fsm(REMEDY_MOVES),
            pgtrigger.Protect(
                name="terms_fixed",
                operation=pgtrigger.Update,
                condition=Rewritten("what", fixed=("award", "kind", "basis", "amount", "stamps")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"


class RemedyMove(Move):
    subject = models.ForeignKey(Remedy, models.PROTECT, related_name="moves", verbose_name=_("remedy"))

    class Meta(Move.Meta):
        abstract = False
        verbose_name = _("step of a remedy")
        verbose_name_plural = _("steps of remedies")
