"""Receipts from files: once, in any order, in any pieces."""

import csv
import json
import random
from collections import Counter
from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models.expressions import RawSQL
from django.utils import timezone

from loyalty.actions import members, merge
from loyalty.importing import importer
from loyalty.models import CardToken, LedgerEntry, Membership, ProgrammeVersion, Receipt, Reward
from loyalty.queries.ledger import faults
from tests.factories import UserFactory
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory

pytestmark = pytest.mark.django_db
COFFEE = Path(settings.BASE_DIR) / "loyalty" / "mappings" / "coffee.toml"
HEAD = "date,datetime,cash_type,card,money,coffee_name"
DRINKS = ["Latte", "Americano", "Cocoa", "Espresso"]


def sales(count=400, cards=25, seed=7):
    """A café's year in small, with every trap of the real file: cash, no product, identical rows, an ISO date."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        month, day = draw.randint(1, 12), draw.randint(1, 28)
        card = f"ANON-{draw.randint(1, cards):04}" if draw.random() > 0.05 else ""
        rows.append(
            f"{month}/{day}/2024,{month}/{day}/2024 {draw.randint(8, 21)}:{draw.randint(0, 59):02},"
            f"{'card' if card else 'cash'},{card},{draw.choice(['38.7', '28.9'])},{draw.choice(DRINKS)}"
        )
    rows[10] = rows[9]
    rows.append("12/14/2024,2024-12-14 13:19:07.033,card,ANON-0003,25.96,Americano")
    rows.append("5/16/2024,5/16/2024 11:44,cash,,39,")
    return rows


def run(path, *args):
    out = StringIO()
    call_command("import_receipts", str(path), *args, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue().splitlines()[-1])


def write(path, rows, head=HEAD, bom=True):
    path.write_text(("\ufeff" if bom else "") + "\r\n".join([head, *rows]) + "\r\n", encoding="utf-8")
    return path


def books():
    """Stamps earned and rewards by card."""
    return {
        number: (balance, Reward.objects.filter(membership=member).count())
        for number, balance, member in CardToken.objects.values_list("number", "membership__balance", "membership_id")
    }


def arithmetic(rows):
    counts = Counter(row.split(",")[3] for row in rows)
    return {card: (n % 9, n // 9) for card, n in counts.items() if card}


def test_nine_coffees_the_tenth_free_is_what_arithmetic_gives(tmp_path):
    rows = sales()
    told = run(write(tmp_path / "all.csv", rows), "--mapping", str(COFFEE))
    assert books() == arithmetic(rows)
    assert told["rewards"] == sum(n for _b, n in arithmetic(rows).values())
    assert (told["receipts"], told["created"], told["rejected"]) == (len(rows), len(rows), 0)
    assert told["without_card"] == sum(",cash," in row for row in rows)
    assert faults() == []
    assert Membership.objects.filter(customer=None).count() == told["members_created"] == len(arithmetic(rows))
    assert ProgrammeVersion.objects.get().stamps_needed == 9


def test_twice_shuffled_or_in_pieces_changes_nothing(tmp_path):
    rows = sales()
    shuffled = rows[:]
    random.Random(3).shuffle(shuffled)
    for start in range(0, len(rows), 150):
        run(write(tmp_path / "piece.csv", shuffled[start : start + 150]), "--mapping", str(COFFEE), "--chunk", "40")
    run(write(tmp_path / "rest.csv", rows), "--mapping", str(COFFEE))
    expected, entries = books(), LedgerEntry.objects.count()
    assert expected == arithmetic(rows)
    for again in (rows, shuffled):
        told = run(write(tmp_path / "again.csv", again), "--mapping", str(COFFEE))
        assert (told["created"], told["known"], told["stamps"]) == (0, len(rows), 0)
    assert (books(), LedgerEntry.objects.count()) == (expected, entries)


OWN = "source,store,business_date,number,kind,occurred_at,card,line,product,quantity,amount,original_number"


@pytest.mark.django_db(transaction=True)
def test_a_large_file_is_written_by_two_connections_and_adds_up(tmp_path):
    rows = sales(count=1200, cards=60)
    run(write(tmp_path / "coffee.csv", rows), "--mapping", str(COFFEE))
    merge_two_cards(into="ANON-0001", card="ANON-0002")
    more = sales(count=1200, cards=60, seed=8)[:-2]  # the last two are in both files
    told = run(write(tmp_path / "more.csv", more), "--mapping", str(COFFEE))

    assert (told["receipts"], told["rejected"]) == (len(more), 0)
    writers = Receipt.objects.annotate(writer=RawSQL("loyalty_receipt.xmin::text", [])).values("writer").distinct()
    assert writers.count() == 4
    earned = Counter(row.split(",")[3] for row in rows + more if row.split(",")[3] and row.split(",")[5])
    earned["ANON-0001"] += earned.pop("ANON-0002")
    assert {number: stamps + 9 * rewards for number, (stamps, rewards) in books().items() if number in earned} == earned
    assert faults() == []


def merge_two_cards(*, into, card):
    pks = dict(CardToken.objects.values_list("number", "membership"))
    merge(pks[card], into_id=pks[into], by=UserFactory(), now=timezone.now())


def test_our_own_columns_need_no_mapping_and_lines_of_one_number_are_one_receipt(tmp_path):
    StoreFactory()
    VersionFactory()
    rows = [
        "till,gotgatan,2026-11-02,901,return,2026-11-02T09:00,7777777,2,latte,1,4.50,900",  # before its sale
        "till,gotgatan,2026-11-02,900,sale,2026-11-02T08:00,7777777,1,latte,2,9.00,",
        "till,gotgatan,2026-11-02,900,sale,2026-11-02T08:00,7777777,2,latte,1,4.50,",
    ]
    told = run(write(tmp_path / "own.csv", rows, head=OWN, bom=False))
    assert (told["receipts"], told["created"], told["rejected"]) == (2, 2, 0)
    assert Receipt.objects.get(kind="sale").lines.count() == 2
    assert Membership.objects.get().balance == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("till,gotgatan,2026-11-02,1,sale,32/13/2026,77777,1,latte,1,4.50,", "occurred_at “32/13/2026” is no date"),
        ("till,gotgatan,2026-11-02,1,sale,2026-11-02,77777,1,latte,1,-4,", "amount is negative"),
        ("till,gotgatan,2026-11-02,1,sale,2026-11-02,77777,1,latte,1,NaN,", "amount “NaN” is no number"),
        ("till,gotgatan,2026-11-02,1,sale,2026-11-02,77777,1,latte,99999,4,", "quantity must be"),
        ("till,nowhere,2026-11-02,1,sale,2026-11-02,77777,1,latte,1,4,", "No store has the code “nowhere”."),
        ("till,gotgatan,2026-11-02,1,return,2026-11-02,77777,1,latte,1,4,", "a return must name its sale"),
        ("till,,2026-11-02,1,sale,2026-11-02,77777,1,latte,1,4,", "no store"),
        ("till,gotgatan,2026-11-02,1,sale,2026-11-02,77777,1,latte,1,4,,,,,", "more cells"),
    ],
)
def test_a_row_that_cannot_be_a_receipt_is_left_out_with_its_reason(tmp_path, row, reason):
    StoreFactory()
    VersionFactory()
    good = "till,gotgatan,2026-11-02,2,sale,2026-11-02,88888,1,latte 😀 \u202eשלום,1,4,"
    path = write(tmp_path / "f.csv", [row, good], head=OWN)
    told = run(path, "--rejects", str(tmp_path / "left.jsonl"))
    assert (told["created"], told["rejected"]) == (1, 1)
    (left,) = [json.loads(line) for line in (tmp_path / "left.jsonl").read_text().splitlines()]
    assert left["row"] == 2
    assert reason in left["reason"]


def test_a_file_that_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CommandError, match="has no column “card”"):
        run(write(tmp_path / "f.csv", ["1,2"], head="a,b"), "--mapping", str(COFFEE))
    with pytest.raises(CommandError, match="which programme"):
        run(write(tmp_path / "f.csv", ["2026-01-01"], head="occurred_at"))
    (tmp_path / "bad.toml").write_text("colums = 3")
    with pytest.raises(CommandError, match="unknown key “colums”"):
        run(write(tmp_path / "f.csv", []), "--mapping", str(tmp_path / "bad.toml"))
    (tmp_path / "latin.csv").write_bytes(HEAD.encode() + "\n1/1/2024,1/1/2024 10:00,card,7,1,Café\n".encode("latin-1"))
    with pytest.raises(CommandError, match="not utf-8"):
        run(tmp_path / "latin.csv", "--mapping", str(COFFEE))
    assert (Receipt.objects.count(), Membership.objects.count()) == (0, 0)


def random_file(draw, count=160):
    """A till's file in the order of time, with every kind of line, returns before and after, and unknown articles."""
    rows, sold = [], []
    for n in range(count):
        day = f"2026-{draw.randint(1, 2):02}-{draw.randint(1, 20):02}"
        rows.append([f"{day}T{draw.randint(8, 18):02}:{draw.randint(0, 59):02}:00", f"{n}"])
    rows.sort()
    told = []
    for at, number in rows:
        card = draw.choice(["70001", "70002", "70003", "70004", ""])
        if sold and draw.random() < 0.15:
            sale, lines = draw.choice(sold)
            line = draw.choice(lines)
            told.append(f"till,gotgatan,{at[:10]},r{number},return,{at},,{line},latte,1,0,{sale[0]},{sale[1]}")
            continue
        lines = list(range(1, draw.randint(1, 4) + 1))
        for line in lines:
            sku = draw.choice(["latte", "beans", "tea"])
            kind = draw.choice(["sale"] * 6 + ["void", "gift_card"])
            quantity, amount = draw.randint(1, 3), draw.choice(["4.50", "12.00", "0.90"])
            told.append(f"till,gotgatan,{at[:10]},{number},sale,{at},{card},{line},{sku},{quantity},{amount},,,{kind}")
        sold.append(((number, at[:10]), lines))
    return told


