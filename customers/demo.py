"""The demo company's customers: a telecom and TV company in the north, two years of its contracts and notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection
from django.utils import timezone

from customers.demo_names import BRITAIN, COMPANIES, GERMANY, SWEDEN, Land
from customers.models import Customer, Household, Note, Plan, Subscription
from staff.models import User

CUSTOMERS = 2000
HISTORY = timedelta(days=730)

PLANS = (
    # code, name, a month, margin, notice months, term months, on sale, how many of a hundred
    ("mobile-5", "Mobile 5 GB", "14.90", "6.20", 1, 0, True, 14),
    ("mobile-40", "Mobile 40 GB", "24.90", "10.10", 1, 12, True, 16),
    ("mobile-max", "Mobile Unlimited", "39.90", "15.40", 1, 24, True, 8),
    ("fibre-100", "Fibre 100", "29.90", "11.80", 1, 12, True, 14),
    ("fibre-500", "Fibre 500", "39.90", "16.00", 1, 12, True, 12),
    ("fibre-500-tv", "Fibre 500 + TV", "49.90", "19.60", 1, 24, True, 14),
    ("fibre-1000-tv", "Fibre 1000 + TV Family", "69.90", "25.30", 1, 24, True, 7),
    ("tv-start", "TV Start", "12.90", "4.10", 1, 0, True, 4),
    ("tv-sport", "TV Sport", "34.90", "9.20", 1, 12, True, 3),
    ("dsl-16", "DSL 16", "27.90", "12.50", 3, 0, False, 5),
    ("office", "Office line", "89.00", "38.00", 3, 36, True, 3),
)

NOTES = {
    "en": (
        "Prefers to be called after five.",
        "Asked when fibre comes to the street. Told: next autumn.",
        "Moved the router to the living room; the signal is better now.",
        "Wants the invoice on paper.",
        "Son handles the contract; consent is in the file.",
        "Friendly caller. Has been with us since the dial-up days.",
    ),
    "sv": (
        "Vill helst bli uppringd efter klockan fem.",
        "Undrade när fibern kommer till gatan. Besked: nästa höst.",
        "Har flyttat routern till vardagsrummet, nu fungerar det bättre.",
        "Vill ha fakturan på papper.",
        "Sonen sköter avtalet, fullmakt finns.",
    ),
    "de": (
        "Bitte erst nach 17 Uhr anrufen.",
        "Fragte, wann die Glasfaser kommt. Auskunft: im nächsten Herbst.",
        "Möchte die Rechnung auf Papier.",
        "Der Router steht jetzt im Wohnzimmer, Empfang ist besser.",
    ),
}


@dataclass(frozen=True, slots=True)
class _Person:
    given: str
    family: str
    company: str
    land: Land


def load(*, seed: int, now: datetime) -> None:
    """Plans, households, customers, subscriptions and notes; the same for the same seed and day. A dozen queries."""
    random = Random(seed)
    today = timezone.localdate(now)
    plans = _plans()
    customers = _customers(random, now, today)
    _households(random, customers)
    Customer.objects.bulk_create(customers, batch_size=1000)
    subscriptions = [one for customer in customers for one in _subscriptions(random, customer, plans, today)]
    Subscription.objects.bulk_create(subscriptions, batch_size=2000)
    _notes(random, customers, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('customers_number', %s)", [100_000 + len(customers)])


def _plans() -> list[Plan]:
    return Plan.objects.bulk_create(
        Plan(
            code=code,
            name=name,
            monthly_price=Decimal(price),
            monthly_margin=Decimal(margin),
            notice_months=notice,
            term_months=term,
            is_sold=sold,
        )
        for code, name, price, margin, notice, term, sold, _share in PLANS
    )


def _person(random: Random) -> _Person:
    land = random.choices((SWEDEN, GERMANY, BRITAIN), (74, 19, 7))[0]
    given = land.given[int(random.random() ** 1.5 * len(land.given))]  # the first ones are the common ones
    family = land.family[int(random.random() ** 1.4 * len(land.family))]
    company = ""
    if random.random() < 0.06:
        end = {"SE": "AB", "DE": "GmbH", "GB": "Ltd"}[land.country]
        company = f"{family} {random.choice(COMPANIES[land.language])} {end}"
    return _Person(given, family, company, land)


def _customers(random: Random, now: datetime, today: date) -> list[Customer]:
    made = []
    for n in range(CUSTOMERS):
        who = _person(random)
        land = who.land
        town, postcode = random.choice(land.towns)
        street = random.choice(land.streets)
        house = random.randint(1, 96)
        prefix, digits = random.choice(land.prefixes)
        # Half have come within the two years of history, the rest over the twenty before.
        days = random.randint(5, HISTORY.days) if random.random() < 0.4 else random.randint(HISTORY.days, 7300)
        age = random.choice((*range(19, 80), *range(30, 65)))
        made.append(
            Customer(
                number=f"C-{100_001 + n}",
                given_name=who.given,
                family_name=who.family,
                company=who.company,
                email=_email(random, who.given, who.family, n) if random.random() < 0.9 else "",
                phone=f"{prefix}{_digits(random, digits)}" if random.random() < 0.97 else "",
                language=land.language if random.random() < 0.94 else "en",
                street=f"{street} {house}" if land.street_first else f"{house} {street}",
                postcode=_postcode(random, postcode, land.postcode),
                city=town,
                country=land.country,
                birthday=None if who.company else today - timedelta(days=age * 365 + random.randrange(365)),
                customer_since=today - timedelta(days=days),
                segment="business" if who.company else "plus" if random.random() < 0.18 else "standard",
                is_vulnerable=random.random() < 0.02,
                is_bereaved=random.random() < 0.004,
                in_debt=random.random() < 0.04,
                may_be_contacted=random.random() < 0.6,
                created_at=now - timedelta(days=min(days, HISTORY.days)),
            )
        )
    return made


def _email(random: Random, given: str, family: str, n: int) -> str:
    """An address at a domain that nobody has (RFC 2606), with a number so that each is one person's."""
    plain = str.maketrans("åäöüéßøæ", "aaouesoa")
    name = f"{given}.{family}".lower().translate(plain).replace("'", "").replace(" ", "")
    domain = random.choice(("example.com", "example.net", "example.org"))
    return f"{name.encode('ascii', 'ignore').decode()}{n % 97}@{domain}"


