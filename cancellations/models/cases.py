"""A wish to leave, from the customer's words to what became of it."""

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cancellations.models.reasons import Reason
from customers.models import Customer, Document, Subscription
from staff.models import Team
from staff.states import Move, Stateful, fsm


class CaseNumber(models.Model):
    """The last number given in a year."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"

    @staticmethod
    def draw(year: int) -> str:
        """The next number, “X-2026-00012”; one statement, which orders two callers of the same moment."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO cancellations_casenumber (year, last) VALUES (%s, 1)"
                " ON CONFLICT (year) DO UPDATE SET last = cancellations_casenumber.last + 1 RETURNING last",
                [year],
            )
            (last,) = cursor.fetchone()
        return f"X-{year}-{last:05d}"


class CaseState(models.TextChoices):
    OPENED = "opened", _("opened")
    NOTICE_RECORDED = "notice_recorded", _("notice taken")
    OFFERING = "offering", _("offering")
    AWAITING_APPROVAL = "awaiting_approval", _("waiting for approval")
    CANCELLED_SCHEDULED = "cancelled_scheduled", _("cancellation registered")
    CANCELLED_EFFECTIVE = "cancelled_effective", _("ended")
    REINSTATED = "reinstated", _("cancellation taken back")
    WON_BACK = "won_back", _("won back")
    SAVED_PENDING = "saved_pending", _("staying, watched")
    SAVED_CONFIRMED = "saved_confirmed", _("stayed")
    BOOMERANG = "boomerang", _("stayed, then left")
    RATE_RENEGOTIATED = "rate_renegotiated", _("better price agreed")
    NOTICE_WITHDRAWN = "notice_withdrawn", _("notice withdrawn")


OPEN_STATES = (CaseState.OPENED, CaseState.NOTICE_RECORDED, CaseState.OFFERING, CaseState.AWAITING_APPROVAL)
_ENDINGS = {
    CaseState.CANCELLED_SCHEDULED,
    CaseState.SAVED_PENDING,
    CaseState.RATE_RENEGOTIATED,
    CaseState.NOTICE_WITHDRAWN,
}


CASE_MOVES = {
    CaseState.OPENED: frozenset({CaseState.NOTICE_RECORDED, CaseState.RATE_RENEGOTIATED, CaseState.NOTICE_WITHDRAWN}),
    CaseState.NOTICE_RECORDED: frozenset({CaseState.OFFERING, *_ENDINGS}),
    CaseState.OFFERING: frozenset({CaseState.AWAITING_APPROVAL, *_ENDINGS}),
    CaseState.AWAITING_APPROVAL: frozenset({CaseState.OFFERING, *_ENDINGS}),
    CaseState.CANCELLED_SCHEDULED: frozenset({CaseState.CANCELLED_EFFECTIVE, CaseState.REINSTATED}),
    CaseState.CANCELLED_EFFECTIVE: frozenset({CaseState.WON_BACK}),
    CaseState.SAVED_PENDING: frozenset({CaseState.SAVED_CONFIRMED, CaseState.BOOMERANG}),
}


