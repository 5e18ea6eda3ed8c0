"""Terms: drafted by one, forecast on own receipts, published by another."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from loyalty.models import Forecast, Programme, ProgrammeVersion
from loyalty.rules.terms import TermsError, read_rules
from staff.errors import DomainError, SelfApproval, Stale
from staff.models import User

State = ProgrammeVersion.State


@transaction.atomic
def save_draft(
    pk: int | None, *, programme: Programme, edits: int = 0, by: User, now: datetime, **fields: Any
) -> ProgrammeVersion:
    """A new draft, or a change to one; changing terms sends it back from waiting. Raises DomainError for terms that
    cannot be, Stale when somebody changed the draft meanwhile."""
    try:
        read_rules(fields["rules"])
    except TermsError as error:
        raise DomainError(str(error), code="rules") from error
    Programme.objects.select_for_update().get(pk=programme.pk)
    if pk is None:
        number = (programme.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        return ProgrammeVersion.objects.create(programme=programme, number=number, author=by, **fields)
    draft = _draft(pk)
    if draft.edits != edits:
        raise Stale(_("Somebody changed this draft meanwhile. Reload to see it."))
    for name, value in fields.items():
        setattr(draft, name, value)
    draft.state, draft.author, draft.edits = State.DRAFT, by, draft.edits + 1
    draft.save()
    return draft


@transaction.atomic
def ask_for_forecast(pk: int, *, by: User, now: datetime) -> Forecast:
    """Replay the last twelve months through a draft, in the background."""
    draft = _draft(pk)
    until = timezone.localdate(now)
    row = Forecast.objects.create(
        version=draft,
        edits=draft.edits,
        since=until - timedelta(days=365),
        until=until,
        requested_by=by,
        requested_at=now,
    )
    transaction.on_commit(partial(_defer, row.pk))
    return row


@transaction.atomic
def submit(pk: int, *, by: User, now: datetime) -> ProgrammeVersion:
    """Ask a second person to publish. Raises DomainError without a forecast of exactly these terms."""
    draft = _draft(pk)
    if not draft.forecasts.filter(edits=draft.edits, state=Forecast.State.DONE).exists():
        raise DomainError(_("Forecast these terms first."), code="no_forecast")
    draft.state = State.WAITING
    draft.save(update_fields=["state"])
    return draft


@transaction.atomic
def publish(pk: int, *, by: User, now: datetime) -> ProgrammeVersion:
    """A second person puts the terms in force. The version before ends where this one begins.

    Raises SelfApproval for the author, DomainError when it does not wait or would begin in the past.
    """
    draft = _draft(pk)
    if draft.author_id == by.pk:
        raise SelfApproval(_("Ask a colleague to publish your own draft."))
    if draft.state != State.WAITING:
        raise DomainError(_("This draft has not been handed in."), code="wrong_state")
    start = max(draft.valid_from, now)
    others = ProgrammeVersion.objects.select_for_update().filter(programme=draft.programme_id, state=State.PUBLISHED)
    if others.filter(valid_from__gte=start).exists():
        raise DomainError(_("Another version begins later already."), code="overlap")
    others.filter(valid_until=None).update(valid_until=start)
    others.filter(valid_until__gt=start).update(valid_until=start)
    draft.state, draft.approver, draft.published_at, draft.valid_from = State.PUBLISHED, by, now, start
    draft.save(update_fields=["state", "approver", "published_at", "valid_from"])
    return draft


@transaction.atomic
def send_back(pk: int, *, by: User, now: datetime) -> ProgrammeVersion:
    """Not like this: the draft goes back to its author."""
    draft = _draft(pk)
    draft.state = State.DRAFT
    draft.save(update_fields=["state"])
    return draft


def _defer(forecast_id: int) -> None:
    app.configure_task("loyalty.jobs.forecast", queue="loyalty").defer(forecast_id=forecast_id)


def _draft(pk: int) -> ProgrammeVersion:
    draft = ProgrammeVersion.objects.select_for_update(of=("self",)).select_related("programme").get(pk=pk)
    if draft.state not in (State.DRAFT, State.WAITING):
        raise DomainError(_("Published terms are final; draft a new version."), code="final")
    return draft
