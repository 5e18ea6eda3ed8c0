"""The demo's coffee shops: three stores, members with a card, receipts over a year, rewards, a debt, a request."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.db import connection, transaction
from django.utils import timezone

from customers.models import Customer
from loyalty import actions, demo_campaigns, demo_signals
from loyalty.actions.rows import insert
from loyalty.actions.sales import record_sales
from loyalty.models import CardToken, Category, Membership, Product, Programme, ProgrammeVersion, Reward, Store
from loyalty.rules.cards import check_digit
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts
from staff.models import User

STORES = [("gotgatan", "Götgatan"), ("avenyn", "Avenyn"), ("hafen", "Hafenplatz")]
DRINKS = [  # sku, name, category, price, cost
    ("latte", "Latte", "coffee", "4.60", "0.95"),
    ("americano", "Americano", "coffee", "3.60", "0.55"),
    ("cappuccino", "Cappuccino", "coffee", "4.40", "0.90"),
    ("espresso", "Espresso", "coffee", "2.90", "0.45"),
    ("cocoa", "Cocoa", "coffee", "4.20", "0.85"),
    ("cinnamon-bun", "Cinnamon bun", "bakery", "3.80", "1.20"),
    ("beans", "Coffee beans, 500 g", "beans", "12.50", "6.40"),
]
MEMBERS = 120
NAMELESS = 25
CLUB = 30


@transaction.atomic
def load(*, seed: int, now: datetime) -> None:
    """Deterministic by seed. A few thousand receipts, by the same rules as at the till."""
    draw = Random(seed)
    start = now - timedelta(days=360)
    for code, name in STORES:
        Store.objects.get_or_create(code=code, defaults={"name": name})
    categories = {
        code: Category.objects.get_or_create(code=code, defaults={"name": code.capitalize()})[0]
        for code in ("coffee", "bakery", "beans")
    }
    for sku, name, category, price, cost in DRINKS:
        Product.objects.get_or_create(
            sku=sku, defaults={"name": name, "category": categories[category], "price": price, "cost": cost}
        )
    gift = {"name": "Gift card", "price": 25, "cost": 25, "is_gift_card": True}
    Product.objects.get_or_create(sku="gift-card", defaults=gift)
    programme, made = Programme.objects.get_or_create(
        code="coffee", defaults={"name": "Coffee card", "reward_name": "the tenth coffee free"}
    )
    if not made:
        return
    people = {user.username: user for user in User.objects.filter(is_demo=True)}
    ProgrammeVersion.objects.create(
        programme=programme,
        number=1,
        state=ProgrammeVersion.State.PUBLISHED,
        stamps_needed=9,
        rules=[{"key": "coffee", "per": "item", "stamps": 1, "categories": ["coffee"]}],
        cap_day=8,
        reward_days=180,
        reward_cost=Decimal("0.90"),
        margin=Decimal("0.640"),
        budget=2500,
        tiers=[{"name": "Gold", "from": 60}],
        valid_from=start - timedelta(days=1),
        author=people.get("mark"),
        approver=people.get("sofia"),
        published_at=start - timedelta(days=1),
    )
    demo_campaigns.load_before_receipts(programme, people, now)
    members = _members(programme, draw, start, count=MEMBERS, nameless=NAMELESS, prefix="7101")
    batch = _receipts(members, draw, start, now, cash=600, first=1000)
    record_sales(batch, by=None, now=now, late_ok=True)
    _redeem(draw, now)
    _club(people, draw, start, now)
    with connection.cursor() as cursor:  # what follows asks about rows that the planner has never seen
        cursor.execute("ANALYZE loyalty_membership, loyalty_receipt, loyalty_receiptline, loyalty_ledgerentry")
    demo_campaigns.load(programme, people, now)
    demo_signals.load(programme, people, now)
    actions.expire_all(now=now)
    agent = people.get("asa")
    if agent:
        member = Membership.objects.filter(programme=programme, customer__isnull=False).order_by("pk").first()
        if member:
            actions.give_stamps(member.pk, count=8, note="Waited half an hour twice this week", by=agent, now=now)


def _club(people: dict[str, User], draw: Random, start: datetime, now: datetime) -> None:
    """A points programme with tiers beside the stamp card; three members have chosen something."""
    programme = Programme.objects.create(
        code="club", name="Bean club", unit=Programme.Unit.POINT, reward_name="what you choose"
    )
    ProgrammeVersion.objects.create(
        programme=programme,
        number=1,
        state=ProgrammeVersion.State.PUBLISHED,
        stamps_needed=60,
        rules=[
            {"key": "spent", "per": "amount", "stamps": 1, "amount": "1"},
            {"key": "mornings", "per": "bonus", "times": 2, "weekdays": [0, 1], "from": "07:00", "until": "09:00"},
        ],
        prices=[
            {"points": 60, "name": "a coffee", "cost": "0.90"},
            {"points": 120, "name": "a cinnamon bun and a coffee", "cost": "2.10"},
            {"points": 400, "name": "500 g of beans", "cost": "6.40"},
        ],
        tiers=[{"from": 100, "name": "Silver", "times": "1.25"}, {"from": 250, "name": "Gold", "times": "1.5"}],
        stamp_days=400,
        reward_cost=Decimal("0.90"),
        valid_from=start - timedelta(days=1),
        author=people.get("mark"),
        approver=people.get("sofia"),
        published_at=start - timedelta(days=1),
    )
    members = _members(programme, draw, start, count=CLUB, nameless=0, prefix="7102")
    record_sales(_receipts(members, draw, start, now, cash=0, first=500_000), by=None, now=now, late_ok=True)
    for member in Membership.objects.filter(programme=programme, balance__gt=60).order_by("-balance")[:3]:
        actions.spend_points(member.pk, reward="a coffee", by=people.get("asa"), now=now)


def _members(
    programme: Programme, draw: Random, start: datetime, *, count: int, nameless: int, prefix: str
) -> list[tuple[str, float]]:
    """Cards with how often each comes, in days."""
    customers = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[: count * 20 : 7])[:count]
    members = [
        Membership(programme=programme, customer_id=pk, enrolled_at=start + timedelta(days=draw.randint(0, 200)))
        for pk in [*customers, *[None] * nameless]
    ]
    insert(members)
    cards = []
    for place, member in enumerate(members):
        digits = f"{prefix}{place:07d}"
        cards.append(CardToken(number=digits + check_digit(digits), membership=member, issued_at=member.enrolled_at))
    insert(cards)
    return [(card.number, draw.choice([3, 5, 7, 10, 14, 21, 40])) for card in cards]


def _receipts(
    members: list[tuple[str, float]], draw: Random, start: datetime, now: datetime, *, cash: int, first: int
) -> list[ReceiptFacts]:
    prices = {sku: Decimal(price) for sku, _name, _category, price, _cost in DRINKS}
    skus = [sku for sku, *_rest in DRINKS]
    facts = []

    def sale(card: str, day: int) -> None:
        at = timezone.make_aware(
            datetime.combine((start + timedelta(days=day)).date(), time(draw.randint(7, 17), draw.randint(0, 59)))
        )
        if at >= now:
            return
        lines = []
        for number in range(1, draw.choice([1, 1, 1, 2, 2, 3]) + 1):
            sku = draw.choices(skus, [30, 20, 22, 10, 8, 18, 2])[0]
            lines.append(Line(number, sku, 1, prices[sku]))
        facts.append(
            ReceiptFacts(
                source="till",
                store=draw.choices([code for code, _name in STORES], [5, 3, 2])[0],
                business_date=at.date(),
                number=f"{len(facts) + first}",
                occurred_at=at,
                card=card,
                cashier=draw.choice(["Till 1", "Till 2", "Till 3"]),
                lines=tuple(lines),
                total=sum((line.amount for line in lines), Decimal(0)),
            )
        )

    for card, gap in members:
        day, last = float(draw.randint(0, 200)), 360 if draw.random() > 0.25 else draw.randint(220, 330)
        while day < last:
            sale(card, int(day))
            day += max(draw.gauss(gap, gap / 3), 1)
    for _ in range(cash):
        sale("", draw.randint(0, 359))
    return facts


def _redeem(draw: Random, now: datetime) -> None:
    """Most rewards are eaten within weeks; those of the last days wait."""
    from loyalty.models import RewardEvent

    eaten = {}
    for pk, issued in Reward.objects.order_by("pk").values_list("pk", "convert__occurred_at"):
        at = issued + timedelta(days=draw.expovariate(1 / 12))
        if at < now and draw.random() < 0.8:
            eaten[pk] = at
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_reward r SET issued_at = e.occurred_at, expires_at = e.occurred_at + interval '180 days'"
            " FROM loyalty_ledgerentry e WHERE e.id = r.convert_id"
        )
        cursor.execute(
            "UPDATE loyalty_reward r SET state = %s, redeemed_at = x.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS x (pk, at) WHERE r.id = x.pk",
            [Reward.State.REDEEMED, list(eaten), list(eaten.values())],
        )
    RewardEvent.objects.bulk_create(
        RewardEvent(reward_id=pk, kind=RewardEvent.Kind.REDEEMED, at=at) for pk, at in eaten.items()
    )
