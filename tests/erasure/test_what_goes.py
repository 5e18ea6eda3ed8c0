"""What goes, what is counted as before, and that the fixture leaves nothing out."""

import re
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import Error, transaction
from django.urls import reverse

from cancellations.models import CancellationCase
from complaints import mail
from complaints import models as c
from customers.erasure import Erased
from customers.models import Customer, Document
from customers.search import find
from loyalty import models as y
from staff.idempotency import once
from staff.models import SavedView
from staff.reports import reports
from tests.complaints.vouchers import issued
from tests.conftest import NOON
from tests.erasure.conftest import erased
from tests.erasure.tables import LATER, WORDS, about_customers, counted, free_texts, told
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_every_table_about_a_customer_is_furnished(furnished):
    empty = {model._meta.label for model in about_customers() if not model._default_manager.exists()}
    assert empty == {"customers.Erasure"}
    written = told()
    silent = {
        f"{model._meta.label}.{field.name}"
        for model in about_customers()
        for field in free_texts(model)
        if f"{model._meta.db_table}.{field.column}" not in written
    }
    assert silent == {"complaints.Attachment.file"}  # a drawn name


def test_nothing_anywhere_tells_who_an_erased_customer_was(furnished, django_capture_on_commit_callbacks):
    (file,) = c.Attachment.objects.values_list("file", flat=True)
    assert default_storage.exists(file)
    with django_capture_on_commit_callbacks(execute=True):
        erased(furnished)
    assert told() == set()
    assert not SavedView.objects.exists()  # a search for the name, sealed
    assert not default_storage.exists(file)
    assert find("Zebedia Quistgard", 5) == []
    assert [one.pk for one in find(furnished.number, 5)] == [furnished.pk]
    with pytest.raises(Erased):
        erased(furnished)


def _main(page: Any) -> str:
    return page.content.decode().partition("<main")[2].partition("</main>")[0]


def test_what_counts_is_counted_as_before(furnished, client_as, time_machine):
    """Entries, amounts, states, dates, decisions; and every report, but that one open member is fewer."""
    time_machine.move_to(LATER, tick=False)
    client = client_as("administrator")

    def figures() -> dict[str, str]:
        pages = {report.url_name: client.get(reverse(report.url_name)) for report in reports}
        assert {page.status_code for page in pages.values()} == {200}
        return {name: re.sub(r"(\s|<[^>]*>)+", " ", _main(page)) for name, page in pages.items()}

    rows, pages = counted(), figures()
    erased(furnished)
    assert counted() == rows
    fewer = re.sub(r"(Open members \? [\w ,]+\.) 2 ", r"\1 1 ", pages["loyalty:report"])
    assert fewer != pages["loyalty:report"]
    assert figures() == pages | {"loyalty:report": fewer}
    assert y.Membership.objects.get(customer=furnished).status == "blocked"
    assert {card.status for card in y.CardToken.objects.filter(membership__customer=furnished)} == {"blocked"}
    assert y.Lapse.objects.get().state == "done"


def test_a_file_does_not_bring_an_erased_customer_back(furnished, tmp_path):
    erased(furnished)
    file = tmp_path / "customers.csv"
    file.write_text(f"number,given_name,family_name\n{furnished.number},Zebedia,Quistgard\nC-1,Ada,Holm\n")
    call_command("import_customers", file, rejects=tmp_path / "left-out.csv")
    assert told() == set()
    assert Customer.objects.get(number="C-1").name == "Ada Holm"
    assert "erased" in (tmp_path / "left-out.csv").read_text()


def test_a_mail_from_an_erased_customer_is_a_stranger_s(furnished):
    (known,) = c.Message.objects.values_list("message_id", flat=True)
    erased(furnished)
    raw = f"From: Zebedia <zebedia@quistgard.example>\nSubject: Again\nIn-Reply-To: {known}\n\nIt is broken."
    case = mail.take(raw.encode(), now=LATER)
    assert isinstance(case, c.ComplaintCase)
    assert case.customer_id != furnished.pk


def test_words_can_be_taken_out_of_the_books_and_never_be_put_in():
    entry = issued("20.00", note="Told on the phone").voucher.entries.get()
    rows = c.VoucherEntry.objects.filter(pk=entry.pk)
    for change in ({"note": "Something else"}, {"note": ""}, {"note": "–", "amount": 30}, {"reference": "–"}):
        with pytest.raises(Error), transaction.atomic():
            rows.update(**change)
    rows.update(note="–")
    with pytest.raises(Error), transaction.atomic():
        rows.update(note="Told on the phone")
    with pytest.raises(Error), transaction.atomic():
        rows.delete()


def test_pages_about_an_erased_customer_open_and_offer_nothing(furnished, client_as):
    (letter,), (case,) = Document.objects.all(), c.ComplaintCase.objects.all()
    (call,), client = CancellationCase.objects.all(), client_as("administrator")
    erased(furnished)
    for name, pk in (
        ("customers:detail", furnished.pk),
        ("complaints:case", case.pk),
        ("cancellations:case", call.pk),
        ("loyalty:member", y.Membership.objects.get(customer=furnished).pk),
        ("complaints:voucher", c.Voucher.objects.get().pk),
        ("admin:customers_customer_change", furnished.pk),
    ):
        page = client.get(reverse(name, args=[pk]))
        assert page.status_code == 200, name
        assert b"Quistgard" not in page.content
    assert client.get(reverse("customers:document", args=[letter.pk])).status_code == 404
    assert client.get(reverse("complaints:letter", args=[c.Message.objects.get().pk])).status_code == 404


def test_a_repeated_request_learns_that_its_answer_is_gone(furnished):
    body = {"complaint": "K-2025-00001", "body": WORDS}
    shop = UserFactory()
    once(shop, "k1", {}, lambda: (201, body), now=NOON)
    once(shop, "k2", {}, lambda: (201, {"complaint": "K-2"}), now=NOON)
    erased(furnished)
    status, answer = once(shop, "k1", {}, lambda: (201, "again"), now=LATER)
    assert (status, answer["code"]) == (410, "erased")
