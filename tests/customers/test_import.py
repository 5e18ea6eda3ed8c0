"""Customers from files: whatever wrote them, the rows are right or refused with a reason, and twice changes nothing."""

import csv
import json
import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import phonenumbers
import pytest
from django.core.management import call_command
from django.db import connection

from cancellations.models import CancellationCase
from customers.imports.phones import to_e164
from customers.imports.reader import Unreadable, open_table
from customers.models import Customer, Subscription
from tests.customers.real import SHARED, with_real_data
from tests.factories import CustomerFactory, PlanFactory

pytestmark = pytest.mark.django_db

HEAD = "number,given_name,family_name,email,phone,city\n"
ROW = "K-1,Åsa,Öberg,asa@example.se,070-123 45 67,Malmö\n"


@pytest.fixture
def run(tmp_path, capsys):
    """`run(text)`: import a file of this text; the counts, and the reasons of what was refused."""

    def run(content, *options, name="customers.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        rejects = tmp_path / "rejects.csv"
        call_command("import_customers", file, "--rejects", rejects, *options)
        counts = json.loads(capsys.readouterr().out.splitlines()[-1])
        with rejects.open(newline="", encoding="utf-8") as stream:
            return counts, [row["rejected because"] for row in csv.DictReader(stream)]

    return run


def counts(read=0, created=0, updated=0, unchanged=0, rejected=0):
    return {"read": read, "created": created, "updated": updated, "unchanged": unchanged, "rejected": rejected}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_encoding_and_separator(run, encoding, separator):
    result, _reasons = run((HEAD + ROW).replace(",", separator).encode(encoding))
    assert result == counts(read=1, created=1)
    customer = Customer.objects.get()
    assert (customer.name, customer.city, str(customer.phone)) == ("Åsa Öberg", "Malmö", "+46701234567")


def test_twice_changes_nothing_and_a_change_updates_only_what_the_file_says(run):
    CustomerFactory(number="K-1", given_name="Åsa", family_name="Öberg", street="Storgatan 1", version=3)
    assert run(HEAD + ROW)[0] == counts(read=1, updated=1)
    assert run(HEAD + ROW)[0] == counts(read=1, unchanged=1)
    customer = Customer.objects.get()
    assert (customer.street, customer.city, customer.version) == ("Storgatan 1", "Malmö", 4)


def test_rows_are_found_by_what_the_file_says_however_it_is_written(run):
    rows = [
        "K-1,Åsa,O'Brien-Öberg,a'b@example.se,070-123 45 67,",
        "K-2,Ελένη,Weiß,e@example.se,,",
        "K-3,A\\\\B,王伟,,,",
        ROW[3:],
    ]
    made = [HEAD + "\n".join(rows), HEAD + rows[0].replace("Åsa", "Eva") + "\nK-4,Eva,Λ,,,"]
    for text, changed in zip(made, ("created", "updated"), strict=True):
        assert run(text)[0][changed] > 0
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*), count(*) FILTER (WHERE search = "
                "customers_vector(number, given_name, family_name, company, email, phone)) FROM customers_customer"
            )
            assert len(set(cursor.fetchone())) == 1


def test_a_dry_run_counts_and_changes_nothing(run):
    assert run(HEAD + ROW, "--dry-run")[0] == counts(read=1, created=1)
    assert Customer.objects.count() == 0


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",A,B,,,", "number: There is no customer number."),
        ("K-1,,,,,", "family_name: There is no name: neither a person's nor a company's."),
        ("K-1,A,B,nobody,,", "email: “nobody” is no e-mail address."),
        ("K-1,A,B,,12,", "phone: “12” is no phone number."),
        ("K-1,A", "The row has 2 cells, the heading 6."),
        ("K-1,A,B,,,,surplus", "The row has 7 cells, the heading 6."),
        (f"K-1,{'A' * 121},B,,,", "given_name: 121 characters; 120 are possible."),
        (f"{'9' * 31},A,B,,,", "number: 31 characters; 30 are possible."),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_others_go_in(run, row, reason):
    result, reasons = run(f"{HEAD}{row}\nK-2,Bo,Ek,,,\n")
    assert result == counts(read=2, created=1, rejected=1)
    assert [text.removeprefix(": ") for text in reasons] == [reason]
    assert Customer.objects.get().number == "K-2"


def test_the_same_number_twice_in_a_file(run):
    result, reasons = run(f"{HEAD}{ROW}{ROW}")
    assert result == counts(read=2, created=1, rejected=1)
    assert reasons == ["number: “K-1” stands in line 2 already."]


def test_rejects_can_be_mended_and_imported_again(run, tmp_path):
    run(f"{HEAD}K-1,A,B,nobody,,\n")
    mended = (tmp_path / "rejects.csv").read_text().replace(",nobody,", ",a@example.se,")
    assert run(mended, name="mended.csv")[0] == counts(read=1, created=1)


