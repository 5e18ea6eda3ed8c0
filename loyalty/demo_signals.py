"""The demo's signs of misuse: a friend at the till, stamps by hand, rewards eaten at once, an agent's own card; one of
them looked at already. And two who take part twice."""

from datetime import datetime, timedelta
from decimal import Decimal

from customers.models import Customer
from loyalty import actions
from loyalty.actions.duplicates import notice_duplicates
from loyalty.actions.watch import review_signal
from loyalty.models import Membership, Programme, SignalReview
from loyalty.queries import watch
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts
from staff.models import User


def load(programme: Programme, people: dict[str, User], now: datetime) -> None:
    if not {"asa", "jonas", "lead"} <= people.keys():
        return
    asa, jonas = people["asa"], people["jonas"]
    strangers = list(Customer.objects.exclude(memberships__programme=programme).order_by("pk")[5:8])
    friend, by_hand, at_once = (
        actions.enrol(programme.pk, customer_id=customer.pk, by=asa, now=now - timedelta(days=60))
        for customer in strangers
    )
    for day in range(1, 13):
        _sale(friend, now - timedelta(days=2 * day), f"8{day:03}", cashier="Kim", store="hafen")
    for day in range(21):
        _sale(by_hand, now - timedelta(days=day + 1, minutes=7 * day), f"hand-{day}", source="desk", by=asa)
    for visit in range(7):
        at = now - timedelta(days=27 - 4 * visit)
        _sale(at_once, at, f"9{visit:03}", items=5)
        for reward in at_once.rewards.filter(state="issued"):
            actions.redeem(reward.pk, by=jonas, now=at + timedelta(minutes=1))
    own = Customer.objects.create(
        number=f"K-{jonas.username}",
        given_name=jonas.first_name,
        family_name=jonas.last_name,
        email=jonas.email,
        customer_since=(now - timedelta(days=900)).date(),
    )
    card = actions.enrol(programme.pk, customer_id=own.pk, by=asa, now=now - timedelta(days=50))
    for week in (2, 1, 0):
        actions.give_stamps(card.pk, count=2, note="Lost stamps", by=jonas, now=now - timedelta(days=7 * week + 1))
    twin, found = _twice(programme, strangers[1], asa, now)
    for week in range(1, 5):
        _sale(twin, now - timedelta(days=7 * week, hours=3), f"7{week:03}")
        _sale(
            found, now - timedelta(days=6 * week) + timedelta(seconds=50), f"6{week:03}", cashier="Kim", store="hafen"
        )
    notice_duplicates(now=now, days=30)
    for sign in watch.signals(now):
        if sign.kind == "no_receipt" and sign.membership == by_hand.pk:
            review_signal(
                by_hand.pk,
                signal=sign.kind,
                evidence=sign.text,
                verdict=SignalReview.Verdict.DISMISSED,
                note="The till at Götgatan was out of order for three weeks.",
                by=people["lead"],
                now=now - timedelta(hours=3),
            )


def _twice(programme: Programme, customer: Customer, by: User, now: datetime) -> tuple[Membership, Membership]:
    """Somebody known under two numbers, and a nameless card that comes with another's."""
    again = Customer.objects.create(
        number=f"K-{customer.number}",
        given_name=customer.given_name,
        family_name=customer.family_name,
        phone=customer.phone,
        customer_since=now.date(),
    )
    twin, found = (
        actions.enrol(programme.pk, customer_id=pk, by=by, now=now - timedelta(days=29)) for pk in (again.pk, None)
    )
    return twin, found


def _sale(
    member: Membership,
    at: datetime,
    number: str,
    *,
    items: int = 1,
    cashier: str = "",
    store: str = "gotgatan",
    source: str = "till",
    by: User | None = None,
) -> None:
    price = Decimal("4.60")
    facts = ReceiptFacts(
        source=source,
        store=store,
        business_date=at.date(),
        number=f"S{number}",
        occurred_at=at,
        card=member.cards.get().number,
        cashier=cashier,
        lines=tuple(Line(n, "latte", 1, price) for n in range(1, items + 1)),
        total=price * items,
    )
    actions.record_receipt(facts, by=by, now=at)
