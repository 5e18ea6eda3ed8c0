"""What apps add to the customer page and to rules, without the page knowing them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.functional import Promise

from customers.models import Customer
from staff.models import User
from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Badge:
    """A flag in the header band: “open complaint, 2 days left”."""

    text: str
    tone: str = "amber"  # "teal", "green", "amber", "red"
    icon: str = "circle-alert"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value in the header band. `template` draws something richer from `context` (a card with stamps)."""

    label: str | Promise
    value: str = ""
    template: str = ""
    context: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Band:
    badges: Sequence[Badge] = ()
    facts: Sequence[Fact] = ()


class BandSource(Protocol):
    def __call__(self, customer: Customer, now: datetime) -> Band:
        """This app's flags and facts. At most two queries."""


@dataclass(frozen=True)
class Action:
    """A button on the customer page; `url_name` takes the customer's pk. `post` when opening it writes;
    `on_contract` when it means nothing to a customer without a running contract."""

    label: str | Promise
    url_name: str
    icon: str
    key: str  # the one key that presses it; "" for none
    permission: str
    order: int
    post: bool = False
    on_contract: bool = False


class VariableSource(Protocol):
    def __call__(self, customer_ids: Sequence[int], now: datetime) -> Mapping[int, Mapping[str, Any]]:
        """For each of these customers the values of this app's rule variables ("open_complaints": 1). One query."""


class Referral(Protocol):
    def __call__(self, customer: Customer, *, text: str, by: User, now: datetime) -> str:
        """Hand the matter to another app (a billing dispute becomes a complaint); returns its number."""


band: Registry[BandSource] = Registry()
actions: Registry[Action] = Registry()
variables: Registry[VariableSource] = Registry()
referrals: Registry[Referral] = Registry()
