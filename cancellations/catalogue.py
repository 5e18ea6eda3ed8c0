"""What the engine weighs at this moment: the published catalogue with its rules compiled, the company's limits, the
newest model, the month's budgets. Versions, policies and models never change, so a process keeps them by their key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone

from cancellations import learning, variables
from cancellations.engine import values
from cancellations.engine.conditions import Rules, leaves
from cancellations.engine.guards import Array, Bools, Limits, price_of_budget
from cancellations.engine.lookup import Believed
from cancellations.models import EnginePolicy, IncentiveVersion


@dataclass(frozen=True)
class Entry:
    """A published version."""

    version: int
    incentive: int
    code: str
    kind: str
    terms: Mapping[str, Any]
    rules: Mapping[str, Any]
    lever: float
    max_accepted: int
    cooldown_days: int
    monthly_budget: Decimal | None

    @cached_property
    def price(self) -> values.Price:
        """What it costs under a contract; kept with the entry."""
        return values.pricing(self.kind, self.terms)


def entry_of(version: IncentiveVersion) -> Entry:
    """The version's incentive must be loaded."""
    return Entry(
        version=version.pk,
        incentive=version.incentive_id,
        code=version.incentive.code,
        kind=version.incentive.kind,
        terms=version.terms,
        rules=version.rules,
        lever=float(version.lever),
        max_accepted=version.max_accepted,
        cooldown_days=version.cooldown_days,
        monthly_budget=version.monthly_budget,
    )


@dataclass(frozen=True, eq=False)
class Published:
    """The published versions, as columns where arithmetic needs them, their rules compiled."""

    entries: Sequence[Entry]

    @cached_property
    def rules(self) -> Rules:
        return Rules([entry.rules for entry in self.entries], variables.registry)

    @cached_property
    def asks(self) -> frozenset[str]:
        """The variables that rules name."""
        trees = (tree for entry in self.entries for tree in entry.rules.values())
        return frozenset(leaf["var"] for tree in trees for leaf in leaves(tree))

    @cached_property
    def versions(self) -> tuple[int, ...]:
        return tuple(entry.version for entry in self.entries)

    @cached_property
    def incentives(self) -> list[int]:
        return [entry.incentive for entry in self.entries]

    @cached_property
    def kinds(self) -> list[str]:
        return [entry.kind for entry in self.entries]

    @cached_property
    def extends(self) -> Bools:
        return np.array([kind in values.EXTENDS_CONTRACT for kind in self.kinds], dtype=bool)

    @cached_property
    def lever(self) -> Array:
        return np.array([entry.lever for entry in self.entries], dtype=float)

    @cached_property
    def cooldown_days(self) -> Array:
        return np.array([entry.cooldown_days for entry in self.entries], dtype=float)

    @cached_property
    def max_accepted(self) -> Array:
        return np.array([entry.max_accepted for entry in self.entries], dtype=float)


@lru_cache(maxsize=4)
def _published(version_ids: tuple[int, ...]) -> Published:
    rows = IncentiveVersion.objects.select_related("incentive").filter(pk__in=version_ids).order_by("incentive_id")
    return Published(tuple(entry_of(version) for version in rows))


@lru_cache(maxsize=4)
def _policy(policy_id: int) -> EnginePolicy:
    return EnginePolicy.objects.get(pk=policy_id)


@dataclass(frozen=True)
class Desk:
    """What holds for every call at this moment."""

    published: Published
    policy: EnginePolicy
    believed: Believed
    model_id: int
    budgets: Mapping[int | None, Sequence[tuple[Decimal, Decimal]]]  # amount and taken, by incentive; None: of all

    def budgets_of(self, month_gone: float) -> tuple[Array, Array]:
        """Of each published version what its tightest budget has left (infinite without one), and λ by it."""
        count = len(self.published.entries)
        left, price = np.full(count, np.inf), np.zeros(count)
        whole = self.budgets.get(None, ())
        for i, entry in enumerate(self.published.entries):
            own = self.budgets.get(entry.incentive, ())
            if not own and entry.monthly_budget is not None:
                own = [(entry.monthly_budget, Decimal(0))]
            if own or whole:
                amount, taken = min((*whole, *own), key=lambda row: row[0] - row[1])
                left[i] = amount - taken
                price[i] = price_of_budget(float(taken), float(amount), month_gone)
        return left, price

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
        published=_published(tuple(version_ids or ())),
        policy=_policy(policy_id),
        believed=learning.believed(model_id),
        model_id=model_id,
        budgets=by_incentive,
    )
