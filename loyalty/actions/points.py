"""Points are spent on what the member chooses; a reward not yet handed over can be turned back into its points."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.actions import books
from loyalty.errors import RewardRefused
from loyalty.models import LedgerEntry, Reward
from staff.errors import DomainError
from staff.models import User


@transaction.atomic
def spend_points(membership_id: int, *, reward: str, by: User | None, now: datetime, key: str | None = None) -> Reward:
    """Points become the reward of this name at its price in the terms in force; it is open until handed over.

    `key` names the wish, so that a button pressed twice spends once. Raises DomainError: no such reward, or too few
    points; CardRefused for a blocked membership. About eight queries.
    """
    membership = books.lock(membership_id)
    books.refuse_inactive(membership)
    if key and (known := LedgerEntry.objects.filter(key=key).select_related("reward").first()):
        return known.reward
    version = books.terms_now(membership.programme_id, now)
    price = next((one for one in version.terms.prices if one.name == reward), None)
    if price is None:
        raise DomainError(_("This programme has no reward “%s”.") % reward, code="reward_unknown", field="reward")
    if membership.balance < price.points:
        short = price.points - max(membership.balance, 0)
        raise DomainError(
            ngettext("%d point is missing for that.", "%d points are missing for that.", short) % short,
            code="too_few_points",
            field="reward",
        )
    account = books.account_of(membership, None)
    account.spend(price.points, price=price, key=key)
    (made,) = books.write([books.Posting(membership, account, version, now)], by=by, now=now)
    return made


@transaction.atomic
def turn_back(reward_id: int, *, by: User, now: datetime) -> Reward:
    """The member thought better of it: an open reward becomes its points again. Raises RewardRefused."""
    membership = books.lock(Reward.objects.values_list("membership_id", flat=True).get(pk=reward_id))
    books.refuse_inactive(membership)
    reward = Reward.objects.select_related("convert__version").get(pk=reward_id)
    if reward.state != Reward.State.ISSUED:
        raise RewardRefused(
            _("This reward is not open: %s.") % reward.get_state_display(), code=f"reward_{reward.state}"
        )
    version = reward.convert.version if reward.convert else None
    if version is None or not version.prices:
        raise RewardRefused(_("Only a reward chosen for points can be turned back."), code="reward_not_bought")
    account = books.account_of(membership, None)
    account.unspend(reward.pk, reward.stamps)
    books.write([books.Posting(membership, account, version, now)], by=by, now=now)
    reward.refresh_from_db()
    return reward
