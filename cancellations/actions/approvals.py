"""Offers above an agent's authority: asked for, looked at, decided while the caller waits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cancellations import budgets, rules, terms
from cancellations.actions import endings
from cancellations.actions._case import locked, locked_with_offer, offers_of
from cancellations.actions.calls import reasons_of
from cancellations.actions.offers import drawn
from cancellations.engine import values
from cancellations.models import CancellationCase, Offer, OfferDecision
from cancellations.models.offers import OfferState
from cancellations.queries.spending import spent
from staff.authority import authority_of
from staff.decisions import Verdict
from staff.errors import AboveAuthority, AlreadyDecided, DomainError, SelfApproval
from staff.models import User

State = CancellationCase.State


@transaction.atomic
def request_approval(
    case_pk: int, *, version_id: int, by: User, now: datetime, why: str = "", version: int | None = None
) -> Offer:
    """Ask a manager for an offer above one's authority; the answer is wanted within two minutes.

    Raises NoOffers, WrongState, Stale, NotFound, DomainError("asked_before") and ("within_authority").
    """
    case = locked(case_pk, by=by, version=version)
    offers = offers_of(case)
    put = sum(offer.presented_at is not None for offer in offers)
    rules.check_can_offer(case, case.customer, reasons_of(case), presented=put)
    if any(offer.state == OfferState.NEEDS_APPROVAL for offer in offers):
        raise DomainError(_("A manager is being asked already. One question at a time."), code="asked_before")
    if any(
        offer.incentive_version_id == version_id
        and (offer.presented_at or offer.state in (OfferState.DECLINED, *rules.WAITING_OFFERS))
        for offer in offers
    ):
        raise DomainError(_("This has been decided or offered in this call already."), code="asked_before")
    offer = drawn(case, version_id, by=by, now=now)
    if rules.within(authority_of(by, "offer"), offer.cost, **spent(case, by=by, now=now)):
        raise DomainError(_("You may offer this yourself."), code="within_authority")
    offer.move_to(OfferState.NEEDS_APPROVAL, by=by, at=now, note=why)
    OfferDecision.objects.create(
        offer=offer,
        amount=offer.cost,
        requested_by=by,
        requested_at=now,
        reason=why,
        due_at=now + rules.ANSWER_WITHIN,
        terms_before=offer.terms,
    )
    case.touched_at = now
    if case.state == State.OFFERING:
        case.move_to(State.AWAITING_APPROVAL, by=by, at=now)
    return offer


def look(offer_pk: int, *, by: User) -> bool:
    """Tell the agent who reads the request first. One statement; False if too late."""
    return bool(
        OfferDecision.objects.filter(offer_id=offer_pk, verdict=Verdict.PENDING, looked_at_by__isnull=True)
        .exclude(requested_by=by)
        .update(looked_at_by=by)
    )


@transaction.atomic
def approve(
    offer_pk: int, *, by: User, now: datetime, note: str = "", changed: Mapping[str, Any] | None = None
) -> Offer:
    """Allow the offer, as asked or with `changed` terms (then cost and gain are reckoned anew).

    Raises AlreadyDecided (a colleague or the clock was first), SelfApproval, AboveAuthority, and DomainError at the
    field of a term that cannot be.
    """
    case, offer, decision = _pending(offer_pk, by=by, now=now)
    if changed and dict(changed) != {name: offer.terms.get(name) for name in changed}:
        verdict, state = Verdict.CHANGED, OfferState.APPROVED_WITH_CHANGE
        _change(case, offer, changed)
        decision.terms_after = offer.terms
    else:
        verdict, state = Verdict.APPROVED, OfferState.APPROVED
    limit = authority_of(by, "offer")
    if not rules.within(limit, offer.cost, **spent(case, by=by, now=now)):
        raise AboveAuthority(_("This is above your own limit. Leave it to somebody who may give more."))
    decision.decide(verdict, by=by, at=now, note=note)
    decision.save(update_fields=["terms_after"])
    offer.move_to(state, by=by, at=now, note=note)
    budgets.follow(offer, now=now)
    endings.stop_waiting(case, now=now)
    return offer


@transaction.atomic
def decline(offer_pk: int, *, by: User, now: datetime, note: str) -> Offer:
    """Say no, with a note that the agent reads. Raises AlreadyDecided, SelfApproval, DomainError at "note"."""
    if not note.strip():
        raise DomainError(_("Tell your colleague why, in a few words."), code="note_needed", field="note")
    case, offer, decision = _pending(offer_pk, by=by, now=now)
    decision.decide(Verdict.DECLINED, by=by, at=now, note=note)
    offer.move_to(OfferState.DECLINED, by=by, at=now, note=note)
    budgets.follow(offer, now=now)
    endings.stop_waiting(case, now=now)
    return offer


@transaction.atomic
def expire(offer_pk: int, *, now: datetime) -> bool:
    """Nobody decided in time: the caller need not wait. False when there is nothing to expire (any more)."""
    case, offer = locked_with_offer(offer_pk)
    decision = offer.decisions.select_for_update(of=("self",)).filter(verdict=Verdict.PENDING, due_at__lte=now).first()
    if decision is None:
        return False
    decision.decide(Verdict.EXPIRED, by=None, at=now)
    offer.move_to(OfferState.APPROVAL_EXPIRED, by=None, at=now)
    budgets.follow(offer, now=now)
    endings.stop_waiting(case, now=now)
    return True


def _pending(offer_pk: int, *, by: User, now: datetime) -> tuple[CancellationCase, Offer, OfferDecision]:
    """The request under its locks; one whose time is up counts as decided by the clock."""
    case, offer = locked_with_offer(offer_pk)
    decision = offer.decisions.select_for_update(of=("self",)).select_related("decided_by").order_by("-pk").get()
    if decision.verdict == Verdict.PENDING and decision.due_at is not None and decision.due_at <= now:
        raise AlreadyDecided(_("The two minutes are over: the agent goes on without this offer."))
    if decision.verdict != Verdict.PENDING:
        raise AlreadyDecided(
            _("%(who)s was first: %(verdict)s.")
            % {"who": decision.decided_by or _("The clock"), "verdict": decision.get_verdict_display()}
        )
    if decision.requested_by_id == by.pk:
        raise SelfApproval(_("Ask a colleague to decide on your own request."))
    return case, offer, decision


def _change(case: CancellationCase, offer: Offer, changed: Mapping[str, Any]) -> None:
    kind = offer.incentive_version.incentive.kind
    forbidden = set(changed) - terms.CHANGEABLE
    if forbidden:
        raise DomainError(_("Only amounts and spans can be changed."), code="bad_terms", field=sorted(forbidden)[0])
    try:
        offer.terms = terms.clean(kind, {**offer.terms, **changed})
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], code="bad_terms", field=field) from error
    subscription = case.subscription
    contract = values.Contract(subscription.monthly_price, subscription.monthly_margin)
    before, offer.cost = offer.cost, values.cost(kind, offer.terms, contract)
    offer.gain += before - offer.cost  # the chance of acceptance is taken as it was
