"""The complaint itself: what came in, how bad it is, where it stands, how it ended."""

from typing import TYPE_CHECKING

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from complaints.states import ANSWERED, MOVES, OPEN, State
from customers.models import Customer, Subscription
from staff.erasure import append_only
from staff.models import Team
from staff.states import Move, Stateful, fsm

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from complaints.models.clocks import Clock, Cycle, Pause
    from complaints.models.messages import Attachment, Message


class Named(models.Model):
    """Reference data with its name in each language of the desk; an empty translation falls back to `name`."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_sv = models.CharField(_("name in Swedish"), max_length=80, blank=True)
    name_de = models.CharField(_("name in German"), max_length=80, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    order = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_in(get_language() or "en")

    def name_in(self, language: str) -> str:
        return getattr(self, f"name_{language[:2]}", "") or self.name


class Category(Named):
    """What the complaint is about. Two levels at most: a subcategory names its parent."""

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("team that handles it")
    )
    needs_evidence = models.BooleanField(
        _("evidence expected"), default=False, help_text=_("A receipt, a photo: its absence asks for a second look.")
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")


class RootCause(Named):
    """Why it happened, found by investigating; counted in the Pareto chart."""

    class Meta:
        verbose_name = _("root cause")
        verbose_name_plural = _("root causes")


class DisputeNotice(models.Model):
    """What a rejection must say about where else the customer can turn, by country and language."""

    country = models.CharField(_("country"), max_length=2)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    body_name = models.CharField(_("body"), max_length=120)
    text = models.TextField(_("text"), max_length=2000)

    class Meta:
        verbose_name = _("dispute-resolution notice")
        verbose_name_plural = _("dispute-resolution notices")
        constraints = [
            models.UniqueConstraint(fields=["country", "language"], name="complaints_one_notice_per_country_language")
        ]

    def __str__(self) -> str:
        return f"{self.country}/{self.language}: {self.body_name}"


class CaseNumber(models.Model):
    """The last number given in a year; its row is locked while the next is drawn, so that no number is lost."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"K-{self.year}-{self.last:05d}"


class CaseManager(models.Manager["ComplaintCase"]):
    """Leaves the search column in the database: it is compared there and never read."""

    def get_queryset(self) -> models.QuerySet["ComplaintCase"]:
        return super().get_queryset().defer("search")


