"""The guidance matrix: what a complaint of this category and severity is usually worth in goodwill, by version."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import Category, ComplaintCase

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class RemedyKind(models.TextChoices):
    REFUND = "refund", _("refund")
    CREDIT = "credit", _("credit on the account")
    VALUE_VOUCHER = "value_voucher", _("value voucher")
    PRODUCT_VOUCHER = "product_voucher", _("free replacement by voucher")
    REPAIR = "repair", _("repair or doing it again")
    GIFT = "gift", _("gift, sent by post")
    STAMPS = "stamps", _("bonus stamps")
    APOLOGY = "apology", _("apology")


VOUCHERS = frozenset({RemedyKind.VALUE_VOUCHER, RemedyKind.PRODUCT_VOUCHER})
BY_OTHERS = frozenset(  # billing, technicians, the store
    {RemedyKind.REFUND, RemedyKind.CREDIT, RemedyKind.REPAIR, RemedyKind.GIFT}
)


# A version in force, or once in force, is what awards refer to: its cells stand as they were published.
_CELLS_FIXED = """
    IF EXISTS (
        SELECT 1 FROM complaints_matrix
        WHERE published_at IS NOT NULL AND id = CASE WHEN TG_OP = 'INSERT' THEN NEW.matrix_id ELSE OLD.matrix_id END
    ) THEN
        RAISE EXCEPTION 'this matrix is published: make a new version' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


class MatrixQuerySet(models.QuerySet["Matrix"]):
    def in_force(self, day: date) -> "Matrix | None":
        """The version for this day: of those published, the last to begin; one query."""
        return self.published(day).first()

    def published(self, day: date) -> "MatrixQuerySet":
        """Those published that have begun by this day, the last to begin first."""
        return self.filter(published_at__isnull=False, valid_from__lte=day).order_by("-valid_from", "-published_at")


def _share(label: Any, default: str, **kwargs: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=4, decimal_places=3, default=Decimal(default), **kwargs)


def _cap(label: Any, **kwargs: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=10, decimal_places=2, null=True, blank=True, **kwargs)


class Matrix(models.Model):
    """One version of the guidance: its cells, how far each circumstance moves the middle, and the caps.

    Shares are parts of a cell's middle: 0.100 adds a tenth.
    """

    name = models.CharField(_("name"), max_length=80)
    valid_from = models.DateField(_("valid from"))
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("written by"))
    created_at = models.DateTimeField(_("created at"))
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

    per_week = _share(_("each week open, up to four"), "0.050")
    per_contact = _share(_("each contact after the first, up to four"), "0.100")
    repeat = _share(_("same failure within 90 days"), "0.200")
    vulnerable = _share(_("vulnerable customer"), "0.100")
    breach = _share(_("a deadline of ours was missed"), "0.150")
    contributory = _share(_("the customer's share in the fault"), "-0.250")
    customer_value = _share(
        _("customer value, at most"), "0.150", help_text=_("Up and down; at most 0.15. 0 switches it off.")
    )
    typical_value = models.DecimalField(
        _("a usual customer's margin a year"),
        max_digits=10,
        decimal_places=2,
        default=Decimal(240),
        help_text=_("The value at which customer value changes nothing."),
    )
    cap_customer_year = _cap(_("goodwill per customer and year, above it a manager decides"))
    cap_item = _share(
        _("goodwill as a share of the item's price, above it a manager decides"), "1.000", null=True, blank=True
    )
    stamp_cost = models.DecimalField(_("cost of a stamp"), max_digits=6, decimal_places=2, default=Decimal("0.50"))
    product_cost = _share(_("cost of a product as a share of its price"), "0.600")

    objects = MatrixQuerySet.as_manager()

    if TYPE_CHECKING:
        cells: RelatedManager["MatrixCell"]

    class Meta:
        verbose_name = _("compensation guidance")
        verbose_name_plural = _("compensation guidance")
        permissions = [("publish_matrix", "May publish compensation guidance written by a colleague")]
        constraints = [
            models.CheckConstraint(condition=~Q(publisher=F("author")), name="complaints_matrix_four_eyes"),
            models.CheckConstraint(
                condition=Q(publisher__isnull=True, published_at__isnull=True)
                | Q(publisher__isnull=False, published_at__isnull=False),
                name="complaints_matrix_published_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(customer_value__gte=0) & Q(customer_value__lte=Decimal("0.15")),
                name="complaints_matrix_customer_value_small",
            ),
            models.CheckConstraint(
                condition=Q(typical_value__gt=0, stamp_cost__gte=0, product_cost__gte=0, contributory__lte=0),
                name="complaints_matrix_sane",
            ),
        ]
        indexes = [models.Index(fields=["-valid_from", "-published_at"], name="complaints_matrix_in_force")]
        triggers = [
            pgtrigger.Protect(
                name="published_is_fixed",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class MatrixCell(models.Model):
    matrix = models.ForeignKey(Matrix, models.CASCADE, related_name="cells", verbose_name=_("guidance"))
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    severity = models.PositiveSmallIntegerField(_("severity"), choices=ComplaintCase.Severity)
    low = models.DecimalField(_("low"), max_digits=10, decimal_places=2)
    mid = models.DecimalField(_("middle"), max_digits=10, decimal_places=2)
    high = models.DecimalField(_("high"), max_digits=10, decimal_places=2)
    preferred = ArrayField(
        models.CharField(max_length=16, choices=RemedyKind), default=list, blank=True, verbose_name=_("preferred")
    )

    class Meta:
        verbose_name = _("cell of the guidance")
        verbose_name_plural = _("cells of the guidance")
        constraints = [
            models.UniqueConstraint(fields=["matrix", "category", "severity"], name="complaints_one_cell_each"),
            models.CheckConstraint(
                condition=Q(low__gte=0) & Q(mid__gte=F("low")) & Q(high__gte=F("mid")), name="complaints_cell_in_order"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_is_fixed",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=_CELLS_FIXED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.category}, {self.get_severity_display()}: {self.low}–{self.high}"
