"""What came of a programme's forecast: expected for as many days, beside what happened."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.urls import reverse

from loyalty.models import Forecast, LedgerEntry, ProgrammeVersion, Reward
from staff import formats

YEAR = 365


@dataclass(frozen=True, slots=True)
class Line:
    """One published version: each figure as (expected low, base, high, actual)."""

    title: str
    url: str
    days: int
    stamps: tuple[int, int, int, int]
    rewards: tuple[int, int, int, int]
    cost: tuple[Decimal, Decimal, Decimal, Decimal]

    @property
    def cells(self) -> list[tuple[str, str, str]]:
        """For each figure: expected (base), its range, what happened; written out."""

        def written(values: tuple[Any, Any, Any, Any], write: Any) -> tuple[str, str, str]:
            low, base, high, actual = values
            return write(base), f"{write(low)} – {write(high)}", write(actual)

        def money(amount: Decimal) -> str:
            return formats.money(amount.quantize(Decimal("0.01")))

        return [written(self.stamps, formats.number), written(self.rewards, formats.number), written(self.cost, money)]

    @property
    def is_off(self) -> bool:
        """Whether the cost lies outside what was forecast."""
        return not self.cost[0] <= self.cost[3] <= self.cost[2]


def lines(programme: int | None, now: datetime, *, version: int | None = None) -> list[Line]:
    """The published versions that have a forecast (or this one), the youngest first; three queries."""
    forecasts: dict[int, Forecast] = {}
    rows = Forecast.objects.filter(
        state=Forecast.State.DONE, version__state=ProgrammeVersion.State.PUBLISHED, edits=F("version__edits")
    )
    if programme:
        rows = rows.filter(version__programme=programme)
    if version:
        rows = rows.filter(version=version)
    for row in rows.select_related("version__programme").order_by("pk"):
        forecasts[row.version_id] = row
    stamps = dict(
        LedgerEntry.objects.filter(version__in=forecasts, kind__in=["earn", "reverse"])
        .values_list("version")
        .annotate(total=Sum("stamps"))
    )
    rewards = {
        version: (count, cost or Decimal(0))
        for version, count, cost in Reward.objects.filter(convert__version__in=forecasts)
        .exclude(state=Reward.State.REVOKED)
        .values("convert__version")
        .annotate(count=Count("pk"), paid=Sum("cost", filter=Q(state=Reward.State.REDEEMED)))
        .values_list("convert__version", "count", "paid")
    }
    nothing = (0, Decimal(0))
    return [
        _line(row, stamps.get(pk, 0), *rewards.get(pk, nothing), now)
        for pk, row in sorted(forecasts.items(), reverse=True)
    ]


def _line(row: Forecast, stamps: int, rewards: int, cost: Decimal, now: datetime) -> Line:
    version = row.version
    days = max((min(version.valid_until or now, now) - version.valid_from).days, 0)
    cases = [row.result["cases"][name] for name in ("low", "base", "high")]
    counts = {name: tuple(round(case[name] * days / YEAR) for case in cases) for name in ("stamps", "rewards")}
    low, base, high = (Decimal(case["cost"]) * days / YEAR for case in cases)
    return Line(
        title=f"{version.programme.name} {version.number}",
        url=reverse("loyalty:version", args=[version.pk]),
        days=days,
        stamps=(*counts["stamps"], stamps),
        rewards=(*counts["rewards"], rewards),
        cost=(low, base, high, cost),
    )
