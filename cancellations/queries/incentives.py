"""The catalogue as marketing reads it, and what a draft would have changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Prefetch, Q

from cancellations.catalogue import desk
from cancellations.engine import guards, ranking, values
from cancellations.engine.conditions import Rules
from cancellations.engine.lookup import NOT_TOLD
from cancellations.engine.values import Contract
from cancellations.learning import YES
from cancellations.models import EnginePolicy, Incentive, IncentiveVersion, Offer, Suggestion
from cancellations.variables import registry

LAST_CASES = 500
RECENT = timedelta(days=90)
TYPICAL = Contract(Decimal("49.90"), Decimal("20.00"))


@dataclass(frozen=True)
class CatalogueRow:
    incentive: Incentive
    published: IncentiveVersion | None
    draft: IncentiveVersion | None
    presented: int
    accepted: int


def catalogue(now: datetime) -> list[CatalogueRow]:
    """Every incentive with the versions that matter and its last 90 days. Three queries."""
    live = IncentiveVersion.objects.exclude(state=IncentiveVersion.State.RETIRED).select_related("author")
    incentives = Incentive.objects.prefetch_related(Prefetch("versions", live, to_attr="live")).order_by("kind", "name")
    counted = {
        row["incentive_version__incentive"]: row
        for row in Offer.objects.filter(presented_at__gte=now - RECENT)
        .values("incentive_version__incentive")
        .annotate(presented=Count("pk"), accepted=Count("pk", filter=Q(state__in=YES)))
        .order_by()
    }
    rows = []
    for incentive in incentives:
        by_state = {version.state: version for version in incentive.live}
        count: Any = counted.get(incentive.pk, {})
        rows.append(
            CatalogueRow(
                incentive,
                by_state.get(IncentiveVersion.State.PUBLISHED),
                by_state.get(IncentiveVersion.State.DRAFT),
                count.get("presented", 0),
                count.get("accepted", 0),
            )
        )
    return rows


@dataclass(frozen=True)
class Tried:
    """What would have been over the last cases: `both` see it before and after, `gained` only now, `lost` no more.

    `cost` is what would be expected to be given if it were presented to everybody who may see it (Σ A·C), before and
    after; `examples` are case numbers of the gained and the lost.
    """

    cases: int
    before: int
    after: int
    both: int
    gained: int
    lost: int
    cost_before: Decimal
    cost_after: Decimal
    gained_cases: Sequence[tuple[int, str]]
    lost_cases: Sequence[tuple[int, str]]


def dry_run(draft: IncentiveVersion, *, now: datetime) -> Tried:
    """The draft and what is published, over the last 500 decisions as they were stored: rules and the guards of cost.
    Five queries."""
    at_desk = desk(team_id=None, now=now)
    policy: EnginePolicy = at_desk.policy
    kind = draft.incentive.kind
    published = draft.incentive.versions.filter(state=IncentiveVersion.State.PUBLISHED).first()
    decisions = list(
        Suggestion.objects.filter(features__again__isnull=True)
        .order_by("-pk")
        .values_list("case_id", "case__number", "reason_id", "features")[:LAST_CASES]
    )
    limits = guards.Limits(policy.margin_floor, policy.share_of_value)
    tests = [(v, Rules(v.rules, registry)) if v else None for v in (published, draft)]
    seen: list[set[int]] = [set(), set()]
    costs = [Decimal(0), Decimal(0)]
    numbers = {}
    for case_id, number, reason_id, features in decisions:
        found: dict[str, Any] = features.get("values", {})
        numbers[case_id] = number
        contract = Contract(Decimal(str(found["monthly_price"])), Decimal(str(found["monthly_margin"])))
        worth = values.value(contract)
        context = reason_id or NOT_TOLD, features.get("segment", "")
        (share,) = ranking.mean(at_desk.believed.estimates([draft.incentive_id], [kind], *context).accept)
        accept = Decimal(str(round(float(share), 4)))
        for i, pair in enumerate(tests):
            if pair is None:
                continue
            version, rules = pair
            cost = values.cost(kind, version.terms, contract)
            dear = cost > limits.share_of_value * worth or values.margin_after(contract, cost) < limits.margin_floor
            if not dear and rules.test(found).passed:
                seen[i].add(case_id)
                costs[i] += accept * cost
    before, after = seen

    def some(ids: set[int]) -> list[tuple[int, str]]:
        return [(pk, numbers[pk]) for pk in sorted(ids, reverse=True)[:5]]

    return Tried(
        cases=len(decisions),
        before=len(before),
        after=len(after),
        both=len(before & after),
        gained=len(after - before),
        lost=len(before - after),
        cost_before=values.cents(costs[0]),
        cost_after=values.cents(costs[1]),
        gained_cases=some(after - before),
        lost_cases=some(before - after),
    )
