"""Cancellations of the past, as a file of customers tells them."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.text import slugify

from cancellations.models import CancellationCase, CaseMove, Notice, Reason, ReasonCategory
from cancellations.reference import load_reasons
from customers.history import Ended
from customers.models import Subscription

WINDOW = timedelta(days=90)
UNTOLD = "Does not want to say"


def keep_past_cases(ended: Sequence[Ended], now: datetime) -> None:
    """One closed case for each subscription that has none yet; reasons are kept in the file's own words.

    Nobody was offered anything in them, so the suggestion learns nothing from them. A dozen queries a batch.
    """
    ids = [one.subscription_id for one in ended]
    known = set(CancellationCase.objects.filter(subscription__in=ids).values_list("subscription", flat=True))
    new = [one for one in ended if one.subscription_id not in known]
    if not new:
        return
    reasons = _reasons(new)
    prices = dict(Subscription.objects.filter(pk__in=ids).values_list("pk", "monthly_price"))
    numbers = _numbers([one.ended_on for one in new])
    cases = []
    for one, number in zip(new, numbers, strict=True):
        at = timezone.make_aware(datetime.combine(one.ended_on, time(12)))
        cases.append(
            CancellationCase(
                number=number,
                subscription_id=one.subscription_id,
                customer_id=one.customer_id,
                state=CancellationCase.State.CANCELLED_EFFECTIVE,
                version=2,
                reason=reasons[one.category, one.reason],
                end_mode=CancellationCase.EndMode.DATE,
                ends_on=one.ended_on,
                price_before=prices[one.subscription_id],
                opened_at=at,
                noticed_at=at,
                touched_at=at,
                closed_at=at,
                window_until=one.ended_on + WINDOW,
                paying_on_day_90=False if one.ended_on + WINDOW < timezone.localdate(now) else None,
            )
        )
    CancellationCase.objects.bulk_create(cases, batch_size=1000)
    Notice.objects.bulk_create((Notice(case=case, received_at=case.noticed_at) for case in cases), batch_size=2000)
    CaseMove.objects.bulk_create(
        (
            CaseMove(
                subject=case,
                from_state=CancellationCase.State.OPENED,
                to_state=CancellationCase.State.CANCELLED_EFFECTIVE,
                at=case.closed_at,
                note="import",
            )
            for case in cases
        ),
        batch_size=2000,
    )


def _reasons(ended: Sequence[Ended]) -> dict[tuple[str, str], Reason]:
    """The reason of each (category, words), made where the company has none of that name."""
    load_reasons()
    categories = {category.code: category for category in ReasonCategory.objects.all()}
    known = {(reason.category_id, reason.name): reason for reason in Reason.objects.all()}
    found: dict[tuple[str, str], Reason] = {}
    for code, words in {(one.category, one.reason) for one in ended}:
        category = categories.get(code) or categories["unknown"]
        name = words or UNTOLD
        reason = known.get((category.pk, name))
        if reason is None:
            reason, _made = Reason.objects.get_or_create(
                code=f"{category.code}-{slugify(name)}"[:60],
                defaults={
                    "category": category,
                    "name": name,
                    "order": 500,
                    "names_competitor": category.code == "competitor",
                    "is_active": False,  # told in the past; not a choice in a call
                },
            )
        found[code, words] = reason
    return found


def _numbers(days: Sequence[date]) -> list[str]:
    """A case number for each, in its own year's count; one statement a year."""
    counts: dict[int, int] = {}
    for day in days:
        counts[day.year] = counts.get(day.year, 0) + 1
    last: dict[int, int] = {}
    with connection.cursor() as cursor:
        for year, count in sorted(counts.items()):
            cursor.execute(
                "INSERT INTO cancellations_casenumber (year, last) VALUES (%s, %s)"
                " ON CONFLICT (year) DO UPDATE SET last = cancellations_casenumber.last + EXCLUDED.last RETURNING last",
                [year, count],
            )
            last[year] = cursor.fetchone()[0] - count
    numbers = []
    for day in days:
        last[day.year] += 1
        numbers.append(f"X-{day.year}-{last[day.year]:05d}")
    return numbers