class CancellationCase(Stateful):
    """One wish to end one subscription. A subscription has at most one open case."""

    State = CaseState
    MOVES = CASE_MOVES

    class EndMode(models.TextChoices):
        END_OF_TERM = "end_of_term", _("end of term")
        IMMEDIATE = "immediate", _("immediately")
        DATE = "date", _("on a date")

    class Permission(models.TextChoices):
        UNASKED = "unasked", _("not asked yet")
        GRANTED = "granted", _("yes, tell me")
        REFUSED = "refused", _("no offers, please")

    number = models.CharField(_("case number"), max_length=20, unique=True)
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="cancellation_cases", verbose_name=_("subscription")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="cancellation_cases", db_index=False, verbose_name=_("customer")
    )
    state = models.CharField(_("state"), max_length=30, choices=CaseState, default=CaseState.OPENED)
    reason = models.ForeignKey(
        Reason,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cases",
        db_index=False,
        verbose_name=_("reason as told"),
    )
    own_reading = models.ForeignKey(
        Reason, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("the agent's own reading")
    )
    reason_note = models.TextField(_("in the customer's words"), max_length=2000, blank=True)
    competitor = models.CharField(_("competitor"), max_length=80, blank=True)
    permission = models.CharField(
        _("may we tell of an offer?"), max_length=8, choices=Permission, default=Permission.UNASKED
    )
    end_mode = models.CharField(_("ends"), max_length=12, choices=EndMode, default=EndMode.END_OF_TERM)
    ends_on = models.DateField(_("end date"), null=True, blank=True)
    price_before = models.DecimalField(_("monthly price before"), max_digits=8, decimal_places=2)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opened by")
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cancellation_cases",
        db_index=False,
        verbose_name=_("agent"),
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    opened_at = models.DateTimeField(_("opened at"))
    noticed_at = models.DateTimeField(_("notice received at"), null=True, blank=True)
    touched_at = models.DateTimeField(_("last worked on"))
    closed_at = models.DateTimeField(_("call closed at"), null=True, blank=True)
    window_until = models.DateField(
        _("watched until"), null=True, blank=True, help_text=_("90 days after the call, whatever its outcome.")
    )
    paying_on_day_90 = models.BooleanField(
        _("active and paying on day 90"),
        null=True,
        blank=True,
        help_text=_("Empty until the day has come. Paused or about to end is not paying."),
    )
    referred_to = models.CharField(_("handed to"), max_length=40, blank=True, help_text=_("A complaint's number."))

    class Meta:
        verbose_name = _("cancellation case")
        verbose_name_plural = _("cancellation cases")
        permissions = [
            ("take_cancellation", "May take a cancellation: reason, permission, offers within authority"),
            ("register_cancellation", "May register a cancellation"),
            ("win_back", "May take a cancellation back and record a customer won back"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"],
                condition=Q(state__in=["opened", "notice_recorded", "offering", "awaiting_approval"]),
                name="cancellations_one_open_case",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["cancelled_scheduled", "cancelled_effective", "reinstated", "won_back"])
                | Q(ends_on__isnull=False),
                name="cancellations_cancelled_has_end_date",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["opened", "rate_renegotiated", "notice_withdrawn"])
                | Q(noticed_at__isnull=False),
                name="cancellations_notice_comes_first",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["opened", "notice_recorded", "offering", "awaiting_approval"])
                | Q(closed_at__isnull=False, window_until__isnull=False),
                name="cancellations_closed_has_window",
            ),
        ]
        indexes = [
            models.Index(fields=["-opened_at", "-id"], name="cancellations_case_newest"),
            models.Index(fields=["state", "-opened_at", "-id"], name="cancellations_case_state"),
            models.Index(fields=["customer", "-opened_at", "-id"], name="cancellations_case_customer"),
            models.Index(fields=["agent", "state", "-opened_at", "-id"], name="cancellations_case_agent"),
            models.Index(fields=["reason", "-opened_at", "-id"], name="cancellations_case_reason"),
            models.Index(
                fields=["window_until"],
                condition=Q(paying_on_day_90__isnull=True),
                name="cancellations_case_window",
            ),
        ]
        triggers = [fsm(CASE_MOVES)]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        """Whether the call is not closed yet: nothing of it is decided."""
        return self.state in OPEN_STATES


class CaseMove(Move):
    """A move from state to state, or an edit that leaves the state as it is (`what` says of what).

    A case's `version` is one more than the number of its rows here, so a page knows what it has not seen.
    """

    class What(models.TextChoices):
        STATE = "state", _("state")
        REASON = "reason", _("reason")
        PERMISSION = "permission", _("permission to tell of an offer")
        END = "end", _("end date")
        AGENT = "agent", _("agent")
        REFERRAL = "referral", _("handed to complaints")
        HARDSHIP = "hardship", _("offers shown in hardship")

    what = models.CharField(_("what"), max_length=12, choices=What, default=What.STATE)
    subject = models.ForeignKey(
        CancellationCase, models.CASCADE, related_name="moves", db_index=False, verbose_name=_("case")
    )

    class Meta(Move.Meta):
        abstract = False
        verbose_name = _("case move")
        verbose_name_plural = _("case moves")
        indexes = [models.Index(fields=["subject", "-at", "-id"], name="cancellations_casemove_line")]


class Notice(models.Model):
    """The customer's declaration, with date and time, and what he or she got in hand for it."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("by phone")
        LETTER = "letter", _("by letter")
        EMAIL = "email", _("by e-mail")
        WEB = "web", _("on the web")
        SHOP = "shop", _("in the shop")

    case = models.OneToOneField(CancellationCase, models.PROTECT, related_name="notice", verbose_name=_("case"))
    received_at = models.DateTimeField(_("received at"))
    channel = models.CharField(_("channel"), max_length=8, choices=Channel, default=Channel.PHONE)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("taken by")
    )
    receipt = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("receipt")
    )

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    def __str__(self) -> str:
        return f"{self.case} {timezone.localtime(self.received_at):%Y-%m-%d %H:%M}"
