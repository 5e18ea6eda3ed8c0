"""Terms: drafted by one, forecast on own receipts, published by another."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from loyalty.models import BonusWindow, Forecast, Programme, ProgrammeVersion
from loyalty.terms import TermsError, read_rules
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
    draft.rules = with_windows(draft.rules, draft.programme_id)
    draft.save(update_fields=["state", "approver", "published_at", "valid_from", "rules"])
    return draft


@transaction.atomic
def send_back(pk: int, *, by: User, now: datetime) -> ProgrammeVersion:
    """Not like this: the draft goes back to its author."""
    draft = _draft(pk)
    draft.state = State.DRAFT
    draft.save(update_fields=["state"])
    return draft


def with_windows(rules: list[dict[str, Any]], programme_id: int) -> list[dict[str, Any]]:
    """The rules with the bonus windows of the campaigns that run now, and of no other; one query."""
    windows = BonusWindow.objects.select_related("campaign").filter(programme=programme_id, campaign__state="running")
    own = [rule for rule in rules if not str(rule.get("key", "")).startswith("campaign-")]
    return own + [window.rule for window in windows.order_by("pk")]


def reissue(programme_id: int, *, author: User | None, approver: User | None, now: datetime) -> ProgrammeVersion:
    """The terms in force once more, as a new version from now on, with the bonus windows of the campaigns that run.

    Raises DomainError when there are no terms, or other terms are to begin later: they would not have the windows.
    The caller holds the transaction and has seen to four eyes.
    """
    Programme.objects.select_for_update().get(pk=programme_id)
    published = ProgrammeVersion.objects.select_for_update().filter(programme=programme_id, state=State.PUBLISHED)
    if published.filter(valid_from__gt=now).exists():
        raise DomainError(_("Another version begins later already."), code="overlap")
    current = published.filter(valid_from__lte=now).exclude(valid_until__lte=now).first()
    if current is None:
        raise DomainError(_("This programme has no terms in force now. Publish a version first."), code="no_terms")
    own = {"id", "number", "rules", "valid_from", "author", "approver", "published_at", "edits"}
    copied = {
        field.attname: getattr(current, field.attname)
        for field in ProgrammeVersion._meta.concrete_fields
        if field.name not in own
    }
    last = ProgrammeVersion.objects.filter(programme=programme_id).aggregate(last=Max("number"))["last"]
    ProgrammeVersion.objects.filter(pk=current.pk).update(valid_until=now)
    return ProgrammeVersion.objects.create(
        **copied,
        number=last + 1,
        rules=with_windows(current.rules, programme_id),
        valid_from=now,
        author=author,
        approver=approver,
        published_at=now,
    )


def _defer(forecast_id: int) -> None:
    app.configure_task("loyalty.jobs.forecast", queue="loyalty").defer(forecast_id=forecast_id)


def _draft(pk: int) -> ProgrammeVersion:
    draft = ProgrammeVersion.objects.select_for_update(of=("self",)).select_related("programme").get(pk=pk)
    if draft.state not in (State.DRAFT, State.WAITING):
        raise DomainError(_("Published terms are final; draft a new version."), code="final")
    return draft
