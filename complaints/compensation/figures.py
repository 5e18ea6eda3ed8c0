"""What compensation costs, on three bases, and how it keeps to the guidance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from complaints.compensation.rules import cents
from complaints.models import Award, Matrix, Remedy, Voucher, VoucherEntry
from complaints.models.compensation import RemedyState
from complaints.models.guidance import VOUCHERS, RemedyKind

NOTHING = Decimal(0)
DEFAULT_REDEEMED = Decimal("0.80")  # until enough vouchers have had their time
ENOUGH = 30
PRODUCTS = (RemedyKind.PRODUCT_VOUCHER, RemedyKind.GIFT)


@dataclass(frozen=True, slots=True)
class KindCost:
    kind: str
    n: int
    committed: Decimal  # what was agreed, at face
    expected: Decimal  # face × chance of redemption × cost of the goods
    realised: Decimal  # what was done or redeemed so far × cost of the goods


@dataclass(frozen=True, slots=True)
class Costs:
    """Cost of the awards proposed in a window, by kind of remedy."""

    cases: int
    kinds: Sequence[KindCost]
    redeemed: Decimal  # the chance that was used
    product_cost: Decimal

    def per_case(self, basis: str) -> Decimal:
        return cents(sum((getattr(k, basis) for k in self.kinds), NOTHING) / self.cases) if self.cases else NOTHING


def redemption_share(until: datetime) -> Decimal:
    """The share of face that was redeemed of vouchers spent or expired; the default below 30. Two queries."""
    ended = Voucher.objects.filter(state__in=["spent", "expired"], issued_at__lt=until).aggregate(
        n=Count("pk"), face=Sum("face")
    )
    if ended["n"] < ENOUGH:
        return DEFAULT_REDEEMED
    redeemed = VoucherEntry.objects.filter(
        voucher__state__in=["spent", "expired"], voucher__issued_at__lt=until, kind__in=["redeem", "reverse"]
    ).aggregate(total=Sum("amount"))["total"]
    return Decimal(-(redeemed or NOTHING) / ended["face"]).quantize(Decimal("0.001"))


def costs(since: datetime, until: datetime) -> Costs:
    """Awards agreed among those proposed in [since, until), on three bases; five queries."""
    agreed = Award.objects.filter(state__in=("approved", "done"), proposed_at__gte=since, proposed_at__lt=until)
    rows = (
        Remedy.objects.filter(award__in=agreed)
        .exclude(state=RemedyState.CANCELLED)
        .values_list("kind", "state")
        .annotate(n=Count("pk"), total=Sum("amount"))
    )
    used = dict(
        VoucherEntry.objects.filter(voucher__remedy__award__in=agreed, kind__in=["redeem", "reverse"])
        .values_list("voucher__remedy__kind")
        .annotate(total=Sum("amount"))
    )
    last = Matrix.objects.filter(published_at__isnull=False).order_by("-valid_from").first()
    product_cost = last.product_cost if last else Decimal("0.6")
    share = redemption_share(until)
    found: dict[str, list[Decimal]] = {}
    counts: dict[str, int] = {}
    for kind, state, n, total in rows:
        committed, done = found.setdefault(kind, [NOTHING, NOTHING]), state == RemedyState.DONE
        committed[0] += total
        committed[1] += total if done and kind not in VOUCHERS else NOTHING
        counts[kind] = counts.get(kind, 0) + n
    labels = dict(RemedyKind.choices)
    return Costs(
        cases=agreed.values("case").distinct().count(),
        kinds=[
            KindCost(
                kind=str(labels[kind]),
                n=counts[kind],
                committed=total,
                expected=cents(total * (share if kind in VOUCHERS else 1) * _goods(kind, product_cost)),
                realised=cents((-used.get(kind, NOTHING) if kind in VOUCHERS else done) * _goods(kind, product_cost)),
            )
            for kind, (total, done) in sorted(found.items())
        ],
        redeemed=share,
        product_cost=product_cost,
    )


def _goods(kind: str, product_cost: Decimal) -> Decimal:
    return product_cost if kind in PRODUCTS else Decimal(1)


def by_band(since: datetime, until: datetime) -> dict[str, int]:
    """How many awards with goodwill were below, within and above the guidance's band; one query."""
    return dict(
        Award.objects.filter(
            state__in=("approved", "done"), proposed_at__gte=since, proposed_at__lt=until, goodwill__gt=0
        )
        .values_list("band")
        .annotate(n=Count("pk"))
    )
