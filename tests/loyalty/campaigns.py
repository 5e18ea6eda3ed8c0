"""Campaigns for tests, by the actions: drafted, filled, run, brought to everybody."""

from datetime import date
from decimal import Decimal

from loyalty.actions import campaigns as actions
from loyalty.actions import outreach
from loyalty.models import Gift, Mailing
from tests.conftest import NOON
from tests.loyalty.factories import ProgrammeFactory

TODAY = date(2026, 11, 18)  # a Wednesday


def draft(by, **fields):
    given = {
        "name": "Autumn",
        "starts_on": TODAY,
        "budget": Decimal(100),
        "programme": ProgrammeFactory(),
        "hold_out": 0,
    }
    return actions.create_campaign(by=by, now=NOON, **given | fields)


def mailing(campaign, by, occasion="start", **fields):
    texts = {f"subject_{c}": f"Hej {{first_name}} {c}" for c in ("en", "sv", "de")}
    texts |= {f"body_{c}": f"{{gift}}! {{left}} more to {{reward}}. {c}" for c in ("en", "sv", "de")}
    return actions.keep_part(campaign.pk, Mailing(occasion=occasion, **texts | fields), by=by, now=NOON)


def gift(campaign, by, occasion="start", amount=2, kind="stamps"):
    row = Gift(occasion=occasion, kind=kind, amount=Decimal(amount), note="Happy birthday")
    return actions.keep_part(campaign.pk, row, by=by, now=NOON)


def run(campaign, sofia, now=NOON):
    actions.hand_in(campaign.pk, by=campaign.author, now=now)
    return actions.publish_campaign(campaign.pk, by=sofia, now=now)


def reach_all(campaign, now=NOON, limit=2):
    drawn = outreach.draw(campaign.pk, now=now)
    handle_all(campaign, now, limit)
    return drawn


def handle_all(campaign, now=NOON, limit=2):
    handled = limit
    while handled:
        handled = outreach.handle(campaign.pk, now=now, limit=limit)
