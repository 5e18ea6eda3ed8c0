"""What vouchers add to the shared pages: navigation, search and the customer's timeline."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import CharField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.models import Voucher, VoucherEntry
from complaints.models.vouchers import EntryKind
from complaints.vouchers import codes
from customers.timeline import Entry, Facts, Strand, author, said_by, timeline
from staff import formats
from staff.models import User
from staff.navigation import Entrance, navigation
from staff.reports import Report, reports
from staff.search import Hit, search


def register() -> None:
    navigation.register(
        "vouchers",
        Entrance(gettext_lazy("Vouchers"), "complaints:vouchers", "ticket", "complaints.view_voucher", 41, inner=True),
    )
    reports.register(
        "vouchers",
        Report(
            gettext_lazy("Liability on vouchers"),
            gettext_lazy("What is still owed on vouchers at the end of any day, to the cent."),
            "complaints:liability",
            "complaints.view_liability",
        ),
    )
    search.register("vouchers", find)
    timeline.register("voucher", movements, gettext_lazy("Vouchers"))


def find(user: User, text: str, limit: int) -> Sequence[Hit]:
    """By the last four characters, of a whole code too. One indexed query, none when the text cannot be either.

    The code's fingerprint is not looked up here, so that this field cannot be used for guessing: that is the voucher
    desk's, where failures are counted.
    """
    code = codes.normalise(text)
    if codes.is_wellformed(code):
        code = code[-4:]
    if len(code) != 4 or not set(code) <= set(codes.ALPHABET) or not user.has_perm("complaints.view_voucher"):
        return []
    found = Voucher.objects.filter(last_four=code)
    return [
        Hit(
            title=_("Voucher ···· %(last_four)s") % {"last_four": voucher.last_four},
            url=reverse("complaints:voucher", args=[voucher.pk]),
            detail=f"{voucher.customer.name} · {formats.money(voucher.balance)} · {voucher.get_state_display()}",
            icon="ticket",
            exact=True,
        )
        for voucher in found.select_related("customer").order_by("-issued_at", "-id")[:limit]
    ]


TONES = {EntryKind.ISSUE: "", EntryKind.REDEEM: "green", EntryKind.EXPIRE: "amber", EntryKind.VOID: "red"}


def _movement(at: datetime, pk: int, facts: Facts) -> Entry:
    kind = EntryKind(facts["kind"])
    return Entry(
        at=at,
        key=f"voucher-{pk}",
        kind="voucher",
        title=_("Voucher ···· %(last_four)s: %(kind)s, %(amount)s")
        % {
            "last_four": facts["last_four"],
            "kind": kind.label,
            "amount": formats.money(abs(Decimal(facts["amount"]))),
        },
        detail=" · ".join(filter(None, (facts["product"], facts["reference"], facts["note"]))),
        by=said_by(facts),
        url=reverse("complaints:voucher", args=[facts["voucher"]]),
        tone=TONES.get(kind, ""),
    )


movements = [
    Strand(
        lambda customer: VoucherEntry.objects.filter(voucher__customer=customer),
        "at",
        {
            "voucher": "voucher_id",
            "last_four": "voucher__last_four",
            "product": "voucher__product",
            "kind": "kind",
            "amount": Cast("amount", CharField()),
            "reference": "reference",
            "note": "note",
            **author(),
        },
        _movement,
    )
]
