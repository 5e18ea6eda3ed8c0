"""Reads about compensation: the facts of a case, what others got, what was given already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import quantiles
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.compensation.rules import Situation, Totals
from complaints.models import (
    Attachment,
    Award,
    AwardMove,
    Breach,
    Category,
    Clock,
    ComplaintCase,
    Matrix,
    MatrixCell,
    Message,
    Remedy,
)
from complaints.models.compensation import REMEDY_ENDED, STANDING, AwardState, Basis, RemedyState
from complaints.models.guidance import RemedyKind
from complaints.states import State
from customers import goodwill
from customers.models import Customer, Subscription
from staff.models import User
from staff.statements import kept, prepared

YEAR = timedelta(days=365)
COMPARED = timedelta(days=730)
ENOUGH = 20
TOO_FEW = 8
MOST_COMPARED = 2000
REPEATED = timedelta(days=90)
SPLIT = timedelta(days=30)
PEERS = "complaints-peers-claims"
NO_CLAIM = (State.DUPLICATE, State.WITHDRAWN, State.NOT_A_COMPLAINT)
NOTHING = Decimal(0)
UPHELD = (ComplaintCase.Outcome.UPHELD, ComplaintCase.Outcome.PARTLY)


@prepared()
def found(pk: int) -> ComplaintCase:
    """The case with its customer and category; one query. Raises Http404."""
    for case in _cases(pk):
        return case
    raise Http404


@kept
def _cases(pk: int) -> QuerySet[ComplaintCase]:
    return ComplaintCase.objects.filter(pk=pk).select_related("category", "customer")


def linked(case: ComplaintCase) -> list[int]:
    """The case, the one it duplicates and that one's other duplicates; one query."""
    root = case.duplicate_of_id or case.pk
    return list(ComplaintCase.objects.filter(Q(pk=root) | Q(duplicate_of=root)).values_list("pk", flat=True))


def guidance_for(case: ComplaintCase, now: datetime) -> tuple[Matrix | None, MatrixCell | None]:
    """The version in force and its cell for this category, else for the category it is part of; one query, two where
    it knows neither."""
    today = timezone.localdate(now)
    for cell in _cells(today, case.category_id, case.category.parent_id or 0, str(case.severity)):
        return cell.matrix, cell
    return Matrix.objects.in_force(today), None


@kept
def _cells(day: date, category: int, parent: int, severity: str) -> QuerySet[MatrixCell]:
    own_first = Case(When(category=category, then=0), default=1)
    cells = MatrixCell.objects.filter(
        matrix=Subquery(Matrix.objects.published(day).values("pk")[:1]), severity=severity
    )
    return cells.filter(category__in=(category, parent)).select_related("matrix").order_by(own_first)[:1]


def _count(rows: QuerySet[Any]) -> Coalesce:
    """How many rows, as a column beside others."""
    counted = rows.order_by().annotate(all=Value(1)).values("all").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _sum(rows: QuerySet[Any], name: str) -> Coalesce:
    """The sum of a column of money over rows, zero without any, as a column beside others."""
    summed = rows.order_by().annotate(all=Value(1)).values("all").annotate(total=Sum(name)).values("total")
    return Coalesce(Subquery(summed), NOTHING, output_field=DecimalField(max_digits=14, decimal_places=2))


