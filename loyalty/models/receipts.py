"""What was bought, as the till tells it, and what came of it on the card."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.models.members import CardToken, Membership
from loyalty.models.programmes import Product, ProgrammeVersion, Store


class Receipt(models.Model):
    """One sale or return. It is known by (source, store, business date, number, kind): told again it changes nothing.

    The till writes here all day: of its keys only those have an index by which rows are looked for.

    `stamps` is what the sale earned after caps, or what the return took back; `room` is how many stamps the caps of
    that day left when it was counted and `times` what the member's tier multiplied by, so that a return can reckon by
    the rules of that day; `trace` says why, as data.
    """

    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        RETURN = "return", _("return")

    class State(models.TextChoices):
        COUNTED = "counted", _("counted")
        UNIDENTIFIED = "unidentified", _("without a card")
        PARKED = "parked", _("waits for its sale")
        HELD = "held", _("waits for a person")
        REFUSED = "refused", _("refused")

    source = models.CharField(_("source"), max_length=40)
    store = models.ForeignKey(Store, models.PROTECT, related_name="receipts", verbose_name=_("store"), db_index=False)
    business_date = models.DateField(_("business date"))
    number = models.CharField(_("receipt number"), max_length=80)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.SALE)
    state = models.CharField(_("state"), max_length=12, choices=State)
    membership = models.ForeignKey(
        Membership,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="receipts",
        verbose_name=_("membership"),
        db_index=False,
    )
    card = models.ForeignKey(
        CardToken, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("card"), db_index=False
    )
    version = models.ForeignKey(
        ProgrammeVersion,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("programme version"),
        db_index=False,
    )
    occurred_at = models.DateTimeField(_("bought at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    total = models.DecimalField(_("total"), max_digits=12, decimal_places=2, default=0)
    cashier = models.CharField(_("cashier"), max_length=80, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    stamps = models.PositiveIntegerField(_("stamps"), default=0)
    room = models.PositiveIntegerField(null=True)
    times = models.DecimalField(max_digits=4, decimal_places=2, default=1)
    trace = models.JSONField(_("why"), default=list)
    body_hash = models.CharField(max_length=64)
    original = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="returns",
        verbose_name=_("the sale"),
        db_index=False,
    )
    original_key = models.JSONField(null=True)  # source, store, business date, number of a sale not heard of yet

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(
                fields=["store", "business_date", "number", "source", "kind"], name="loyalty_receipt_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="counted") | Q(membership__isnull=False), name="loyalty_counted_for_somebody"
            ),
        ]
        indexes = [
            models.Index(fields=["membership", "-occurred_at", "-id"], name="loyalty_receipt_member"),
            models.Index(fields=["occurred_at"], name="loyalty_receipt_day"),
            models.Index(
                fields=["version", "business_date"],
                condition=Q(trace__contains=[{"say": "bonus"}]),
                name="loyalty_receipt_bonus",
            ),
            models.Index(fields=["original_key"], name="loyalty_receipt_parked", condition=Q(state="parked")),
            models.Index(fields=["original"], name="loyalty_receipt_returns", condition=Q(original__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number


class ReceiptLine(models.Model):
    class Kind(models.TextChoices):
        SALE = "sale", _("sale")
        REWARD = "reward", _("free item")
        GIFT_CARD = "gift_card", _("gift card")
        VOID = "void", _("voided")

    receipt = models.ForeignKey(
        Receipt, models.PROTECT, related_name="lines", verbose_name=_("receipt"), db_index=False
    )
    number = models.PositiveIntegerField(_("line"))  # of a return: the line of the sale it takes back
    sku = models.CharField(_("article"), max_length=80, blank=True)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product"), db_index=False
    )
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2, default=0)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind, default=Kind.SALE)
    reward = models.ForeignKey(
        "loyalty.Reward",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="lines",
        verbose_name=_("reward"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        constraints = [models.UniqueConstraint(fields=["receipt", "number"], name="loyalty_line_once")]

    def __str__(self) -> str:
        return self.sku
