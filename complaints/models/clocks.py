"""What the two clocks are computed from: when we are open, what was promised, when we had to wait, what came of it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Category, ComplaintCase


class Calendar(models.Model):
    """Opening hours: a time zone, several intervals a weekday, a country's public holidays, own exceptions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default=settings.TIME_ZONE)
    country = models.CharField(
        _("public holidays of"), max_length=2, blank=True, help_text=_("Country code; empty: no public holidays.")
    )
    subdivision = models.CharField(
        _("region"), max_length=10, blank=True, help_text=_("For holidays of a region only, such as BY for Bavaria.")
    )

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")

    def __str__(self) -> str:
        return self.name


class CalendarInterval(models.Model):
    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="intervals", verbose_name=_("calendar"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        constraints = [
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="complaints_opens_before_closes"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="complaints_weekday_of_seven"),
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="complaints_interval_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class CalendarException(models.Model):
    """One day unlike others: closed, or open at other hours (also on a public holiday)."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="exceptions", verbose_name=_("calendar"))
    day = models.DateField(_("day"))
    name = models.CharField(_("why"), max_length=80)
    opens = models.TimeField(_("opens"), null=True, blank=True, help_text=_("Both empty: closed all day."))
    closes = models.TimeField(_("closes"), null=True, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="complaints_exception_once"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True)
                | Q(opens__isnull=False, closes__isnull=False, opens__lt=F("closes")),
                name="complaints_exception_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.name}"


class Policy(models.Model):
    """What is promised, from a day on. The most exact match wins: category and priority, category, priority, general;
    among equals the one that took effect last on or before the day of receipt."""

    name = models.CharField(_("name"), max_length=80)
    category = models.ForeignKey(
        Category, models.CASCADE, null=True, blank=True, related_name="policies", verbose_name=_("category")
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=ComplaintCase.Priority, null=True, blank=True)
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="policies", verbose_name=_("calendar"))
    first_response_minutes = models.PositiveIntegerField(_("first answer within, open minutes"))
    resolution_minutes = models.PositiveIntegerField(_("answer within, open minutes"))
    statutory_days = models.PositiveSmallIntegerField(_("answer required by law within, calendar days"))
    effective_from = models.DateField(_("in force from"))
    effective_until = models.DateField(_("in force until"), null=True, blank=True)

    class Meta:
        verbose_name = _("promise")
        verbose_name_plural = _("promises")
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_until__isnull=True) | Q(effective_until__gte=F("effective_from")),
                name="complaints_policy_period",
            ),
            models.CheckConstraint(
                condition=Q(first_response_minutes__gt=0, resolution_minutes__gt=0, statutory_days__gt=0),
                name="complaints_policy_targets_positive",
            ),
            models.UniqueConstraint(
                fields=["category", "priority", "effective_from"],
                name="complaints_policy_once_a_day",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Pause(models.Model):
    """A time in which the operational clock stands, because only the customer can go on."""

    case = models.ForeignKey(ComplaintCase, models.CASCADE, related_name="pauses", verbose_name=_("complaint"))
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="complaints_pause_order"
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at__isnull=True), name="complaints_one_running_pause"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}–"


class Cycle(models.Model):
    """From registration, or a reopening, to the end. A reopened case starts a new cycle; earlier results stay."""

    case = models.ForeignKey(
        ComplaintCase, models.CASCADE, related_name="cycles", db_index=False, verbose_name=_("complaint")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("cycle")
        verbose_name_plural = _("cycles")
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="complaints_cycle_once"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at__isnull=True), name="complaints_one_running_cycle"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.number}"


class Clock(models.Model):
    """One promise in one cycle and its result. `due_at` is the last moment in time as computed at the last event."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response", _("first answer")
        RESOLUTION = "resolution", _("answer")
        STATUTORY = "statutory", _("answer required by law")

    case = models.ForeignKey(ComplaintCase, models.CASCADE, related_name="clocks", verbose_name=_("complaint"))
    cycle = models.ForeignKey(Cycle, models.CASCADE, related_name="clocks", db_index=False, verbose_name=_("cycle"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name=_("promise"))
    target = models.PositiveIntegerField(_("target"), help_text=_("Open seconds; for the law, calendar days."))
    started_at = models.DateTimeField(_("from"))
    due_at = models.DateTimeField(_("due"))
    is_paused = models.BooleanField(_("paused"), default=False)
    met_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    is_cancelled = models.BooleanField(
        _("fell away"), default=False, help_text=_("The case ended otherwise before this was due: not counted.")
    )
    elapsed = models.PositiveIntegerField(_("open seconds used"), null=True, blank=True)
    warned = models.PositiveSmallIntegerField(_("warned at, percent"), default=0)
    warn_at = models.DateTimeField(_("next warning"), null=True, blank=True)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        constraints = [models.UniqueConstraint(fields=["cycle", "kind"], name="complaints_clock_once_per_cycle")]
        indexes = [
            models.Index(
                "warn_at",
                condition=Q(met_at__isnull=True, is_paused=False, warn_at__isnull=False),
                name="complaints_clock_warn",
            ),
            models.Index(fields=["kind", "due_at"], name="complaints_clock_due"),
            models.Index(fields=["case"], name="complaints_clock_case"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.get_kind_display()}"


class Breach(models.Model):
    """A promise not kept. Never changed, never erased, whatever is promised later."""

    clock = models.OneToOneField(Clock, models.PROTECT, related_name="breach", verbose_name=_("clock"))
    due_at = models.DateTimeField(_("was due"))
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", verbose_name=_("promise"))
    noticed_at = models.DateTimeField(_("noticed"))

    class Meta:
        verbose_name = _("breach")
        verbose_name_plural = _("breaches")
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]
        indexes = [models.Index(fields=["due_at"], name="complaints_breach_due")]

    def __str__(self) -> str:
        return f"{self.clock_id}: {self.due_at:%Y-%m-%d %H:%M}"
