"""A chain's loyalty desk: receipts by file, stamps by hand and by till, many tills at once.

The books are filled with members and receipts beforehand, so that indexes are as deep as in use; each run adds to them.
"""

import csv
import io
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench.measure import Table, opened, settle
from loyalty import actions
from loyalty.actions.rows import insert
from loyalty.importing.importer import run
from loyalty.importing.mapping import FileMapping
from loyalty.models import CardToken, Category, Membership, Product, Programme, ProgrammeVersion, Receipt, Store
from loyalty.queries.ledger import faults
from loyalty.rules.earning import Line
from loyalty.rules.facts import ReceiptFacts
from staff.models import User
from tests.factories import UserFactory

MEMBERS = 50_000
FILED = 30_000
THREADS, EACH = 8, 100
COFFEE = Path(settings.BASE_DIR) / "loyalty" / "mappings" / "coffee.toml"
HEAD = "source,store,business_date,number,kind,occurred_at,card,line,product,quantity,amount,original_number"
numbers = count(1)


def fill() -> Programme:
    """A programme with a cap a day (so that counting looks back) and members with a card each."""
    programme, made = Programme.objects.get_or_create(
        code="bench", defaults={"name": "Bench", "reward_name": "a free coffee"}
    )
    Store.objects.get_or_create(code="bench", defaults={"name": "Bench"})
    category, _ = Category.objects.get_or_create(code="coffee", defaults={"name": "Coffee"})
    for sku in ("latte", "mocha", "bun"):
        Product.objects.get_or_create(sku=sku, defaults={"name": sku, "category": category, "price": 4})
    if made:
        ProgrammeVersion.objects.create(
            programme=programme,
            number=1,
            state=ProgrammeVersion.State.PUBLISHED,
            stamps_needed=9,
            rules=[{"key": "coffee", "per": "item", "stamps": 1}],
            cap_day=20,
            valid_from=timezone.now() - timedelta(days=800),
        )
        now = timezone.now()
        members = [Membership(programme=programme, enrolled_at=now) for _ in range(MEMBERS)]
        insert(members)
        insert(
            [CardToken(number=f"98{n:08}", membership=m, issued_at=now) for n, m in enumerate(members)],
        )
        settle()
    return programme


def receipts(amount: int, seed: int) -> Iterator[list[object]]:
    """Rows of a till's file: one to three lines a receipt, one in ten without a card."""
    draw, name = Random(seed), uuid4().hex[:8]
    start = timezone.now() - timedelta(days=80)
    for n in range(amount):
        at = start + timedelta(minutes=n * 80 * 1440 / amount)
        card = f"98{draw.randrange(MEMBERS):08}" if draw.random() < 0.9 else ""
        for line in range(1, draw.choice([1, 1, 2, 3]) + 1):
            yield [
                "till",
                "bench",
                at.date(),
                f"{name}-{n}",
                "sale",
                at.isoformat(),
                card,
                line,
                "latte",
                1,
                "4.00",
                "",
            ]


def imported() -> tuple[dict[str, object], float]:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEAD.split(","))
    writer.writerows(receipts(FILED, seed=1))
    file.seek(0)
    mapping = FileMapping(programme={"code": "bench"})
    started, own = perf_counter(), process_time()
    told = run(file, mapping, now=timezone.now(), reject=print)
    print(f"- importer, of that in Python: {process_time() - own:.1f} s")
    return told.as_dict(), perf_counter() - started


def coffee() -> tuple[dict[str, object], float] | None:
    """The real café's file into an empty programme, when the file lies beside the project."""
    path = next((p for p in Path(settings.BASE_DIR).resolve().parents if (p / "shared/data").is_dir()), None)
    if path is None:
        return None
    file = io.StringIO((path / "shared/data/coffee_receipts.csv").read_text(encoding="utf-8-sig"))
    with transaction.atomic():
        started = perf_counter()
        told = run(file, FileMapping.load(COFFEE), now=timezone.now(), reject=print)
        seconds = perf_counter() - started
        transaction.set_rollback(True)
    return told.as_dict(), seconds


def facts(card: str, at: datetime | None = None) -> ReceiptFacts:
    now = at or timezone.now()
    return ReceiptFacts(
        "till", "bench", now.date(), f"{uuid4().hex[:12]}-{next(numbers)}", now, (Line(1, "latte", 1),), card=card
    )


