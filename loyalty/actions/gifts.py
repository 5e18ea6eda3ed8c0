"""Stamps that nobody bought: goodwill within authority, above it by a colleague's decision; bonuses; waived debts."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.actions import books
from loyalty.actions.claims import count_held, decline_held
from loyalty.errors import NotAMember
from loyalty.models import LedgerEntry, Membership, Programme, ProgrammeVersion, Receipt, StampRequest
from loyalty.queries.terms import version_at
from loyalty.rules.account import ADJUST
from staff.authority import authority_of
from staff.decisions import Verdict
from staff.errors import AboveAuthority, DomainError
from staff.models import User

Reason = LedgerEntry.Reason
MOST = 1000


@transaction.atomic
def give_stamps(
    membership_id: int, *, count: int, note: str, by: User, now: datetime, key: str | None = None
) -> LedgerEntry | StampRequest:
    """Goodwill stamps: given at once within the giver's authority, else a request that waits for a colleague.

    `key` names the form they came from, so that a button pressed twice gives once. Locks the giver, whose day is
    summed, then the membership.
    """
    _check_count(count)
    User.objects.select_for_update(of=("self",)).get(pk=by.pk)
    membership = books.lock(membership_id)
    books.refuse_inactive(membership)
    if key and (known := LedgerEntry.objects.filter(key=key).first()):
        return known
    version = books.terms_now(membership.programme_id, now)
    if _within_authority(by, membership, version, count, now):
        return _adjust(membership, version, count, Reason.GOODWILL, note, by=by, now=now, key=key)
    return _request(StampRequest.Kind.GOODWILL, membership, version, count, note, by=by, now=now)


@transaction.atomic
def give_bonus_stamps(
    customer: Customer, count: int, *, reason: str, by: User | None, now: datetime, key: str | None = None
) -> LedgerEntry:
    """Bonus stamps on a customer's card, for other apps: a complaint's remedy, a cancellation's incentive.

    The caller has settled whose authority covers them. They count as goodwill at cost of goods here, so the caller
    must not add them to its own. `key` (“award-12”) makes a repetition give nothing more. When the customer has
    several stamp cards the one used last gets them. Raises NotAMember without an active one; about eight queries.
    """
    _check_count(count)
    pk = (
        Membership.objects.filter(
            customer=customer, status=Membership.Status.ACTIVE, programme__unit=Programme.Unit.STAMP
        )
        .order_by("-last_visit_at", "-pk")
        .values_list("pk", flat=True)
        .first()
    )
    if pk is None:
        raise NotAMember(_("The customer has no stamp card. Enrol first."))
    return bonus(pk, count, note=reason, by=by, now=now, key=key)


@transaction.atomic
def bonus(
    membership_id: int, count: int, *, note: str, by: User | None, now: datetime, key: str | None = None
) -> LedgerEntry:
    """As `give_bonus_stamps`, for one membership."""
    membership = books.lock(membership_id)
    books.refuse_inactive(membership)
    if key and (known := LedgerEntry.objects.filter(key=key).first()):
        return known
    version = books.terms_now(membership.programme_id, now)
    return _adjust(membership, version, count, Reason.BONUS, note, by=by, now=now, key=key)


@transaction.atomic
def ask_for_waiver(membership_id: int, *, note: str, by: User, now: datetime) -> StampRequest:
    """Ask that a debt be forgotten; always another person's decision."""
    membership = books.lock(membership_id)
    if membership.balance >= 0:
        raise DomainError(_("This card owes nothing."), code="no_debt")
    version = books.terms_now(membership.programme_id, now)
    return _request(StampRequest.Kind.WAIVER, membership, version, -membership.balance, note, by=by, now=now)


@transaction.atomic
def decide_request(pk: int, verdict: str, *, by: User, now: datetime, note: str = "") -> StampRequest:
    """Approve or decline; an approval has its effect at once.

    Raises SelfApproval, AlreadyDecided, and AboveAuthority when the stamps exceed what the decider may give.
    """
    request = StampRequest.objects.select_for_update(of=("self",)).select_related("membership").get(pk=pk)
    terms = version_at(request.membership.programme_id, now)
    limit = authority_of(by, authority_for(terms) if terms else "stamps").per_case
    if verdict == Verdict.APPROVED and limit is not None and request.amount > limit:
        raise AboveAuthority(_("This is above your authority too. Ask somebody with more."))
    request.decide(verdict, by=by, at=now, note=note)
    if request.kind == StampRequest.Kind.LATE:
        if request.receipt_id is None:
            raise DomainError(_("The receipt of this request is gone."), code="wrong_state")
        act = count_held if verdict == Verdict.APPROVED else decline_held
        act(request.receipt_id, by=by, now=now)
    elif verdict == Verdict.APPROVED:
        membership = books.lock(request.membership_id)
        version = books.terms_now(membership.programme_id, now)
        count, reason = int(request.amount), Reason.GOODWILL
        if request.kind == StampRequest.Kind.WAIVER:
            count, reason = min(count, -membership.balance), Reason.WAIVER
        if count > 0:
            key = f"request-{request.pk}"
            _adjust(membership, version, count, reason, request.reason, by=by, now=now, key=key)
    return request


def authority_for(version: ProgrammeVersion) -> str:
    """The kind of staff.AuthorityLimit, whose limits are in stamps or in points."""
    return "points" if version.prices else "stamps"


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST:
        raise DomainError(_("Give between 1 and %s stamps.") % MOST, code="count", field="count")


def _within_authority(by: User, membership: Membership, version: ProgrammeVersion, count: int, now: datetime) -> bool:
    unit = membership.programme.unit
    given = LedgerEntry.objects.filter(reason=Reason.GOODWILL, membership__programme__unit=unit)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    year = given.filter(membership=membership, recorded_at__gt=now - timedelta(days=365))
    day = given.filter(by=by, recorded_at__gte=midnight)
    return authority_of(by, authority_for(version)).covers(
        case=Decimal(count),
        customer_year=Decimal(count + (year.aggregate(n=Sum("stamps"))["n"] or 0)),
        agent_day=Decimal(count + (day.aggregate(n=Sum("stamps"))["n"] or 0)),
    )


def _adjust(
    membership: Membership,
    version: ProgrammeVersion,
    count: int,
    reason: str,
    note: str,
    *,
    by: User | None,
    now: datetime,
    key: str | None,
) -> LedgerEntry:
    account, terms = books.account_of(membership, version), version.terms
    seq = account.seq + 1
    cost = (books.stamp_cost(version) * count).quantize(Decimal("0.01"))
    account.credit(ADJUST, count, terms.goal, terms.levels, reason=reason, note=note, key=key, cost=cost)
    books.write([books.Posting(membership, account, version, now)], by=by, now=now)
    return membership.entries.get(seq=seq)


def _request(
    kind: str,
    membership: Membership,
    version: ProgrammeVersion,
    count: int,
    note: str,
    *,
    by: User,
    now: datetime,
    receipt: Receipt | None = None,
) -> StampRequest:
    if membership.requests.filter(kind=kind, verdict=Verdict.PENDING, receipt=receipt).exists():
        raise DomainError(_("A request for this card waits already."), code="request_waits")
    return StampRequest.objects.create(
        kind=kind,
        membership=membership,
        receipt=receipt,
        amount=count,
        cost=(books.stamp_cost(version) * count).quantize(Decimal("0.01")),
        requested_by=by,
        requested_at=now,
        reason=note,
    )
