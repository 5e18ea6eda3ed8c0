"""The demo's campaigns: a bonus that runs, a greeting that was measured, birthdays, one that waits for publishing."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from customers.models import Delivery
from loyalty import actions
from loyalty.actions import campaigns, outreach, retention
from loyalty.models import BonusWindow, Campaign, Forecast, Gift, Given, Mailing, Message, Programme, Reach
from staff.models import User

GREETING = {
    "subject_en": "{first_name}, two stamps from us",
    "body_en": "Hello {first_name},\n\ntwo stamps are on your {programme}. {left} more, and {reward} is yours.",
    "subject_sv": "{first_name}, två stämplar från oss",
    "body_sv": "Hej {first_name}!\n\nTvå stämplar finns på ditt kort. {left} till, och den tionde kaffen är din.",
    "subject_de": "{first_name}, zwei Stempel von uns",
    "body_de": "Guten Tag {first_name},\n\nzwei Stempel sind auf Ihrer Karte. Noch {left} bis zur Prämie.",
}
BIRTHDAY = {
    "subject_en": "Happy birthday, {first_name}",
    "body_en": "Happy birthday, {first_name}!\n\n{gift} for your card, with our best wishes.",
    "subject_sv": "Grattis på födelsedagen, {first_name}",
    "body_sv": "Grattis på födelsedagen, {first_name}!\n\n{gift} till ditt kort, med våra bästa önskningar.",
    "subject_de": "Alles Gute zum Geburtstag, {first_name}",
    "body_de": "Alles Gute zum Geburtstag, {first_name}!\n\n{gift} für Ihre Karte, mit den besten Wünschen.",
}
ADVENT = {
    "subject_en": "A coffee voucher for Advent",
    "body_en": "Hello {first_name},\n\nwe have missed you. Here is {gift}.",
    "subject_sv": "Ett värdebevis till advent",
    "body_sv": "Hej {first_name}!\n\nVi har saknat dig. Här är {gift}.",
    "subject_de": "Ein Gutschein zum Advent",
    "body_de": "Guten Tag {first_name},\n\nwir haben Sie vermisst. Hier ist {gift}.",
}


def load_before_receipts(programme: Programme, people: dict[str, User], now: datetime) -> None:
    """The bonus window stands in the terms before the receipts of its days come."""
    if not {"mark", "sofia"} <= people.keys():
        return
    start = now - timedelta(days=60)
    campaign = _draft(
        programme, people, start, "Double Tuesday", budget=150, hold_out=0, about="Fill the quiet Tuesday."
    )
    campaigns.keep_part(
        campaign.pk, BonusWindow(programme=programme, times=2, weekdays=[1]), by=people["mark"], now=start
    )
    _publish(campaign, people, start)


def load(programme: Programme, people: dict[str, User], now: datetime) -> None:
    """The rest, once members have bought something."""
    if not {"mark", "sofia"} <= people.keys():
        return
    for days in (60, 45, 30, 14, 0):
        retention.notice(now=now - timedelta(days=days))
    mark = people["mark"]
    _forecast(programme, mark, now)
    start = now - timedelta(days=45)
    greeting = _draft(programme, people, start, "Autumn greeting", budget=80, hold_out=40, days=14)
    gift = Gift(kind="stamps", amount=2, note="Autumn greeting")
    campaigns.keep_part(greeting.pk, gift, by=mark, now=start)
    mailing = Mailing(unit_cost=Decimal("0.01"), **GREETING)
    campaigns.keep_part(greeting.pk, mailing, by=mark, now=start)
    _publish(greeting, people, start)
    outreach.draw(greeting.pk, now=start)
    _reached(gift, mailing, greeting, start)
    campaigns.end_campaign(greeting.pk, by=None, now=start + timedelta(days=15))
    birthday = _draft(programme, people, now, "Birthday coffee", budget=500, hold_out=10)
    campaigns.keep_part(
        birthday.pk, Gift(occasion="birthday", kind="stamps", amount=3, note="Happy birthday"), by=mark, now=now
    )
    campaigns.keep_part(birthday.pk, Mailing(occasion="birthday", **BIRTHDAY), by=mark, now=now)
    _publish(birthday, people, now)
    advent = _draft(programme, people, now + timedelta(days=7), "Advent vouchers", budget=300, hold_out=20, days=24)
    campaigns.edit_campaign(
        advent.pk, version=advent.version, by=mark, now=now, segment={"who": "members", "away_from": 30}
    )
    campaigns.keep_part(advent.pk, Gift(kind="voucher", amount=5, note="Advent", valid_days=60), by=mark, now=now)
    campaigns.keep_part(advent.pk, Mailing(unit_cost=Decimal("0.01"), **ADVENT), by=mark, now=now)
    campaigns.hand_in(advent.pk, by=mark, now=now)


def _draft(
    programme: Programme,
    people: dict[str, User],
    start: datetime,
    name: str,
    *,
    budget: int,
    hold_out: int,
    days: int | None = None,
    about: str = "",
) -> Campaign:
    first = timezone.localdate(start)
    return campaigns.create_campaign(
        by=people["mark"],
        now=start,
        name=name,
        about=about,
        programme=programme,
        starts_on=first,
        ends_on=first + timedelta(days=days) if days else None,
        budget=Decimal(budget),
        hold_out=hold_out,
        segment={"who": "members"},
    )


def _publish(campaign: Campaign, people: dict[str, User], at: datetime) -> None:
    campaigns.hand_in(campaign.pk, by=people["mark"], now=at)
    campaigns.publish_campaign(campaign.pk, by=people["sofia"], now=at)


def _reached(gift: Gift, mailing: Mailing, campaign: Campaign, at: datetime) -> None:
    """As the worker would have done it that day, with mails that have long been read."""
    for reach in Reach.objects.filter(campaign=campaign, arm=Reach.Arm.TREATED).select_related("customer"):
        customer = reach.customer
        card = customer.memberships.get(programme=campaign.programme_id)
        entry = actions.bonus(card.pk, 2, note=gift.note, by=None, now=at, key=f"gift-{gift.pk}-{reach.pk}")
        Given.objects.create(gift=gift, reach=reach, cost=entry.cost, at=at)
        if not customer.takes_marketing or not customer.email:
            why = "no_address" if customer.takes_marketing else "no_consent"
            Message.objects.create(mailing=mailing, reach=reach, why=why, at=at)
            continue
        subject, body = outreach.written(mailing, customer, campaign, gift="", now=at)
        delivery = Delivery.objects.create(
            customer=customer,
            to=customer.email,
            subject=subject,
            body=body,
            state=Delivery.State.SENT,
            attempts=1,
            created_at=at,
            sent_at=at,
        )
        Message.objects.create(mailing=mailing, reach=reach, delivery=delivery, cost=mailing.unit_cost, at=at)
    Reach.objects.filter(campaign=campaign).update(handled_at=at)


def _forecast(programme: Programme, mark: User, now: datetime) -> None:
    """The first version as if it had been forecast before: the report holds it against what came."""
    from loyalty.jobs import forecast

    version = programme.versions.order_by("number").first()
    today = timezone.localdate(now)
    row = Forecast.objects.create(
        version=version,
        edits=version.edits,
        since=today - timedelta(days=365),
        until=today,
        requested_by=mark,
        requested_at=version.valid_from,
    )
    forecast(forecast_id=row.pk)
