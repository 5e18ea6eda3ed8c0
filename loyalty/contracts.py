"""What apps above add to campaigns, without loyalty knowing them: givers of gifts, and sources of what was spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from django.utils.functional import Promise

from customers.models import Customer
from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Gave:
    """What a gift cost, and how a mail tells of it: “3 stamps”, “a voucher of €5.00: K7QF-…, until 1 March”.

    `kept` is how our own copy of the mail tells of it, where the mail holds what nobody else may read (a code): such a
    mail goes out in the transaction of the gift, and no row ever holds its text.
    """

    cost: Decimal
    said: str
    kept: str | None = None


class Give(Protocol):
    def __call__(
        self,
        customer: Customer,
        amount: Decimal,
        *,
        programme_id: int | None,
        note: str,
        valid_days: int,
        key: str,
        now: datetime,
    ) -> Gave:
        """Give it, once per `key`, in the caller's transaction and in the language in force. Raises DomainError."""


@dataclass(frozen=True, slots=True)
class Giver:
    """`is_whole`: only whole amounts; `must_tell`: worth nothing to one who is not told (a voucher's code)."""

    label: str | Promise
    give: Give
    is_whole: bool = False
    must_tell: bool = False


class Spending(Protocol):
    def __call__(self, campaign_ids: Sequence[int]) -> Sequence[tuple[int, date, Decimal]]:
        """What these campaigns cost here so far: campaign, local day, amount. At most two queries."""


@dataclass(frozen=True, slots=True)
class Tied:
    """Something of another app that belongs to a campaign."""

    text: str
    url: str


class Ties(Protocol):
    def __call__(self, campaign_id: int) -> Sequence[Tied]:
        """What of this app is tied to a campaign. One query."""


givers: Registry[Giver] = Registry()
spending: Registry[Spending] = Registry()
ties: Registry[Ties] = Registry()
