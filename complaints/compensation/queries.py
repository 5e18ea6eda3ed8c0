"""Reads about compensation: the facts of a case, what others got, what was given already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import quantiles
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.compensation.rules import Situation, Totals
from complaints.models import Attachment, Award, Breach, Clock, ComplaintCase, Matrix, MatrixCell, Message, Remedy
from complaints.models.compensation import REMEDY_ENDED, STANDING, Basis, RemedyState
from complaints.models.guidance import RemedyKind
from customers import goodwill
from customers.models import Customer, Subscription
from staff.models import User

YEAR = timedelta(days=365)
COMPARED = timedelta(days=730)
ENOUGH = 20
TOO_FEW = 8
NOTHING = Decimal(0)
UPHELD = (ComplaintCase.Outcome.UPHELD, ComplaintCase.Outcome.PARTLY)


def linked(case: ComplaintCase) -> list[int]:
    """The case, the one it duplicates and that one's other duplicates; one query."""
    root = case.duplicate_of_id or case.pk
    return list(ComplaintCase.objects.filter(Q(pk=root) | Q(duplicate_of=root)).values_list("pk", flat=True))


def guidance_for(case: ComplaintCase, now: datetime) -> tuple[Matrix | None, MatrixCell | None]:
    """The version in force and its cell for this category, else for the category it is part of; two queries."""
    matrix = Matrix.objects.in_force(timezone.localdate(now))
    if matrix is None:
        return None, None
    cells = {
        cell.category_id: cell
        for cell in matrix.cells.filter(
            category__in=[pk for pk in (case.category_id, case.category.parent_id) if pk], severity=case.severity
        )
    }
    return matrix, cells.get(case.category_id) or cells.get(case.category.parent_id or 0)


