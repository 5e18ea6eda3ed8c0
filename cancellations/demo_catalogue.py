"""What the demo company may offer, what it has learned of each kind, and why its customers call."""

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cancellations import terms
from cancellations.models import Incentive, IncentiveVersion, Reason, ReasonIncentive
from cancellations.models.incentives import no_rules
from staff.models import User

HISTORY = timedelta(days=730)

CATALOGUE = Path(__file__).with_suffix(".toml")
# What helps whom: reason category → kinds with the share that accepts and, of those, the share still there on day 90.
HELPS: dict[str, dict[str, tuple[float, float]]] = {
    "price": {
        "percent_off": (0.52, 0.70),
        "amount_off": (0.44, 0.74),
        "plan_change": (0.35, 0.85),
        "price_lock": (0.3, 0.9),
    },
    "product": {"service_fix": (0.48, 0.82), "gift": (0.35, 0.7), "percent_off": (0.25, 0.4)},
    "service": {"service_fix": (0.36, 0.72), "bonus_stamps": (0.18, 0.6), "free_months": (0.34, 0.55)},
    "competitor": {"percent_off": (0.36, 0.52), "addon": (0.42, 0.72), "price_lock": (0.22, 0.8)},
    "needs": {"plan_change": (0.46, 0.86), "pause": (0.35, 0.6)},
    "moving": {"fee_waiver": (0.5, 0.85), "pause": (0.32, 0.65)},
    "household": {"pause": (0.4, 0.62), "plan_change": (0.3, 0.8)},
    "unused": {"pause": (0.44, 0.55), "plan_change": (0.36, 0.75), "addon": (0.2, 0.5)},
    "billing": {"free_months": (0.3, 0.6)},
    "unknown": {"percent_off": (0.28, 0.5), "addon": (0.22, 0.6)},
}
WEIGHTS = {
    "price": 30,
    "competitor": 24,
    "product": 13,
    "unused": 9,
    "moving": 8,
    "service": 7,
    "needs": 5,
    "household": 2,
    "billing": 1,
    "unknown": 9,
}
COMPETITORS = ("Telenord", "Bredblick", "Alpenfunk", "Nordwave", "KabelPlus")


def publish(now: datetime) -> list[IncentiveVersion]:
    author, publisher = User.objects.get(username="mark"), User.objects.get(username="sofia")
    versions = []
    for row in tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["incentive"]:
        names, said = row["names"], row["said"]
        incentive = Incentive.objects.create(
            code=row["code"],
            kind=row["kind"],
            name=names[0],
            name_sv=names[1],
            name_de=names[2],
            wording=said[0],
            wording_sv=said[1],
            wording_de=said[2],
        )
        versions.append(
            IncentiveVersion(
                incentive=incentive,
                number=1,
                state=IncentiveVersion.State.PUBLISHED,
                terms=terms.clean(row["kind"], row["terms"]),
                rules=no_rules() | row.get("rules", {}),
                lever=Decimal(row.get("lever", 1)),
                cooldown_days=row["cooldown_days"],
                monthly_budget=row.get("monthly_budget"),
                author=author,
                publisher=publisher,
                created_at=now - HISTORY - timedelta(days=2),
                published_at=now - HISTORY,
            )
        )
    return IncentiveVersion.objects.bulk_create(versions)


def guess(catalogue: Sequence[IncentiveVersion]) -> None:
    """Marketing's map: right in direction, a little too hopeful."""
    rows = []
    for reason in Reason.objects.select_related("category").order_by("pk"):
        for version in catalogue:
            helps = HELPS[reason.category.code].get(version.incentive.kind)
            if helps and not reason.never_offer:
                accepts, stays = helps
                rows.append(
                    ReasonIncentive(
                        reason=reason,
                        incentive=version.incentive,
                        accepts=Decimal(str(round(min(accepts + 0.05, 0.9), 2))),
                        stays=Decimal(str(stays)),
                    )
                )
    ReasonIncentive.objects.bulk_create(rows)
