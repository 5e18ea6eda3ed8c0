"""Taking a complaint down over HTTP: who calls, what it is about, the papers."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from complaints.models import Attachment, ComplaintCase
from customers.models import Customer
from tests.complaints.factories import CategoryFactory, PolicyFactory, png, registered
from tests.factories import CustomerFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


def intake(**values) -> dict:
    return {
        "channel": "letter",
        "received_at": "2026-11-16T10:00",
        "category": CategoryFactory().pk,
        "severity": "2",
        "title": "Box 🎛 restarts",
        "happened": "It restarts. זה מפסיק לעבוד",
        "wanted": "A new one",
        "take": "on",
    } | values


def test_a_letter_is_registered_with_its_scan_and_opens(client_as):
    PolicyFactory()
    plan = SubscriptionFactory()
    customer = plan.customer
    client = client_as("agent")
    typed = intake(files=[png()], subscription=plan.pk)
    answer = client.post(reverse("complaints:register", args=[customer.pk]), typed)
    case = ComplaintCase.objects.get()
    assert answer["Location"] == reverse("complaints:case", args=[case.pk])
    assert (case.number[:2], case.assignee, case.was_active, case.recorded_by) == ("K-", client.user, True, client.user)
    assert case.clocks.count() == 3
    scan = Attachment.objects.get()
    assert (scan.name, scan.content_type, "☂" in scan.file.name) == ("brev ☂.png", "image/png", False)
    page = client.get(answer["Location"])
    assert page.status_code == 200
    assert "זה מפסיק" in page.content.decode()
    assert f"<dd>{plan.plan}</dd>" in page.content.decode()
    assert (page.context["history"][-1].text, page.context["history"][-1].by) == ("recorded", client.user.short_name)
    shown = client.get(reverse("complaints:attachment", args=[scan.pk]))
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert b"".join(shown.streaming_content).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        ("virus.pdf", b"MZ\x90\0", "not a PDF, JPEG or PNG"),
        ("half.pdf", b"%PDF-1.7\n%%EOF", "damaged"),
        ("half.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "damaged"),
        ("nothing.jpg", b"", "empty"),
        ("big.jpg", b"\xff\xd8\xff" + bytes(15 * 1024 * 1024), "larger than 15 MB"),
    ],
)
def test_files_are_judged_by_their_content_and_the_text_is_kept(client_as, name, data, reason):
    customer = CustomerFactory()
    answer = client_as("agent").post(
        reverse("complaints:register", args=[customer.pk]), intake(files=[SimpleUploadedFile(name, data)])
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert reason in text
    assert "Box 🎛 restarts" in text
    assert not ComplaintCase.objects.exists()


def test_a_date_to_come_is_refused_at_its_field(client_as):
    answer = client_as("agent").post(
        reverse("complaints:register", args=[CustomerFactory().pk]), intake(received_at="2999-01-01T10:00")
    )
    assert answer.context["form"].errors["received_at"] == ["It cannot have been received in the future."]


def test_a_caller_is_looked_for_by_a_name_that_stands_in_no_address(client_as):
    client, customer = client_as("agent"), CustomerFactory(given_name="Åsa", family_name="Ek")
    for headers in ({}, {"HX-Request": "true"}):
        html = client.post(reverse("complaints:new"), {"q": "asa ek"}, headers=headers).content.decode()
        assert reverse("complaints:register", args=[customer.pk]) in html
        assert ("<html" in html) is not bool(headers)
        assert "aria-invalid" not in html
    assert (
        reverse("complaints:register", args=[customer.pk])
        not in client.post(reverse("complaints:new"), {"q": "nobody"}).content.decode()
    )


def test_somebody_new_is_written_down_on_the_way(client_as):
    client = client_as("agent")
    answer = client.post(
        reverse("complaints:new"),
        {"given_name": "Nils", "family_name": "Ny", "language": "sv", "phone": "070-123 45 67"},
    )
    assert answer.status_code == 302
    assert str(Customer.objects.get().phone) == "+46701234567"
    assert client.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("received", ["0206-11-18T12:00", "2016-11-01T12:00", "2999-01-01T12:00"])
def test_a_slip_in_the_year_is_told_at_its_field_and_loses_nothing(client_as, received):
    PolicyFactory()
    address = reverse("complaints:register", args=[CustomerFactory().pk])
    typed = {"channel": "letter", "received_at": received, "category": CategoryFactory().pk, "severity": 2}
    answer = client_as("agent").post(address, typed | {"title": "Box", "happened": "It restarts."})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["received_at"]
    assert "It restarts." in answer.content.decode()
    assert not ComplaintCase.objects.exists()


def test_likely_duplicates_and_repeats_are_shown_while_typing(client_as):
    case = registered()
    answer = client_as("agent").post(
        reverse("complaints:similar", args=[case.customer_id]),
        {"category": case.category_id, "title": "box restarts", "happened": "every evening the box restarts"},
    )
    text = answer.content.decode()
    assert case.number in text
    assert "likely the same" in text
