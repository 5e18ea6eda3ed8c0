"""The figures of the cancellation desk, as the trade defines them, with intervals and the maturity of the cohort.

A period is by the time of notice, [since, until). Mature is a case whose 90 days are over.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import (
    Avg,
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, TruncDate, TruncMonth, TruncQuarter
from django.utils import timezone

from cancellations.engine.measure import Uplift
from cancellations.engine.values import Contract, value
from cancellations.learning import YES
from cancellations.models import CancellationCase, CaseMove, Offer, OfferMove, PastOffer, Suggestion
from cancellations.models.offers import OfferState
from customers.models import Subscription
from staff.rates import Rate

State = CancellationCase.State
SAVED = (State.SAVED_PENDING, State.SAVED_CONFIRMED, State.BOOMERANG)
NIL = Decimal(0)
MODEL_OF_V = (Decimal("0.7"), Decimal("1.3"))  # V is a model: what it may be too high or too low


@dataclass(frozen=True)
class Period:
    """What the filters chose. `agent` restricts to one person's cases, `team` to one team's."""

    since: date
    until: date
    today: date
    agent: int | None = None
    team: int | None = None
    category: int | None = None

    def cases(self) -> QuerySet[CancellationCase]:
        rows = CancellationCase.objects.filter(noticed_at__date__gte=self.since, noticed_at__date__lt=self.until)
        if self.agent:
            rows = rows.filter(agent_id=self.agent)
        if self.team:
            rows = rows.filter(team_id=self.team)
        if self.category:
            rows = rows.filter(reason__category_id=self.category)
        return rows

    def mature(self) -> Q:
        return Q(paying_on_day_90__isnull=False, window_until__lte=self.today)


@dataclass(frozen=True)
class Figures:
    notices: int
    mature: int
    contact_save: Rate
    confirmed_save: Rate
    boomerang: Rate
    take: Rate
    gross_mrr: Decimal
    net_mrr: Decimal
    cost: Decimal  # of all accepted offers; what follows reckons with those of mature cases
    uplift: Uplift
    overridden: int  # mature cases of the hold-out that were shown offers in hardship, and are counted as hold-out
    incremental: tuple[float, float, float] | None  # estimate, low, high
    cost_per_save: tuple[Decimal, Decimal, Decimal | None] | None  # estimate, low, high: None if there may be no save
    net_value: tuple[Decimal, Decimal, Decimal] | None  # with V, and V ± 30 %
    net_range: tuple[Decimal, Decimal] | None  # with the bounds of the uplift as well
    offers_after_refusal: int
    without_receipt: int
    slow_receipts: int

    @property
    def immature(self) -> int:
        return self.notices - self.mature


def carried_out() -> Q:
    """Offers that cost something: accepted, and neither failed nor called off before they were carried out."""
    ran = Exists(OfferMove.objects.filter(subject=OuterRef("pk"), to_state=OfferState.APPLIED))
    return Q(state__in=[s for s in YES if s not in (OfferState.FAILED, OfferState.REVOKED)]) | (
        Q(state=OfferState.REVOKED) & Q(ran)
    )


def figures(period: Period) -> Figures:
    """Five queries."""
    mature = period.mature()
    reduced = Offer.objects.filter(
        case=OuterRef("pk"), state=OfferState.APPLIED, fulfilment__ends_on__gt=period.today
    ).values("fulfilment__price_during")[:1]
    gone = When(subscription__status__in=[Subscription.Status.ENDED, Subscription.Status.PAUSED], then=NIL)
    money = DecimalField(max_digits=14, decimal_places=2)
    pays = Case(gone, default=Coalesce(Subquery(reduced), F("subscription__monthly_price")), output_field=money)
    cases = period.cases().annotate(pays=pays)
    row = cases.aggregate(
        notices=Count("pk"),
        mature=Count("pk", filter=mature),
        saved=Count("pk", filter=Q(state__in=SAVED)),
        paying=Count("pk", filter=mature & Q(paying_on_day_90=True, state__in=SAVED)),
        boomerang=Count("pk", filter=mature & Q(state=State.BOOMERANG)),
        saved_mature=Count("pk", filter=mature & Q(state__in=SAVED)),
        gross=Coalesce(Sum("price_before", filter=Q(state=State.SAVED_CONFIRMED)), NIL, output_field=money),
        net=Coalesce(Sum("pays", filter=Q(state=State.SAVED_CONFIRMED)), NIL, output_field=money),
        margin=Avg("subscription__monthly_margin"),
        price=Avg("subscription__monthly_price"),
        without_receipt=Count("pk", filter=Q(notice__receipt__isnull=True, closed_at__isnull=False)),
        slow=Count("pk", filter=Q(notice__receipt__created_at__gt=F("noticed_at") + timedelta(minutes=10))),
    )
    refused = CaseMove.objects.filter(
        subject=OuterRef("case"),
        what=CaseMove.What.PERMISSION,
        note=CancellationCase.Permission.REFUSED,
        at__lt=OuterRef("presented_at"),
    )
    offers = Offer.objects.filter(case__in=period.cases(), presented_at__isnull=False).aggregate(
        presented=Count("pk"),
        accepted=Count("pk", filter=Q(state__in=YES)),
        after=Count("pk", filter=Exists(refused)),
    )
    arms = _arms(period)
    treated, held = Rate.of(*arms["treated"]), Rate.of(*arms["held"])
    # What was given in mature cases: incremental saves are known of those alone.
    given = Offer.objects.filter(carried_out(), case__in=period.cases(), suggestion__hold_out=False).aggregate(
        all=Coalesce(Sum("cost"), NIL, output_field=money),
        mature=Coalesce(Sum("cost", filter=Q(case__in=period.cases().filter(mature))), NIL, output_field=money),
    )
    uplift = Uplift.of(treated, held)
    incremental = per_save = net_value = net_range = None
    if uplift.points is not None:
        n = treated.n
        incremental = uplift.points * n, (uplift.low or 0.0) * n, (uplift.high or 0.0) * n
        worth, cost = value(Contract(row["price"] or NIL, row["margin"] or NIL)), given["mature"]
        saves, fewest, most = (Decimal(str(round(each, 4))) for each in incremental)
        low, high = sorted(saves * worth * scale - cost for scale in MODEL_OF_V)
        net_value = saves * worth - cost, low, high
        corners = [each * worth * scale - cost for each in (fewest, most) for scale in MODEL_OF_V]
        net_range = min(corners), max(corners)
        if saves > 0:
            per_save = cost / saves, cost / most, cost / fewest if fewest > 0 else None
    return Figures(
        notices=row["notices"],
        mature=row["mature"],
        contact_save=Rate.of(row["saved"], row["notices"]),
        confirmed_save=Rate.of(row["paying"], row["mature"]),
        boomerang=Rate.of(row["boomerang"], row["saved_mature"]),
        take=Rate.of(offers["accepted"], offers["presented"]),
        gross_mrr=row["gross"],
        net_mrr=row["net"],
        cost=given["all"],
        uplift=uplift,
        overridden=arms["overridden"][0],
        incremental=incremental,
        cost_per_save=per_save,
        net_value=net_value,
        net_range=net_range,
        offers_after_refusal=offers["after"],
        without_receipt=row["without_receipt"],
        slow_receipts=row["slow"],
    )


def _arms(period: Period) -> dict[str, tuple[int, int]]:
    """Confirmed of mature in each arm, by what the stored decision assigned, whatever happened after."""
    row = Suggestion.objects.filter(
        superseded_at__isnull=True, case__in=period.cases().filter(period.mature())
    ).aggregate(
        treated=Count("pk", filter=Q(hold_out=False)),
        treated_paying=Count("pk", filter=Q(hold_out=False, case__paying_on_day_90=True)),
        held=Count("pk", filter=Q(hold_out=True)),
        held_paying=Count("pk", filter=Q(hold_out=True, case__paying_on_day_90=True)),
        overridden=Count("pk", filter=Q(hold_out=True, overridden=True)),
    )
    return {
        "treated": (row["treated_paying"], row["treated"]),
        "held": (row["held_paying"], row["held"]),
        "overridden": (row["overridden"], row["held"]),
    }


@dataclass(frozen=True)
class Cohort:
    """The notices of one month. A share is of those that are mature, and may move while some are not."""

    month: date
    notices: int
    mature: int
    contact_save: Rate
    confirmed_save: Rate
    boomerang: Rate


def cohorts(period: Period) -> list[Cohort]:
    """Month by month, newest first. One query."""
    mature = period.mature()
    rows = (
        period.cases()
        .annotate(month=TruncMonth("noticed_at"))
        .values("month")
        .annotate(
            notices=Count("pk"),
            mature=Count("pk", filter=mature),
            saved=Count("pk", filter=Q(state__in=SAVED)),
            paying=Count("pk", filter=mature & Q(paying_on_day_90=True, state__in=SAVED)),
            boomerang=Count("pk", filter=mature & Q(state=State.BOOMERANG)),
            saved_mature=Count("pk", filter=mature & Q(state__in=SAVED)),
        )
        .order_by("-month")
    )
    return [
        Cohort(
            row["month"].date(),
            row["notices"],
            row["mature"],
            Rate.of(row["saved"], row["notices"]),
            Rate.of(row["paying"], row["mature"]),
            Rate.of(row["boomerang"], row["saved_mature"]),
        )
        for row in rows
    ]


def reasons(period: Period) -> list[tuple[str, str, int]]:
    """Category, reason and number of notices, most first; "not told" among them. One query and the labels'."""
    rows = (
        period.cases()
        .values("reason", "reason__category__name", "reason__name")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason__name")
    )
    return [(row["reason__category__name"] or "", row["reason__name"] or "", row["count"]) for row in rows]


