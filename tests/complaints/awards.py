"""Guidance, cases and proposals for tests."""

from datetime import date
from decimal import Decimal

from django.contrib.auth.models import Group

from complaints.actions import awards
from complaints.compensation.rules import Terms, Wish
from complaints.models import Award, ComplaintCase, Matrix, MatrixCell
from tests.complaints.factories import CaseFactory, CategoryFactory
from tests.conftest import NOON
from tests.factories import AuthorityLimitFactory, CustomerFactory, SubscriptionFactory, UserFactory

D = Decimal


def guidance(*, low="10", mid="20", high="40", **settings) -> Matrix:
    """A published version for faulty products of severity 2, in which customer value changes nothing."""
    settings = {"customer_value": D(0), "valid_from": date(2026, 1, 1)} | settings
    matrix = Matrix.objects.create(name="Test", author=UserFactory(), created_at=NOON, **settings)
    MatrixCell.objects.create(
        matrix=matrix,
        category=CategoryFactory(),
        severity=2,
        low=D(low),
        mid=D(mid),
        high=D(high),
        preferred=["product_voucher", "value_voucher"],
    )
    matrix.publisher, matrix.published_at = UserFactory(), NOON
    matrix.save()
    return matrix


def a_case(**fields) -> ComplaintCase:
    """Received two days before NOON, by a customer who pays 49.90 a month."""
    customer = fields.pop("customer", None) or CustomerFactory()
    if not customer.subscriptions.exists():
        SubscriptionFactory(customer=customer)
    return CaseFactory(customer=customer, severity=2, **fields)


def limits(role: str = "agent", *, goodwill="30", redress="100", **wider) -> None:
    for kind, amount in (("goodwill", goodwill), ("redress", redress)):
        AuthorityLimitFactory(
            role=Group.objects.get(name=role),
            kind=kind,
            **({"per_case": D(amount), "per_customer_year": D(500), "per_agent_day": D(1000)} | wider),
        )


def unlimited(role: str = "manager") -> None:
    for kind in ("goodwill", "redress"):
        AuthorityLimitFactory(
            role=Group.objects.get(name=role), kind=kind, per_case=None, per_customer_year=None, per_agent_day=None
        )


def goodwill(amount: str = "20.00", kind: str = "value_voucher", **fields) -> Terms:
    what = fields.pop("what", "Router X2" if kind == "product_voucher" else "")
    return Terms([Wish(kind, "goodwill", D(amount), what, fields.pop("stamps", None))], **fields)


def propose(by, terms=None, *, case=None, now=NOON) -> Award:
    return awards.propose((case or a_case()).pk, terms or goodwill("20.00"), by=by, now=now)
