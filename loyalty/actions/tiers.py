"""Tiers: what a member earned in the trailing days decides, after each receipt and every night."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from loyalty.actions import books
from loyalty.models import Membership, TierChange
from loyalty.queries.terms import tier_progress, versions_at

BATCH = 500


def settle_tiers(members: Sequence[Membership], *, now: datetime) -> list[TierChange]:
    """Give locked members the tier that the terms in force make of their trailing days, and note each change. The
    caller stores `tier`. Two queries a programme, one more when somebody rose or fell."""
    changes: list[TierChange] = []
    for programme, version in versions_at({member.programme_id for member in members}, now).items():
        terms = version.terms
        own = [member for member in members if member.programme_id == programme]
        reached = tier_progress([member.pk for member in own], version, now) if terms.tiers else {}
        starts = {tier.name: tier.start for tier in terms.tiers}
        for member in own:
            tier = terms.tier_of(reached.get(member.pk, 0))
            name = tier.name if tier else ""
            if name != member.tier:
                rose = starts.get(name, 0) > starts.get(member.tier, 0)
                changes.append(TierChange(membership_id=member.pk, before=member.tier, after=name, rose=rose, at=now))
                member.tier = name
    TierChange.objects.bulk_create(changes)
    return changes


def settle_all_tiers(*, now: datetime) -> int:
    """The night: members whose best days lie too far back fall; how many changed. A few hundred rows at a time."""
    programmes = [programme for programme, version in versions_at(None, now).items() if version.tiers] + list(
        Membership.objects.exclude(tier="").values_list("programme_id", flat=True).distinct()
    )
    changed = last = 0
    while pks := list(
        Membership.objects.filter(pk__gt=last, programme__in=set(programmes), merged_into=None)
        .order_by("pk")
        .values_list("pk", flat=True)[:BATCH]
    ):
        last = pks[-1]
        with transaction.atomic():
            members = list({member.pk: member for member in books.lock_all(pks).values()}.values())
            changes = settle_tiers(members, now=now)
            moved = {change.membership_id for change in changes}
            books.save_figures([member for member in members if member.pk in moved])
            changed += len(changes)
    return changed
