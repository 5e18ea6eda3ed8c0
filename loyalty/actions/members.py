"""Who takes part: enrol, name, block, and the cards by which members are known."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.erasure import living
from loyalty.actions import books
from loyalty.errors import CardRefused
from loyalty.models import CardToken, LedgerEntry, Membership, Programme, Store
from loyalty.queries.terms import version_at
from loyalty.rules.account import ADJUST
from loyalty.rules.cards import new_number, normalise
from staff.errors import DomainError
from staff.models import User

Status = CardToken.Status


@transaction.atomic
def enrol(
    programme_id: int,
    *,
    customer_id: int | None,
    by: User | None,
    now: datetime,
    card: str = "",
    store: Store | None = None,
) -> Membership:
    """A new member with a card: the number given (a printed card), else a fresh one. Without a customer the card is
    nameless until claimed. Gives the head start of the terms in force, once to a customer.

    Raises DomainError: programme closed, customer erased, already a member or in debt as a former one, card number
    taken. About eight queries.
    """
    programme = Programme.objects.get(pk=programme_id)
    if not programme.is_open:
        raise DomainError(_("This programme takes no new members."), code="programme_closed")
    former: list[Membership] = []
    if customer_id:
        living(customer_id)
        former = list(Membership.objects.filter(programme=programme, customer=customer_id))
        if any(one.status in (Membership.Status.ACTIVE, Membership.Status.BLOCKED) for one in former):
            raise DomainError(_("This customer is a member already."), code="already_member")
        if any(one.status == Membership.Status.CLOSED and one.balance < 0 for one in former):
            raise DomainError(_("The customer's closed membership owes something: open it again."), code="former_debt")
    membership = Membership.objects.create(
        programme=programme, customer_id=customer_id, enrolled_at=now, enrolled_by=by, store=store
    )
    add_card(membership, card, now=now)
    version = version_at(programme.pk, now)
    if version and version.head_start and not former:
        account, terms = books.account_of(membership, version), version.terms
        account.credit(ADJUST, version.head_start, terms.goal, terms.levels, reason=LedgerEntry.Reason.HEAD_START)
        books.write([books.Posting(membership, account, version, now)], by=by, now=now)
    return membership


def add_card(membership: Membership, number: str, *, now: datetime) -> CardToken:
    """Raises CardRefused when the number is taken or cannot be one."""
    typed = normalise(number)
    if len(typed) > 64 or (typed and len(typed) < 4):
        raise CardRefused(_("A card number has 4 to 64 characters."), code="card_number", field="card")
    try:
        with transaction.atomic():
            return CardToken.objects.create(number=typed or new_number(), membership=membership, issued_at=now)
    except IntegrityError as error:
        raise CardRefused(_("This card number is in use."), code="card_taken", field="card") from error


@transaction.atomic
def replace_card(card_id: int, *, by: User, now: datetime, number: str = "") -> CardToken:
    """A lost card is dead from now on; a new one leads to the same membership. No stamp moves. Raises Erased."""
    old = CardToken.objects.select_related("membership").get(pk=card_id)
    membership = books.lock(old.membership_id)
    if membership.customer_id:
        living(membership.customer_id)
    old = CardToken.objects.select_for_update(of=("self",)).select_related("membership").get(pk=card_id)
    if old.replaced_by_id:
        raise CardRefused(_("This card was replaced already."), code="card_replaced")
    new = add_card(old.membership, number, now=now)  # of a merged member: should the two be parted, it goes along
    if old.status == Status.ACTIVE:
        old.status = Status.LOST
    old.replaced_by, old.changed_at, old.changed_by = new, now, by
    old.save(update_fields=["status", "replaced_by", "changed_at", "changed_by"])
    return new


@transaction.atomic
def set_card_status(card_id: int, status: str, *, by: User, now: datetime) -> CardToken:
    """Lost, blocked, or found again. A replaced card stays dead."""
    card = CardToken.objects.select_for_update(of=("self",)).get(pk=card_id)
    if card.replaced_by_id:
        raise CardRefused(_("This card was replaced; it stays dead."), code="card_replaced")
    card.status, card.changed_at, card.changed_by = status, now, by
    card.save(update_fields=["status", "changed_at", "changed_by"])
    return card


@transaction.atomic
def name_card(membership_id: int, *, customer_id: int, by: User, now: datetime) -> Membership:
    """A nameless card gets its customer. Raises DomainError when either is taken: then merge."""
    membership = books.lock(membership_id)
    living(customer_id)
    if membership.customer_id and membership.customer_id != customer_id:
        raise DomainError(_("This card belongs to another customer."), code="card_taken")
    if (
        Membership.objects.filter(
            programme_id=membership.programme_id, customer=customer_id, status__in=["active", "blocked"]
        )
        .exclude(pk=membership.pk)
        .exists()
    ):
        raise DomainError(_("This customer has a card already: merge the two."), code="already_member")
    membership.customer_id = customer_id
    membership.save(update_fields=["customer"])
    return membership