TOLD = "source,store,business_date,number,kind,occurred_at,card,line,product,quantity,amount,original_number,"
TOLD += "original_date,line_kind"


@pytest.mark.parametrize(("seed", "chunk"), [(0, 1), (1, 7), (2, 40)])
def test_the_importer_writes_the_ledger_that_the_action_writes_receipt_by_receipt(tmp_path, seed, chunk):
    from datetime import UTC, datetime

    from django.db import transaction

    from loyalty.actions import record_receipt
    from loyalty.importing.mapping import FileMapping, Reader
    from staff.errors import DomainError

    draw, now = random.Random(seed), datetime(2026, 3, 1, tzinfo=UTC)
    StoreFactory()
    for sku in ("latte", "beans"):
        ProductFactory(sku=sku)
    version = VersionFactory(
        stamps_needed=6,
        rules=[
            {"key": "item", "per": "item", "stamps": 1, "categories": ["coffee"]},
            {"key": "spent", "per": "amount", "stamps": 1, "amount": "10"},
            {"key": "bonus", "per": "bonus", "times": 2, "weekdays": [0, 5]},
        ],
        interim=[{"at": 3, "name": "a biscuit", "cost": "0.30"}],
        tiers=[{"from": 20, "name": "Silver", "times": "1.5"}],
        tier_days=30,
        cap_receipt=9,
        cap_day=12,
        cooldown_minutes=30,
        stamp_days=90,
    )
    path = write(tmp_path / "told.csv", random_file(draw), head=TOLD, bom=False)

    def books_after(act):
        """Everything but numbers of rows, then undone."""
        with transaction.atomic():
            for card in ("70001", "70002", "70003", "70004"):
                members.enrol(version.programme_id, customer_id=None, by=None, now=now, card=card)
            act()
            numbered = {"membership__cards__number", "receipt__number", "receipt__kind", "line__number"}
            assert faults() == []
            told = (
                list(
                    LedgerEntry.objects.order_by("membership__cards__number", "seq").values_list(
                        "seq", "kind", "stamps", "balance", "occurred_at", "expires_at", "rule", *sorted(numbered)
                    )
                ),
                list(
                    Receipt.objects.order_by("kind", "number").values_list(
                        "kind", "number", "state", "stamps", "room", "times", "total", "trace"
                    )
                ),
                sorted(
                    map(
                        str,
                        Reward.objects.values_list(
                            "membership__cards__number", "state", "level", "cycle", "stamps", "cost", "name"
                        ),
                    )
                ),
                list(Membership.objects.order_by("pk").values_list("balance", "seq", "cycle", "cycle_needed", "tier")),
            )
            transaction.set_rollback(True)
        return told

    def one_by_one():
        with path.open(newline="") as file:
            rows = csv.reader(file)
            for _row, facts in Reader(FileMapping(), next(rows)).receipts(rows):
                with suppress(DomainError), transaction.atomic():  # a row refused leaves nothing behind
                    record_receipt(facts, by=None, now=now)

    def by_file(chunk):
        with path.open(newline="") as file:
            importer.run(file, FileMapping(), now=now, reject=lambda row, why: None, chunk=chunk)

    expected = books_after(one_by_one)
    assert len(expected[0]) > 100
    for size in (chunk, 1000):
        assert books_after(lambda size=size: by_file(size)) == expected