def _digits(random: Random, count: int) -> str:
    """No leading zero: such a landline does not exist."""
    return str(random.randint(10 ** (count - 1) * 2, 10**count - 1))


def _postcode(random: Random, beginning: str, form: str) -> str:
    drawn = (random.choice("0123456789") if c == "#" else random.choice("ABDEFGHJLNP") if c == "X" else c for c in form)
    return beginning + "".join(drawn)


def _households(random: Random, customers: Sequence[Customer]) -> None:
    """Every tenth customer shares a home with the one before: same name and address, at times the phone."""
    shared = [n for n in range(1, len(customers)) if not customers[n].company and random.random() < 0.1]
    homes = Household.objects.bulk_create(Household(name=f"{customers[n - 1].family_name}") for n in shared)
    for n, home in zip(shared, homes, strict=True):
        first, second = customers[n - 1], customers[n]
        if first.household_id is None and not first.company:
            first.household = home
        second.household = first.household or home
        if second.country != first.country:
            second.phone = first.phone
        for name in ("family_name", "street", "postcode", "city", "country", "language"):
            setattr(second, name, getattr(first, name))
        if second.email:
            second.email = _email(random, second.given_name, second.family_name, n)


def _subscriptions(random: Random, customer: Customer, plans: Sequence[Plan], today: date) -> list[Subscription]:
    """One plan running for most, sometimes a second, sometimes an earlier one that ended within the two years."""
    offices = customer.segment == "business"
    shares = [
        share * (12 if offices and plan.code == "office" else 1)
        for plan, (*_x, share) in zip(plans, PLANS, strict=True)
    ]
    drawn = random.choices(plans, shares, k=1 + (random.random() < 0.22))
    made = []
    for plan in dict.fromkeys(drawn):
        days = (today - customer.customer_since).days
        started = customer.customer_since + timedelta(
            days=random.randrange(max(days - 3, 1)) if random.random() < 0.5 else 0
        )
        if random.random() < 0.12 and days > 400:
            ended = today - timedelta(days=random.randrange(1, min(days - 200, HISTORY.days)))
            if started < ended:
                made.append(_subscription(random, customer, plan, started, today, ended))
            continue
        made.append(_subscription(random, customer, plan, started, today, None))
    return made


def _subscription(
    random: Random, customer: Customer, plan: Plan, started: date, today: date, ended: date | None
) -> Subscription:
    """Older customers pay older prices; a term runs from the start and, when over, often from its renewal."""
    years = (today - started).days // 365
    price = (plan.monthly_price * (100 - min(2 * years, 14)) / 100).quantize(Decimal("0.10"))
    margin = min(plan.monthly_margin * random.randint(85, 112) / 100, price - 1).quantize(Decimal("0.01"))
    end = None
    if plan.term_months and ended is None and random.random() < 0.8:
        end = started
        while end <= today:
            end += timedelta(days=round(plan.term_months * 30.44))
    return Subscription(
        customer=customer,
        plan=plan,
        status="ended" if ended else "paused" if random.random() < 0.01 else "active",
        monthly_price=price,
        monthly_margin=margin,
        started_on=started,
        contract_end=end,
        notice_months=plan.notice_months,
        ends_on=ended,
    )


def _notes(random: Random, customers: Sequence[Customer], now: datetime) -> None:
    agents = list(User.objects.filter(is_demo=True, groups__name="agent").order_by("username"))
    if not agents:
        return
    made = []
    for customer in customers:
        for _time in range(random.choices((0, 1, 2, 4), (70, 20, 8, 2))[0]):
            days = (timezone.localdate(now) - customer.customer_since).days
            at = now - timedelta(days=random.randrange(min(days, HISTORY.days)), minutes=random.randrange(480))
            text = random.choice(NOTES[customer.language])
            made.append(Note(customer=customer, text=text, by=random.choice(agents), at=at))
    Note.objects.bulk_create(made, batch_size=1000)
