"""What was suggested, what was put to the customer, who allowed it, and whether it was carried out."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations.models.cases import CancellationCase
from cancellations.models.incentives import IncentiveVersion
from cancellations.models.reasons import Reason
from cancellations.models.rows import DocumentField, RowsField
from customers.models import Document
from staff.decisions import Decision
from staff.states import Move, Stateful, fsm


class Suggestion(models.Model):
    """One decision of the engine, with all that is needed to replay it. The newest not superseded is in force.

    `features`, `candidates`, `parameters` and `vector` are the engine's own JSON (see `cancellations.suggestions`);
    from `parameters` and `seed` alone vector and lead are replayed.
    """

    case = models.ForeignKey(CancellationCase, models.PROTECT, related_name="suggestions", verbose_name=_("case"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("for"))
    reason = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("reason")
    )
    features = models.JSONField(_("features"), default=dict)
    candidates = RowsField(_("candidates"), default=list)
    parameters = DocumentField(_("what was drawn from"), default=dict)
    vector = DocumentField(_("probabilities"), default=dict)
    chosen = models.ForeignKey(
        IncentiveVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lead"),
        help_text=_("Empty: no incentive."),
    )
    propensity = models.FloatField(_("propensity"), default=1.0)
    seed = models.BigIntegerField(_("seed"), default=0)
    model_version = models.CharField(_("model version"), max_length=60, blank=True)
    hold_out = models.BooleanField(_("hold-out"), default=False)
    overridden = models.BooleanField(
        _("hardship override"), default=False, help_text=_("Offers were shown all the same; analysed as hold-out.")
    )
    epsilon = models.FloatField(_("exploration"), default=0.0)
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(superseded_at__isnull=True), name="cancellations_one_suggestion_in_force"
            ),
            models.CheckConstraint(
                condition=Q(propensity__gte=0, propensity__lte=1), name="cancellations_propensity_is_a_share"
            ),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="cancellations_suggestion_log"),
            models.Index(fields=["model_version", "id"], name="cancellations_decided_by"),
            models.Index(fields=["hold_out", "id"], condition=Q(hold_out=True), name="cancellations_held_out"),
            models.Index(fields=["overridden", "id"], condition=Q(overridden=True), name="cancellations_overridden"),
        ]

    def __str__(self) -> str:
        return f"{self.case} {timezone.localtime(self.at):%Y-%m-%d %H:%M}"


class OfferState(models.TextChoices):
    SUGGESTED = "suggested", _("suggested")
    NEEDS_APPROVAL = "needs_approval", _("waiting for approval")
    APPROVED = "approved", _("approved")
    APPROVED_WITH_CHANGE = "approved_with_change", _("approved with a change")
    DECLINED = "declined", _("declined")
    APPROVAL_EXPIRED = "approval_expired", _("not decided in time")
    PRESENTED = "presented", _("presented")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    PENDING_FULFILMENT = "pending_fulfilment", _("to be carried out")
    APPLIED = "applied", _("carried out")
    FAILED = "failed", _("could not be carried out")
    COMPLETED = "completed", _("run to its end")
    REVOKED = "revoked", _("revoked")


OFFER_MOVES = {
    OfferState.SUGGESTED: frozenset({OfferState.NEEDS_APPROVAL, OfferState.PRESENTED, OfferState.WITHDRAWN}),
    OfferState.NEEDS_APPROVAL: frozenset(
        {
            OfferState.APPROVED,
            OfferState.APPROVED_WITH_CHANGE,
            OfferState.DECLINED,
            OfferState.APPROVAL_EXPIRED,
            OfferState.WITHDRAWN,
        }
    ),
    OfferState.APPROVED: frozenset({OfferState.PRESENTED, OfferState.WITHDRAWN}),
    OfferState.APPROVED_WITH_CHANGE: frozenset({OfferState.PRESENTED, OfferState.WITHDRAWN}),
    OfferState.PRESENTED: frozenset({OfferState.ACCEPTED, OfferState.REFUSED, OfferState.WITHDRAWN}),
    OfferState.ACCEPTED: frozenset({OfferState.PENDING_FULFILMENT}),
    OfferState.PENDING_FULFILMENT: frozenset({OfferState.APPLIED, OfferState.FAILED, OfferState.REVOKED}),
    OfferState.FAILED: frozenset({OfferState.APPLIED, OfferState.REVOKED}),
    OfferState.APPLIED: frozenset({OfferState.COMPLETED, OfferState.REVOKED}),
}


class Offer(Stateful):
    """One incentive put (or about to be put) to one case; what it says and what it was worth are frozen."""

    State = OfferState
    MOVES = OFFER_MOVES

    case = models.ForeignKey(CancellationCase, models.PROTECT, related_name="offers", verbose_name=_("case"))
    incentive_version = models.ForeignKey(
        IncentiveVersion, models.PROTECT, related_name="offers", db_index=False, verbose_name=_("incentive version")
    )
    suggestion = models.ForeignKey(
        Suggestion, models.PROTECT, null=True, blank=True, related_name="offers", verbose_name=_("suggestion")
    )
    was_lead = models.BooleanField(_("was the lead"), default=False)
    state = models.CharField(_("state"), max_length=30, choices=OfferState, default=OfferState.SUGGESTED)
    terms = models.JSONField(_("terms"))
    cost = models.DecimalField(_("cost if accepted"), max_digits=10, decimal_places=2)
    gain = models.DecimalField(_("gain over no offer"), max_digits=10, decimal_places=2)
    customer_value = models.DecimalField(_("customer's value, 12 months"), max_digits=10, decimal_places=2)
    propensity = models.FloatField(_("propensity"), null=True, blank=True)
    explanation = models.JSONField(_("explanation"), default=dict)
    created_at = models.DateTimeField(_("created at"))
    presented_at = models.DateTimeField(_("presented at"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    consent_at = models.DateTimeField(
        _("consent to the extension"), null=True, blank=True, help_text=_("A longer contract needs recorded consent.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False, verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        permissions = [
            ("present_offer", "May present offers"),
            ("decide_offer", "May decide on offers above a colleague's authority"),
            ("fulfil_offer", "May carry out accepted offers"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=0), name="cancellations_offer_cost_not_negative"),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["accepted", "pending_fulfilment", "applied", "failed", "completed"]),
                name="cancellations_one_accepted_offer",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="presented"), name="cancellations_one_offer_on_the_table"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused", "pending_fulfilment", "applied", "completed"])
                | Q(presented_at__isnull=False),
                name="cancellations_answer_needs_presentation",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "created_at", "id"], name="cancellations_offer_state"),
            models.Index(fields=["incentive_version", "answered_at"], name="cancellations_offer_version"),
            models.Index(fields=["by", "answered_at"], name="cancellations_offer_day"),
        ]
        triggers = [fsm(OFFER_MOVES)]

    def __str__(self) -> str:
        return f"{self.case} · {self.incentive_version}"


class OfferMove(Move):
    subject = models.ForeignKey(Offer, models.CASCADE, related_name="moves", db_index=False, verbose_name=_("offer"))

    class Meta(Move.Meta):
        abstract = False
        verbose_name = _("offer move")
        verbose_name_plural = _("offer moves")
        indexes = [models.Index(fields=["subject", "-at", "-id"], name="cancellations_offermove_line")]


class OfferDecision(Decision):
    """A manager's word on an offer above the agent's authority."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="decisions", verbose_name=_("offer"))
    terms_before = models.JSONField(_("terms asked for"), default=dict)
    terms_after = models.JSONField(_("terms allowed"), null=True, blank=True)

    class Meta(Decision.Meta):
        abstract = False
        verbose_name = _("offer decision")
        verbose_name_plural = _("offer decisions")
        constraints = [
            *Decision.Meta.constraints,
            models.UniqueConstraint(
                fields=["offer"], condition=Q(verdict="pending"), name="cancellations_one_pending_decision"
            ),
        ]
        indexes = [
            models.Index(
                fields=["requested_at"], condition=Q(verdict="pending"), name="cancellations_decision_waiting"
            ),
            models.Index(fields=["decided_by", "decided_at"], name="cancellations_decision_day"),
        ]

    def __str__(self) -> str:
        return f"{self.offer}: {self.get_verdict_display()}"


class Fulfilment(models.Model):
    """What billing has to do for an accepted offer. How far it is, is the offer's own state."""

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="fulfilment", verbose_name=_("offer"))
    price_before = models.DecimalField(_("price before"), max_digits=8, decimal_places=2)
    price_during = models.DecimalField(_("price during"), max_digits=8, decimal_places=2)
    price_after = models.DecimalField(_("price after"), max_digits=8, decimal_places=2)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("Empty: once, or for good."))
    remind_on = models.DateField(_("remind on"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    confirmation = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("written confirmation")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        constraints = [
            models.CheckConstraint(
                condition=Q(price_before__gte=0, price_during__gte=0, price_after__gte=0),
                name="cancellations_prices_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                name="cancellations_fulfilment_span",
            ),
        ]
        indexes = [
            models.Index(
                fields=["remind_on"], condition=Q(reminded_at__isnull=True), name="cancellations_fulfil_remind"
            ),
            models.Index(fields=["ends_on"], name="cancellations_fulfil_ends"),
        ]

    def __str__(self) -> str:
        return str(self.offer)
