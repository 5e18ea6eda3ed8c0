"""What the doors without a member of staff share: the web form and the mailbox."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from complaints import actions
from complaints.actions.messages import acknowledge_automatically
from complaints.actions.records import locked
from complaints.files import Checked
from complaints.models import Category, ComplaintCase
from customers.actions import next_number
from customers.models import Customer


def whose(*, name: str, email: str, number: str = "", language: str, now: datetime) -> Customer:
    """The customer with this e-mail address (and number, when given); else a new one. A number alone proves nothing:
    the address must fit, or a stranger could write into somebody's history. Two queries, or five."""
    known = Customer.objects.filter(email__iexact=email).order_by("-pk")
    customer = (known.filter(number__iexact=number).first() if number else None) or known.first()
    if customer:
        return customer
    given, _space, family = name.strip().rpartition(" ")
    languages = dict(settings.LANGUAGES)
    return Customer.objects.create(
        number=next_number(),
        given_name=given[:120],
        family_name=(family or email)[:120],
        email=email,
        language=language if language in languages else settings.LANGUAGE_CODE,
        customer_since=timezone.localdate(now),
    )


@transaction.atomic
def take_in(
    *,
    customer: Customer,
    channel: str,
    title: str,
    happened: str,
    wanted: str = "",
    category: Category | None = None,
    files: Iterable[Checked] = (),
    now: datetime,
) -> ComplaintCase:
    """Register what came without anybody at the desk, and tell the customer so."""
    if category is None:
        some = Category.objects.filter(is_active=True).order_by("order", "pk")
        category = some.filter(code="other").first() or some[0]
    case = actions.register(
        customer_id=customer.pk,
        channel=channel,
        received_at=now,
        category_id=category.pk,
        title=title,
        happened=happened,
        wanted=wanted,
        files=files,
        by=None,
        now=now,
    )
    acknowledge_automatically(locked(case.pk), now=now)
    return case
