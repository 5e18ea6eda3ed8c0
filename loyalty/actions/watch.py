"""What people make of signs of misuse."""

from datetime import datetime

from django.db import transaction

from loyalty.actions.closing import set_blocked
from loyalty.models import SignalReview
from staff.models import User


@transaction.atomic
def review_signal(
    membership_id: int, *, signal: str, evidence: str, verdict: str, note: str, by: User, now: datetime
) -> SignalReview:
    """A person looked: nothing in it, or the membership is blocked."""
    if verdict == SignalReview.Verdict.BLOCKED:
        set_blocked(membership_id, True, by=by, now=now, note=note)
    return SignalReview.objects.create(
        membership_id=membership_id,
        signal=signal,
        evidence={"text": evidence},
        verdict=verdict,
        note=note,
        by=by,
        at=now,
    )
