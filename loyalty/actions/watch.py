"""What people make of the lists: a contact and its outcome, a sign looked at."""

from datetime import datetime

from django.db import transaction

from loyalty.actions.members import set_blocked
from loyalty.models import Contact, SignalReview
from staff.models import User


def record_contact(membership_id: int, *, outcome: str, note: str, by: User, now: datetime) -> Contact:
    """Somebody was called, and what came of it; the member leaves the list until the next lapse. One query."""
    return Contact.objects.create(membership_id=membership_id, outcome=outcome, note=note, by=by, at=now)


@transaction.atomic
def review_signal(
    membership_id: int, *, signal: str, evidence: str, verdict: str, note: str, by: User, now: datetime
) -> SignalReview:
    """A person looked: nothing in it, or the membership is blocked."""
    if verdict == SignalReview.Verdict.BLOCKED:
        set_blocked(membership_id, True, by=by, now=now)
    return SignalReview.objects.create(
        membership_id=membership_id,
        signal=signal,
        evidence={"text": evidence},
        verdict=verdict,
        note=note,
        by=by,
        at=now,
    )
