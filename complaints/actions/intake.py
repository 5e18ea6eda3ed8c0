"""A complaint comes in, by whichever door."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.actions import timekeeping
from complaints.actions.attachments import attach
from complaints.files import Checked
from complaints.models import Category, ComplaintCase
from complaints.rules import priority_for
from customers.erasure import living
from customers.models import Subscription
from staff.errors import DomainError
from staff.models import User

SLACK = timedelta(minutes=2)  # a browser's clock may run ahead of ours
OLDEST = timedelta(days=3653)


def next_number(year: int) -> str:
    """“K-2026-00001”. The year's row stays locked until commit: numbers have no gaps and no twins. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO complaints_casenumber (year, last) VALUES (%s, 1) "
            "ON CONFLICT (year) DO UPDATE SET last = complaints_casenumber.last + 1 RETURNING last",
            [year],
        )
        return f"K-{year}-{cursor.fetchone()[0]:05d}"


@transaction.atomic
def register(
    *,
    customer_id: int,
    channel: str,
    received_at: datetime,
    category_id: int,
    title: str,
    happened: str,
    wanted: str = "",
    severity: int = ComplaintCase.Severity.MODERATE,
    subscription_id: int | None = None,
    product: str = "",
    item_price: Decimal | None = None,
    reference: str = "",
    files: Iterable[Checked] = (),
    take: bool = False,
    by: User | None,
    now: datetime,
) -> ComplaintCase:
    """Take a complaint down and start its clocks from the moment it was received. About fifteen queries.

    `take` gives it to the person who registers it. Raises DomainError at the field for a date to come or long past, a
    category out of use, or a subscription of somebody else, and Erased.
    """
    if received_at > now + SLACK:
        raise DomainError(_("It cannot have been received in the future."), field="received_at")
    if received_at < now - OLDEST:
        raise DomainError(_("That is more than ten years ago. Check the year."), field="received_at")
    customer = living(customer_id)
    category = Category.objects.select_related("parent").filter(pk=category_id, is_active=True).first()
    if category is None:
        raise DomainError(_("This category is no longer in use. Choose another."), field="category")
    subscriptions = list(customer.subscriptions.all())
    if subscription_id and subscription_id not in {one.pk for one in subscriptions}:
        raise DomainError(_("This subscription belongs to another customer."), field="subscription")
    priority, _reasons = priority_for(severity=severity, vulnerable=customer.is_vulnerable)
    case = ComplaintCase(
        number=next_number(timezone.localdate(now).year),
        customer=customer,
        channel=channel,
        received_at=min(received_at, now),
        recorded_at=now,
        recorded_by=by,
        category=category,
        severity=severity,
        priority=priority,
        title=title,
        happened=happened,
        wanted=wanted,
        subscription_id=subscription_id,
        product=product,
        item_price=item_price,
        reference=reference,
        team_id=category.team_id or (category.parent.team_id if category.parent else None),
        assignee=by if take else None,
        due_at=now + timekeeping.WITHOUT_PROMISE,
        was_active=any(one.status == Subscription.Status.ACTIVE for one in subscriptions),
    )
    case.save()
    timekeeping.start_cycle(case, at=case.received_at)
    case.save(update_fields=["due_at"])
    attach(case, files, by=by, now=now)
    return case