def many_tills(cards: list[str]) -> float:
    """Stamps a second of eight threads on distinct cards, through the action."""
    gate = threading.Barrier(THREADS + 1)
    failed: list[BaseException] = []

    def till(own: list[str]) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            for card in own:
                actions.record_receipt(facts(card), by=None, now=timezone.now())
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=till, args=(cards[n::THREADS],)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = perf_counter()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return len(cards) / (perf_counter() - started)


def main() -> None:
    fill()
    told, seconds = imported()
    print(f"- importer: {told['created']} receipts in {seconds:.1f} s, {FILED / seconds:,.0f} a second")
    if (café := coffee()) is not None:
        told, seconds = café
        print(f"- coffee file: {told['receipts']} receipts, {told['rewards']} rewards, {seconds:.2f} s", end="")
        print(f", {told['receipts'] / seconds:,.0f} a second")
    cards = [f"98{n:08}" for n in range(1000, 1000 + THREADS * EACH)]
    print(f"- {THREADS} threads on distinct cards: {many_tills(cards):,.0f} stamps a second\n")

    table = Table()
    own = iter(f"98{n:08}" for n in range(10_000, MEMBERS))

    def stamp() -> None:
        actions.record_receipt(facts(next(own)), by=None, now=timezone.now())

    table.add("stamp through the action", stamp, raw=_raw_stamp(), runs=200)
    user = User.objects.filter(username="bench-loyalty").first() or UserFactory(username="bench-loyalty", role="agent")
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)

    def through_the_api() -> None:
        now = timezone.now()
        body = {
            "store": "bench",
            "business_date": now.date().isoformat(),
            "number": uuid4().hex,
            "occurred_at": now.isoformat(),
            "card": next(own),
            "lines": [{"number": 1, "sku": "latte", "amount": "4.00"}],
        }
        answer = client.post(
            "/api/v1/loyalty/receipts/",
            json.dumps(body),
            "application/json",
            headers={"Idempotency-Key": uuid4().hex},
        )
        if answer.status_code != 200:
            raise RuntimeError(answer.content)

    table.add("stamp through the API", through_the_api, raw=_raw_stamp(), runs=200)
    member = Receipt.objects.filter(membership__isnull=False).order_by("-pk").values_list("membership", flat=True)[0]
    table.add("card page", lambda: opened(client, f"/loyalty/members/{member}/"), runs=40)
    table.add("members, first page", lambda: opened(client, "/loyalty/"), runs=40)
    table.print()
    if found := faults():
        raise RuntimeError(found)


def _raw_stamp():  # type: ignore[no-untyped-def]  # the shape of measure.Table's raw
    """The least a stamp can be: lock, unique insert of receipt and entry, update, commit."""
    member = Membership.objects.filter(programme__code="bench").order_by("-pk").first()
    store = Store.objects.get(code="bench")

    def stamp() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT balance, seq FROM loyalty_membership WHERE id = %s FOR UPDATE", [member.pk])
            balance, seq = cursor.fetchone()
            cursor.execute(
                "INSERT INTO loyalty_receipt (source, store_id, business_date, number, kind, state, membership_id,"
                " occurred_at, recorded_at, total, cashier, stamps, trace, body_hash, times)"
                " VALUES ('raw', %s, now(), %s, 'sale', 'counted', %s, now(), now(), 0, '', 1, '[]', '', 1)"
                " RETURNING id",
                [store.pk, uuid4().hex, member.pk],
            )
            (receipt,) = cursor.fetchone()
            cursor.execute(
                "INSERT INTO loyalty_ledgerentry (membership_id, seq, kind, stamps, balance, occurred_at, recorded_at,"
                " receipt_id, rule, reason, note, cost) VALUES (%s, %s, 'adjust', 1, %s, now(), now(), %s, '', 'bonus',"
                " '', 0)",
                [member.pk, seq + 1, balance + 1, receipt],
            )
            cursor.execute(
                "UPDATE loyalty_membership SET balance = balance + 1, seq = seq + 1, cycle_needed = 2000000000"
                " WHERE id = %s",
                [member.pk],
            )

    return stamp
