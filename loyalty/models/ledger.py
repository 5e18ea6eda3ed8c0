"""The ledger that cannot lie: entries are only ever added, the database sees to it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.members import Membership
from loyalty.models.programmes import ProgrammeVersion
from loyalty.models.receipts import Receipt, ReceiptLine
from staff.erasure import append_only
from staff.states import fsm


class Kind(models.TextChoices):
    EARN = "earn", _("earned")
    CONVERT = "convert", _("turned into a reward")
    UNCONVERT = "unconvert", _("reward turned back")
    REVERSE = "reverse", _("taken back by a return")
    EXPIRE = "expire", _("expired")
    ADJUST = "adjust", _("given or corrected")
    TRANSFER_IN = "transfer_in", _("moved here")
    TRANSFER_OUT = "transfer_out", _("moved away")


PLUS = [Kind.EARN, Kind.UNCONVERT]
MINUS = [Kind.CONVERT, Kind.REVERSE, Kind.EXPIRE]  # transfers carry a debt too, so either sign


class LedgerEntry(models.Model):
    """One change of a membership's balance. `seq` numbers a membership's entries without a gap; `balance` is what it
    left. `occurred_at` is when it happened in the shop, `recorded_at` when we learned of it."""

    class Reason(models.TextChoices):
        NONE = "", ""
        GOODWILL = "goodwill", _("goodwill")
        BONUS = "bonus", _("bonus")
        HEAD_START = "head_start", _("head start")
        WAIVER = "waiver", _("debt waived")
        CORRECTION = "correction", _("correction")
        MERGE = "merge", _("memberships merged")
        WRONG_CARD = "wrong_card", _("wrong card")

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="entries", verbose_name=_("membership"), db_index=False
    )
    seq = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    stamps = models.IntegerField(_("stamps"))
    balance = models.IntegerField(_("balance"))
    occurred_at = models.DateTimeField(_("happened at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    expires_at = models.DateTimeField(_("expires"), null=True)
    version = models.ForeignKey(
        ProgrammeVersion,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("programme version"),
        db_index=False,
    )
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, related_name="entries", verbose_name=_("receipt"), db_index=False
    )
    line = models.ForeignKey(
        ReceiptLine, models.PROTECT, null=True, related_name="+", verbose_name=_("receipt line"), db_index=False
    )
    rule = models.CharField(_("rule"), max_length=40, blank=True)
    other = models.ForeignKey(
        Membership, models.PROTECT, null=True, related_name="+", verbose_name=_("other membership"), db_index=False
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason, default=Reason.NONE, blank=True)
    note = models.TextField(_("note"), blank=True)
    cost = models.DecimalField(_("cost"), max_digits=10, decimal_places=2, default=0)
    key = models.CharField(max_length=80, null=True)  # noqa: DJ001 the caller's own name of this gift, given once
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            models.UniqueConstraint(fields=["membership", "seq"], name="loyalty_entry_seq"),
            models.UniqueConstraint(
                fields=["line", "rule"], condition=Q(kind="earn"), name="loyalty_line_stamps_one_card"
            ),
            models.UniqueConstraint(fields=["key"], condition=Q(key__isnull=False), name="loyalty_entry_key_once"),
            models.CheckConstraint(condition=~Q(stamps=0), name="loyalty_entry_moves_something"),
            models.CheckConstraint(
                condition=(~Q(kind__in=PLUS) | Q(stamps__gt=0)) & (~Q(kind__in=MINUS) | Q(stamps__lt=0)),
                name="loyalty_entry_sign_fits_kind",
            ),
            models.CheckConstraint(condition=~Q(kind="adjust") | ~Q(reason=""), name="loyalty_adjustment_says_why"),
        ]
        indexes = [
            models.Index(fields=["membership", "-recorded_at", "-id"], name="loyalty_entry_timeline"),
            models.Index(
                fields=["by", "recorded_at"], condition=Q(reason="goodwill"), name="loyalty_entry_goodwill_agent"
            ),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="loyalty_entry_expiry"),
            models.Index(fields=["kind", "occurred_at"], name="loyalty_entry_kind"),
        ]
        triggers = append_only("note")

    def __str__(self) -> str:
        return f"{self.stamps:+d}"


REWARD_MOVES = {
    "issued": frozenset({"redeemed", "revoked", "expired"}),
    "redeemed": frozenset({"issued"}),
    "revoked": frozenset[str](),
    "expired": frozenset({"issued"}),  # a person extends it
}


class Reward(models.Model):
    """One free item. A full card makes it, or points were spent on it (`convert`), or the card passed `level` stamps
    in its `cycle`: then it cost none. Its life stands in `events`. Without a `name` it is the programme's own."""

    class State(models.TextChoices):
        ISSUED = "issued", _("open")
        REDEEMED = "redeemed", _("redeemed")
        REVOKED = "revoked", _("turned back")
        EXPIRED = "expired", _("expired")

    MOVES = REWARD_MOVES

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="rewards", verbose_name=_("membership"), db_index=False
    )
    convert = models.OneToOneField(
        LedgerEntry, models.PROTECT, null=True, blank=True, related_name="reward", verbose_name=_("made by")
    )
    level = models.PositiveIntegerField(_("on the way, at"), null=True, blank=True)
    cycle = models.PositiveIntegerField(default=0)
    name = models.CharField(_("name"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ISSUED)
    stamps = models.PositiveIntegerField(_("stamps"))
    cost = models.DecimalField(_("cost of goods"), max_digits=10, decimal_places=2, default=0)
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    redeemed_at = models.DateTimeField(_("redeemed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="redeemed", redeemed_at__isnull=False)
                | (~Q(state="redeemed") & Q(redeemed_at__isnull=True)),
                name="loyalty_redeemed_says_when",
            ),
            models.CheckConstraint(
                condition=Q(convert__isnull=False, level__isnull=True)
                | Q(convert__isnull=True, level__isnull=False, stamps=0),
                name="loyalty_reward_has_one_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["membership", "state", "issued_at"], name="loyalty_reward_member"),
            models.Index(fields=["state", "expires_at"], name="loyalty_reward_expiry"),
            models.Index(fields=["issued_at"], name="loyalty_reward_issued"),
        ]
        triggers = [fsm(REWARD_MOVES)]

    def __str__(self) -> str:
        return f"#{self.pk}"


class RewardEvent(models.Model):
    class Kind(models.TextChoices):
        ISSUED = "issued", _("issued")
        REDEEMED = "redeemed", _("redeemed")
        UNREDEEMED = "unredeemed", _("given back")
        REVOKED = "revoked", _("turned back")
        EXPIRED = "expired", _("expired")
        EXTENDED = "extended", _("extended")

    reward = models.ForeignKey(Reward, models.PROTECT, related_name="events", verbose_name=_("reward"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, related_name="reward_events", verbose_name=_("receipt")
    )
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("reward event")
        verbose_name_plural = _("reward events")
        triggers = append_only("note")

    def __str__(self) -> str:
        return self.get_kind_display()