@pytest.mark.parametrize(
    "heading",
    ["Kundnummer;Förnamn;Efternamn", "Kundennummer;Vorname;Nachname", "customer-id;First Name;SURNAME", "id;x;Name"],
)
def test_columns_are_known_by_what_people_call_them(run, heading):
    assert run(f"{heading}\n7;Anna;Lind\n")[0]["created"] == 1
    assert Customer.objects.get().family_name == "Lind"


@pytest.mark.parametrize(
    ("name", "expected"), [("Anna Maria Lind", ("Anna Maria", "Lind")), ("Lind, Anna", ("Anna", "Lind"))]
)
def test_a_name_in_one_column_is_parted(run, name, expected):
    run(f"number;name\n7;{name}\n")
    customer = Customer.objects.get()
    assert (customer.given_name, customer.family_name) == expected


PLANNED = "number,company,plan,monthly_price,monthly_margin,started_on,contract_end,ended_on\n"


def test_subscriptions_are_added_changed_and_ended(run):
    PlanFactory()
    assert run(f'{PLANNED}1,A,fibre-500,"49,90",20,2024-01-01,2027-01-01,\n')[0]["created"] == 1
    assert run(f"{PLANNED}1,A,fibre-500,49.90,20.00,01.01.2024,2027-01-01,\n")[0]["unchanged"] == 1
    assert run(f"{PLANNED}1,A,fibre-500,39.90,20,2024-01-01,2027-01-01,\n")[0]["updated"] == 1
    assert run("number,plan,ended_on\n1,fibre-500,2026-10-31\n")[0]["updated"] == 1
    assert run("number,plan,ended_on\n1,fibre-500,2026-10-31\n")[0]["unchanged"] == 1
    one = Subscription.objects.get()
    assert (one.monthly_price, one.status, one.ends_on) == (Decimal("39.90"), "ended", date(2026, 10, 31))
    assert one.contract_end == date(2027, 1, 1)


def test_after_a_dry_run_the_planner_hears_of_the_rows_before_it_looks_them_up(run):
    """It had taken the tables for empty and read them whole for each row: seven thousand rows took a minute."""
    PlanFactory()
    text = PLANNED + "".join(f"{n},A,fibre-500,10,5,2024-01-01,,\n" for n in range(30))
    with connection.cursor() as cursor:
        for options in (["--dry-run"], []):
            cursor.execute("ANALYZE customers_customer, customers_subscription")
            assert run(text, *options)[0] == counts(read=30, created=30)
            cursor.execute(
                "SELECT reltuples FROM pg_class WHERE relname IN ('customers_customer', 'customers_subscription')"
            )
            assert cursor.fetchall() == [(30,), (30,)]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("none,10,5,2024-01-01,,", "plan: There is no plan “none”."),
        ("fibre-500,-4,,2024-01-01,,", "monthly_price: -4.00 is negative."),
        ("fibre-500,ten,,2024-01-01,,", "monthly_price: “ten” is no amount."),
        ("fibre-500,1e9,,2024-01-01,,", "monthly_price: “1e9” is no possible amount."),
        ("fibre-500,NaN,,2024-01-01,,", "monthly_price: “NaN” is no possible amount."),
        ("fibre-500,10,11,2024-01-01,,", "monthly_margin: The margin 11.00 is above the price."),
        ("fibre-500,10,5,1/2/2024,,", "started_on: “1/2/2024” is no date; write 2026-11-30."),
        ("fibre-500,10,5,2924-01-01,,", "started_on: 2924-01-01 cannot be: it is in the future or too long ago."),
        ("fibre-500,10,5,2024-01-01,2023-01-01,", "contract_end: 2023-01-01 is before the start."),
    ],
)
def test_a_bad_subscription_is_refused(run, cells, reason):
    PlanFactory()
    result, reasons = run(f"{PLANNED}1,A,{cells}\n")
    assert (result["rejected"], reasons) == (1, [reason])
    assert Customer.objects.count() == 0


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n1,2\n", b"PK\x03\x04\x00\x00" + b"\x00\x01" * 900])
def test_what_cannot_be_read_ends_with_2(run, content):
    with pytest.raises(SystemExit) as ended:
        run(content)
    assert ended.value.code == 2


def test_no_file_and_no_mapping_end_with_2(run):
    for options in (["/no/such/file.csv"], [__file__, "--mapping", "nothing"]):
        with pytest.raises(SystemExit) as ended:
            call_command("import_customers", *options)
        assert ended.value.code == 2


def test_a_file_without_names_only_changes_whom_we_know(run):
    CustomerFactory(number="K-1")
    result, reasons = run("number,city\nK-1,Lund\nK-2,Lund\n")
    assert result == counts(read=2, updated=1, rejected=1)
    assert reasons == ["number: There is no customer with this number, and the file has no names to make one."]


def test_a_spreadsheet_is_read_like_a_table():
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["number", "company", "customer_since"])
    book.active.append([7, "Åkes AB", date(2024, 5, 1)])
    stream = BytesIO()
    book.save(stream)
    table = open_table(stream, "list.XLSX")
    assert (table.header, list(table.rows)) == (
        ["number", "company", "customer_since"],
        [(2, ["7", "Åkes AB", "2024-05-01"])],
    )
    with pytest.raises(Unreadable):
        open_table(BytesIO(b"not a sheet"), "x.xlsx")


