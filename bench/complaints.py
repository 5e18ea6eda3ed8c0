"""A million complaints: the queue in its views and orders, deep in the list, found by words; a case and its awards."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from time import perf_counter

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench.measure import Table, opened, settle
from bench.stories import STORIES, stories, vocabulary
from complaints.models import Category, ComplaintCase, Matrix, MatrixCell
from complaints.queries import queue
from customers.models import Customer
from staff.models import Team, User
from tests.factories import UserFactory

CASES = 1_000_000
OPEN = 20_000  # of them, as a desk with a month's backlog has
AWARDS = 60_000  # over the newest of the closed ones
CUSTOMERS = 20_000

CASE = """
WITH drawn AS (
    SELECT n, n >= %(closed)s AS is_open, %(start)s::timestamptz + n * %(step)s::interval AS at,
        CASE
            WHEN n %% 4 = 3 AND n >= %(closed)s THEN 'waiting_customer'
            WHEN n >= %(closed)s THEN 'investigating'
            WHEN n %% 50 = 0 THEN 'withdrawn'
            ELSE 'closed'
        END AS state
    FROM generate_series(0, %(last)s) n
)
INSERT INTO complaints_complaintcase (
    number, customer_id, channel, received_at, recorded_at, category_id, severity, priority, title, happened, wanted,
    product, reference, state, assignee_id, team_id, fault, outcome, root_cause_id, draft_subject, draft_body, due_at,
    chase_at, closed_at, responded_at, reopened_count, was_active, version
)
SELECT
    'K-B-' || lpad(drawn.n::text, 7, '0'), people.pk,
    (ARRAY['phone', 'letter', 'email', 'web', 'shop'])[1 + drawn.n %% 5],
    at, at, (%(categories)s::bigint[])[1 + drawn.n / 2 %% %(kinds)s], 1 + drawn.n / 3 %% 4, 1 + drawn.n / 7 %% 4,
    stories.title,
    stories.happened || ' w' || drawn.n %% 50000, '', '', '', state,
    CASE WHEN drawn.n %% 11 = 0 THEN NULL ELSE (%(agents)s::bigint[])[1 + drawn.n / 13 %% 21] END, NULL,
    CASE WHEN is_open THEN '' ELSE 'ours' END,
    CASE WHEN state = 'closed' THEN (ARRAY['upheld', 'rejected', 'partly_upheld'])[1 + drawn.n %% 3] ELSE '' END,
    CASE WHEN is_open THEN NULL ELSE %(cause)s END, '', '', at + (1 + drawn.n / 17 %% 30) * interval '1 day',
    CASE WHEN state = 'waiting_customer' THEN at + interval '9 days' END,
    CASE WHEN NOT is_open THEN at + interval '5 days' END, CASE WHEN NOT is_open THEN at + interval '5 days' END,
    0, TRUE, 1
FROM drawn
JOIN people ON people.n = drawn.n %% %(people)s
JOIN stories ON stories.n = drawn.n * 7919::bigint %% %(stories)s
ORDER BY drawn.n
"""
MESSAGE = """
INSERT INTO complaints_message (case_id, kind, direction, purpose, subject, body, language, at, is_automatic, sender,
    message_id, by_id)
SELECT id, 'email', 'in', 'other', title, 'I wrote about ' || title || ' before: m' || id %% 50000, '', received_at,
    FALSE, 'a@example.com', '', NULL FROM complaints_complaintcase WHERE number LIKE 'K-B-%%'
