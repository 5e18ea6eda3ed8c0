"""What another policy would have brought, from the decisions and their logged probabilities."""

from collections.abc import Sequence
from operator import itemgetter

from cancellations.candidates import Candidate
from cancellations.engine.measure import Logged, OffPolicy, off_policy
from cancellations.models import Offer, Suggestion
from cancellations.queries.figures import Period, carried_out


def logged(period: Period, limit: int = 20_000) -> tuple[list[Logged], list[list[Candidate]]]:
    """Mature decisions with propensity and candidates; repetitions and the hold-out left out. Two queries."""
    decisions = (
        Suggestion.objects.filter(
            superseded_at__isnull=True,
            features__again__isnull=True,
            hold_out=False,
            seed__gt=0,
            case__in=period.cases().filter(period.mature()),
        )
        .order_by("-pk")
        .values_list("pk", "chosen_id", "propensity", "candidates", "case__paying_on_day_90")[:limit]
    )
    found = list(decisions)
    costs = dict(
        Offer.objects.filter(carried_out(), suggestion__in=[row[0] for row in found]).values_list("suggestion", "cost")
    )
    rows, candidates = [], []
    for pk, chosen, propensity, listed, paying in found:
        worth = float(listed[0]["value"]) if listed else 0.0
        expected = {row["version"] or 0: float(row["gain"]) + row["stays_without"] * worth for row in listed}
        reward = worth * bool(paying) - float(costs.get(pk, 0))
        rows.append(Logged(chosen or 0, propensity, reward, expected))
        candidates.append(listed)
    return rows, candidates


def policies(period: Period) -> dict[str, OffPolicy]:
    """ "as it was", "best score always", "no incentive": net value a case, estimated from the log."""
    rows, candidates = logged(period)

    def best(listed: Sequence[Candidate]) -> dict[int, float]:
        top = max((row for row in listed if row["shown"]), key=itemgetter("score"))
        return {top["version"] or 0: 1.0}

    targets: dict[str, list[dict[int, float]]] = {
        "logged": [{r["version"] or 0: r["probability"] for r in listed if r["shown"]} for listed in candidates],
        "best": [best(listed) for listed in candidates],
        "none": [{0: 1.0} for _ in candidates],
    }
    return {name: off_policy(rows, target) for name, target in targets.items()}