def by_the_library(text, region):
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, FORMAT.E164) if phonenumbers.is_valid_number(number) else None


def by_us(text, region):
    try:
        return to_e164(text, region)
    except ValueError:
        return None


FORMAT = phonenumbers.PhoneNumberFormat


def test_numbers_of_the_whole_world_are_read_as_the_library_reads_them():
    wrong = {}
    for region in phonenumbers.SUPPORTED_REGIONS:
        kinds = phonenumbers.supported_types_for_region(region)
        for example in filter(None, (phonenumbers.example_number_for_type(region, kind) for kind in kinds)):
            plain, bare = phonenumbers.format_number(example, FORMAT.E164), str(example.national_number)
            spelled = phonenumbers.format_number(example, FORMAT.NATIONAL)
            for text in (plain, spelled, f"0{bare}", plain[:-1], f"{plain}1", f"+{plain[1:3]}0{bare}"):
                if by_us(text, region) != by_the_library(text, region):
                    wrong[region, text] = by_us(text, region)
    assert wrong == {}


@pytest.mark.parametrize("region", ["SE", "DE", "GB", "US", "IT"])
def test_phones_are_read_as_the_library_reads_them(region):
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    stored = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    for form in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        assert to_e164(phonenumbers.format_number(example, form), region) == stored
    for wrong in ("", "+", "abc", "+46", "0", "+999123456", "12345678901234567890"):
        with pytest.raises(ValueError, match=re.escape(wrong) or "^$"):
            to_e164(wrong, region)


TELECOM = (
    "Customer ID,City,Tenure in Months,Internet Type,Contract,Monthly Charge,Total Charges,Customer Status,"
    "Churn Category,Churn Reason,Age\n"
    "A,Glendale,9,Cable,One Year,65.6,593.3,Stayed,,,77\n"
    "B,Glendale,9,Fiber Optic,Month-to-Month,-4,542.4,Stayed,,,77\n"
    "C,Glendale,4,,Month-to-Month,73.9,280.85,Churned,Competitor,Competitor had better devices,77\n"
    "D,Glendale,4,,Month-to-Month,-8,280.00,Churned,Price,Price too high,77\n"
)


def test_the_telecom_mapping_makes_subscriptions_and_past_cases(run):
    result, reasons = run(TELECOM, "--mapping", "telecom")
    assert result == counts(read=4, created=3, rejected=1)
    assert reasons == ["Monthly Charge: -4.00 is negative."]
    assert run(TELECOM, "--mapping", "telecom")[0] == counts(read=4, unchanged=3, rejected=1)

    stayed = Subscription.objects.get(customer__number="A")
    assert (stayed.customer.name, stayed.status, stayed.started_on) == ("Customer A", "active", date(2021, 9, 28))
    assert stayed.contract_end > date(2026, 1, 1)
    assert stayed.monthly_margin == Decimal("22.96")
    gone = Subscription.objects.get(customer__number="D")
    assert (gone.monthly_price, gone.status, gone.ends_on) == (Decimal("70.00"), "ended", date(2022, 6, 30))
    cases = CancellationCase.objects.order_by("customer__number").values_list(
        "customer__number", "reason__category__code", "reason__name", "state"
    )
    assert list(cases) == [
        ("C", "competitor", "Competitor had better devices", "cancelled_effective"),
        ("D", "price", "Price too high", "cancelled_effective"),
    ]


@with_real_data
@pytest.mark.parametrize(
    ("file", "mapping", "created", "rejected", "first"),
    [
        ("telecom_customers.csv", "telecom", 6953, 90, ("competitor", 841)),
        ("telecom_ibm.csv", "telecom_ibm", 7043, 0, ("unknown", 1869)),
    ],
)
def test_the_real_files(run, file, mapping, created, rejected, first):
    from django.db.models import Count

    result, reasons = run((SHARED / file).read_bytes(), "--mapping", mapping)
    assert result == counts(read=7043, created=created, rejected=rejected)
    assert all("is negative" in reason for reason in reasons)
    told = CancellationCase.objects.values_list("reason__category__code").annotate(n=Count("pk")).order_by("-n")
    assert sum(count for _code, count in told) == 1869
    assert told[0] == first


@with_real_data
def test_naughty_names_survive(run):
    strings = [text for text in json.loads((SHARED / "naughty_strings.json").read_text()) if len(text) <= 120]
    stream = BytesIO()
    text = "".join(f'N{n},"x {s.replace(chr(34), chr(34) * 2)}"\n' for n, s in enumerate(strings))
    stream.write(("number,family_name\n" + text).encode("utf-8", "surrogatepass"))
    result, _reasons = run(stream.getvalue())
    assert result["read"] == len(strings)
    assert result["created"] > len(strings) * 0.97
