"""Who belongs to a campaign's segment."""

from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from customers.models import Customer, Subscription
from loyalty.models import Campaign, Gift, Mailing, Membership, Occasion
from loyalty.rules.mailings import birthdays
from loyalty.rules.segments import Segment


def customers(segment: Segment, programme_id: int | None, now: datetime) -> QuerySet[Customer]:
    """Customers for whom every condition holds. A house in mourning is left in peace, and nobody is left of whom was
    erased. One query when read."""
    rows = Customer.objects.filter(is_bereaved=False, erased_at=None)
    today = timezone.localdate(now)
    if segment.kinds:
        rows = rows.filter(segment__in=segment.kinds)
    if segment.languages:
        rows = rows.filter(language__in=segment.languages)
    if segment.countries:
        rows = rows.filter(country__in=segment.countries)
    if segment.customer_from is not None:
        rows = rows.filter(customer_since__lte=today - timedelta(days=segment.customer_from))
    if segment.customer_to is not None:
        rows = rows.filter(customer_since__gte=today - timedelta(days=segment.customer_to))
    if segment.has_contract:
        running = Subscription.objects.filter(customer=OuterRef("pk")).exclude(status=Subscription.Status.ENDED)
        rows = rows.filter(Exists(running))
    cards = Membership.objects.filter(customer=OuterRef("pk"), status=Membership.Status.ACTIVE)
    if programme_id:
        cards = cards.filter(programme=programme_id)
    if segment.who == "others":
        return rows.filter(~Exists(cards))
    if segment.who == "members" or segment.asks_for_a_card:
        rows = rows.filter(Exists(cards.filter(_card(segment, now))))
    return rows


def _card(segment: Segment, now: datetime) -> Q:
    conditions = Q()
    if segment.away_from is not None:
        conditions &= Q(last_visit_at__lte=now - timedelta(days=segment.away_from))
    if segment.away_to is not None:
        conditions &= Q(last_visit_at__gte=now - timedelta(days=segment.away_to))
    if segment.stamps_from is not None:
        conditions &= Q(balance__gte=segment.stamps_from)
    if segment.stamps_to is not None:
        conditions &= Q(balance__lte=segment.stamps_to)
    return conditions


def writable(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Those of them whom marketing may write to, and can."""
    return rows.filter(may_be_contacted=True, unsubscribed_at=None).exclude(email="")


def audience(campaign: Campaign, now: datetime, *, days: list[date] | None = None) -> QuerySet[Customer]:
    """Whom the campaign reaches: at its beginning or, with `days`, who has a birthday on one of them.

    Where it only writes, those who may not be written to are in neither arm: the arms differ by lot alone.
    """
    occasion = Occasion.START if days is None else Occasion.BIRTHDAY
    rows = customers(Segment.read(campaign.segment), campaign.programme_id, now)
    if days is not None:
        born = Q()
        for month, day in sorted(birthdays(days)):
            born |= Q(birthday__month=month, birthday__day=day)
        rows = rows.filter(born) if born else rows.none()
    if not Gift.objects.filter(campaign=campaign, occasion=occasion).exists():
        rows = writable(rows)
    return rows


def occasions(campaign: Campaign) -> set[str]:
    """When the campaign has something to bring; two queries."""
    return {
        *Mailing.objects.filter(campaign=campaign).values_list("occasion", flat=True),
        *Gift.objects.filter(campaign=campaign).values_list("occasion", flat=True),
    }
