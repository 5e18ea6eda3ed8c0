"""A voucher as the gift of a marketing campaign."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.actions.vouchers import issue
from complaints.vouchers import codes
from customers.models import Customer
from loyalty.contracts import Gave, Giver, givers
from staff import formats


def register() -> None:
    givers.register("voucher", Giver(gettext_lazy("voucher"), give, must_tell=True))


def give(
    customer: Customer,
    amount: Decimal,
    *,
    programme_id: int | None,
    note: str,
    valid_days: int,
    key: str,
    now: datetime,
) -> Gave:
    """Its code stands in the mail that tells of it and nowhere else, not even in our copy of it. Two queries.

    Once per `key` is the campaign's own promise: it keeps a row for each gift in the same transaction.
    """
    until = timezone.localdate(now) + timedelta(days=valid_days)
    issued = issue(customer.pk, face=amount, valid_until=until, by=None, now=now, note=f"{note} ({key})")
    said = _("a voucher of %(amount)s: %(code)s, good until %(day)s") % {
        "amount": formats.money(amount),
        "code": codes.written(issued.code),
        "day": formats.day(until),
    }
    kept = _("a voucher of %(amount)s, good until %(day)s") % {
        "amount": formats.money(amount),
        "day": formats.day(until),
    }
    return Gave(amount, said, kept)
