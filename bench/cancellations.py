"""A cancellation case of every fifth customer: the queue at any depth and filter, a call, a closed case."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench import customers, suggestion
from bench.measure import Table, opened, settle
from cancellations import actions
from cancellations.models import CancellationCase, Offer, Reason
from cancellations.queries import lists
from cancellations.reference import load_reasons
from customers.models import Customer, Plan, Subscription
from staff.backends import OneQuery
from staff.models import AuthorityLimit, User
from tests.factories import UserFactory

CASES = customers.CUSTOMERS // 5
OPEN = CASES // 100  # of them: the calls of a busy day
START = datetime(2024, 1, 1, tzinfo=UTC)
SUBSCRIPTION = ("customer_id", "plan_id", "status", "monthly_price", "monthly_margin", "started_on", "notice_months")
CASE = (
    "number",
    "customer_id",
    "subscription_id",
    "state",
    "reason_id",
    "reason_note",
    "competitor",
    "permission",
    "end_mode",
    "ends_on",
    "price_before",
    "agent_id",
    "opened_by_id",
    "opened_at",
    "noticed_at",
    "touched_at",
    "closed_at",
    "window_until",
    "referred_to",
    "version",
)
MOVE = ("subject_id", "from_state", "to_state", "by_id", "at", "note", "what")
CLOSED = ("cancelled_scheduled", "cancelled_effective", "saved_pending", "saved_confirmed", "boomerang")


def cases(subscriptions: list[tuple[int, int]], reasons: list[int], agents: list[int]) -> Iterator[tuple[object, ...]]:
    """Rows for COPY, oldest first; the last are still open."""
    random = Random(2)
    step = (timezone.now() - START) / len(subscriptions)
    for n, (subscription, customer) in enumerate(subscriptions):
        at = START + step * n
        is_open = n >= len(subscriptions) - OPEN
        ended = None if is_open else at + timedelta(minutes=8)
        agent = random.choice(agents)
        yield (
            f"X-B-{n:06d}",
            customer,
            subscription,
            random.choice(("notice_recorded", "offering")) if is_open else random.choice(CLOSED),
            random.choice(reasons),
            "",
            "",
            "granted",
            "end_of_term",
            None if is_open else at.date() + timedelta(days=30),
            Decimal("49.90"),
            agent,
            agent,
            at,
            at,
            at,
            ended,
            None if is_open else at.date() + timedelta(days=90),
            "",
            2,
        )


def fill() -> User:
    """Customers where they are missing, then plans, subscriptions, cases and two moves of each by COPY."""
    customers.fill()
    load_reasons()
    user = User.objects.filter(username="bench-agent").first() or UserFactory(username="bench-agent", role="agent")
    if CancellationCase.objects.filter(number=f"X-B-{CASES - 1:06d}").exists():
        return user
    plan, _made = Plan.objects.get_or_create(
        code="bench-plan", defaults={"name": "Plan", "monthly_price": Decimal(50), "monthly_margin": Decimal(20)}
    )
    agents = [user.pk, *(UserFactory(username=f"bench-agent-{n}").pk for n in range(20))]
    people = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[: CASES * 4 : 4])
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(f"COPY customers_subscription ({', '.join(SUBSCRIPTION)}) FROM STDIN") as copy:
            for pk in people:
                copy.write_row((pk, plan.pk, "active", Decimal("49.90"), Decimal("20.00"), "2022-01-01", 1))
        subscriptions = list(Subscription.objects.filter(plan=plan).order_by("pk").values_list("pk", "customer_id"))
        reasons = list(Reason.objects.values_list("pk", flat=True))
        with cursor.copy(f"COPY cancellations_cancellationcase ({', '.join(CASE)}) FROM STDIN") as copy:
            for row in cases(subscriptions[:CASES], reasons, agents):
                copy.write_row(row)
        for before, after, late in (("", "opened", 0), ("opened", "notice_recorded", 1)):
            cursor.execute(
                f"INSERT INTO cancellations_casemove ({', '.join(MOVE)})"  # noqa: S608  the names above
                " SELECT id, %s, %s, agent_id, opened_at + %s * interval '1 second', '', 'state'"
                " FROM cancellations_cancellationcase WHERE number LIKE 'X-B-%%'",
                [before, after, late],
            )
    settle()
    return user


def a_call(user: User, last: int = 1) -> CancellationCase:
    """A call of today led by the real actions as far as the offers, of the last of the customers or one before."""
    number = f"C-{1_000_000 + customers.CUSTOMERS - last}"
    case = CancellationCase.objects.filter(customer__number=number, state="offering").first()
    if case is None:
        person = Customer.objects.get(number=number)
        plan = Plan.objects.get(code="bench-plan")
        contract = Subscription.objects.create(
            customer=person,
            plan=plan,
            monthly_price=Decimal("49.90"),
            monthly_margin=Decimal(20),
            started_on="2022-01-01",
        )
        case = actions.open_case(contract.pk, by=user, now=timezone.now())
        actions.set_reason(case.pk, reason=Reason.objects.order_by("pk").first(), by=user, now=timezone.now())
        case = actions.ask_permission(case.pk, granted=True, by=user, now=timezone.now())
    return case


def main() -> None:
    user, table = fill(), Table()
    suggestion.publish()

    def page(pages: int) -> str | None:
        cursor = None
        for _ in range(pages):
            _rows, cursor = lists.queue(
                group="", agent=None, category=None, team=None, cursor=cursor, now=timezone.now()
            )
        return cursor

    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    deep = page(399)
    category = Reason.objects.order_by("pk").values_list("category_id", flat=True).first()
    wanted = {
        "queue, first page": {},
        "queue, page 400": {"after": deep or ""},
        "queue, open": {"show": "open"},
        "queue, mine and leaving": {"whose": "mine", "show": "leaving"},
        "queue, stayed, of a category": {"show": "stayed", "category": category},
    }
    for name, filters in wanted.items():
        table.add(name, lambda filters=filters: opened(client, "/cancellations/", filters), runs=30)
    call = a_call(user)
    table.add("call page, 200 incentives published", lambda: opened(client, f"/cancellations/{call.pk}/call/"), runs=30)
    closed = CancellationCase.objects.filter(number__startswith="X-B-", state="saved_pending").order_by("-pk")[0]
    table.add("case page, closed", lambda: opened(client, f"/cancellations/{closed.pk}/"), runs=30)
    presses(table, client, call, user)
    table.print()


def presses(table: Table, client: Client, call: CancellationCase, user: User) -> None:
    """Present and accept, each taken back: nothing is mailed, and the worker is not there to typeset."""
    AuthorityLimit.objects.get_or_create(role=user.groups.get(), kind="offer")
    user = OneQuery().get_user(user.pk) or user  # as one who is logged in comes: with permissions and limits
    version = best(call)
    other = a_call(user, last=2)
    offer = Offer.objects.filter(case=other, state="presented").first()
    offer = offer or actions.present(other.pk, version_id=best(other), by=user, now=timezone.now())

    def sent(address: str, **given: object) -> None:
        answer = client.post(f"/api/v1/{address}/", given, content_type="application/json")
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}: {answer.content!r}")

    table.add(
        "present, through the action",
        lambda: actions.present(call.pk, version_id=version, by=user, now=timezone.now()),
        undone=True,
    )
    table.add(
        "… through the API", lambda: sent(f"cancellations/{call.pk}/present", incentive_version=version), undone=True
    )
    table.add("accept, through the action", lambda: actions.accept(offer.pk, by=user, now=timezone.now()), undone=True)
    table.add("… through the API", lambda: sent(f"offers/{offer.pk}/accept"), undone=True)


def best(call: CancellationCase) -> int:
    candidates = call.suggestions.get(superseded_at__isnull=True).candidates
    return next(row["version"] for row in candidates if row["version"] and row["shown"])