class ComplaintCase(Stateful):
    State = State
    MOVES = MOVES

    class Channel(models.TextChoices):
        PHONE = "phone", _("phone")
        LETTER = "letter", _("letter")
        EMAIL = "email", _("e-mail")
        WEB = "web", _("web form")
        SHOP = "shop", _("shop")

    class Severity(models.IntegerChoices):
        """By impact on the customer, not by how loud the complaint is."""

        MINOR = 1, _("minor: an annoyance, nothing lost")
        MODERATE = 2, _("moderate: time or a little money lost")
        SERIOUS = 3, _("serious: no service, or real money lost")
        CRITICAL = 4, _("critical: danger, health, many customers, or the law")

    class Priority(models.IntegerChoices):
        URGENT = 1, _("urgent")
        HIGH = 2, _("high")
        NORMAL = 3, _("normal")
        LOW = 4, _("low")

    class Fault(models.TextChoices):
        OURS = "ours", _("ours")
        SUPPLIER = "supplier", _("a supplier's")
        CUSTOMER = "customer", _("the customer's")
        SHARED = "shared", _("shared with the customer")
        NOBODY = "nobody", _("nobody's")

    class Outcome(models.TextChoices):
        UPHELD = "upheld", _("upheld")
        PARTLY = "partly_upheld", _("partly upheld")
        REJECTED = "rejected", _("rejected")
        GOODWILL = "goodwill", _("goodwill without admission")

    number = models.CharField(_("case number"), max_length=16, unique=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="complaints", db_index=False, verbose_name=_("customer")
    )
    channel = models.CharField(_("came by"), max_length=8, choices=Channel)
    received_at = models.DateTimeField(_("received"))
    recorded_at = models.DateTimeField(_("recorded"), editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )

    category = models.ForeignKey(
        Category, models.PROTECT, related_name="cases", db_index=False, verbose_name=_("category")
    )
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.MODERATE)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    title = models.CharField(_("in one line"), max_length=160)
    happened = models.TextField(_("what happened"), max_length=20_000)
    wanted = models.TextField(_("what is asked for"), max_length=4000, blank=True)

    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, blank=True, related_name="complaints", verbose_name=_("subscription")
    )
    product = models.CharField(_("product"), max_length=120, blank=True)
    item_price = models.DecimalField(_("price of the item"), max_digits=10, decimal_places=2, null=True, blank=True)
    reference = models.CharField(
        _("purchase or receipt"), max_length=80, blank=True, help_text=_("Receipt number, order or loyalty receipt.")
    )

    state = models.CharField(_("state"), max_length=24, choices=State, default=State.REGISTERED)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="complaints",
        db_index=False,
        verbose_name=_("handled by"),
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="complaints", verbose_name=_("team")
    )
    root_cause = models.ForeignKey(
        RootCause, models.PROTECT, null=True, blank=True, related_name="cases", verbose_name=_("root cause")
    )
    fault = models.CharField(_("whose fault"), max_length=10, choices=Fault, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, blank=True)
    draft_subject = models.CharField(_("draft: subject"), max_length=200, blank=True)
    draft_body = models.TextField(_("draft: answer"), max_length=20_000, blank=True)
    duplicate_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="duplicates", verbose_name=_("duplicate of")
    )

    due_at = models.DateTimeField(
        _("due"), help_text=_("The nearest deadline still running; the last one when all have stopped.")
    )
    chase_at = models.DateTimeField(_("chase on"), null=True, blank=True)
    escalated_at = models.DateTimeField(_("escalated"), null=True, blank=True, editable=False)
    first_response_at = models.DateTimeField(_("first human answer"), null=True, blank=True, editable=False)
    responded_at = models.DateTimeField(_("answered at"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    reopened_count = models.PositiveSmallIntegerField(_("times reopened"), default=0, editable=False)
    was_active = models.BooleanField(
        _("had an active subscription when it came"), default=False, editable=False
    )  # the base of Recovered90

    is_open = models.GeneratedField(
        expression=Q(state__in=sorted(OPEN)), output_field=models.BooleanField(), db_persist=True
    )
    search = models.GeneratedField(
        expression=SearchVector("number", "title", "happened", "wanted", "product", "reference", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = CaseManager()

    if TYPE_CHECKING:
        messages: RelatedManager[Message]
        attachments: RelatedManager[Attachment]
        cycles: RelatedManager[Cycle]
        clocks: RelatedManager[Clock]
        pauses: RelatedManager[Pause]

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        permissions = [
            ("register_complaint", "May register a complaint"),
            ("work_complaint", "May work on complaints: messages, states, assignment to oneself"),
            ("assign_complaint", "May assign complaints to others and share out a queue"),
            ("view_complaint_reports", "May read the reports on complaints"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(received_at__lte=F("recorded_at")), name="complaints_received_before_recorded"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(ANSWERED)) | (~Q(outcome="") & Q(root_cause__isnull=False)),
                name="complaints_answered_has_outcome_and_cause",
            ),
            models.CheckConstraint(
                condition=Q(state=State.DUPLICATE, duplicate_of__isnull=False)
                | (~Q(state=State.DUPLICATE) & Q(duplicate_of__isnull=True)),
                name="complaints_duplicate_names_its_original",
            ),
            models.CheckConstraint(condition=~Q(duplicate_of=F("pk")), name="complaints_not_its_own_duplicate"),
            models.CheckConstraint(
                condition=~Q(state=State.WAITING_CUSTOMER) | Q(chase_at__isnull=False),
                name="complaints_waiting_has_a_chase_date",
            ),
            models.CheckConstraint(
                condition=Q(item_price__gte=0) | Q(item_price__isnull=True), name="complaints_item_price_not_negative"
            ),
        ]
        triggers = [
            fsm(MOVES),
            pgtrigger.ReadOnly(name="recorded_once", fields=["number", "recorded_at", "recorded_by", "customer"]),
        ]
        indexes = [
            models.Index("due_at", "id", condition=Q(is_open=True), name="complaints_open_due"),
            models.Index("priority", "due_at", "id", condition=Q(is_open=True), name="complaints_open_priority"),
            models.Index("assignee", "due_at", "id", condition=Q(is_open=True), name="complaints_open_assignee"),
            models.Index("team", "due_at", "id", condition=Q(is_open=True), name="complaints_open_team"),
            models.Index("chase_at", condition=Q(chase_at__isnull=False), name="complaints_chase"),
            models.Index(fields=["-received_at", "-id"], name="complaints_received"),
            models.Index(fields=["state", "-received_at", "-id"], name="complaints_state_received"),
            models.Index(fields=["category", "-received_at", "-id"], name="complaints_category_received"),
            models.Index(fields=["channel", "-received_at", "-id"], name="complaints_channel_received"),
            models.Index(fields=["severity", "-received_at", "-id"], name="complaints_severity_received"),
            models.Index(fields=["outcome", "-received_at", "-id"], name="complaints_outcome_received"),
            models.Index(fields=["assignee", "-received_at", "-id"], name="complaints_assignee_received"),
            models.Index(fields=["customer", "-received_at", "-id"], name="complaints_customer_received"),
            models.Index(fields=["due_at", "id"], name="complaints_due"),
            models.Index(fields=["priority", "due_at", "id"], name="complaints_priority_due"),
            models.Index(fields=["closed_at"], name="complaints_closed"),
            GinIndex(fields=["search"], name="complaints_text"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.title}"


class CaseMove(Move):
    subject = models.ForeignKey(
        ComplaintCase, models.CASCADE, related_name="moves", db_index=False, verbose_name=_("complaint")
    )

    class Meta(Move.Meta):
        abstract = False
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        indexes = [models.Index(fields=["subject", "at", "id"], name="complaints_move_order")]


class CaseChange(models.Model):
    """A field that a person or a rule changed besides the state: what it said before, who changed it, when."""

    case = models.ForeignKey(
        ComplaintCase, models.CASCADE, related_name="changes", db_index=False, verbose_name=_("complaint")
    )
    field = models.CharField(_("field"), max_length=40)
    before = models.CharField(_("before"), max_length=200, blank=True)
    after = models.CharField(_("after"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [models.Index(fields=["case", "at", "id"], name="complaints_change_order")]
        triggers = append_only("before", "after")

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"


class Presence(models.Model):
    """Who has this case open at the moment: one row a person and case, refreshed by the page."""

    case = models.ForeignKey(ComplaintCase, models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="complaints_presence_once")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.case_id}"
