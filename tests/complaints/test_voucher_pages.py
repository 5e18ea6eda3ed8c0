"""The voucher desk: find by code, redeem, put right; who may; what is shown once."""

import base64
import re
from decimal import Decimal
from io import BytesIO

import pytest
from django.urls import reverse
from pypdf import PdfReader

from complaints.actions import redemption
from complaints.models import FailedLookup, Voucher
from complaints.vouchers import codes, letter
from customers import letters, timeline
from staff.search import search
from tests.complaints.vouchers import a_voucher, issued, ledger
from tests.conftest import NOON
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
D = Decimal
KEY = "6d7f0c8e-6f8f-4f0a-9b43-0b8c3a4f5d10"


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


def test_a_scanned_code_opens_its_voucher_and_never_stands_in_an_address(client_as):
    voucher, code = issued()
    response = client_as("agent").post(reverse("complaints:voucher_find"), {"code": codes.written(code)})
    assert response["Location"] == reverse("complaints:voucher", args=[voucher.pk])
    assert code not in response["Location"]


def test_a_wrong_code_keeps_what_was_typed_and_says_so_at_the_field(client_as):
    client = client_as("agent")
    guess = codes.draw()
    response = client.post(reverse("complaints:voucher_find"), {"code": guess})
    assert response.status_code == 404
    assert guess in response.content.decode()
    assert list(response.context["form"].errors) == ["code"]
    assert FailedLookup.objects.get().address == "127.0.0.1"
    for _ in range(9):
        client.post(reverse("complaints:voucher_find"), {"code": codes.draw()})
    assert client.post(reverse("complaints:voucher_find"), {"code": guess}).status_code == 429


def test_redeeming_twice_with_one_form_has_one_effect(client_as):
    voucher, client = a_voucher("50.00"), client_as("agent")
    url = reverse("complaints:voucher_redeem", args=[voucher.pk])
    for _ in range(2):
        response = client.post(url, {"amount": "20.00", "reference": "R-1", "key": KEY})
        assert response.status_code == 302
    assert ledger(voucher) == [("issue", D(50)), ("redeem", D(-20))]


def test_too_much_comes_back_with_the_error_at_the_amount(client_as):
    voucher = a_voucher("50.00")
    url = reverse("complaints:voucher_redeem", args=[voucher.pk])
    response = client_as("agent").post(url, {"amount": "50.01", "reference": "", "key": KEY})
    assert response.status_code == 409
    assert list(response.context["forms"]["redeem"].errors) == ["amount"]
    assert "Only €50.00 is left" in response.content.decode()


@pytest.mark.parametrize("amount", ["", "abc", "-1", "0", "1.001", "1e400", "🙂"])
def test_bad_amounts_are_answered_at_the_field(client_as, amount):
    voucher = a_voucher("50.00")
    url = reverse("complaints:voucher_redeem", args=[voucher.pk])
    response = client_as("agent").post(url, {"amount": amount, "reference": "", "key": KEY})
    assert response.status_code in (409, 422)
    assert list(response.context["forms"]["redeem"].errors) == ["amount"]
    assert ledger(voucher) == [("issue", D(50))]


def test_a_redemption_is_taken_back_from_the_ledger(client_as):
    voucher, client = a_voucher("50.00"), client_as("agent")
    entry = redemption.redeem(voucher.pk, amount=D(20), by=client.user, now=NOON)
    url = reverse("complaints:voucher_reverse", args=[entry.pk])
    assert "20.00" in client.get(url).content.decode()
    client.post(url, {"amount": "5", "note": "one item returned", "key": KEY})
    assert ledger(voucher)[-1] == ("reverse", D(5))


def test_reissue_shows_the_new_code_and_its_pdf_once(client_as):
    old, client = a_voucher("50.00"), client_as("agent")
    response = client.post(reverse("complaints:voucher_reissue", args=[old.pk]), {"note": "printer jam"})
    page = response.content.decode()
    code = re.search(r'id="code">([A-Z0-9-]{14})<', page)[1]
    new = Voucher.objects.get(replaces=old)
    assert new.fingerprint == codes.fingerprint(codes.normalise(code))
    assert "no-store" in response["Cache-Control"]
    pdf = base64.b64decode(re.search(r"base64,([^\"]+)\"", page)[1])
    assert code in PdfReader(BytesIO(pdf)).pages[0].extract_text()
    again = client.post(reverse("complaints:voucher_reissue", args=[old.pk]), {"note": "reloaded"})
    assert again.status_code == 409
    assert Voucher.objects.count() == 2
    assert code not in client.get(reverse("complaints:voucher", args=[new.pk])).content.decode()


