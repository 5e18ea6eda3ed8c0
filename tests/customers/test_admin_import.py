"""The importer in the admin: the command's own run, seen before it is done."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from customers.imports import forms, uploads
from customers.models import Customer, Subscription
from tests.customers.test_import import TELECOM

pytestmark = pytest.mark.django_db

START = reverse("admin:customers_customer_import")
GOOD = "Kundnummer;Förnamn;Efternamn;Ort\nK-1;Åsa;Öberg;Malmö\nK-2;Bo;Ek;Lund\n"
MIXED = "number,given_name,family_name,email,phone\nK-1,Åsa,Öberg,nobody,12\nK-2,Bo,Ek,,\n"


@pytest.fixture
def clerk(client_as, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client = client_as("data entry")
    client.user.is_staff = True
    client.user.save()
    return client


@pytest.fixture
def send(clerk):
    """`send(content)`: the address of that file's next step, or the page that refuses it."""

    def send(content, name="list.csv"):
        content = content if isinstance(content, bytes) else content.encode()
        response = clerk.post(START, {"file": SimpleUploadedFile(name, content)})
        return response["Location"] if response.status_code == 302 else response

    return send


def spreadsheet(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def counts(response):
    told = response.context["outcome"].counts
    return tuple(told[name] for name in ("read", "created", "updated", "unchanged", "rejected"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_guessed_previewed_and_imported_and_twice_changes_nothing(clerk, send, encoding):
    step = send(GOOD.encode(encoding))
    page = clerk.get(step)
    assert counts(page) == (2, 2, 0, 0, 0)
    assert [field.value() for field, _cells in page.context["form"].rows()] == [
        "number",
        "given_name",
        "family_name",
        "city",
    ]
    assert not Customer.objects.exists()

    after = clerk.post(step, {"import": "1"}, follow=True)
    assert "Imported: 2 created, 0 updated, 0 unchanged, 0 rejected." in after.content.decode()
    assert counts(after) == (2, 0, 0, 2, 0)
    clerk.post(step, {"import": "1"})
    assert sorted(Customer.objects.values_list("number", "city", "version")) == [
        ("K-1", "Malmö", 1),
        ("K-2", "Lund", 1),
    ]
    assert LogEntry.objects.filter(user=clerk.user, object_repr="list.csv").count() == 2


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv"])
def test_a_spreadsheet_is_known_by_its_content(clerk, send, name):
    step = send(spreadsheet(["number", "company"], [7, "Åkes AB"]), name)
    clerk.post(step, {"import": "1"})
    assert Customer.objects.get().company == "Åkes AB"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n", "The file is empty."),
        (b",,,\n", "The file is empty."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(1, 200)), "This is not a text file."),
        (b"MZ\x90\x01\x02\x03\xff\xfe" * 40, "This is not a text file."),
        (b"PK\x03\x04" + b"\x00\x01" * 900, "This is not a readable XLSX file."),
        (spreadsheet(["number"])[:-300], "This is not a readable XLSX file."),
        (b"a" * 1_100_000, "Line 1 cannot be read"),
        (b",".join(b"c%d" % n for n in range(201)), "more than 200 columns"),
    ],
)
def test_a_file_that_is_no_table_is_refused_at_its_field(send, content, words, tmp_path):
    refused = send(content)
    assert words in str(refused.context["form"].errors["file"])
    assert not (tmp_path / "imports").exists()


def test_what_is_too_large_is_refused(send, monkeypatch):
    monkeypatch.setattr(forms, "LARGEST", 10)
    assert "larger than 20 MB" in str(send(GOOD).context["form"].errors["file"])


def test_a_disk_that_takes_nothing_is_said(send, tmp_path):
    (tmp_path / "imports").write_text("in the way")
    assert "could not be kept" in str(send(GOOD).context["form"].errors["file"])


