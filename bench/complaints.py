"""A million complaints: the queue in its views and orders, deep in the list, found by words, and one case."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench.measure import Table
from complaints import queries
from complaints.models import Category, ComplaintCase
from customers.models import Customer
from staff.models import Team, User
from tests.factories import UserFactory

CASES = 1_000_000
OPEN = 20_000  # of them, as a desk with a month's backlog has
START = datetime(2020, 1, 1, tzinfo=UTC)
COLUMNS = [
    "number",
    "customer_id",
    "channel",
    "received_at",
    "recorded_at",
    "category_id",
    "severity",
    "priority",
    "title",
    "happened",
    "wanted",
    "product",
    "reference",
    "state",
    "assignee_id",
    "team_id",
    "fault",
    "outcome",
    "root_cause_id",
    "draft_subject",
    "draft_body",
    "due_at",
    "closed_at",
    "responded_at",
    "reopened_count",
    "was_active",
    "version",
]
WORDS = [
    "box",
    "router",
    "bill",
    "parcel",
    "price",
    "channel",
    "network",
    "invoice",
    "cable",
    "signal",
    "evening",
    "morning",
    "technician",
    "shop",
]


def cases(count: int, customers: list[int], categories: list[int], agents: list[int], cause: int) -> Iterator[tuple]:
    """Rows for COPY: the newest are open, texts of common words and a rare one each."""
    random = Random(1)
    step = (timezone.now() - START) / count
    for n in range(count):
        at = START + step * n
        is_open = n >= count - OPEN
        text = " ".join(random.choices(WORDS, k=25))
        ended = None if is_open else at + timedelta(days=5)
        yield (
            f"K-B-{n:07d}",
            random.choice(customers),
            random.choice(("phone", "letter", "email", "web", "shop")),
            at,
            at,
            random.choice(categories),
            random.randint(1, 4),
            random.randint(1, 4),
            " ".join(random.choices(WORDS, k=4)),
            f"{text} w{n % 50_000}",
            "",
            "",
            "",
            "investigating" if is_open else "closed",
            random.choice(agents),
            None,
            "" if is_open else "ours",
            "" if is_open else random.choice(("upheld", "rejected")),
            None if is_open else cause,
            "",
            "",
            at + timedelta(days=random.randint(1, 30)),
            ended,
            ended,
            0,
            True,
            1,
        )


def fill(count: int = CASES) -> User:
    """The table by COPY, its indexes built afterwards; nothing happens when it stands already."""
    user = User.objects.filter(username="bench").first() or UserFactory(username="bench", role="team lead")
    if ComplaintCase.objects.filter(number=f"K-B-{count - 1:07d}").exists():
        return user
    Customer.objects.bulk_create(
        [
            Customer(number=f"B-{n}", given_name="Anna", family_name=f"Berg{n}", customer_since=START.date())
            for n in range(20_000)
        ],
        ignore_conflicts=True,
    )
    Team.objects.get_or_create(name="Bench")
    customers = list(Customer.objects.filter(number__startswith="B-").values_list("pk", flat=True))
    agents = [user.pk, *(UserFactory(username=f"bench{n}").pk for n in range(20))]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM complaints_rootcause ORDER BY id LIMIT 1")
        (cause,) = cursor.fetchone()
        cursor.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = 'complaints_complaintcase' "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        with cursor.copy(f"COPY complaints_complaintcase ({', '.join(COLUMNS)}) FROM STDIN") as copy:
            categories = list(Category.objects.values_list("pk", flat=True)) or []
            for row in cases(count, customers, categories, agents, cause):
                copy.write_row(row)
        cursor.execute("SET maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("ANALYZE complaints_complaintcase")
    return user


def main(count: int = CASES) -> None:
    user, now, table = fill(count), timezone.now(), Table()
    category = Category.objects.order_by("pk").first()

    def page(view: str = "open", sort: str = "due", cursor: str | None = None, **filters: object) -> queries.QueuePage:
        rows = queries.queue(user, view=view, now=now, **filters)
        return queries.queue_page(rows, sort=sort, cursor=cursor, now=now)

    deep = None
    for _ in range(40):
        deep = page("all", "newest", deep).next
    wanted = {
        "open, nearest deadline": {},
        "open, by priority": {"sort": "priority"},
        "mine": {"view": "mine"},
        "overdue, of a category": {"view": "overdue", "category": category},
        "all, newest": {"view": "all", "sort": "newest"},
        "all, newest, page 41": {"view": "all", "sort": "newest", "cursor": deep},
        "all, of a category and channel": {"view": "all", "sort": "newest", "category": category, "channel": "letter"},
        "all, serious and rejected": {"view": "all", "sort": "oldest", "severity": 4, "outcome": "rejected"},
        "all, nearest deadline, of an agent": {"view": "all", "assignee": user},
        "a rare word": {"view": "all", "sort": "newest", "q": "w4711"},
        "two common words": {"view": "all", "sort": "newest", "q": "router tech"},
        "a common word, open": {"q": "invoice"},
    }
    for name, how in wanted.items():
        table.add(name, lambda how=how: page(**how))
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    case = ComplaintCase.objects.filter(is_open=True).order_by("-pk")[0]
    table.add("the queue's page", lambda: client.get("/complaints/"))
    table.add("a case's page", lambda: client.get(f"/complaints/{case.pk}/"))
    table.print()
