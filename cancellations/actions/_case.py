"""What every action on a case begins and ends with: the lock, the refusal of yesterday's page, the note of an edit."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from cancellations import rules
from cancellations.models import CancellationCase, CaseMove, Offer
from staff import formats
from staff.errors import DomainError, Stale
from staff.models import User
from staff.statements import kept


class NotFound(DomainError):
    code = "not_found"


def locked(pk: int, *, by: User | None = None, version: int | None = None) -> CancellationCase:
    """The case under its lock, with its customer, subscription and reasons; one query.

    `version` is what the person's page showed. When somebody else changed the case since, Stale tells who and what
    (one more query); one's own changes and the system's do not count.
    """
    case = next(iter(_cases(pk)), None)
    if case is None:
        raise NotFound(_("There is no such case."))
    if version is not None and version != case.version and by is not None:
        unseen = case.moves.select_related("by").order_by("pk")[max(version - 1, 0) :]
        for move in reversed(unseen):
            if move.by is not None and move.by != by:
                raise Stale(
                    _("%(who)s changed this at %(time)s (%(what)s). Look at it again before you go on.")
                    % {"who": move.by.short_name, "time": formats.clock(move.at), "what": move.get_what_display()}
                )
    return case


def locked_with_offer(offer_pk: int) -> tuple[CancellationCase, Offer]:
    """The offer and, locked before it, its case. Three queries."""
    of = _case_of(offer_pk)
    if not of:
        raise NotFound(_("There is no such offer."))
    case = locked(of[0])
    (offer,) = _offers(offer_pk)
    offer.case = case
    return case, offer


@kept
def _cases(pk: int) -> QuerySet[CancellationCase]:
    cases = CancellationCase.objects.select_for_update(of=("self",)).filter(pk=pk)
    return cases.select_related("customer", "subscription__plan", "reason__category", "own_reading")


@kept
def _case_of(offer: int) -> QuerySet[Offer, int]:
    return Offer.objects.filter(pk=offer).values_list("case_id", flat=True)


@kept
def _offers(pk: int) -> QuerySet[Offer]:
    return Offer.objects.select_for_update(of=("self",)).select_related("incentive_version__incentive").filter(pk=pk)


@kept
def _offers_of(case: int) -> QuerySet[Offer]:
    offers = Offer.objects.select_for_update(of=("self",)).select_related("incentive_version__incentive")
    return offers.filter(case=case).order_by("pk")


@kept
def _live_offers_of(case: int) -> QuerySet[Offer]:
    offers = Offer.objects.select_for_update(of=("self",)).select_related("incentive_version__incentive")
    return offers.filter(case=case, state__in=rules.LIVE_OFFERS).order_by("pk")


def offers_of(case: CancellationCase) -> list[Offer]:
    """All that was offered in a locked case, under their locks; one query."""
    return _at_hand(case, _offers_of(case.pk))


def live_offers_of(case: CancellationCase) -> list[Offer]:
    """Those of them that are not answered; one query."""
    return _at_hand(case, _live_offers_of(case.pk))


def _at_hand(case: CancellationCase, offers: list[Offer]) -> list[Offer]:
    for offer in offers:
        offer.case = case
    return offers


def edited(case: CancellationCase, what: CaseMove.What, *, by: User | None, at: datetime, note: str = "") -> None:
    """Save the case's changed fields and leave a trace of who changed what; two queries."""
    case.version += 1
    case.touched_at = at
    case.save()
    case.moves.create(from_state=case.state, to_state=case.state, by=by, at=at, note=note, what=what)
