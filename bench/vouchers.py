"""Redeeming a voucher through the action and through the API, beside what it costs in SQL; raced redemptions."""

from decimal import Decimal
from itertools import count
from threading import Barrier, Thread
from time import perf_counter

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench.measure import Table
from complaints.actions import redemption, vouchers
from complaints.models import Voucher, VoucherEntry
from customers.models import Customer
from staff.errors import DomainError
from staff.models import User
from tests.factories import UserFactory

VOUCHERS = 50_000
FACE = Decimal(20)
RACERS, RACED = 16, 10_000  # threads, attempts of a cent at one voucher worth half as many
_ISSUE = """
WITH made AS (
    INSERT INTO complaints_voucher (kind, state, customer_id, product, face, balance, valid_until, issued_at,
        fingerprint, last_four)
    SELECT 'value', 'active', %(customer)s, '', %(face)s, %(face)s, now() + interval '1 year', now(), 'bench-' || n,
        'BBBB'
    FROM generate_series(1, %(count)s) n
    RETURNING id, face, issued_at
)
INSERT INTO complaints_voucherentry (voucher_id, kind, amount, at, reference, note, request_hash)
SELECT id, 'issue', face, issued_at, '', '', '' FROM made
"""


def fill() -> tuple[User, Customer]:
    user = User.objects.filter(username="bench-till").first() or UserFactory(username="bench-till", role="agent")
    customer, _made = Customer.objects.get_or_create(
        number="B-V", defaults={"family_name": "Berg", "customer_since": timezone.localdate()}
    )
    missing = VOUCHERS - Voucher.objects.filter(fingerprint__startswith="bench-").count()
    if missing > 0:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # balanced as written
            cursor.execute(_ISSUE, {"customer": customer.pk, "face": FACE, "count": missing})
            cursor.execute("ANALYZE complaints_voucher, complaints_voucherentry")
    return user, customer


def raced(user: User, customer: Customer) -> None:
    """RACED attempts of a cent each by RACERS threads at one voucher worth half of them, every tenth sent twice."""
    voucher = vouchers.issue(
        customer.pk, face=Decimal(RACED) / 200, valid_until=timezone.localdate(), by=user, now=timezone.now()
    ).voucher
    start, done, refused = Barrier(RACERS), [0] * RACERS, [0] * RACERS

    def till(place: int) -> None:
        start.wait()
        for n in range(RACED // RACERS):
            for _again in range(2 if n % 10 == 0 else 1):
                try:
                    redemption.redeem(
                        voucher.pk,
                        amount=Decimal("0.01"),
                        by=user,
                        now=timezone.now(),
                        key=f"race-{voucher.pk}-{place}-{n}",
                    )
                    done[place] += 1
                except DomainError:
                    refused[place] += 1
        connection.close()

    threads = [Thread(target=till, args=[place]) for place in range(RACERS)]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = perf_counter() - began
    voucher.refresh_from_db()
    redeemed = VoucherEntry.objects.filter(voucher=voucher, kind="redeem")
    keys = redeemed.values("key").distinct().count()
    print(
        f"\n{sum(done) + sum(refused):,} raced attempts by {RACERS} threads in {took:.0f} s: "
        f"{redeemed.count():,} redeemed under {keys:,} keys, {sum(refused):,} refused, "
        f"balance {voucher.balance}, out of balance: {len(vouchers.self_check())}."
    )


def main() -> None:
    user, customer = fill()
    table, fresh = Table(), iter(list(Voucher.objects.filter(fingerprint__startswith="bench-", state="active")[:5000]))
    keys = count()
    run = timezone.now().timestamp()
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)

    def redeem(key: str = "") -> None:
        redemption.redeem(next(fresh).pk, amount=Decimal(5), by=user, now=timezone.now(), key=key)

    def through_the_api() -> None:
        answer = client.post(
            f"/api/v1/vouchers/{next(fresh).pk}/redeem/",
            {"amount": "5.00"},
            content_type="application/json",
            headers={"Idempotency-Key": f"bench-{run}-{next(keys)}"},
        )
        if answer.status_code != 201:
            raise RuntimeError(answer.content)

    def in_sql() -> None:
        """What must be done at the least: the row's lock, an entry, the balance, a commit that is checked."""
        pk = next(fresh).pk
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT balance FROM complaints_voucher WHERE id = %s FOR UPDATE", [pk])
            cursor.execute(
                "INSERT INTO complaints_voucherentry (voucher_id, kind, amount, at, by_id, reference, note, "
                "request_hash) VALUES (%s, 'redeem', -5, now(), %s, '', '', '')",
                [pk, user.pk],
            )
            cursor.execute("UPDATE complaints_voucher SET balance = balance - 5 WHERE id = %s", [pk])
            cursor.execute("COMMIT")

    table.add("redeem, through the action", redeem, raw=in_sql, runs=200)
    table.add("… with an idempotency key", lambda: redeem(f"bench-{run}-a-{next(keys)}"), raw=in_sql, runs=200)
    table.add("… through the API, with a key", through_the_api, raw=in_sql, runs=200)
    table.print()
    raced(user, customer)
