"""Campaigns as their list and page show them: what they cost, whom they reached, what that brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer
from loyalty.contracts import givers, spending, ties
from loyalty.models import BonusWindow, Campaign, Gift, Given, Mailing, Message, Reach, Why
from loyalty.models.campaigns import CampaignState as State
from loyalty.queries import spending as spent
from loyalty.queries.terms import version_at
from loyalty.rules.segments import Segment
from staff import formats
from staff.charts import Chart, curves
from staff.paging import Page, keyset_page
from staff.rates import Difference, Mean, Rate, needed, of_means, of_shares

SIZE = 25
LEAST = 30  # of either arm, before an effect is told
TONES = {State.WAITING: "amber", State.RUNNING: "green", State.ENDED: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list."""

    pk: int
    name: str
    state: str
    tone: str
    dates: str
    owner: str
    budget: str
    spent: str
    share: int  # of the budget, in percent, at most 100
    is_over: bool


def state_of(campaign: Campaign, today: date) -> tuple[str, str]:
    """In words, and its tone: a campaign that runs but has not begun says when it does."""
    if campaign.state == State.RUNNING and campaign.starts_on > today:
        return _("begins %s") % formats.day(campaign.starts_on), "amber"
    return campaign.get_state_display(), TONES.get(State(campaign.state), "")


def dates_of(campaign: Campaign) -> str:
    until = formats.day(campaign.ends_on) if campaign.ends_on else _("open end")
    return f"{formats.day(campaign.starts_on)} – {until}"


def page(rows: QuerySet[Campaign], cursor: str | None) -> Page[Campaign]:
    """Campaigns, the youngest first; one query."""
    return keyset_page(rows.select_related("owner"), order=["-id"], cursor=cursor, size=SIZE)


def listed(campaigns: Sequence[Campaign], now: datetime) -> list[Row]:
    """Written out, with what was spent; one query a source, whatever the number of campaigns."""
    sums = spent.totals([campaign.pk for campaign in campaigns]) if campaigns else {}
    rows, today = [], timezone.localdate(now)
    for campaign in campaigns:
        state, tone = state_of(campaign, today)
        used = sums[campaign.pk]
        rows.append(
            Row(
                pk=campaign.pk,
                name=campaign.name,
                state=state,
                tone=tone,
                dates=dates_of(campaign),
                owner=campaign.owner.short_name,
                budget=formats.money(campaign.budget),
                spent=formats.money(cents(used)),
                share=min(int(100 * used / campaign.budget), 100) if campaign.budget else 0,
                is_over=used > campaign.budget,
            )
        )
    return rows


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


# --- what it consists of ----------------------------------------------------------------------------------------------
def segment_words(campaign: Campaign) -> list[str]:
    names = {**dict(Customer.Segment.choices), **dict(settings.LANGUAGES)}
    return Segment.read(campaign.segment).say({code: str(name) for code, name in names.items()})


def weekday_names() -> list[str]:
    monday = date(2024, 1, 1)
    return [formats.weekday(monday + timedelta(days=n)).split(",")[0].split(" ")[0] for n in range(7)]


def window_words(window: BonusWindow) -> str:
    """“× 2 on Tuesday, 14:00–17:00, coffee”."""
    names = weekday_names()
    parts = [_("stamps × %d") % window.times, window.programme.name]
    if window.weekdays:
        parts.append(", ".join(names[day] for day in window.weekdays))
    if window.begins or window.ends:
        parts.append(
            f"{window.begins:%H:%M}–{window.ends:%H:%M}" if window.begins and window.ends else _one_end(window)
        )
    parts += [", ".join(words) for words in (window.categories, window.stores) if words]
    return " · ".join(parts)


def _one_end(window: BonusWindow) -> str:
    if window.begins:
        return _("from %s") % f"{window.begins:%H:%M}"
    return _("until %s") % f"{window.ends:%H:%M}"


def gift_words(gift: Gift) -> str:
    """“3 × stamps”, “voucher €5.00”."""
    giver = givers.get(gift.kind)
    label = str(giver.label) if giver else gift.kind
    amount = formats.number(int(gift.amount)) if giver and giver.is_whole else formats.money(gift.amount)
    return f"{label}: {amount}"


