"""Campaigns: written by one, published by another, ended by a person or by the calendar."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from loyalty.actions.programmes import reissue
from loyalty.contracts import givers
from loyalty.models import BonusWindow, Campaign, Gift, Mailing
from loyalty.models.campaigns import CampaignState as State
from loyalty.queries.spending import totals
from loyalty.rules.mailings import unknown, uses
from loyalty.rules.segments import Segment, SegmentError
from staff.errors import DomainError, SelfApproval, Stale, WrongState
from staff.models import User

EDITABLE = (
    "name",
    "about",
    "programme",
    "starts_on",
    "ends_on",
    "budget",
    "segment",
    "hold_out",
    "effect_days",
    "owner",
)
Part = BonusWindow | Mailing | Gift


@transaction.atomic
def create_campaign(*, by: User, now: datetime, **fields: Any) -> Campaign:
    """A draft. Raises DomainError at the field of a condition that cannot be."""
    _check(fields)
    return Campaign.objects.create(author=by, created_at=now, **{"owner": by} | fields)


@transaction.atomic
def edit_campaign(pk: int, *, version: int, by: User, now: datetime, **fields: Any) -> Campaign:
    """Change a draft; who wrote last is its author. Raises Stale when somebody else did meanwhile."""
    campaign = _draft(pk)
    if campaign.version != version:
        raise Stale(_("Somebody changed this campaign meanwhile. Reload to see it."))
    fields = {"starts_on": campaign.starts_on, "ends_on": campaign.ends_on} | fields
    _check(fields)
    for name in EDITABLE:
        if name in fields:
            setattr(campaign, name, fields[name])
    campaign.author = by
    campaign.version += 1
    campaign.save()
    return campaign


@transaction.atomic
def keep_part(pk: int, part: Part, *, by: User, now: datetime) -> Part:
    """Add a bonus window, mailing or gift to a draft, or keep a changed one. Raises DomainError at its field, also for
    a second mailing or gift of a kind on one occasion."""
    campaign = _draft(pk)
    part.campaign = campaign
    if isinstance(part, Gift):
        _check_gift(part)
    if isinstance(part, Mailing):
        _check_texts(part)
    try:
        with transaction.atomic():
            part.save()
    except IntegrityError as error:
        raise DomainError(
            _("There is one for this occasion already: change that one."), code="occasion_taken", field="occasion"
        ) from error
    _touch(campaign, by)
    return part


@transaction.atomic
def drop_part(pk: int, part: Part, *, by: User, now: datetime) -> None:
    campaign = _draft(pk)
    part.delete()
    _touch(campaign, by)


@transaction.atomic
def hand_in(pk: int, *, by: User, now: datetime) -> Campaign:
    """Ask a second person to publish. Raises DomainError for a campaign that does nothing, or tells of no voucher."""
    campaign = _draft(pk)
    mailings = {mailing.occasion: mailing for mailing in campaign.mailings.all()}
    gifts = list(campaign.gifts.all())
    for gift in gifts:
        giver = givers.get(gift.kind)
        mailing = mailings.get(gift.occasion)
        bodies = (mailing.body_en, mailing.body_sv, mailing.body_de) if mailing else ("",)
        if giver and giver.must_tell and not all(uses(body, "gift") for body in bodies):
            raise DomainError(
                _("A voucher nobody hears of is worth nothing: write a mailing for the same day that says {gift}."),
                code="untold",
            )
    if campaign.ends_on and campaign.ends_on < timezone.localdate(now):
        raise DomainError(_("Its last day is past. Choose another."), code="past", field="ends_on")
    campaign.move_to(State.WAITING, by=by, at=now)
    return campaign


@transaction.atomic
def send_back(pk: int, *, by: User, now: datetime, note: str = "") -> Campaign:
    """Not like this: back to its author."""
    campaign = _locked(pk)
    campaign.move_to(State.DRAFT, by=by, at=now, note=note)
    return campaign


@transaction.atomic
def publish_campaign(pk: int, *, by: User, now: datetime) -> Campaign:
    """A second person lets it run: bonus windows become terms at once (they hold from the first day on), mails and
    gifts go out by the worker. Raises SelfApproval for the author, WrongState, DomainError where terms are in the way.
    """
    campaign = _locked(pk)
    if campaign.author_id == by.pk:
        raise SelfApproval(_("Ask a colleague to publish your own campaign."))
    campaign.publisher, campaign.published_at = by, now
    campaign.move_to(State.RUNNING, by=by, at=now)
    windows = list(campaign.windows.order_by("pk"))
    for programme in sorted({window.programme_id for window in windows}):
        reissue(programme, author=campaign.author, approver=by, now=now)
    transaction.on_commit(partial(_begin, campaign.pk))
    return campaign


@transaction.atomic
def end_campaign(pk: int, *, by: User | None, now: datetime, note: str = "") -> Campaign:
    """Nothing more goes out and its bonus windows close. What was given stays given."""
    campaign = _locked(pk)
    campaign.ended_at = now
    campaign.move_to(State.ENDED, by=by, at=now, note=note)
    last = timezone.localdate(now)
    if campaign.ends_on is None or campaign.ends_on >= last:  # by a person: the terms still say the window is open
        for programme in sorted(set(campaign.windows.values_list("programme_id", flat=True))):
            reissue(programme, author=campaign.author, approver=campaign.publisher, now=now)
    return campaign


def end_due(*, now: datetime) -> int:
    """End what ran out yesterday; how many."""
    due = Campaign.objects.filter(state=State.RUNNING, ends_on__lt=timezone.localdate(now))
    pks = list(due.values_list("pk", flat=True))
    for pk in pks:
        end_campaign(pk, by=None, now=now)
    return len(pks)


def end_spent(*, now: datetime) -> int:
    """End what has used up its budget, so that bonus windows close with the rest; how many. A query a source."""
    running = dict(Campaign.objects.filter(state=State.RUNNING, budget__gt=0).values_list("pk", "budget"))
    spent = totals(list(running)) if running else {}
    over = [pk for pk, budget in running.items() if spent[pk] >= budget]
    for pk in over:
        end_campaign(pk, by=None, now=now, note=_("The budget is used up."))
    return len(over)


@transaction.atomic
def copy_campaign(pk: int, *, by: User, now: datetime) -> Campaign:
    """A new draft with the same terms, from today."""
    source = Campaign.objects.get(pk=pk)
    fields = {name: getattr(source, name) for name in EDITABLE if name not in ("starts_on", "ends_on", "owner")}
    copy = Campaign.objects.create(
        **fields | {"name": _("%s (copy)") % source.name[:110]},
        starts_on=timezone.localdate(now),
        owner=by,
        author=by,
        created_at=now,
    )
    for rows in (source.windows.all(), source.mailings.all(), source.gifts.all()):
        for part in rows:
            part.pk, part._state.adding, part.campaign = None, True, copy
            part.save()
    return copy


@transaction.atomic
def discard_campaign(pk: int, *, by: User, now: datetime) -> None:
    """Throw a draft away."""
    _draft(pk).delete()


def _begin(campaign_id: int) -> None:
    app.configure_task("loyalty.jobs.reach_out", queue="loyalty", lock=f"campaign-{campaign_id}").defer(
        campaign_id=campaign_id
    )


def _locked(pk: int) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).get(pk=pk)


def _draft(pk: int) -> Campaign:
    campaign = _locked(pk)
    if campaign.state != State.DRAFT:
        raise WrongState(_("Only a draft can be changed. Copy this campaign, or send it back to its author."))
    return campaign


def _touch(campaign: Campaign, by: User) -> None:
    campaign.author = by
    campaign.version += 1
    campaign.save(update_fields=["author", "version"])


def _check(fields: dict[str, Any]) -> None:
    if "segment" in fields:
        try:
            fields["segment"] = Segment.read(fields["segment"]).store()
        except SegmentError as error:
            raise DomainError(str(error), code="segment", field=error.field) from error
    starts, ends = fields.get("starts_on"), fields.get("ends_on")
    if starts and ends and ends < starts:
        raise DomainError(_("The last day lies before the first."), code="span", field="ends_on")


def _check_gift(gift: Gift) -> None:
    giver = givers.get(gift.kind)
    if giver is None:
        raise DomainError(_("There is no such gift."), code="gift_unknown", field="kind")
    if giver.is_whole and gift.amount != int(gift.amount):
        raise DomainError(_("Give a whole number."), code="amount", field="amount")


def _check_texts(mailing: Mailing) -> None:
    for name in ("subject_en", "body_en", "subject_sv", "body_sv", "subject_de", "body_de"):
        if wrong := unknown(getattr(mailing, name)):
            raise DomainError(_("{%s} is no variable.") % wrong[0], code="variable", field=name)
        if name.startswith("subject") and "\n" in getattr(mailing, name):
            raise DomainError(_("A subject is one line."), code="subject", field=name)
