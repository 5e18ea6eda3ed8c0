"""Who takes part, and by which cards he or she is known."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.models.programmes import Programme, Store
from staff.erasure import append_only


class Membership(models.Model):
    """One person's part in one programme: the balance belongs to it, never to a card.

    A card bought at the counter may be nameless (`customer` is empty) until somebody claims it. `balance`, `seq`,
    `cycle` and `cycle_needed` are caches of the ledger, written only under this row's lock; the nightly job compares
    them. `tier` is what the terms make of the trailing days, kept up with each receipt and every night. No index holds
    what a stamp changes, so that a stamp writes the row and nothing else.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")
        MERGED = "merged", _("merged into another")
        CLOSED = "closed", _("closed")

    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="memberships", verbose_name=_("programme"), db_index=False
    )
    customer = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name=_("customer"),
        db_index=False,
    )
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    balance = models.IntegerField(_("balance"), default=0, editable=False)
    seq = models.PositiveIntegerField(default=0, editable=False)
    cycle_needed = models.PositiveIntegerField(
        _("stamps needed in this cycle"), null=True, editable=False, help_text=_("The goal at the cycle's first stamp.")
    )
    cycle = models.PositiveIntegerField(default=0, editable=False)  # full cards so far
    tier = models.CharField(_("tier"), max_length=40, blank=True, editable=False)
    enrolled_at = models.DateTimeField(_("member since"))
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("enrolled by")
    )
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store"))
    last_visit_at = models.DateTimeField(_("last visit"), null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_from", verbose_name=_("merged into")
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "customer"],
                condition=Q(status__in=["active", "blocked"]),
                name="loyalty_one_membership_per_customer",
            ),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
                name="loyalty_merged_says_into_which",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="loyalty_not_merged_into_itself"),
        ]
        indexes = [
            models.Index(fields=["customer"], name="loyalty_membership_customer"),
            models.Index(fields=["programme", "-id"], name="loyalty_membership_programme"),
            models.Index(fields=["status", "-id"], name="loyalty_membership_status"),
        ]
        permissions = [
            ("enrol_member", "May enrol members"),
            ("stamp_card", "May stamp cards and record receipts"),
            ("redeem_reward", "May redeem rewards"),
            ("give_stamps", "May give goodwill stamps"),
            ("replace_card", "May replace and block cards"),
            ("merge_members", "May merge memberships and move stamps"),
            ("decide_stamps", "May decide on requests for stamps"),
            ("work_retention", "May work the retention list"),
            ("review_signals", "May review fraud signals"),
            ("view_loyalty_reports", "May open the loyalty reports"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class CardToken(models.Model):
    """A number or QR code that leads to a membership: a plastic card, a phone's picture, a key ring."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        LOST = "lost", _("lost")
        BLOCKED = "blocked", _("blocked")

    number = models.CharField(_("card number"), max_length=64, unique=True)
    membership = models.ForeignKey(Membership, models.PROTECT, related_name="cards", verbose_name=_("membership"))
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    replaced_by = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces", verbose_name=_("replaced by")
    )
    issued_at = models.DateTimeField(_("issued at"))
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | ~Q(status="active"), name="loyalty_replaced_card_is_dead"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class TierChange(models.Model):
    """A member rose to a tier, or fell from one: what the timeline tells."""

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="tier_changes", verbose_name=_("membership"), db_index=False
    )
    before = models.CharField(_("before"), max_length=40, blank=True)
    after = models.CharField(_("after"), max_length=40, blank=True)
    rose = models.BooleanField(_("rose"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of tier")
        verbose_name_plural = _("changes of tier")
        indexes = [models.Index(fields=["membership", "-at"], name="loyalty_tier_change")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class StatusChange(models.Model):
    """A membership was blocked, closed, or opened again: by whom, and why."""

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="status_changes", verbose_name=_("membership"), db_index=False
    )
    after = models.CharField(_("after"), max_length=8, choices=Membership.Status)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        indexes = [models.Index(fields=["membership", "-at"], name="loyalty_status_change")]
        triggers = append_only("note")

    def __str__(self) -> str:
        return self.get_after_display()


class Merge(models.Model):
    """Two memberships made one, with all that is needed to part them again. `rewards` holds number and cycle."""

    source = models.ForeignKey(Membership, models.PROTECT, related_name="merges_away", verbose_name=_("from"))
    target = models.ForeignKey(Membership, models.PROTECT, related_name="merges_here", verbose_name=_("into"))
    stamps = models.IntegerField(_("stamps moved"))
    rewards = models.JSONField(_("rewards moved"), default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(undone_at__isnull=True), name="loyalty_merged_into_one_only"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_id} → {self.target_id}"


class Duplicate(models.Model):
    """Two memberships of one programme that may be one person's, with what speaks for it. Noticed at night; merged or
    kept apart by a person, never by itself."""

    class Sign(models.TextChoices):
        PHONE = "phone", _("same phone and given name")
        EMAIL = "email", _("same e-mail")
        NAME = "name", _("same name and birthday")
        TOGETHER = "together", _("often used together")

    class Verdict(models.TextChoices):
        OPEN = "open", _("open")
        MERGED = "merged", _("merged")
        DISMISSED = "dismissed", _("two people")

    first = models.ForeignKey(Membership, models.PROTECT, related_name="+", verbose_name=_("first membership"))
    second = models.ForeignKey(Membership, models.PROTECT, related_name="+", verbose_name=_("second membership"))
    signs = ArrayField(models.CharField(max_length=8, choices=Sign), verbose_name=_("signs"))
    found_at = models.DateTimeField(_("found at"))
    verdict = models.CharField(_("verdict"), max_length=9, choices=Verdict, default=Verdict.OPEN)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), null=True, blank=True)

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="loyalty_duplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="loyalty_duplicate_older_first"),
        ]
        indexes = [models.Index(fields=["verdict", "-id"], name="loyalty_duplicate_open")]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}?"
