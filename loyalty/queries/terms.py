"""Which terms are in force."""

from datetime import datetime

from django.db.models import Q

from loyalty.models import ProgrammeVersion


def version_at(programme_id: int, at: datetime) -> ProgrammeVersion | None:
    """The terms in force at a moment; one query by index."""
    return (
        ProgrammeVersion.objects.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=at),
            programme_id=programme_id,
            state=ProgrammeVersion.State.PUBLISHED,
            valid_from__lte=at,
        )
        .order_by("-valid_from")
        .first()
    )
