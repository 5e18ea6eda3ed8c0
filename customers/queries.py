"""Reads shaped for pages: the header band, the timeline, the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers import search, timeline
from customers.contributions import Action, Badge, Fact, actions, band
from customers.goodwill import given
from customers.models import Customer, Subscription
from customers.timeline import Entry, Place
from staff import formats, paging
from staff.models import User
from staff.statements import kept, prepared

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _Running(TypedDict):
        running: list[Subscription]

    WithPlans = WithAnnotations[Customer, _Running]

LIST_PAGE = 25
TIMELINE_PAGE = 20


@dataclass(frozen=True, slots=True)
class HeaderBand:
    """Who the caller is, ready for `customers/band.html`."""

    pk: int
    name: str
    number: str
    url: str
    badges: Sequence[Badge]
    facts: Sequence[Fact]
    subscriptions: Sequence[Subscription]
    goodwill: Decimal
    monthly_margin: Decimal


def band_for(customer: Customer, now: datetime, *, goodwill: Decimal | None = None) -> HeaderBand:
    """The header band of any page about this customer, with what every app adds to it.

    One query for the subscriptions, one for goodwill, at most two for each app of the band. A page that has summed up
    the `goodwill` of the year already hands it over, and its sources are not asked again.
    """
    with prepared():
        subscriptions = _running(customer.pk)
        parts = [source(customer, now) for source in band]
    if goodwill is None:
        goodwill = given([customer.pk], _year_before(now), now)[customer.pk]
    return HeaderBand(
        pk=customer.pk,
        name=customer.name,
        number=customer.number,
        url=reverse("customers:detail", args=[customer.pk]),
        badges=[*_flags(customer), *(badge for part in parts for badge in part.badges)],
        facts=[
            *_facts(customer, subscriptions, timezone.localdate(now)),
            Fact(_("Goodwill, 12 months"), formats.money(goodwill)),
            *(fact for part in parts for fact in part.facts),
        ],
        subscriptions=subscriptions,
        goodwill=goodwill,
        monthly_margin=sum((one.monthly_margin for one in subscriptions), Decimal(0)),
    )


@kept
def _running(customer: int) -> QuerySet[Subscription]:
    rows = Subscription.objects.filter(customer=customer).exclude(status=Subscription.Status.ENDED)
    return rows.select_related("plan").order_by("-monthly_price", "pk")


def _year_before(now: datetime) -> datetime:
    local = timezone.localtime(now)
    return local.replace(year=local.year - 1, day=min(local.day, 28) if local.month == 2 else local.day)


def _flags(customer: Customer) -> list[Badge]:
    if customer.erased_at:
        return [Badge(_("Erased on %(day)s") % {"day": formats.day(customer.erased_at)}, "", "eraser")]
    flags = []
    if customer.segment != Customer.Segment.STANDARD:
        flags.append(Badge(customer.get_segment_display(), "teal", "star"))
    if customer.is_bereaved:
        flags.append(Badge(_("bereaved household"), "red", "flower"))
    if customer.is_vulnerable:
        flags.append(Badge(_("vulnerable"), "amber", "heart-handshake"))
    if customer.in_debt:
        flags.append(Badge(_("in debt"), "red", "wallet"))
    if customer.unsubscribed_at:
        flags.append(Badge(_("no marketing mail"), "amber", "mail-x"))
    return flags


def _facts(customer: Customer, subscriptions: Sequence[Subscription], today: date) -> list[Fact]:
    since = customer.customer_since
    months = (today.year - since.year) * 12 + today.month - since.month - (today.day < since.day)
    facts = [
        Fact(_("Phone"), formats.phone(customer.phone) or "–"),
        Fact(_("Language"), customer.get_language_display()),
        Fact(_("Customer since"), f"{formats.day(since)} · {formats.months(months)}"),
    ]
    if not subscriptions:
        return [*facts, Fact(_("Plan"), _("none at present"))]
    for one in subscriptions[:2]:
        price = _("%(price)s a month") % {"price": formats.money(one.monthly_price)}
        if one.status != Subscription.Status.ACTIVE:
            price = f"{price} · {one.get_status_display()}"
        facts.append(Fact(one.plan.name, price))
    more = len(subscriptions) - 2
    if more > 0:
        facts.append(Fact(_("And"), ngettext("%d more plan", "%d more plans", more) % more))
    facts.append(Fact(_("Contract ends"), _contract_end(subscriptions[0], today)))
    return facts


def _contract_end(one: Subscription, today: date) -> str:
    """“31 Jan 2027 · 10 weeks”, or what stands in its place."""
    if one.ends_on:
        return f"{formats.day(one.ends_on)} · {_('cancelled')}"
    if one.contract_end is None:
        return _("month by month")
    days = (one.contract_end - today).days
    if days < 0:
        left = _("over: month by month")
    elif days < 14:
        left = ngettext("%d day", "%d days", days) % days
    elif days < 180:
        left = ngettext("%d week", "%d weeks", days // 7) % (days // 7)
    else:
        left = formats.months(days * 12 // 365)
    return f"{formats.day(one.contract_end)} · {left}"


def actions_for(user: User, band: HeaderBand) -> list[Action]:
    """The buttons this person may press for this band's customer, in order; no query beyond the cached permissions."""
    sensible = (action for action in actions if band.subscriptions or not action.on_contract)
    return sorted((a for a in sensible if user.has_perm(a.permission)), key=lambda action: action.order)


