"""Vouchers as money: a ledger that only grows, a balance that cannot differ from it, and holds for tills."""

from datetime import date, datetime
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.erasure import append_only
from staff.states import fsm

# At commit the cached balance is the sum of the entries, whoever wrote either.
_BALANCED = """
    IF (SELECT balance FROM complaints_voucher WHERE id = {key}) IS DISTINCT FROM
       (SELECT COALESCE(SUM(amount), 0) FROM complaints_voucherentry WHERE voucher_id = {key}) THEN
        RAISE EXCEPTION 'voucher %: the balance is not the sum of its entries', {key} USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
# What is given back belongs to the same voucher and is never more than what was redeemed.
_REVERSAL_WITHIN = """
    SELECT * INTO redemption FROM complaints_voucherentry WHERE id = NEW.reverses_id FOR UPDATE;
    IF redemption.kind <> 'redeem' OR redemption.voucher_id <> NEW.voucher_id OR NEW.amount + redemption.amount + (
        SELECT COALESCE(SUM(amount), 0) FROM complaints_voucherentry WHERE reverses_id = NEW.reverses_id
    ) > 0 THEN
        RAISE EXCEPTION 'entry %: more reversed than redeemed', NEW.reverses_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class VoucherState(models.TextChoices):
    ACTIVE = "active", _("valid")
    SPENT = "spent", _("used up")
    EXPIRED = "expired", _("expired")
    VOID = "void", _("void")


VOUCHER_MOVES = {
    VoucherState.ACTIVE: frozenset({VoucherState.SPENT, VoucherState.EXPIRED, VoucherState.VOID}),
    VoucherState.SPENT: frozenset({VoucherState.ACTIVE}),  # by a reversal
    VoucherState.EXPIRED: frozenset({VoucherState.ACTIVE}),  # by an extension
    VoucherState.VOID: frozenset[str](),
}


class VoucherKind(models.TextChoices):
    VALUE = "value", _("value voucher")
    PRODUCT = "product", _("product voucher")


