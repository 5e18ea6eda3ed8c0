"""Reads about vouchers, shaped for their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Reservation, Voucher, VoucherEntry
from complaints.models.vouchers import EntryKind, VoucherKind, VoucherState
from staff import formats
from staff.paging import Page, keyset_page

PAGE = 50
TONES = {VoucherState.ACTIVE: "green", VoucherState.SPENT: "", VoucherState.EXPIRED: "amber", VoucherState.VOID: "red"}
ICONS = {
    VoucherState.ACTIVE: "circle-check",
    VoucherState.SPENT: "check-check",
    VoucherState.EXPIRED: "calendar-x",
    VoucherState.VOID: "ban",
}


def shown_state(voucher: Voucher, today: date) -> VoucherState:
    """As a person would call it: a voucher past its day is expired before the worker has written the entry."""
    if voucher.state == VoucherState.ACTIVE and today > voucher.valid_until:
        return VoucherState.EXPIRED
    return VoucherState(voucher.state)


@dataclass(frozen=True, slots=True)
class Row:
    pk: int
    code: str
    customer: str
    customer_pk: int
    what: str
    face: str
    balance: str
    until: str
    issued: str
    state: str
    tone: str
    icon: str

    @classmethod
    def of(cls, voucher: Voucher, today: date) -> "Row":
        state = shown_state(voucher, today)
        return cls(
            pk=voucher.pk,
            code=f"···· {voucher.last_four}",
            customer=voucher.customer.name,
            customer_pk=voucher.customer_id,
            what=voucher.product or voucher.get_kind_display(),
            face=formats.money(voucher.face),
            balance=formats.money(voucher.balance),
            until=formats.day(voucher.valid_until),
            issued=formats.day(voucher.issued_at),
            state=str(state.label),
            tone=TONES[state],
            icon=ICONS[state],
        )


def voucher_page(rows: QuerySet[Voucher], cursor: str | None) -> Page[Voucher]:
    """The newest first; one query, by index, whatever the filter."""
    return keyset_page(rows.select_related("customer"), order=("-issued_at", "-id"), cursor=cursor, size=PAGE)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the ledger, written out, with the balance after it."""

    pk: int
    at: str
    kind: str
    amount: str
    balance: str
    by: str
    reference: str
    note: str
    tone: str
    left: Decimal  # what of a redemption can still be taken back


@dataclass(frozen=True, slots=True)
class Hold:
    pk: int
    amount: str
    until: str
    by: str
    reference: str


@dataclass(frozen=True, slots=True)
class Detail:
    voucher: Voucher
    row: Row
    lines: Sequence[Line]
    holds: Sequence[Hold]
    extensions: Sequence[str]
    free: Decimal
    is_redeemable: bool
    is_product: bool
    replaced_by: int | None

    @property
    def free_text(self) -> str:
        return formats.money(self.free)


def detail(voucher: Voucher, now: datetime) -> Detail:
    """Everything on a voucher's page; four queries, the voucher's own (with customer and case) not counted."""
    today = timezone.localdate(now)
    entries = list(voucher.entries.select_related("by").order_by("id"))
    holds = list(Reservation.objects.standing(now).filter(voucher=voucher).select_related("by").order_by("expires_at"))
    free = voucher.balance - sum((hold.amount for hold in holds), Decimal(0))
    return Detail(
        voucher=voucher,
        row=Row.of(voucher, today),
        lines=_ledger(entries),
        holds=[
            Hold(
                hold.pk, formats.money(hold.amount), formats.clock(hold.expires_at), hold.by.short_name, hold.reference
            )
            for hold in holds
        ],
        extensions=[
            _("%(who)s, %(at)s: valid until %(after)s instead of %(before)s. %(why)s")
            % {
                "who": extension.by.short_name,
                "at": formats.moment(extension.at),
                "after": formats.day(extension.after),
                "before": formats.day(extension.before),
                "why": extension.reason,
            }
            for extension in voucher.extensions.select_related("by").order_by("id")
        ],
        free=free,
        is_redeemable=voucher.is_valid_on(today) and free > 0,
        is_product=voucher.kind == VoucherKind.PRODUCT,
        replaced_by=Voucher.objects.filter(replaces=voucher).values_list("pk", flat=True).first(),
    )


def _ledger(entries: Sequence[VoucherEntry]) -> list[Line]:
    given_back: dict[int, Decimal] = {}
    for entry in entries:
        if entry.reverses_id:
            given_back[entry.reverses_id] = given_back.get(entry.reverses_id, Decimal(0)) + entry.amount
    lines, balance = [], Decimal(0)
    for entry in entries:
        balance += entry.amount
        lines.append(
            Line(
                pk=entry.pk,
                at=formats.moment(entry.at),
                kind=entry.get_kind_display(),
                amount=formats.money(entry.amount),
                balance=formats.money(balance),
                by=entry.by.short_name if entry.by else _("the clock"),
                reference=entry.reference,
                note=entry.note,
                tone="green" if entry.amount > 0 else "",
                left=-entry.amount - given_back.get(entry.pk, Decimal(0))
                if entry.kind == EntryKind.REDEEM
                else Decimal(0),
            )
        )
    return lines
