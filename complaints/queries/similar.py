"""What looks like the same matter: the customer's other complaints, likely duplicates first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from complaints.models import ComplaintCase
from complaints.states import ENDED
from staff import formats


@dataclass(frozen=True, slots=True)
class Similar:
    url: str
    number: str
    title: str
    state: str
    received: str
    is_open: bool
    is_repeat: bool  # the same category within ninety days
    is_likely: bool  # words in common


def similar(
    customer_id: int, *, category_id: int | None, text: str, now: datetime, but: int | None = None
) -> list[Similar]:
    """The customer's open cases, and closed ones of 90 days in the same category or with the same words; likely
    duplicates first. One query."""
    since = now - timedelta(days=90)
    rows = ComplaintCase.objects.filter(customer_id=customer_id).filter(Q(is_open=True) | Q(received_at__gte=since))
    if but:
        rows = rows.exclude(pk=but)
    terms = {word.lower().strip(".,;:!?\"'()") for word in text.split()}
    terms = {word for word in terms if len(word) > 3}
    found = []
    for case in rows.order_by("-received_at", "-pk")[:30]:
        said = {word.lower().strip(".,;:!?\"'()") for word in f"{case.title} {case.happened}".split()}
        shared = len(terms & said)
        found.append(
            Similar(
                url=reverse("complaints:case", args=[case.pk]),
                number=case.number,
                title=case.title,
                state=case.get_state_display(),
                received=formats.day(case.received_at),
                is_open=case.state not in ENDED,
                is_repeat=category_id == case.category_id and case.received_at >= since,
                is_likely=bool(terms) and shared >= max(2, len(terms) // 3),
            )
        )
    return sorted(found, key=lambda one: (not one.is_likely, not one.is_open, not one.is_repeat))[:8]