def test_void_and_extend_are_the_team_leads(client_as):
    voucher = a_voucher("50.00")
    for name, data in {
        "voucher_extend": {"valid_until": "2028-01-31", "note": "ill"},
        "voucher_void": {"note": "stolen"},
    }.items():
        url = reverse(f"complaints:{name}", args=[voucher.pk])
        assert client_as("agent").post(url, data).status_code == 403
        assert client_as("team lead").post(url, data).status_code == 302
    voucher.refresh_from_db()
    assert (voucher.state, str(voucher.valid_until)) == ("void", "2028-01-31")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_with_one_row_and_with_three(client_as, django_assert_num_queries, rows):
    for _ in range(rows):
        a_voucher()
    client = client_as("agent")
    with django_assert_num_queries(3):  # session, user with permissions, the list
        assert client.get(reverse("complaints:vouchers")).content.decode().count("····") == rows


@pytest.mark.parametrize("spent", [1, 3])
def test_the_page_costs_the_same_with_one_entry_and_with_many(client_as, django_assert_num_queries, spent):
    voucher, client = a_voucher("50.00"), client_as("manager")
    for _ in range(spent):
        redemption.redeem(voucher.pk, amount=D(1), by=client.user, now=NOON)
        redemption.reserve(voucher.pk, amount=D(1), by=client.user, now=NOON)
    with django_assert_num_queries(7):  # session, user with permissions, voucher, ledger, holds, extensions, successor
        client.get(reverse("complaints:voucher", args=[voucher.pk]))


@pytest.mark.parametrize(
    ("language", "words"), [("sv", "Ditt värdebevis"), ("de", "Ihr Gutschein"), ("en", "Your voucher")]
)
def test_the_letter_is_in_the_customers_language_with_code_and_qr(language, words):
    customer = CustomerFactory(language=language, given_name="王", family_name="Øhman 🙂 <b>", street="مرحبا")
    voucher, code = issued("50.00", customer=customer)
    pdf = letter.pdf(voucher, code, apology="", today=NOON.date())
    text = PdfReader(BytesIO(pdf)).pages[0].extract_text()
    assert words in text
    assert codes.written(code) in text
    assert len(PdfReader(BytesIO(pdf)).pages) == 1


def test_search_finds_by_the_last_four_and_is_no_way_to_guess(client_as):
    voucher, code = issued()
    user = client_as("agent").user
    find = search.get("vouchers")
    for text in (code[-4:], code[-4:].lower(), codes.written(code)):
        assert [hit.url for hit in find(user, text, 5)] == [reverse("complaints:voucher", args=[voucher.pk])]
    assert find(user, code[-5:], 5) == []
    assert find(client_as("data entry").user, code[-4:], 5) == []


def test_every_movement_stands_on_the_customers_timeline():
    voucher = a_voucher("50.00")
    redemption.redeem(voucher.pk, by=None, now=NOON, reference="R-9")
    lines, _more = timeline.page(voucher.customer_id, kind="voucher", after=None, size=10)
    assert [(line.title.split(": ")[1], line.detail) for line in lines] == [
        ("redeemed, €50.00", "R-9"),
        ("issued, €50.00", ""),
    ]


def test_a_name_in_any_script_is_printed_or_the_log_says_so(monkeypatch):
    found = issued(customer=CustomerFactory(family_name="李小龙 🦊 שלום"))
    pdf = letter.pdf(found.voucher, found.code, today=NOON.date())
    assert codes.written(found.code) in PdfReader(BytesIO(pdf)).pages[0].extract_text()
    monkeypatch.setattr(letters, "_fonts", lambda: type("Fonts", (), {"families": lambda self: ["Noto Sans CJK SC"]})())
    assert letters.unprintable("李小龙 🦊 Ångström שלום") == ["emoji"]