def reasons_by_month(period: Period) -> dict[str, list[tuple[date, int]]]:
    """For each category its notices by month, every month from the first with any to the last. One query."""
    rows = (
        period.cases()
        .annotate(month=TruncMonth("noticed_at"))
        .values("month", "reason__category__name")
        .annotate(count=Count("pk"))
        .order_by("month")
    )
    found: dict[str, dict[date, int]] = {}
    for row in rows:
        found.setdefault(row["reason__category__name"] or "", {})[row["month"].date()] = row["count"]
    every = {month for counts in found.values() for month in counts}
    months = [min(every)] if every else []
    while months and months[-1] < max(every):
        months.append((months[-1] + timedelta(days=31)).replace(day=1))
    return {name: [(month, counts.get(month, 0)) for month in months] for name, counts in found.items()}


def funnel(period: Period) -> list[int]:
    """Notices, permission given, offered, accepted, carried out, active and paying on day 90. Two queries."""
    cases = period.cases()
    row = cases.aggregate(
        notices=Count("pk"), granted=Count("pk", filter=Q(permission=CancellationCase.Permission.GRANTED))
    )
    offers = Offer.objects.filter(case__in=cases, presented_at__isnull=False).aggregate(
        presented=Count("case", distinct=True),
        accepted=Count("case", distinct=True, filter=Q(state__in=YES)),
        applied=Count("case", distinct=True, filter=Q(state__in=["applied", "completed", "revoked"])),
        paying=Count("case", distinct=True, filter=Q(state__in=["applied", "completed"], case__paying_on_day_90=True)),
    )
    return [row["notices"], row["granted"], *(offers[k] for k in ("presented", "accepted", "applied", "paying"))]


