"""The catalogue as marketing reads it, and what a draft would have changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Count, Prefetch, Q

from cancellations.catalogue import desk
from cancellations.engine import guards, ranking, values
from cancellations.engine.conditions import Label, Rules, leaves
from cancellations.engine.lookup import NOT_TOLD
from cancellations.engine.values import STANDARD, Contract
from cancellations.learning import YES
from cancellations.models import Incentive, IncentiveVersion, Offer, Suggestion
from cancellations.variables import OWN, registry
from customers import contributions

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
    as_of_today: Sequence[Label]  # variables that some of the decisions did not ask for: taken as they are today


def dry_run(draft: IncentiveVersion, *, now: datetime) -> Tried:
    """The draft and what is published, over the last 500 decisions as they were stored: rules and the guards of cost.

    A decision keeps what the rules of its day asked for; what other apps know and nobody asked is looked up as it is
    today. Five queries, and one for each app then.
    """
    at_desk = desk(team_id=None, now=now)
    kind, policy = draft.incentive.kind, at_desk.policy
    published = draft.incentive.versions.filter(state=IncentiveVersion.State.PUBLISHED).first()
    decisions = list(
        Suggestion.objects.filter(features__again__isnull=True)
        .order_by("-pk")
        .values_list("case_id", "case__number", "case__customer_id", "reason_id", "features")[:LAST_CASES]
    )
    limits = guards.Limits(policy.margin_floor, policy.share_of_value)
    versions = [version for version in (published, draft) if version]
    rules = Rules([version.rules for version in versions], registry)
    prices = [values.pricing(kind, version.terms) for version in versions]
    seen: dict[int, set[int]] = {version.pk: set() for version in versions}
    costs = dict.fromkeys(seen, Decimal(0))
    numbers = {}
    asked = {leaf["var"] for version in versions for tree in version.rules.values() for leaf in leaves(tree)}
    missing = {
        name for *_about, features in decisions for name in asked - OWN if name not in features.get("values", {})
    }
    today = _as_of_today([customer for _case, _number, customer, *_rest in decisions], now) if missing else {}

    @cache
    def accept(reason: int, segment: str) -> Decimal:
        (share,) = ranking.mean(at_desk.believed.estimates([draft.incentive_id], [kind], reason, segment).accept)
        return Decimal(str(round(float(share), 4)))

    for case_id, number, customer_id, reason_id, features in decisions:
        found: dict[str, Any] = {**today.get(customer_id, {}), **features.get("values", {})}
        numbers[case_id] = number
        contract = Contract(Decimal(str(found["monthly_price"])), Decimal(str(found["monthly_margin"])))
        most = guards.ceilings(guards.Standing(contract, values.value(contract)), limits, STANDARD)
        for version, price, passed in zip(versions, prices, rules.passed(found), strict=True):
            cost = price(contract)
            if passed and cost <= min(most.by_value, most.by_margin):
                seen[version.pk].add(case_id)
                costs[version.pk] += accept(reason_id or NOT_TOLD, features.get("segment", "")) * cost
    after, cost_after = seen.pop(draft.pk), costs.pop(draft.pk)
    before, cost_before = set().union(*seen.values()), sum(costs.values(), Decimal(0))

    def some(ids: set[int]) -> list[tuple[int, str]]:
        return [(pk, numbers[pk]) for pk in sorted(ids, reverse=True)[:5]]

    return Tried(
        cases=len(decisions),
        before=len(before),
        after=len(after),
        both=len(before & after),
        gained=len(after - before),
        lost=len(before - after),
        cost_before=values.cents(cost_before),
        cost_after=values.cents(cost_after),
        gained_cases=some(after - before),
        lost_cases=some(before - after),
        as_of_today=[registry[name].label for name in sorted(missing) if name in registry],
    )


def _as_of_today(customers: Sequence[int], now: datetime) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for source in contributions.variables:
        for customer, values_ in source(customers, now).items():
            found.setdefault(customer, {}).update(values_)
    return found
