"""A million customers, or KVAR_BENCH_ROWS: how long it takes to find one, to open the page, to turn the list."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.measure import Table, opened, settle
from customers import queries
from customers.demo_names import BRITAIN, GERMANY, SWEDEN
from customers.lexemes import vector
from customers.models import Customer
from customers.search import find
from staff import paging
from staff.models import User
from tests.factories import UserFactory

CUSTOMERS = int(os.environ.get("KVAR_BENCH_ROWS", 1_000_000))
COLUMNS = (
    "number",
    "given_name",
    "family_name",
    "company",
    "email",
    "phone",
    "language",
    "street",
    "postcode",
    "city",
    "country",
    "customer_since",
    "segment",
    "is_vulnerable",
    "is_bereaved",
    "in_debt",
    "may_be_contacted",
    "created_at",
    "version",
)


def people(count: int, seed: int = 1) -> Iterator[tuple[object, ...]]:
    """Rows for COPY: common names as often as they are common, and a long tail of rare ones."""
    random = Random(seed)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    lands = (SWEDEN, SWEDEN, SWEDEN, GERMANY, BRITAIN)
    for n in range(count):
        land = lands[n % 5]
        given = land.given[int(random.random() ** 1.7 * len(land.given))]
        family = land.family[int(random.random() ** 1.5 * len(land.family))]
        if n % 3 == 0:  # the long tail
            family = land.family[n // 3 % len(land.family)][:4] + random.choice("aeiou") + family.lower()
        prefix, digits = land.prefixes[n % len(land.prefixes)]
        yield (
            f"C-{n + 1_000_000}",
            given,
            family,
            "",
            f"{given}.{family}{n}@example.com".lower(),
            f"{prefix}{random.randrange(10**digits):0{digits}}",
            land.language,
            f"{land.streets[0]} {n % 90}",
            "",
            land.towns[n % len(land.towns)][0],
            land.country,
            "2020-01-01",
            "standard",
            False,
            False,
            False,
            False,
            now,
            1,
        )


def fill() -> None:
    """The customers by COPY, then the search index over all at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM customers_customer WHERE number LIKE 'C-%'")
        if cursor.fetchone()[0] >= CUSTOMERS:
            return
        cursor.execute("TRUNCATE customers_customer CASCADE")
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'customers_customer_search'")
        (index,) = cursor.fetchone()
        cursor.execute("DROP INDEX customers_customer_search")
        with cursor.copy(f"COPY customers_customer ({', '.join(COLUMNS)}, search) FROM STDIN") as copy:
            for row in people(CUSTOMERS):
                copy.write_row((*row, vector(*map(str, row[:6]))))
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(index)
    settle()


def main() -> None:
    fill()
    table = Table()
    for what, typed in {
        "a common given name": "anna",
        "two letters": "an",
        "two words": "anna svensson",
        "two beginnings": "lin joh",
        "as heard": "swenson",
        "diacritics": "mueller",
        "last digits of a phone": "4567",
        "customer number": "C-1500000",
        "nobody": "xyzzy",
    }.items():
        table.add(f"search, {what}: “{typed}”", lambda typed=typed: find(typed, 12), runs=20)

    user = User.objects.filter(username="bench-customers").first() or UserFactory(
        username="bench-customers", role="agent"
    )
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    customer = Customer.objects.order_by("pk").first()
    table.add("header band, in the query", lambda: queries.band_for(customer, timezone.now()), runs=30)
    table.add("the frame alone: settings", lambda: opened(client, "/settings/"), runs=30)
    table.add("home", lambda: opened(client, "/"), runs=30)
    table.add("customer page", lambda: opened(client, f"/customers/{customer.pk}/"), runs=30)
    table.add("customer list, first page", lambda: opened(client, "/customers/"), runs=30)
    deep = paging.write([customer.pk + CUSTOMERS // 2])
    table.add("customer list, in the middle", lambda: opened(client, "/customers/", {"after": deep}), runs=30)
    table.print()