"""
REST = (
    """INSERT INTO complaints_cycle (case_id, number, started_at)
       SELECT id, 1, received_at FROM complaints_complaintcase WHERE number LIKE 'K-B-%%' AND is_open""",
    """INSERT INTO complaints_clock (case_id, cycle_id, kind, policy_id, target, started_at, due_at, is_paused,
           is_cancelled, warned)
       SELECT c.id, y.id, kind, %(policy)s, 144000, c.received_at, c.due_at, FALSE, FALSE, 0
       FROM complaints_complaintcase c JOIN complaints_cycle y ON y.case_id = c.id,
           unnest(ARRAY['first_response', 'resolution', 'statutory']) kind
       WHERE c.number LIKE 'K-B-%%' AND c.is_open""",
    """INSERT INTO complaints_casemove (subject_id, from_state, to_state, by_id, at, note)
       SELECT id, 'registered', state, assignee_id, received_at + interval '1 hour', ''
       FROM complaints_complaintcase WHERE number LIKE 'K-B-%%' AND is_open""",
    """INSERT INTO complaints_award (case_id, state, matrix_id, owed, loss, goodwill, guided, band, voucher_for_owed,
           consent, deviation, explanation, sentence, proposed_by_id, proposed_at, version)
       SELECT c.id, 'done', %(matrix)s, 0, 0, 10 + c.id %% 40, 20, 'within', FALSE, '', '',
           jsonb_build_object('category', g.code, 'severity', c.severity, 'reasons', ARRAY[]::text[]), 'Goodwill.',
           %(user)s, c.responded_at, 1
       FROM complaints_complaintcase c JOIN complaints_category g ON g.id = c.category_id
       WHERE c.number LIKE 'K-B-%%' AND c.state = 'closed' ORDER BY c.received_at DESC LIMIT %(awards)s""",
    """INSERT INTO complaints_remedy (award_id, kind, basis, state, amount, what, reference, done_at, version)
       SELECT id, 'credit', 'goodwill', 'done', goodwill, '', '', proposed_at, 1 FROM complaints_award""",
)


def fill(count: int = CASES) -> User:
    """The tables by one INSERT each, without triggers, their indexes built afterwards: about two minutes for a million.
    Nothing happens when they stand already."""
    user = User.objects.filter(username="bench-lead").first() or UserFactory(username="bench-lead", role="team lead")
    if not ComplaintCase.objects.filter(number=f"K-B-{count - 1:07d}").exists():
        _write(user, count)
        settle()
    return user


@transaction.atomic
def _write(user: User, count: int) -> None:
    now = timezone.now()
    Customer.objects.bulk_create(
        [
            Customer(number=f"B-{n}", given_name="Anna", family_name=f"Berg{n}", customer_since=now.date())
            for n in range(CUSTOMERS)
        ],
        ignore_conflicts=True,
    )
    Team.objects.get_or_create(name="Bench")
    start = now - timedelta(days=6 * 365)
    people = list(Customer.objects.filter(number__startswith="B-").order_by("pk").values_list("pk", flat=True))
    categories = list(Category.objects.order_by("pk").values_list("pk", flat=True))
    values = {
        "people": len(people),
        "stories": STORIES,
        "categories": categories,
        "kinds": len(categories),
        "agents": [user.pk, *(UserFactory(username=f"bench-c{n}", role="agent").pk for n in range(20))],
        "start": start,
        "step": (now - start) / count,
        "closed": count - OPEN,
        "last": count - 1,
        "awards": AWARDS,
        "user": user.pk,
        "matrix": guidance(user).pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for name, columns, rows in (
            ("people", "n int, pk bigint", enumerate(people)),
            ("stories", "n int, title text, happened text", stories()),
        ):
            cursor.execute(f"CREATE TEMP TABLE {name} ({columns}) ON COMMIT DROP")
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"ANALYZE {name}")
        for name, table in (("cause", "rootcause"), ("policy", "policy")):
            cursor.execute(f"SELECT min(id) FROM complaints_{table}")  # noqa: S608  the two names above
            (values[name],) = cursor.fetchone()
        for table, statement in (("complaintcase", CASE), ("message", MESSAGE)):
            rebuild = _drop_indexes(cursor, f"complaints_{table}")
            cursor.execute(statement, values)
            for definition in rebuild:
                cursor.execute(definition)
        for statement in REST:
            cursor.execute(statement, values)


def _drop_indexes(cursor: object, table: str) -> list[str]:
    """Drop what no constraint needs; answers how to build it again."""
    cursor.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = %s "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _name, definition in indexes]


def guidance(author: User) -> Matrix:
    """A published version that knows every category and severity."""
    found = Matrix.objects.filter(name="Bench").first()
    if found:
        return found
    matrix = Matrix.objects.create(
        name="Bench", author=author, created_at=timezone.now(), valid_from="2020-01-01", cap_customer_year=Decimal(150)
    )
    MatrixCell.objects.bulk_create(
        MatrixCell(
            matrix=matrix, category=category, severity=severity, low=10, mid=20, high=50, preferred=["value_voucher"]
        )
        for category in Category.objects.all()
        for severity in ComplaintCase.Severity.values
    )
    matrix.publisher, matrix.published_at = UserFactory(username="bench-publisher"), timezone.now()
    matrix.save()
    return matrix


def main(count: int = CASES) -> None:
    started = perf_counter()
    user, now, table = fill(count), timezone.now(), Table()
    print(f"Filled in {perf_counter() - started:.0f} s.\n", flush=True)
    category = Category.objects.order_by("pk").first()
    word = vocabulary()[300]

    def page(view: str = "open", sort: str = "due", cursor: str | None = None, **filters: object) -> queue.QueuePage:
        return queue.queue_page(user, view=view, sort=sort, cursor=cursor, now=now, **filters)

    deep = None
    for _ in range(400):
        deep = page("all", "newest", deep).next
    wanted = {
        "open, nearest deadline": {},
        "open, by priority": {"sort": "priority"},
        "mine": {"view": "mine"},
        "nobody's, newest": {"view": "free", "sort": "newest"},
        "overdue, of a category": {"view": "overdue", "category": category},
        "open, rare state": {"state": "waiting_customer", "severity": 4},
        "all, newest": {"view": "all", "sort": "newest"},
        "all, newest, page 401": {"view": "all", "sort": "newest", "cursor": deep},
        "all, by priority": {"view": "all", "sort": "priority"},
        "all, of a category and channel": {"view": "all", "sort": "newest", "category": category, "channel": "letter"},
        "all, withdrawn, by deadline": {"view": "all", "state": "withdrawn"},
        "all, serious and rejected, oldest": {"view": "all", "sort": "oldest", "severity": 4, "outcome": "rejected"},
        "all, of an agent, by deadline": {"view": "all", "assignee": user},
        "all, of an agent, by priority, by letter": {
            "view": "all",
            "sort": "priority",
            "assignee": user,
            "channel": "letter",
        },
        "text: a rare word": {"view": "all", "sort": "newest", "q": "w4711"},
        "text: a rare word of a message": {"view": "all", "sort": "newest", "q": "m4711"},
        "text: one of a thousand words": {"view": "all", "sort": "newest", "q": word},
        "text: two common words": {"view": "all", "sort": "newest", "q": "router tech"},
        "text: a common word, open": {"q": "invoice"},
        "text: a rare and a common word, mine": {"view": "mine", "q": f"{word} invoice"},
        "text: nothing has it": {"view": "all", "q": "xyzzy"},
    }
    for name, how in wanted.items():
        table.add(name, lambda how=how: page(**how), runs=20)
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    case = ComplaintCase.objects.filter(is_open=True, number__startswith="K-B-").order_by("-pk")[0]
    pages: dict[str, Callable[[], None]] = {
        "page: the queue": lambda: opened(client, "/complaints/"),
        "page: the queue, all, page 401": lambda: opened(
            client, "/complaints/", {"view": "all", "sort": "newest", "after": deep}
        ),
        "page: the queue, found by words": lambda: opened(client, "/complaints/", {"view": "all", "q": f"{word} invo"}),
        "page: a case": lambda: opened(client, f"/complaints/{case.pk}/"),
        "page: its compensation": lambda: opened(client, f"/complaints/{case.pk}/compensation/"),
    }
    for name, call in pages.items():
        table.add(name, call, runs=20)
    table.print()