@dataclass(frozen=True, slots=True)
class Line:
    """A timeline entry as it is read."""

    when: str
    at: str  # ISO, for <time>
    entry: Entry


@dataclass(frozen=True, slots=True)
class TimelinePage:
    lines: Sequence[Line]
    next: str  # the cursor of the next page, "" at the end
    kind: str


def timeline_page(customer_id: int, *, kind: str, cursor: str, now: datetime) -> TimelinePage:
    """The next lines of a customer's history; one query."""
    after = _read_place(cursor)
    entries, more = timeline.page(customer_id, kind=kind, after=after, size=TIMELINE_PAGE)
    return TimelinePage(
        lines=[Line(_when(entry.at, now), entry.at.isoformat(), entry) for entry in entries],
        next=_write_place(entries[-1]) if more else "",
        kind=kind,
    )


def _when(at: datetime, now: datetime) -> str:
    """“Today 10:42”, “12 Nov 18:05”, last year's with its year; a whole day without its midnight."""
    local = timezone.localtime(at)
    days = (timezone.localdate(now) - local.date()).days
    name = {0: _("Today"), 1: _("Yesterday")}.get(days) or (
        formats.day(local.date()) if days > 300 or days < 0 else formats.short_day(local.date())
    )
    return (
        name if days > 300 or (local.hour, local.minute, local.second) == (0, 0, 0) else f"{name} {formats.clock(at)}"
    )


def _write_place(entry: Entry) -> str:
    return f"{entry.at.timestamp():.6f}~{entry.key}"


def _read_place(cursor: str) -> Place | None:
    """A place as `_write_place` wrote it; what cannot be read begins at the top."""
    moment, _tilde, key = cursor.partition("~")
    try:
        return datetime.fromtimestamp(float(moment), tz=timezone.get_current_timezone()), key
    except (ValueError, OverflowError, OSError):
        return None


def timeline_kinds() -> list[tuple[str, str]]:
    """(name, label) of every source, for the filter."""
    return [(name, timeline.timeline.label(name)) for name, _source in timeline.timeline.items()]


def customer_page(*, typed: str, segment: str, cursor: str | None) -> "paging.Page[WithPlans]":
    """One page of the list: newest customers first, two queries; or the best of what was `typed`, three.

    What was typed has no second page: with more words the right one comes first.
    """
    rows = with_plans(Customer.objects.filter(segment=segment) if segment else Customer.objects.all())
    if not typed:
        return paging.keyset_page(rows, order=["-pk"], cursor=cursor, size=LIST_PAGE)
    found = [one.pk for one in search.find(typed, LIST_PAGE)]
    by_pk = {customer.pk: customer for customer in rows.filter(pk__in=found)}
    return paging.Page([by_pk[pk] for pk in found if pk in by_pk], None)


def with_plans(rows: QuerySet[Customer]) -> "QuerySet[WithPlans]":
    """Each customer with `running`: the subscriptions not yet ended, dearest first; one query for all."""
    running = (
        Subscription.objects.exclude(status=Subscription.Status.ENDED)
        .select_related("plan")
        .order_by("-monthly_price", "pk")
    )
    return rows.prefetch_related(Prefetch("subscriptions", running, to_attr="running"))


@dataclass(frozen=True, slots=True)
class ListLine:
    """A row of the list, formatted."""

    url: str
    name: str
    number: str
    phone: str
    city: str
    plan: str
    price: str
    since: str


def list_lines(customers: "Sequence[WithPlans]") -> list[ListLine]:
    """Rows for customers that `with_plans` has read; no query."""
    return [
        ListLine(
            url=reverse("customers:detail", args=[customer.pk]),
            name=customer.name,
            number=customer.number,
            phone=formats.phone(customer.phone),
            city=customer.city,
            plan=" + ".join(one.plan.name for one in customer.running[:2]),
            price=formats.money(sum(one.monthly_price for one in customer.running)) if customer.running else "",
            since=formats.day(customer.customer_since),
        )
        for customer in customers
    ]
