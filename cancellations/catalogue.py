"""What the engine weighs at this moment: the published catalogue with its rules compiled, the company's limits, the
newest model, the month's budgets. Versions, policies and models never change, so a process keeps them by their key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from django.db import connection
from django.utils import timezone

from cancellations import learning, variables
from cancellations.engine import values
from cancellations.engine.conditions import Rules, leaves
from cancellations.engine.guards import Limits
from cancellations.engine.lookup import Believed
from cancellations.models import EnginePolicy, IncentiveVersion


@dataclass(frozen=True)
class Entry:
    """A published version with its rules compiled."""

    version: int
    incentive: int
    code: str
    kind: str
    terms: Mapping[str, Any]
    rules: Rules
    asks: frozenset[str]
    lever: float
    max_accepted: int
    cooldown_days: int
    monthly_budget: Decimal | None

    @cached_property
    def price(self) -> values.Price:
        """What it costs under a contract; kept with the entry."""
        return values.pricing(self.kind, self.terms)


def entry_of(version: IncentiveVersion) -> Entry:
    """The version's incentive must be loaded. Rules are compiled; nothing is kept."""
    return Entry(
        version=version.pk,
        incentive=version.incentive_id,
        code=version.incentive.code,
        kind=version.incentive.kind,
        terms=version.terms,
        rules=Rules(version.rules, variables.registry),
        asks=frozenset(leaf["var"] for tree in version.rules.values() for leaf in leaves(tree)),
        lever=float(version.lever),
        max_accepted=version.max_accepted,
        cooldown_days=version.cooldown_days,
        monthly_budget=version.monthly_budget,
    )


@lru_cache(maxsize=4)
def _entries(version_ids: tuple[int, ...]) -> tuple[Entry, ...]:
    rows = IncentiveVersion.objects.select_related("incentive").filter(pk__in=version_ids).order_by("incentive_id")
    return tuple(entry_of(version) for version in rows)


@lru_cache(maxsize=4)
def _policy(policy_id: int) -> EnginePolicy:
    return EnginePolicy.objects.get(pk=policy_id)


@dataclass(frozen=True)
class Desk:
    """What holds for every call at this moment."""

    entries: Sequence[Entry]
    policy: EnginePolicy
    believed: Believed
    model_id: int
    budgets: Mapping[int | None, Sequence[tuple[Decimal, Decimal]]]  # amount and taken, by incentive; None: of all

    @cached_property
    def asks(self) -> frozenset[str]:
        """The variables that published rules name."""
        return frozenset().union(*(entry.asks for entry in self.entries))

    def budget(self, entry: Entry) -> tuple[Decimal | None, float, float | None]:
        """What the tightest budget has left; spent and amount of the one that binds most, for λ."""
        own = self.budgets.get(entry.incentive, ())
        if not own and entry.monthly_budget is not None:
            own = [(entry.monthly_budget, Decimal(0))]
        rows = [*self.budgets.get(None, ()), *own]
        if not rows:
            return None, 0.0, None
        amount, taken = min(rows, key=lambda row: row[0] - row[1])
        return amount - taken, float(taken), float(amount)

    def limits(self) -> Limits:
        p = self.policy
        return Limits(p.margin_floor, p.share_of_value, p.household_days, p.accepted_in_year, p.goodwill_in_year)


DESK = """
select (select max(id) from cancellations_learnedmodel where as_of <= %(now)s),
       (select max(id) from cancellations_enginepolicy),
       (select json_agg(id order by id) from cancellations_incentiveversion
         where state = 'published' and coalesce(valid_from, %(today)s) <= %(today)s
           and coalesce(valid_to, %(today)s) >= %(today)s),
       (select json_agg(json_build_array(incentive_id, amount::text, (reserved + consumed)::text))
          from cancellations_budget
         where month = date_trunc('month', %(today)s::date) and (team_id is null or team_id = %(team)s))
"""


def desk(*, team_id: int | None, now: datetime) -> Desk:
    """One query once the process is warm. The very first call of an installation writes its policy and its prior."""
    today = timezone.localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(DESK, {"now": now, "today": today, "team": team_id})
        model_id, policy_id, version_ids, budgets = cursor.fetchone()
    if policy_id is None:
        policy_id = EnginePolicy.objects.create(created_at=now).pk
    if model_id is None:
        model_id = learning.learn(as_of=now).pk
    by_incentive: dict[int | None, list[tuple[Decimal, Decimal]]] = {}
    for incentive, amount, taken in budgets or ():
        by_incentive.setdefault(incentive, []).append((Decimal(amount), Decimal(taken)))
    return Desk(
        entries=_entries(tuple(version_ids or ())),
        policy=_policy(policy_id),
        believed=learning.believed(model_id),
        model_id=model_id,
        budgets=by_incentive,
    )