def situation(case: ComplaintCase, by: User, now: datetime, *, besides: int | None = None) -> Situation:
    """The facts that move an award on this case, but for how many claims others have (`peers_claims`). One query and
    that of `goodwill_year`; `besides`: an award that is being replaced.

    What turned out to be no complaint of its own (a duplicate, withdrawn, no complaint) is neither a claim nor a
    failure repeated; the message that opened the case is not a contact more.
    """
    customer = case.customer
    [facts] = _facts(case.pk, case.duplicate_of_id or case.pk, by.pk, now - YEAR, now - SPLIT, now, besides or 0)
    margin, price, claims, is_repeat, contacts, was_late, is_late, has_evidence, neighbours, split = facts
    return Situation(
        weeks_open=max(((case.responded_at or now) - case.received_at).days // 7, 0),
        contacts=1 + contacts,
        is_repeat=is_repeat,
        is_vulnerable=customer.is_vulnerable,
        is_breached=was_late or is_late,
        is_contributory=case.fault in (ComplaintCase.Fault.SHARED, ComplaintCase.Fault.CUSTOMER),
        yearly_margin=12 * margin,
        yearly_revenue=12 * price,
        goodwill_year=goodwill_year(customer.pk, now, besides=besides),
        claims_year=claims,
        evidence_missing=case.category.needs_evidence and not has_evidence,
        item_price=case.item_price,
        neighbours_awarded=neighbours,
        split_awards=split,
    )


@kept
def _facts(
    case: int, root: int, by: int, since: datetime, split_since: datetime, now: datetime, besides: int
) -> QuerySet[ComplaintCase, Any]:
    """One row: everything about the case, its customer and its agent that is counted."""
    own, customer = OuterRef("pk"), OuterRef("customer")
    running = Subscription.objects.filter(customer=customer, status__in=["active", "paused", "ending"])
    matters = ComplaintCase.objects.filter(customer=customer).exclude(state__in=NO_CLAIM)
    failed_before = matters.filter(
        category=OuterRef("category"),
        received_at__lt=OuterRef("received_at"),
        received_at__gte=OuterRef("received_at") - REPEATED,
    ).exclude(Q(pk=root) | Q(duplicate_of=root))
    clocks = Clock.objects.filter(case=own)
    awards = Award.objects.filter(state__in=STANDING, proposed_at__gt=since).exclude(pk=besides)
    neighbours = awards.filter(
        case__customer__street__iexact=OuterRef("customer__street"),
        case__customer__postcode__iexact=OuterRef("customer__postcode"),
    ).exclude(Q(case__customer=customer) | Q(case__customer__street="") | Q(case__customer__postcode=""))
    others = awards.filter(case__customer=customer, proposed_by=by, proposed_at__gt=split_since, goodwill__gt=0)
    messages = Message.objects.filter(case=own, direction=Message.Direction.IN, at__gt=OuterRef("recorded_at"))
    return ComplaintCase.objects.filter(pk=case).values_list(
        _sum(running, "monthly_margin"),
        _sum(running, "monthly_price"),
        _count(matters.filter(received_at__gt=since)),
        Exists(failed_before),
        _count(messages),
        Exists(Breach.objects.filter(clock__case=own)),
        Exists(clocks.filter(met_at__isnull=True, is_paused=False, is_cancelled=False, due_at__lt=now)),
        Exists(Attachment.objects.filter(case=own)),
        _count(neighbours),
        _count(others.exclude(Q(case=root) | Q(case__duplicate_of=root))),
    )


def peers_claims(now: datetime) -> float:
    """Complaints of twelve months for each customer who complained. Counted once a day: one query then, and one of the
    shared cache ever after."""
    counted: float | None = cache.get(PEERS)
    if counted is None:
        matters = ComplaintCase.objects.filter(received_at__gt=now - YEAR).exclude(state__in=NO_CLAIM)
        found = matters.aggregate(all=Count("pk"), people=Count("customer", distinct=True))
        counted = found["all"] / found["people"] if found["people"] else 1.0
        cache.set(PEERS, counted, 24 * 3600)
    return counted


def goodwill_year(customer_pk: int, now: datetime, *, besides: int | None = None) -> Decimal:
    """Goodwill of twelve months over all apps. Ours counts from the moment it is proposed, not only when it is done: or
    else two proposals on two screens would each find the other missing. One query."""
    sources = tuple(source for name, source in goodwill.goodwill.items() if name != "complaints")
    rows = _given_in_a_year(sources, customer_pk, now - YEAR, now, besides or 0)
    return goodwill.added_up(rows).get(customer_pk, NOTHING)


@kept
def _given_in_a_year(
    sources: tuple[goodwill.Source, ...], customer: int, since: datetime, until: datetime, besides: int
) -> QuerySet[Any, goodwill.Amount]:
    ours = (
        Remedy.objects.filter(
            award__case__customer=customer,
            award__state__in=STANDING,
            award__proposed_at__gt=since,
            basis=Basis.GOODWILL,
        )
        .exclude(award=besides)
        .exclude(state=RemedyState.CANCELLED)
        .exclude(kind=RemedyKind.STAMPS, state=RemedyState.DONE)  # loyalty counts them
    )
    given = ours.values_list("award__case__customer").annotate(given=Sum("amount"))
    return goodwill.in_one([given, *(source([customer], since, until) for source in sources)])


def totals(case: ComplaintCase, by: User, now: datetime, *, besides: int | None = None) -> tuple[Totals, Totals]:
    """What stands against the limits already, (goodwill, redress), without the award `besides`; three queries and those
    of `goodwill_year`.

    An award that a colleague was asked about is given on the word of who approved it: it counts on that person's day,
    from the approval on, and never on the proposer's.
    """
    year, midnight = now - YEAR, timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    redress = F("owed") + F("loss")
    given = Award.objects.filter(state__in=STANDING).exclude(pk=besides or 0)
    on_case = given.filter(case__in=linked(case)).aggregate(goodwill=Sum("goodwill"), redress=Sum(redress))
    in_year = given.filter(case__customer=case.customer_id, proposed_at__gt=year).aggregate(redress=Sum(redress))
    today = given.filter(pk__in=_on_the_word_of(by, midnight)).aggregate(goodwill=Sum("goodwill"), redress=Sum(redress))
    return (
        Totals(
            on_case["goodwill"] or NOTHING,
            goodwill_year(case.customer_id, now, besides=besides),
            today["goodwill"] or NOTHING,
        ),
        Totals(on_case["redress"] or NOTHING, in_year["redress"] or NOTHING, today["redress"] or NOTHING),
    )


def _on_the_word_of(by: User, since: datetime) -> QuerySet[AwardMove, Any]:
    """The awards this person agreed to: proposed within the own authority, or approved for a colleague."""
    agreed = AwardMove.objects.filter(to_state=AwardState.APPROVED)
    unasked = agreed.filter(by=None, subject__proposed_by=by, subject__proposed_at__gte=since)
    return unasked.values("subject").union(agreed.filter(by=by, at__gte=since).values("subject"))


@dataclass(frozen=True, slots=True)
class Third:
    """One third of the comparable cases by goodwill: what followed. Not causal: larger harm gets and leaves more."""

    low: Decimal
    high: Decimal
    n: int
    accepted: int  # all that was agreed was taken and carried out
    reopened: int
    stayed: int


@dataclass(frozen=True, slots=True)
class Comparables:
    """What upheld cases of 24 months like this one were given in goodwill."""

    n: int
    alike: Sequence[str]  # "subcategory", "product", "channel": what beside category and severity is the same
    quartiles: tuple[Decimal, Decimal, Decimal]
    amounts: Sequence[Decimal]
    thirds: Sequence[Third]


def comparables(case: ComplaintCase, now: datetime) -> Comparables | None:
    """Same subcategory, severity, product and channel; from the channel on, one after the other is let go until 20 are
    found. None below 8. Category and severity are those that the award was explained by. One query."""
    rows = _alike(case.category.parent_id or case.category_id, str(case.severity), now - COMPARED, case.pk)
    sub = ["subcategory"] if case.category.parent_id else []
    own = [one for one in rows if one.code == case.category.code]
    same_product = [one for one in own if one.product == case.product]
    same_channel = [one for one in same_product if one.channel == case.channel]
    narrower = (([*sub, "product", "channel"], same_channel), ([*sub, "product"], same_product), (sub, own))
    alike, found = next(((alike, found) for alike, found in narrower if len(found) >= ENOUGH), ([], rows))
    if len(found) < TOO_FEW:
        return None
    found = sorted(found, key=lambda one: one.goodwill)
    amounts = [one.goodwill for one in found]
    q1, q2, q3 = quantiles(amounts, n=4, method="inclusive")
    cuts = [len(found) * k // 3 for k in range(4)]
    return Comparables(
        n=len(found),
        alike=alike,
        quartiles=(q1, q2, q3),
        amounts=amounts,
        thirds=[
            Third(
                part[0].goodwill,
                part[-1].goodwill,
                len(part),
                sum(one.accepted for one in part),
                sum(one.reopened > 0 for one in part),
                sum(one.stays for one in part),
            )
            for part in (found[a:b] for a, b in pairwise(cuts))
        ],
    )


@kept
def _alike(family: int, severity: str, since: datetime, case: int) -> QuerySet[Award, Any]:
    """The newest upheld awards of a category and its subcategories, by category and severity as they were explained."""
    left_out = Remedy.objects.filter(award=OuterRef("pk"), state=RemedyState.CANCELLED)
    staying = Subscription.objects.filter(customer=OuterRef("case__customer"), status__in=["active", "paused"])
    return (
        Award.objects.alias(severity=KT("explanation__severity"))
        .annotate(code=KT("explanation__category"))
        .filter(
            code__in=Category.objects.filter(Q(pk=family) | Q(parent=family)).values("code"),
            severity=severity,
            state__in=(AwardState.APPROVED, AwardState.DONE),
            case__outcome__in=UPHELD,
            proposed_at__gt=since,
        )
        .exclude(case=case)
        .annotate(
            channel=F("case__channel"),
            product=F("case__product"),
            reopened=F("case__reopened_count"),
            stays=Exists(staying),
            accepted=Q(state=AwardState.DONE) & ~Exists(left_out),
        )
        .order_by("-proposed_at", "-pk")
        .values_list("goodwill", "code", "channel", "product", "reopened", "stays", "accepted", named=True)[
            :MOST_COMPARED
        ]
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

    return Membership.objects.filter(customer=customer, status="active", programme__unit="stamp").exists()


def share(part: int, whole: int) -> str:
    return _("%(part)d of %(whole)d") % {"part": part, "whole": whole}
