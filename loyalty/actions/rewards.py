"""The free one: redeemed once, given back when it comes back, extended by a person."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.actions import books
from loyalty.errors import RewardRefused
from loyalty.models import Receipt, ReceiptLine, Reward, RewardEvent
from loyalty.queries.members import with_merged
from loyalty.queries.terms import version_at
from staff.models import User

State = Reward.State


@transaction.atomic
def redeem(pk: int, *, by: User | None, now: datetime, receipt: Receipt | None = None) -> Reward:
    """Hand over the free item. Raises RewardRefused when the reward is not open any more, CardRefused when the
    membership is blocked. Six queries."""
    reward = _locked(pk)
    if reward.state != State.ISSUED:
        raise RewardRefused(
            _("This reward is not open: %s.") % reward.get_state_display(), code=f"reward_{reward.state}"
        )
    if reward.expires_at and reward.expires_at <= now:
        raise RewardRefused(_("This reward has expired. A team lead may extend it."), code="reward_expired")
    reward.state, reward.redeemed_at = State.REDEEMED, now
    reward.save(update_fields=["state", "redeemed_at"])
    reward.events.create(kind=RewardEvent.Kind.REDEEMED, at=now, by=by, receipt=receipt)
    return reward


@transaction.atomic
def undo_redeem(pk: int, *, by: User | None, now: datetime, note: str = "", receipt: Receipt | None = None) -> Reward:
    """The free item was not taken, or came back: the reward is open again; on a card that owes it is turned back and
    repays, so that it does not matter whether the free item or the goods came back first. Raises RewardRefused."""
    reward = _locked(pk)
    if reward.state != State.REDEEMED:
        raise RewardRefused(_("This reward was not redeemed."), code="reward_not_redeemed")
    reward.state, reward.redeemed_at = State.ISSUED, None
    reward.save(update_fields=["state", "redeemed_at"])
    reward.events.create(kind=RewardEvent.Kind.UNREDEEMED, at=now, by=by, note=note, receipt=receipt)
    membership = reward.membership
    if membership.balance < 0 and reward.stamps:
        version = version_at(membership.programme_id, now)
        account = books.account_of(membership, None)
        account.repay(reward.pk, reward.stamps, version.goal if version else None)
        books.write([books.Posting(membership, account, version, now)], by=by, now=now)
        reward.state = State.REVOKED
    return reward


@transaction.atomic
def extend_reward(pk: int, *, days: int, note: str, by: User, now: datetime) -> Reward:
    """A reward that expired yesterday is open again for some days; a person says why. Raises RewardRefused."""
    reward = _locked(pk)
    if reward.state not in (State.EXPIRED, State.ISSUED) or reward.expires_at is None:
        raise RewardRefused(_("Only an open or expired reward can be extended."), code=f"reward_{reward.state}")
    reward.state, reward.expires_at = State.ISSUED, max(now, reward.expires_at) + timedelta(days=days)
    reward.save(update_fields=["state", "expires_at"])
    reward.events.create(kind=RewardEvent.Kind.EXTENDED, at=now, by=by, note=note)
    return reward


def _locked(pk: int) -> Reward:
    """The reward under its membership's lock, which every writer of the ledger takes first."""
    membership = books.lock(Reward.objects.values_list("membership_id", flat=True).get(pk=pk))
    books.refuse_inactive(membership)
    reward = Reward.objects.select_for_update(of=("self",)).get(pk=pk)
    reward.membership = membership
    return reward


def redeem_with_receipt(pk: int, receipt: Receipt, *, by: User | None, now: datetime) -> None:
    """A receipt's line was paid with this reward: redeem it if the till has not. The membership's lock is held.

    Raises RewardRefused for a reward of another card (a receipt without a card has none), or one that has paid for
    another receipt since it was redeemed.
    """
    reward = Reward.objects.select_for_update().filter(pk=pk).first()
    if reward is None or reward.membership_id != receipt.membership_id:
        raise RewardRefused(_("This reward belongs to another card."), code="reward_unknown", field="lines")
    if reward.state != State.REDEEMED:
        redeem(pk, by=by, now=now, receipt=receipt)
        return
    paid = ReceiptLine.objects.filter(
        receipt__membership__in=with_merged(reward.membership_id),
        receipt__kind=Receipt.Kind.SALE,
        receipt__recorded_at__gte=reward.redeemed_at,
        reward=pk,
    )
    if paid.exclude(receipt=receipt).exists():
        raise RewardRefused(_("This reward has paid for another receipt."), code="reward_redeemed", field="lines")


def unredeem_with_receipt(pk: int, receipt: Receipt, *, by: User | None, now: datetime) -> Reward | None:
    """The free item of this reward came back with a return: what became of it, None if it was not redeemed."""
    if not Reward.objects.filter(pk=pk, state=State.REDEEMED).exists():
        return None
    return undo_redeem(pk, by=by, now=now, receipt=receipt)
