"""Programmes, members and receipts for tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
from django.db import transaction

from customers.models import Customer
from loyalty.actions import enrol, record_receipt
from loyalty.actions.sales import record_sales
from loyalty.models import CardToken, Category, Membership, Product, Programme, ProgrammeVersion, Receipt, Store
from loyalty.rules.cards import new_number
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts
from tests.conftest import NOON
from tests.factories import CustomerFactory

ANY_ITEM = [{"key": "coffee", "per": "item", "stamps": 1}]


class StoreFactory(factory.django.DjangoModelFactory[Store]):
    class Meta:
        model = Store
        django_get_or_create = ("code",)

    code = "gotgatan"
    name = "Götgatan"


class CategoryFactory(factory.django.DjangoModelFactory[Category]):
    class Meta:
        model = Category
        django_get_or_create = ("code",)

    code = "coffee"
    name = "Coffee"


class ProductFactory(factory.django.DjangoModelFactory[Product]):
    class Meta:
        model = Product
        django_get_or_create = ("sku",)

    sku = "latte"
    name = "Latte"
    category = factory.SubFactory(CategoryFactory)
    price = Decimal("4.50")
    cost = Decimal("0.90")


class ProgrammeFactory(factory.django.DjangoModelFactory[Programme]):
    class Meta:
        model = Programme
        django_get_or_create = ("code",)

    code = "coffee"
    name = "Coffee card"
    reward_name = "a free coffee"


class VersionFactory(factory.django.DjangoModelFactory[ProgrammeVersion]):
    """Nine bought, the tenth free, in force since 2024."""

    class Meta:
        model = ProgrammeVersion

    programme = factory.SubFactory(ProgrammeFactory)
    number = factory.Sequence(lambda n: n + 1)
    state = "published"
    stamps_needed = 9
    rules = ANY_ITEM
    reward_cost = Decimal("0.90")
    valid_from = datetime(2024, 1, 1, tzinfo=UTC)


def member(programme: Programme | None = None, *, customer: object = "new", now: datetime = NOON) -> Membership:
    """A member with one card, enrolled by the action."""
    programme = programme or ProgrammeFactory()
    owner = CustomerFactory() if customer == "new" else customer
    return enrol(programme.pk, customer_id=owner.pk if owner else None, by=None, now=now - timedelta(days=1))


_numbers = iter(range(1, 10**9))


def members(count: int, *, now: datetime = NOON, **customer: object) -> list[Membership]:
    """Many members of the one programme, as `member` makes each, in three statements."""
    programme, enrolled = ProgrammeFactory(), now - timedelta(days=1)
    customers = Customer.objects.bulk_create(CustomerFactory.build_batch(count, **customer))
    made = [Membership(programme=programme, customer=one, enrolled_at=enrolled) for one in customers]
    Membership.objects.bulk_create(made)
    CardToken.objects.bulk_create(CardToken(number=new_number(), membership=one, issued_at=enrolled) for one in made)
    return made


def buy_all(told: Sequence[ReceiptFacts], *, now: datetime = NOON) -> None:
    """Many sales at once."""
    with transaction.atomic():
        answers = record_sales(told, by=None, now=now)
    assert all(isinstance(answer, Receipt) for answer in answers)


def facts(
    card: str = "",
    items: int = 1,
    *,
    number: str | None = None,
    at: datetime = NOON,
    lines: tuple[Line, ...] | None = None,
    original: ReceiptFacts | None = None,
    store: str = "gotgatan",
) -> ReceiptFacts:
    """A till's receipt of `items` coffees, one a line."""
    return ReceiptFacts(
        source="till",
        store=store,
        business_date=at.date(),
        number=number or f"R{next(_numbers)}",
        occurred_at=at,
        card=card,
        lines=lines if lines is not None else tuple(Line(n, "latte", 1, Decimal("4.50")) for n in range(1, items + 1)),
        total=Decimal("4.50") * items,
        original=original.key if original else None,
    )


def buy(membership: Membership, items: int = 1, *, now: datetime = NOON, **extra: object) -> Receipt:
    """`items` coffees on the member's card."""
    card = membership.cards.get(status="active").number
    return record_receipt(facts(card, items, at=extra.pop("at", now), **extra), by=None, now=now)
