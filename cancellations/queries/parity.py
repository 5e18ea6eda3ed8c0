"""What was offered to whom: whether one group is offered more than the others."""

from dataclasses import dataclass

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from cancellations.models import Offer
from cancellations.queries.figures import NIL, Period
from staff.rates import Difference, Mean, Rate, of_means

LEAST_GROUP = 100


@dataclass(frozen=True)
class Group:
    """Notices of a group, what was offered to it per notice, and how that differs from everybody else. Under 100
    notices on either side nothing is said."""

    name: str
    notices: int
    offered: Rate | None
    value: Mean | None
    against: Difference


def parity(period: Period, by: str) -> list[Group]:
    """Value offered by "segment", "language" or "vulnerable"; the hold-out is left out. One query."""
    field = {"segment": "customer__segment", "language": "customer__language", "vulnerable": "customer__is_vulnerable"}[
        by
    ]
    put = Offer.objects.filter(case=OuterRef("pk"), presented_at__isnull=False).order_by()
    money = DecimalField(max_digits=14, decimal_places=2)
    rows = (
        period.cases()
        .filter(suggestions__superseded_at__isnull=True, suggestions__hold_out=False)
        .annotate(
            was_offered=Exists(put),
            put=Coalesce(Subquery(put.values("case").annotate(sum=Sum("cost")).values("sum")), NIL, output_field=money),
        )
        .values(field)
        .annotate(
            notices=Count("pk"),
            offered=Count("pk", filter=Q(was_offered=True)),
            total=Sum("put"),
            squares=Sum(F("put") * F("put"), output_field=DecimalField(max_digits=20, decimal_places=4)),
        )
        .order_by(field)
    )
    whole = [sum(float(row[name]) for row in rows) for name in ("notices", "total", "squares")]
    groups = []
    for row in rows:
        own = row["notices"], float(row["total"]), float(row["squares"])
        rest = Mean.of(*(int(whole[0]) - own[0], whole[1] - own[1], whole[2] - own[2]))
        value, enough = Mean.of(*own), row["notices"] >= LEAST_GROUP
        groups.append(
            Group(
                str(row[field]),
                row["notices"],
                Rate.of(row["offered"], row["notices"]) if enough else None,
                value if enough else None,
                of_means(value, rest, least=LEAST_GROUP),
            )
        )
    return groups
