"""What every action on a case begins and ends with: the lock, the refusal of yesterday's page, the note of an edit."""

from collections.abc import Iterable
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


class NoSuchRecord(NotFound):
    """The case or offer itself that something was to be done to."""


def locked(pk: int, *, by: User | None = None, version: int | None = None) -> CancellationCase:
    """The case under its lock, with its customer, subscription and reasons; one query.

    `version` is what the person's page showed. When somebody else changed the case since, Stale tells who and what
    (one more query); one's own changes and the system's do not count.
    """
    case = next(iter(_cases(pk)), None)
    if case is None:
        raise NoSuchRecord(_("There is no such case."))
    if version is not None and version != case.version and by is not None:
        unseen = case.moves.select_related("by").order_by("pk")[max(version - 1, 0) :]
        for move in reversed(unseen):
            if move.by is not None and move.by != by:
                raise Stale(
                    _("%(who)s changed this at %(time)s (%(what)s). Look at it again before you go on.")
                    % {"who": move.by.short_name, "time": formats.clock(move.at), "what": move.get_what_display()}
                )
    return case


def locked_with_offers(offer_pk: int) -> tuple[CancellationCase, Offer, list[Offer]]:
    """The offer, the others of its case and, locked before them, the case. Two queries."""
    case = next(iter(_cases_of_offer(offer_pk)), None)
    if case is None:
        raise NoSuchRecord(_("There is no such offer."))
    offers = offers_of(case)
    (offer,) = (one for one in offers if one.pk == offer_pk)
    return case, offer, [one for one in offers if one is not offer]


def locked_with_offer(offer_pk: int) -> tuple[CancellationCase, Offer]:
    case, offer, _others = locked_with_offers(offer_pk)
    return case, offer


@kept
def _cases(pk: int) -> QuerySet[CancellationCase]:
    return _whole().filter(pk=pk)


@kept
def _cases_of_offer(offer: int) -> QuerySet[CancellationCase]:
    return _whole().filter(offers=offer)


def _whole() -> QuerySet[CancellationCase]:
    cases = CancellationCase.objects.select_for_update(of=("self",))
    return cases.select_related("customer", "subscription__plan", "reason__category", "own_reading")


@kept
def _offers_of(case: int) -> QuerySet[Offer]:
    offers = Offer.objects.select_for_update(of=("self",)).select_related("incentive_version__incentive")
    return offers.filter(case=case).order_by("pk")


def offers_of(case: CancellationCase) -> list[Offer]:
    """All that was offered in a locked case, under their locks; one query."""
    offers = _offers_of(case.pk)
    for offer in offers:
        offer.case = case
    return offers


def unanswered(offers: Iterable[Offer]) -> list[Offer]:
    return [offer for offer in offers if offer.state in rules.LIVE_OFFERS]


def touched(case: CancellationCase, now: datetime) -> None:
    """Somebody is in this call: the clock does not take it for dropped."""
    case.touched_at = now
    case.save(update_fields=["touched_at"])


def edited(case: CancellationCase, what: CaseMove.What, *, by: User | None, at: datetime, note: str = "") -> None:
    """Save the case's changed fields and leave a trace of who changed what; two queries."""
    case.version += 1
    case.touched_at = at
    case.save()
    case.moves.create(from_state=case.state, to_state=case.state, by=by, at=at, note=note, what=what)