def parts_of(campaign: Campaign) -> dict[str, list[dict[str, Any]]]:
    """Bonus windows, mailings and gifts in words, and what other apps tied to it; three queries and one an app."""
    return {
        "tied": [
            {"text": row.text, "url": row.url, "what": ties.label(name)}
            for name, source in ties.items()
            for row in source(campaign.pk)
        ],
        "windows": [
            {"pk": window.pk, "text": window_words(window)}
            for window in campaign.windows.select_related("programme").order_by("pk")
        ],
        "mailings": [
            {"pk": mailing.pk, "text": _subject(mailing), "when": mailing.get_occasion_display()}
            for mailing in campaign.mailings.order_by("pk")
        ],
        "gifts": [
            {"pk": gift.pk, "text": gift_words(gift), "when": gift.get_occasion_display(), "note": gift.note}
            for gift in campaign.gifts.order_by("pk")
        ],
    }


def _subject(mailing: Mailing) -> str:
    from django.utils.translation import get_language

    return str(getattr(mailing, f"subject_{(get_language() or 'en')[:2]}", mailing.subject_en))


# --- what it cost -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Cost:
    rows: list[tuple[str, Decimal]]  # by source
    total: Decimal
    left: Decimal
    chart: Chart | None


def cost(campaign: Campaign, now: datetime) -> Cost:
    """By source, and how the budget burnt down; one query a source."""
    found = spent.by_source([campaign.pk])
    rows = [(spending.label(name), sum((c for _pk, _day, c in days), Decimal(0))) for name, days in found.items()]
    total = sum((amount for _name, amount in rows), Decimal(0))
    by_day: dict[date, Decimal] = {}
    for days in found.values():
        for _pk, day, amount in days:
            by_day[day] = by_day.get(day, Decimal(0)) + amount
    return Cost(
        [(name, cents(amount)) for name, amount in rows if amount],
        cents(total),
        cents(campaign.budget - total),
        _burn_down(campaign, by_day, timezone.localdate(now)),
    )


def _burn_down(campaign: Campaign, by_day: dict[date, Decimal], today: date) -> Chart | None:
    """The share of the budget left at the end of each day, beside the even pace that would just last."""
    if not by_day or not campaign.budget:
        return None
    first, last = min([campaign.starts_on, *by_day]), min(today, campaign.ends_on or today)
    last = max([last, *by_day])
    length = ((campaign.ends_on or last) - campaign.starts_on).days + 1
    left, points, pace = Decimal(1), [], []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        left -= by_day.get(day, Decimal(0)) / campaign.budget
        points.append((n + 1, max(float(left), 0.0)))
        gone = ((day - campaign.starts_on).days + 1) / length
        pace.append((n + 1, min(max(1 - gone, 0.0), 1.0)))
    series = {_("Left"): points}
    if campaign.ends_on:
        series[_("even pace")] = pace
    return curves(_("Left of the budget, by day"), series, head=_("Day"))


# --- whom it reached --------------------------------------------------------------------------------------------------
def reached(campaign: Campaign) -> dict[str, Any]:
    """Counts by arm, of mails by how far they came, of gifts; four queries."""
    arms = dict(Reach.objects.filter(campaign=campaign).values_list("arm").annotate(Count("pk")))
    waiting = Reach.objects.filter(campaign=campaign, handled_at=None).count()
    mails = list(
        Message.objects.filter(mailing__campaign=campaign)
        .values_list("why", "delivery__state")
        .annotate(Count("pk"))
        .order_by("why", "delivery__state")
    )
    gifts = list(Given.objects.filter(gift__campaign=campaign).values_list("why").annotate(Count("pk")).order_by("why"))
    whys, states = dict(Why.choices), dict(_delivery_states())
    return {
        "treated": arms.get(Reach.Arm.TREATED, 0),
        "held": arms.get(Reach.Arm.HELD, 0),
        "waiting": waiting,
        "blocked": sum(row[-1] for row in [*mails, *gifts] if row[0] == Why.BUDGET),
        "mails": [
            (str(whys[why]) if why else str(states.get(state, state)), formats.number(count))
            for why, state, count in mails
        ],
        "gifts": [(str(whys[why]) if why else _("given"), formats.number(count)) for why, count in gifts],
    }