class Voucher(models.Model):
    """A promise of money or of a product. Its code is not here: only the code's HMAC and its last four characters."""

    kind = models.CharField(_("kind"), max_length=8, choices=VoucherKind, default=VoucherKind.VALUE)
    state = models.CharField(_("state"), max_length=8, choices=VoucherState, default=VoucherState.ACTIVE)
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="vouchers", db_index=False, verbose_name=_("customer")
    )
    case = models.ForeignKey(
        "complaints.ComplaintCase",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="vouchers",
        verbose_name=_("complaint"),
    )
    product = models.CharField(_("product"), max_length=120, blank=True)
    face = models.DecimalField(_("value when issued"), max_digits=10, decimal_places=2)
    balance = models.DecimalField(_("balance"), max_digits=10, decimal_places=2)
    valid_until = models.DateField(_("valid until"), help_text=_("To the end of this day."))
    issued_at = models.DateTimeField(_("issued at"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("issued by")
    )
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(_("last four"), max_length=4, db_index=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        permissions = [
            ("issue_voucher", "May issue and reissue vouchers"),
            ("redeem_voucher", "May look up and redeem vouchers"),
            ("reverse_redemption", "May take back a redemption"),
            ("void_voucher", "May void vouchers"),
            ("extend_voucher", "May extend vouchers"),
            ("view_liability", "May open the liability report"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(face__gt=0), name="complaints_voucher_face_positive"),
            models.CheckConstraint(
                condition=Q(balance__gte=0) & Q(balance__lte=F("face")), name="complaints_voucher_balance_within_face"
            ),
            models.CheckConstraint(
                condition=Q(state="active", balance__gt=0) | (~Q(state="active") & Q(balance=0)),
                name="complaints_voucher_valid_means_balance",
            ),
            models.CheckConstraint(
                condition=Q(kind="value", product="") | (Q(kind="product") & ~Q(product="")),
                name="complaints_voucher_product_named",
            ),
        ]
        indexes = [
            models.Index(fields=["-issued_at", "-id"], name="complaints_voucher_list"),
            models.Index(fields=["state", "-issued_at", "-id"], name="complaints_voucher_by_state"),
            models.Index(fields=["customer", "-issued_at", "-id"], name="complaints_voucher_customer"),
            models.Index(fields=["valid_until"], condition=Q(state="active"), name="complaints_voucher_expiring"),
        ]
        triggers = [
            fsm(VOUCHER_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="terms_fixed", fields=["kind", "customer", "product", "face", "fingerprint", "issued_at"]
            ),
            pgtrigger.Trigger(
                name="balanced",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("balance"),
                timing=pgtrigger.Deferred,
                func=_BALANCED.format(key="NEW.id"),
            ),
        ]

    def __str__(self) -> str:
        return f"····-····-{self.last_four}"

    def is_valid_on(self, today: date) -> bool:
        """Valid to the end of the local day that is printed on it."""
        return self.state == VoucherState.ACTIVE and today <= self.valid_until


class EntryKind(models.TextChoices):
    ISSUE = "issue", _("issued")
    REDEEM = "redeem", _("redeemed")
    REVERSE = "reverse", _("redemption taken back")
    EXPIRE = "expire", _("expired")
    VOID = "void", _("voided")
    ADJUST = "adjust", _("adjusted")


class VoucherEntry(models.Model):
    """One movement of a voucher's money, signed. Never changed, never deleted."""

    voucher = models.ForeignKey(
        Voucher, models.PROTECT, related_name="entries", db_index=False, verbose_name=_("voucher")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=EntryKind)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reference = models.CharField(_("reference"), max_length=80, blank=True)  # the till's receipt, the shop's order
    note = models.CharField(_("note"), max_length=400, blank=True)
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reversals", verbose_name=_("takes back")
    )
    request_hash = models.CharField(max_length=64, blank=True, editable=False)
    key = models.CharField(_("idempotency key"), max_length=300, null=True, unique=True, editable=False)  # noqa: DJ001 several entries have none

    class Meta:
        verbose_name = _("voucher entry")
        verbose_name_plural = _("voucher entries")
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(kind="issue"), name="complaints_voucher_issued_once"
            ),
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(kind="void"), name="complaints_voucher_voided_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["issue", "reverse"], amount__gt=0)
                | Q(kind__in=["redeem", "expire", "void"], amount__lt=0)
                | (Q(kind="adjust") & ~Q(amount=0)),
                name="complaints_entry_sign_by_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="reverse", reverses__isnull=False) | (~Q(kind="reverse") & Q(reverses__isnull=True)),
                name="complaints_entry_reversal_names_its_redemption",
            ),
        ]
        indexes = [
            models.Index(fields=["voucher", "id"], name="complaints_entry_ledger"),
            models.Index(fields=["at"], include=["voucher", "kind", "amount"], name="complaints_entry_liability"),
        ]
        triggers = [
            *append_only("note"),
            pgtrigger.Trigger(
                name="balanced",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func=_BALANCED.format(key="NEW.voucher_id"),
            ),
            pgtrigger.Trigger(
                name="reversal_within",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__reverses__isnull=False),
                declare=[("redemption", "complaints_voucherentry%ROWTYPE")],
                func=_REVERSAL_WITHIN,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"


class VoucherExtension(models.Model):
    """A later last day: from when to when, by whom and why."""

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="extensions", verbose_name=_("voucher"))
    before = models.DateField(_("before"))
    after = models.DateField(_("after"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("why"), max_length=400)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        constraints = [models.CheckConstraint(condition=Q(after__gt=F("before")), name="complaints_extension_is_later")]
        triggers = append_only("reason")

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class HoldState(models.TextChoices):
    HELD = "held", _("held")
    CAPTURED = "captured", _("captured")
    RELEASED = "released", _("released")
    LAPSED = "lapsed", _("lapsed")


HOLD_MOVES = {
    HoldState.HELD: frozenset({HoldState.CAPTURED, HoldState.RELEASED, HoldState.LAPSED}),
    HoldState.CAPTURED: frozenset[str](),
    HoldState.RELEASED: frozenset[str](),
    HoldState.LAPSED: frozenset[str](),
}


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def standing(self, now: datetime) -> "ReservationQuerySet":
        """Held and in time: what a voucher's balance is not free for."""
        return self.filter(state=HoldState.HELD, expires_at__gt=now)

    def total(self) -> Decimal:
        """One query."""
        return self.aggregate(total=models.Sum("amount"))["total"] or Decimal(0)


class Reservation(models.Model):
    """A till holds an amount while the customer pays. It lapses by itself; only a capture moves money."""

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="reservations", verbose_name=_("voucher"))
    state = models.CharField(_("state"), max_length=8, choices=HoldState, default=HoldState.HELD)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=2)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("held until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    entry = models.OneToOneField(
        VoucherEntry, models.PROTECT, null=True, blank=True, related_name="reservation", verbose_name=_("redemption")
    )

    objects = ReservationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="complaints_reservation_positive"),
            models.CheckConstraint(
                condition=Q(state="captured", entry__isnull=False) | (~Q(state="captured") & Q(entry__isnull=True)),
                name="complaints_captured_means_redeemed",
            ),
        ]
        indexes = [
            models.Index(fields=["voucher"], condition=Q(state="held"), name="complaints_reservation_held"),
            models.Index(fields=["expires_at"], condition=Q(state="held"), name="complaints_reservation_lapsing"),
        ]
        triggers = [fsm(HOLD_MOVES)]

    def __str__(self) -> str:
        return f"{self.amount} ({self.get_state_display()})"

    def stands(self, now: datetime | None = None) -> bool:
        return self.state == HoldState.HELD and self.expires_at > (now or timezone.now())


class FailedLookup(models.Model):
    """A well-formed code that is nobody's: one guess, counted per person or client and per address."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("failed look-up")
        verbose_name_plural = _("failed look-ups")
        indexes = [
            models.Index(fields=["by", "at"], name="complaints_guess_by"),
            models.Index(fields=["address", "at"], name="complaints_guess_address"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