def test_refused_rows_by_line_and_field_and_as_a_file_to_mend(clerk, send):
    step = send(MIXED)
    page = clerk.get(step)
    assert counts(page) == (2, 1, 0, 0, 1)
    assert page.context["outcome"].faults == [
        (2, "email", "“nobody” is no e-mail address."),
        (2, "phone", "“12” is no phone number."),
    ]
    response = clerk.get(step, {"rejects": "1"})
    assert response["Content-Disposition"] == 'attachment; filename="rejects.csv"'
    text = response.content.decode("utf-8-sig")
    (row,) = csv.DictReader(StringIO(text))
    assert (row["given_name"], row["line"]) == ("Åsa", "2")
    assert row["rejected because"] == "email: “nobody” is no e-mail address.; phone: “12” is no phone number."

    clerk.post(step, {"import": "1"})
    mended = send(text.replace("nobody", "asa@example.se").replace(",12,", ",070-123 45 67,").encode("utf-8-sig"))
    clerk.post(mended, {"import": "1"})
    assert sorted(Customer.objects.values_list("number", flat=True)) == ["K-1", "K-2"]


def test_reasons_speak_the_readers_language(clerk, send):
    clerk.user.language = "de"
    clerk.user.save()
    (first, _second) = clerk.get(send(MIXED)).context["outcome"].faults
    assert first[2] == "„nobody“ ist keine E-Mail-Adresse."


def test_columns_can_be_mapped_by_hand(clerk, send):
    step = send("a,b,c\n7,Åkes AB,Lund\n")
    page = clerk.get(step)
    assert "No column is the customer number" in str(page.context["form"].errors["mapping"])
    assert page.context["outcome"] is None
    clerk.post(step, {"import": "1"})
    assert not Customer.objects.exists()

    twice = clerk.get(step, {"mapping": "columns", "column_0": "number", "column_1": "company", "column_2": "company"})
    assert list(twice.context["form"].errors) == ["column_2"]
    chosen = f"{step}?mapping=columns&column_0=number&column_1=company"
    assert counts(clerk.get(chosen)) == (1, 1, 0, 0, 0)
    assert clerk.post(chosen, {"import": "1"})["Location"] == chosen
    assert (Customer.objects.get().company, Customer.objects.get().city) == ("Åkes AB", "")


def test_a_mapping_that_comes_along_is_found_by_its_columns(clerk, send):
    step = send(TELECOM)
    page = clerk.get(step)
    assert page.context["form"]["mapping"].value() == "telecom"
    assert counts(page) == (4, 3, 0, 0, 1)
    clerk.post(step, {"import": "1"})
    assert Subscription.objects.count() == 3
    other = clerk.get(step, {"mapping": "telecom_ibm"})
    assert "has no column" in str(other.context["form"].errors["mapping"])


def test_a_line_that_cannot_be_read_stops_before_anything_is_done(clerk, send):
    page = clerk.get(send(f"number,company\n1,A\n2,{'x' * 1_100_000}\n"))
    assert "Line 3 cannot be read" in page.context["outcome"].unreadable
    assert b'name="import"' not in page.content


def test_a_file_is_its_senders_and_goes(clerk, send, client_as):
    step = send(GOOD)
    other = client_as("administrator")
    other.user.is_staff = True
    other.user.save()
    assert other.get(step)["Location"] == START
    assert clerk.post(step, {"discard": "1"})["Location"] == reverse("admin:customers_customer_changelist")
    assert clerk.get(step)["Location"] == START

    old = send(GOOD)
    uploads.clear(before=timezone.now() - timedelta(days=1))
    assert clerk.get(old).status_code == 200
    uploads.clear(before=timezone.now() + timedelta(minutes=1))
    assert clerk.get(old)["Location"] == START


def test_only_who_may_add_and_change_imports(client_as, role):
    client = client_as(role)
    client.user.is_staff = True
    client.user.save()
    may = client.user.has_perm("customers.add_customer") and client.user.has_perm("customers.change_customer")
    token = "00000000-0000-0000-0000-000000000000"
    for url in (START, reverse("admin:customers_customer_import_file", args=[token])):
        assert (client.get(url).status_code == 403) != may
        assert (client.post(url).status_code == 403) != may
    changelist = client.get(reverse("admin:customers_customer_changelist"))
    assert (f'href="{START}"' in changelist.content.decode()) == may


def test_a_stranger_is_sent_to_the_login(client):
    assert client.get(START).status_code == 302