MONTH = 30  # days, as a curve counts them
MONTHS = 12


class _Stayed(Func):
    """How many points of the curve the days from the first to the second date reach: one when they are 1 to MONTH."""

    arg_joiner = " - "
    template = f"GREATEST(LEAST(CEIL((%(expressions)s) / {MONTH}.0), {MONTHS + 1}), 0)::integer"
    output_field = IntegerField()


def survival(period: Period) -> dict[str, list[tuple[int, float]]]:
    """Of those saved in each of the last three quarters with any: the share still here after each month, as far as all
    of the cohort has been watched. One query, which counts."""
    gone = Case(When(subscription__status__in=("ended", "ending"), then=F("subscription__ends_on")))
    rows = (
        period.cases()
        .filter(state__in=SAVED, closed_at__isnull=False)
        .annotate(day=TruncDate("closed_at"), quarter=TruncQuarter("closed_at"), stayed=_Stayed(gone, F("day")))
        .values_list("quarter", "stayed")
        .annotate(of=Count("pk"), newest=Max("day"))
    )
    cohorts: dict[datetime, list[tuple[int | None, int, date]]] = {}
    for quarter, stayed, of, newest in rows:
        cohorts.setdefault(quarter, []).append((stayed, of, newest))
    curves: dict[str, list[tuple[int, float]]] = {}
    for quarter, groups in sorted(cohorts.items())[-3:]:
        members = sum(of for _stayed, of, _newest in groups)
        watched = (period.today - max(newest for _stayed, _of, newest in groups)).days // MONTH
        curves[f"{quarter.year} Q{(quarter.month - 1) // 3 + 1} (n {members})"] = [
            (month, sum(of for stayed, of, _newest in groups if stayed is None or stayed > month) / members)
            for month in range(min(watched, MONTHS) + 1)
        ]
    return curves


@dataclass(frozen=True)
class Observed:
    """An offer of the time before Kvar: how many accepted, and who of them is known to be a customer still."""

    offer: str
    cases: int
    accepted: Rate
    still: Rate


def observed(period: Period) -> list[Observed]:
    """Imported offers of the period, most first; "" for those who had none. They are no part of any other figure:
    nobody was assigned by lot. One query."""
    rows = (
        PastOffer.objects.filter(offered_on__gte=period.since, offered_on__lt=period.until)
        .values("offer")
        .annotate(
            cases=Count("pk"),
            accepted=Count("pk", filter=Q(accepted=True)),
            known=Count("pk", filter=Q(still_customer__isnull=False)),
            still=Count("pk", filter=Q(still_customer=True)),
        )
        .order_by("-cases", "offer")
    )
    return [
        Observed(
            row["offer"], row["cases"], Rate.of(row["accepted"], row["cases"]), Rate.of(row["still"], row["known"])
        )
        for row in rows
    ]


def first_day() -> date | None:
    """Of the earliest notice or imported offer. Two queries by index."""
    notice = CancellationCase.objects.aggregate(day=Min("noticed_at"))["day"]
    offer = PastOffer.objects.aggregate(day=Min("offered_on"))["day"]
    days = [timezone.localdate(notice) if notice else None, offer]
    return min((day for day in days if day), default=None)