def _delivery_states() -> list[tuple[str, Any]]:
    from customers.models import Delivery

    return list(Delivery.State.choices)


# --- what it brought --------------------------------------------------------------------------------------------------
EFFECT = """
WITH own AS (
  SELECT id, customer_id, arm, at, at + make_interval(days => %(days)s) AS until FROM loyalty_reach
  WHERE campaign_id = %(campaign)s AND at <= %(now)s - make_interval(days => %(days)s)
), watched AS (
  SELECT own.arm, coalesce(bought.visits, 0) AS visits, coalesce(bought.spent, 0) AS spent,
    EXISTS (SELECT 1 FROM customers_subscription s WHERE s.customer_id = own.customer_id
            AND s.started_on <= own.at::date AND (s.ends_on IS NULL OR s.ends_on > own.at::date)) AS had,
    EXISTS (SELECT 1 FROM customers_subscription s WHERE s.customer_id = own.customer_id
            AND s.started_on <= own.until::date AND (s.ends_on IS NULL OR s.ends_on > own.until::date)) AS has
  FROM own LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE r.kind = 'sale') AS visits,
           sum(CASE r.kind WHEN 'sale' THEN r.total ELSE -r.total END) AS spent
    FROM loyalty_membership m JOIN loyalty_receipt r ON r.membership_id = m.id AND r.state = 'counted'
      AND r.occurred_at > own.at AND r.occurred_at <= own.until
    WHERE m.customer_id = own.customer_id AND (%(programme)s::bigint IS NULL OR m.programme_id = %(programme)s)
  ) bought ON true
)
SELECT arm, count(*), count(*) FILTER (WHERE visits > 0), sum(spent)::float, sum(spent * spent)::float,
       count(*) FILTER (WHERE had), count(*) FILTER (WHERE had AND has)
FROM watched GROUP BY arm
"""


@dataclass(frozen=True, slots=True)
class Effect:
    """Both arms by intention to treat, over those whose watched days are over; differences None under LEAST."""

    visits: tuple[Rate, Rate, Difference]
    spent: tuple[Mean, Mean, Difference]
    stays: tuple[Rate, Rate, Difference]
    immature: int
    more: int
    net: tuple[Decimal, Decimal, Decimal] | None  # likely, low, high

    @property
    def is_told(self) -> bool:
        return self.visits[2].value is not None


def effect(campaign: Campaign, now: datetime, paid: Decimal) -> Effect:
    """What those reached did beyond those held out: came to a shop, spent, stayed customers. Three queries."""
    asked: dict[str, Any] = {
        "campaign": campaign.pk,
        "days": campaign.effect_days,
        "now": now,
        "programme": campaign.programme_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(EFFECT, asked)
        arms = {row[0]: row[1:] for row in cursor.fetchall()}
    nobody = (0, 0, 0.0, 0.0, 0, 0)
    t, h = arms.get(Reach.Arm.TREATED, nobody), arms.get(Reach.Arm.HELD, nobody)
    visits = Rate.of(t[1], t[0]), Rate.of(h[1], h[0])
    spent_by = Mean.of(t[0], t[2], t[3]), Mean.of(h[0], h[2], h[3])
    stays = Rate.of(t[5], t[4]), Rate.of(h[5], h[4])
    by_money = of_means(*spent_by, least=LEAST)
    immature = Reach.objects.filter(campaign=campaign, at__gt=now - timedelta(days=campaign.effect_days)).count()
    net = None
    version = version_at(campaign.programme_id, now) if campaign.programme_id else None
    if version and by_money.value is not None and not immature:  # what was paid, was paid for all of them
        margin = version.margin * t[0]
        low, high = by_money.low or 0.0, by_money.high or 0.0
        likely, least, most = (cents(Decimal(str(value)) * margin - paid) for value in (by_money.value, low, high))
        net = (likely, least, most)
    return Effect(
        visits=(*visits, of_shares(*visits, least=LEAST)),
        spent=(*spent_by, by_money),
        stays=(*stays, of_shares(*stays, least=LEAST)),
        immature=immature,
        more=needed(*visits),
        net=net,
    )
