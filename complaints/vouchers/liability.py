"""What is still owed on vouchers, as of the end of any day, from the ledger alone: it closes to the cent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from decimal import Decimal

from django.db.models import DecimalField, F, Q, Sum, Value
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone

from complaints.models import VoucherEntry
from complaints.models.vouchers import EntryKind, VoucherKind

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Movement:
    """opening + issued − redeemed + reversed − expired − voided ± adjusted = closing. All but `adjusted` positive."""

    opening: Decimal = NOTHING
    issued: Decimal = NOTHING
    redeemed: Decimal = NOTHING
    reversed: Decimal = NOTHING
    expired: Decimal = NOTHING
    voided: Decimal = NOTHING
    adjusted: Decimal = NOTHING
    closing: Decimal = NOTHING

    @property
    def closes(self) -> bool:
        rise = self.issued + self.reversed + self.adjusted
        return self.opening + rise - self.redeemed - self.expired - self.voided == self.closing

    def __add__(self, other: "Movement") -> "Movement":
        return Movement(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __iter__(self) -> Iterator[Decimal]:
        return (getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True)
class Line:
    """The vouchers of one kind issued in one month (local)."""

    kind: VoucherKind
    month: date
    movement: Movement


@dataclass(frozen=True, slots=True)
class Liability:
    first: date
    last: date
    lines: Sequence[Line]

    def total(self, kind: str = "") -> Movement:
        return sum((line.movement for line in self.lines if kind in ("", line.kind)), Movement())


def liability(first: date, last: date) -> Liability:
    """Movements from the beginning of `first` to the end of `last`, local days, by kind and month of issue; one query.

    The closing is summed on its own, not derived from the other columns: that it agrees is the check.
    """
    start, end = _midnight(first), _midnight(date.fromordinal(last.toordinal() + 1))
    during = Q(at__gte=start)

    def of(kind: EntryKind) -> Coalesce:
        return _sum(during & Q(kind=kind))

    rows = (
        VoucherEntry.objects.filter(at__lt=end)
        .values(voucher_kind=F("voucher__kind"), month=TruncMonth("voucher__issued_at"))
        .annotate(
            opening=_sum(~during),
            issued=of(EntryKind.ISSUE),
            redeemed=-of(EntryKind.REDEEM),
            reversed=of(EntryKind.REVERSE),
            expired=-of(EntryKind.EXPIRE),
            voided=-of(EntryKind.VOID),
            adjusted=of(EntryKind.ADJUST),
            closing=Sum("amount"),
        )
        .order_by("voucher_kind", "month")
    )
    names = [f.name for f in fields(Movement)]
    return Liability(
        first,
        last,
        [
            Line(
                VoucherKind(row["voucher_kind"]),
                timezone.localdate(row["month"]),
                Movement(**{name: row[name] for name in names}),
            )
            for row in rows
        ],
    )


def _sum(condition: Q) -> Coalesce:
    return Coalesce(
        Sum("amount", filter=condition), Value(NOTHING), output_field=DecimalField(max_digits=14, decimal_places=2)
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
