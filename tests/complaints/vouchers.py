"""Vouchers for tests, issued through the action like any other."""

from datetime import date
from decimal import Decimal

from complaints.actions.vouchers import Issued, issue
from complaints.models import Voucher
from tests.conftest import NOON
from tests.factories import CustomerFactory, UserFactory

LAST_DAY = date(2027, 11, 18)


def issued(face: str = "50.00", *, valid_until: date = LAST_DAY, **fields) -> Issued:
    fields.setdefault("by", None)
    customer = fields.pop("customer", None) or CustomerFactory()
    return issue(customer.pk, face=Decimal(face), valid_until=valid_until, now=fields.pop("now", NOON), **fields)


def a_voucher(face: str = "50.00", **fields) -> Voucher:
    return issued(face, **fields).voucher


def teller():
    return UserFactory()


def ledger(voucher: Voucher) -> list[tuple[str, Decimal]]:
    return list(voucher.entries.order_by("id").values_list("kind", "amount"))