def situation(case: ComplaintCase, by: User, now: datetime, *, besides: int | None = None) -> Situation:
    """The facts that move an award on this case; about nine queries. `besides`: an award that is being replaced."""
    customer = case.customer
    since = now - YEAR
    money = Subscription.objects.filter(customer=customer, status__in=["active", "paused", "ending"]).aggregate(
        margin=Sum("monthly_margin"), price=Sum("monthly_price")
    )
    claims = ComplaintCase.objects.filter(received_at__gt=since).aggregate(
        mine=Count("pk", filter=Q(customer=customer)),
        earlier=Count(
            "pk",
            filter=Q(
                customer=customer,
                category=case.category_id,
                received_at__lt=case.received_at,
                received_at__gte=case.received_at - timedelta(days=90),
            )
            & ~Q(pk=case.pk),
        ),
        all=Count("pk"),
        people=Count("customer", distinct=True),
    )
    contacts = Message.objects.filter(case=case, direction=Message.Direction.IN).count()
    late = Breach.objects.filter(clock__case=case).exists() or (
        Clock.objects.filter(case=case, met_at__isnull=True, is_paused=False, due_at__lt=now).exists()
    )
    awards = Award.objects.filter(state__in=STANDING, proposed_at__gt=since).exclude(pk=besides or 0)
    neighbours = 0
    if customer.street and customer.postcode:
        neighbours = (
            awards.filter(
                case__customer__street__iexact=customer.street, case__customer__postcode__iexact=customer.postcode
            )
            .exclude(case__customer=customer)
            .count()
        )
    return Situation(
        weeks_open=max((now - case.received_at).days // 7, 0),
        contacts=1 + contacts,
        is_repeat=claims["earlier"] > 0,
        is_vulnerable=customer.is_vulnerable,
        is_breached=late,
        is_contributory=case.fault in (ComplaintCase.Fault.SHARED, ComplaintCase.Fault.CUSTOMER),
        yearly_margin=12 * (money["margin"] or NOTHING),
        yearly_revenue=12 * (money["price"] or NOTHING),
        goodwill_year=goodwill_year(customer.pk, now, besides=besides),
        claims_year=claims["mine"],
        peers_claims=claims["all"] / claims["people"] if claims["people"] else 1.0,
        evidence_missing=case.category.needs_evidence and not Attachment.objects.filter(case=case).exists(),
        item_price=case.item_price,
        neighbours_awarded=neighbours,
        split_awards=awards.filter(
            case__customer=customer, proposed_by=by, proposed_at__gt=now - timedelta(days=30), goodwill__gt=0
        )
        .exclude(case__in=linked(case))
        .count(),
    )


def goodwill_year(customer_pk: int, now: datetime, *, besides: int | None = None) -> Decimal:
    """Goodwill of twelve months over all apps. Ours counts from the moment it is proposed, not only when it is done: or
    else two proposals on two screens would each find the other missing. Two queries."""
    ours = (
        Award.objects.filter(case__customer=customer_pk, state__in=STANDING, proposed_at__gt=now - YEAR)
        .exclude(pk=besides or 0)
        .aggregate(total=Sum("goodwill"))["total"]
    )
    return (ours or NOTHING) + goodwill.given([customer_pk], now - YEAR, now, without="complaints")[customer_pk]


def totals(case: ComplaintCase, by: User, now: datetime, *, besides: int | None = None) -> tuple[Totals, Totals]:
    """What stands against the limits already, (goodwill, redress), without the award `besides`; three queries and those
    of `goodwill_year`."""
    year, midnight = now - YEAR, timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    redress = F("owed") + F("loss")
    given = Award.objects.filter(state__in=STANDING).exclude(pk=besides or 0)
    on_case = given.filter(case__in=linked(case)).aggregate(goodwill=Sum("goodwill"), redress=Sum(redress))
    in_year = given.filter(case__customer=case.customer_id, proposed_at__gt=year).aggregate(redress=Sum(redress))
    today = given.filter(proposed_by=by, proposed_at__gte=midnight).aggregate(
        goodwill=Sum("goodwill"), redress=Sum(redress)
    )
    return (
        Totals(
            on_case["goodwill"] or NOTHING,
            goodwill_year(case.customer_id, now, besides=besides),
            today["goodwill"] or NOTHING,
        ),
        Totals(on_case["redress"] or NOTHING, in_year["redress"] or NOTHING, today["redress"] or NOTHING),
    )


@dataclass(frozen=True, slots=True)
class Third:
    """One third of the comparable cases by goodwill: what followed. Not causal: larger harm gets and leaves more."""

    low: Decimal
    high: Decimal
    n: int
    reopened: int
    stayed: int


@dataclass(frozen=True, slots=True)
class Comparables:
    """What upheld cases of 24 months like this one were given in goodwill."""

    n: int
    alike: Sequence[str]  # "product", "channel": what beside category and severity is the same
    quartiles: tuple[Decimal, Decimal, Decimal]
    amounts: Sequence[Decimal]
    thirds: Sequence[Third]


def comparables(case: ComplaintCase, now: datetime) -> Comparables | None:
    """Same category and severity, and as long as 20 remain the same channel and product; None below 8. One query."""
    staying = Subscription.objects.filter(customer=OuterRef("case__customer"), status__in=["active", "paused"])
    rows = list(
        Award.objects.filter(
            state__in=("approved", "done"),
            case__outcome__in=UPHELD,
            case__category=case.category_id,
            case__severity=case.severity,
            proposed_at__gt=now - COMPARED,
        )
        .exclude(case=case)
        .order_by("-proposed_at", "-pk")
        .values_list(
            "goodwill", "case__channel", "case__product", "case__reopened_count", Exists(staying), named=False
        )[:2000]
    )
    alike, found = [], rows
    for names, keep in (
        (["product", "channel"], [r for r in rows if r[2] == case.product and r[1] == case.channel]),
        (["product"], [r for r in rows if r[2] == case.product]),
        ([], rows),
    ):
        alike, found = names, keep
        if len(keep) >= ENOUGH:
            break
    if len(found) < TOO_FEW:
        return None
    found.sort(key=lambda row: row[0])
    amounts = [row[0] for row in found]
    q1, q2, q3 = quantiles(amounts, n=4, method="inclusive")
    cuts = [len(found) * k // 3 for k in range(4)]
    return Comparables(
        n=len(found),
        alike=alike,
        quartiles=(q1, q2, q3),
        amounts=amounts,
        thirds=[
            Third(part[0][0], part[-1][0], len(part), sum(bool(r[3]) for r in part), sum(bool(r[4]) for r in part))
            for part in (found[a:b] for a, b in pairwise(cuts))
        ],
    )


def goodwill_given(
    customer_ids: Sequence[int], since: datetime, until: datetime
) -> QuerySet[Remedy, tuple[int, Decimal]]:
    """The goodwill source: remedies done in the window. Stamps are counted by loyalty, at its own cost."""
    return (
        Remedy.objects.filter(
            award__case__customer__in=customer_ids,
            basis=Basis.GOODWILL,
            state=RemedyState.DONE,
            done_at__gte=since,
            done_at__lt=until,
        )
        .exclude(kind=RemedyKind.STAMPS)
        .values_list("award__case__customer")
        .annotate(given=Sum("amount"))
    )


def open_remedies(case_pk: int) -> Sequence[str]:
    """Remedies that keep a case from being closed, in words. One query."""
    rows = Remedy.objects.filter(award__case=case_pk, award__state__in=STANDING).exclude(state__in=REMEDY_ENDED)
    return [f"{remedy.get_kind_display()} ({remedy.get_state_display()})" for remedy in rows.order_by("pk")]


def has_card(customer: Customer) -> bool:
    """Whether bonus stamps can be given; one query."""
    from loyalty.models import Membership

    return Membership.objects.filter(customer=customer, status="active").exists()


def worklist(kinds: Iterable[str] = ()) -> Any:
    """Remedies somebody has to carry out, the oldest first."""
    rows = Remedy.objects.filter(state__in=[RemedyState.AGREED, RemedyState.ORDERED, RemedyState.FAILED])
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return rows.select_related("award__case__customer").order_by("pk")


def share(part: int, whole: int) -> str:
    return _("%(part)d of %(whole)d") % {"part": part, "whole": whole}
