"""Two memberships of one person made one, parted again while nothing was spent; stamps moved from a wrong card."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.actions import books
from loyalty.actions.tiers import settle_tiers
from loyalty.models import LedgerEntry, Membership, Merge, ProgrammeVersion, Reward
from loyalty.rules.account import TRANSFER_IN, TRANSFER_OUT
from staff.errors import DomainError
from staff.models import User

Status = Membership.Status
Reason = LedgerEntry.Reason


@transaction.atomic
def merge(source_id: int, *, into_id: int, by: User, now: datetime) -> Merge:
    """Move stamps (or debt), open rewards and cards of `source` to `into`; the cards of both lead there from now on.
    A nameless card takes the customer of the one that goes into it.

    Both rows are locked in key order. Conserves the sum. Raises DomainError unless both are active members of one
    programme.
    """
    rows = books.lock_all([source_id, into_id])
    source, target = rows[source_id], rows[into_id]
    if source.pk == target.pk:
        raise DomainError(_("These two are one already."), code="merge_same")
    if source.programme_id != target.programme_id:
        raise DomainError(_("These cards belong to different programmes."), code="merge_programmes")
    if Status.CLOSED in (source.status, target.status) or Status.BLOCKED in (source.status, target.status):
        raise DomainError(_("A blocked or closed membership cannot be merged."), code="merge_blocked")
    version = books.terms_now(source.programme_id, now)
    moved, cycle_needed = source.balance, source.cycle_needed
    rewards = Reward.objects.filter(membership=source, state=Reward.State.ISSUED)
    listed = [list(pair) for pair in rewards.order_by("pk").values_list("pk", "cycle")]
    rewards.update(membership=target, cycle=target.cycle)  # one on the way counts for the cycle it comes to
    record = Merge.objects.create(source=source, target=target, stamps=moved, rewards=listed, by=by, at=now)
    if moved:
        give, take = books.account_of(source, None), books.account_of(target, None)
        give.move(TRANSFER_OUT, -moved, version.goal, other=target, reason=Reason.MERGE)
        take.move(TRANSFER_IN, moved, version.goal, other=source, reason=Reason.MERGE)
        books.write(
            [books.Posting(source, give, version, now), books.Posting(target, take, version, now)], by=by, now=now
        )
    # Parted again, its cycle goes on under the goal it began with.
    source.status, source.merged_into, source.cycle_needed = Status.MERGED, target, cycle_needed
    source.save(update_fields=["status", "merged_into", "cycle_needed"])
    if target.customer_id is None and source.customer_id:
        target.customer_id = source.customer_id
        target.save(update_fields=["customer"])
    Membership.objects.filter(merged_into=source).update(merged_into=target)
    _settle_tiers([target], version, now)
    return record


@transaction.atomic
def unmerge(merge_id: int, *, by: User, now: datetime) -> Merge:
    """Part two memberships again: what was moved goes back; what was earned since stays with the target.

    Raises DomainError("merge_spent") when the moved stamps or rewards were spent meanwhile.
    """
    record = Merge.objects.get(pk=merge_id)
    rows = {
        row.pk: row
        for row in Membership.objects.select_for_update()
        .filter(pk__in=[record.source_id, record.target_id])
        .order_by("pk")
    }
    source, target = rows[record.source_id], rows[record.target_id]
    record = Merge.objects.select_for_update().get(pk=merge_id)
    if record.undone_at or source.merged_into_id != target.pk:
        raise DomainError(_("These two are not merged any more."), code="merge_undone")
    if source.customer_id and source.customer_id == target.customer_id:  # two open ones of a customer there cannot be
        target.customer_id = None
        target.save(update_fields=["customer"])
    elif (
        source.customer_id
        and Membership.objects.filter(
            programme_id=source.programme_id, customer=source.customer_id, status__in=["active", "blocked"]
        ).exists()
    ):
        raise DomainError(_("The customer has another card in this programme meanwhile."), code="already_member")
    version = books.terms_now(source.programme_id, now)
    cycles = dict(record.rewards)
    back = list(Reward.objects.filter(pk__in=cycles, membership=target, state=Reward.State.ISSUED))
    if len(back) < len(cycles):
        raise DomainError(_("A reward that was moved has been used: they stay merged."), code="merge_spent")
    for reward in back:
        reward.membership, reward.cycle = source, cycles[reward.pk]
    Reward.objects.bulk_update(back, ["membership", "cycle"])
    take = books.account_of(target, version, for_debit=True)
    if record.stamps > 0 and take.balance + sum(worth for _pk, worth in take.open_rewards) < record.stamps:
        raise DomainError(_("The moved stamps have been spent: they stay merged."), code="merge_spent")
    source.status, source.merged_into = Status.ACTIVE, None
    source.save(update_fields=["status", "merged_into"])
    if record.stamps:
        give = books.account_of(source, None)
        if record.stamps > 0:
            take.debit(TRANSFER_OUT, record.stamps, version.goal, other=source, reason=Reason.MERGE)
        else:
            take.move(TRANSFER_OUT, -record.stamps, version.goal, other=source, reason=Reason.MERGE)
        give.move(TRANSFER_IN, record.stamps, version.goal, other=target, reason=Reason.MERGE)
        books.write(
            [books.Posting(target, take, version, now), books.Posting(source, give, version, now)], by=by, now=now
        )
    record.undone_by, record.undone_at = by, now
    record.save(update_fields=["undone_by", "undone_at"])
    _settle_tiers([source, target], version, now)
    return record


def _settle_tiers(members: list[Membership], version: ProgrammeVersion, now: datetime) -> None:
    if version.tiers:
        settle_tiers(members, now=now)
        books.save_figures(members)


@transaction.atomic
def transfer(source_id: int, *, to_id: int, stamps: int, note: str, by: User, now: datetime) -> None:
    """Stamps that went onto the wrong card go to the right one. Raises DomainError when fewer are there."""
    rows = books.lock_all([source_id, to_id])
    source, target = rows[source_id], rows[to_id]
    if source.pk == target.pk:
        raise DomainError(_("This is the same card."), code="transfer_same", field="card")
    if source.programme_id != target.programme_id:
        raise DomainError(_("These cards belong to different programmes."), code="merge_programmes", field="card")
    books.refuse_inactive(target)
    if stamps < 1 or source.balance < stamps:
        raise DomainError(
            ngettext("Only %d stamp is on this card.", "Only %d stamps are on this card.", max(source.balance, 0))
            % max(source.balance, 0),
            code="transfer_too_many",
            field="stamps",
        )
    version = books.terms_now(source.programme_id, now)
    give, take = books.account_of(source, version, for_debit=True), books.account_of(target, version)
    shared = {"reason": Reason.WRONG_CARD, "note": note}
    give.debit(TRANSFER_OUT, stamps, version.goal, other=target, **shared)
    take.credit(TRANSFER_IN, stamps, version.goal, version.terms.levels, other=source, **shared)
    books.write([books.Posting(source, give, version, now), books.Posting(target, take, version, now)], by=by, now=now)
