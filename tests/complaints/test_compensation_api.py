"""The API's doors for compensation and files; the admin's lists and actions of the same records."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from complaints.actions import awards
from complaints.models import Attachment, Award, Matrix, Remedy, Voucher
from tests.complaints.awards import a_case, goodwill, guidance, limits, unlimited
from tests.complaints.vouchers import a_voucher
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
VOUCHER = {"kind": "value_voucher", "basis": "goodwill", "amount": "20.00"}
REFUND = {"kind": "refund", "basis": "owed", "amount": "24.95"}


@pytest.fixture(autouse=True)
def desk(db, time_machine):
    time_machine.move_to(NOON, tick=False)
    guidance()
    limits("agent", goodwill="30")
    unlimited("manager")


def send(client, name: str, *args, key: str, **data):
    return client.post(
        reverse(name, args=args), data, content_type="application/json", headers={"Idempotency-Key": key}
    )


def test_a_proposal_within_authority_is_agreed_and_sent_twice_made_once(client_as):
    client, case = client_as("agent"), a_case()
    for _ in range(2):
        answer = send(client, "api-complaint-awards", case.number, key="a", remedies=[VOUCHER, REFUND])
        assert answer.status_code == 201
    body = answer.json()
    assert (body["state"], body["goodwill"], body["owed"], body["asked_because"]) == ("approved", "20.00", "24.95", [])
    assert [remedy["state"] for remedy in body["remedies"]] == ["agreed", "agreed"]
    assert Award.objects.count() == 1
    other = send(client, "api-complaint-awards", case.number, key="a", remedies=[REFUND])
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert client.get(reverse("api-complaint-awards", args=[case.number])).json()[0]["id"] == body["id"]


def test_above_authority_a_colleague_decides_perhaps_otherwise(client_as):
    agent, manager, case = client_as("agent"), client_as("manager"), a_case()
    asked = send(agent, "api-complaint-awards", case.number, key="a", remedies=[VOUCHER | {"amount": "35.00"}]).json()
    assert (asked["state"], asked["asked_because"]) == ("pending", ["limit_goodwill"])
    assert [one["id"] for one in manager.get(reverse("api-awards"), {"state": "pending"}).json()["results"]] == [
        asked["id"]
    ]
    refused = send(manager, "api-award-decision", asked["id"], key="b", verdict="decline")
    assert (refused.status_code, refused.json()["field"]) == (409, "note")
    amounts = [{"remedy": asked["remedies"][0]["id"], "amount": "32.00"}]
    for _ in range(2):
        decided = send(manager, "api-award-decision", asked["id"], key="c", verdict="approve", amounts=amounts).json()
    assert (decided["state"], decided["goodwill"], decided["replaces"]) == ("approved", "32.00", asked["id"])
    again = send(manager, "api-award-decision", asked["id"], key="d", verdict="approve")
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("remedies", "status"),
    [([], 400), ([{"kind": "kiss"}], 400), ([VOUCHER | {"amount": "-1"}], 400), ([VOUCHER | {"amount": "0"}], 409)],
)
def test_bad_terms_are_refused_and_leave_nothing(client_as, remedies, status):
    answer = send(client_as("agent"), "api-complaint-awards", a_case().number, key="a", remedies=remedies)
    assert answer.status_code == status
    assert not Award.objects.exists()


def test_billing_reads_its_list_and_answers(client_as):
    client, case = client_as("agent"), a_case()
    send(client, "api-complaint-awards", case.number, key="a", remedies=[REFUND, VOUCHER])
    [refund] = client.get(reverse("api-remedies"), {"state": "agreed", "kind": "refund"}).json()["results"]
    assert (refund["complaint"], refund["amount"]) == (case.number, "24.95")
    send(client, "api-remedy-order", refund["id"], key="b", reference="B-1")
    assert send(client, "api-remedy-fail", refund["id"], key="c").status_code == 409
    failed = send(client, "api-remedy-fail", refund["id"], key="d", note="No account").json()
    assert (failed["state"], failed["reference"]) == ("failed", "B-1")
    assert send(client, "api-remedy-complete", refund["id"], key="e", reference="B-2").json()["state"] == "done"
    assert send(client, "api-remedy-complete", refund["id"], key="f").status_code == 409


def picture(name: str = "brev ☂.png") -> SimpleUploadedFile:
    data = BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    return SimpleUploadedFile(name, data.getvalue())


def test_a_file_is_checked_kept_once_and_comes_back(client_as):
    client, case = client_as("agent"), a_case()
    url = reverse("api-complaint-attachments", args=[case.number])
    first, again = client.post(url, {"file": picture()}), client.post(url, {"file": picture("other.png")})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() == client.get(url).json()[0]
    back = client.get(reverse("api-attachment", args=[first.json()["id"]]))
    assert (back["Content-Type"], back["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert b"".join(back.streaming_content).startswith(b"\x89PNG")
    refused = client.post(url, {"file": SimpleUploadedFile("virus.pdf", b"MZ")})
    assert refused.status_code == 409
    assert "not a PDF" in refused.json()["detail"]
    assert client.post(url, {}).status_code == 400
    assert Attachment.objects.count() == 1


def test_the_admin_lists_and_reads_them_and_acts_by_the_same_doors(client_as, user_as):
    client = client_as("administrator")
    award = awards.propose(a_case().pk, goodwill("35.00"), by=user_as("agent"), now=NOON)
    voucher = a_voucher("10.00")
    for model, found in ((Award, award), (Remedy, award.remedies.get()), (Voucher, voucher), (Matrix, award.matrix)):
        name = model._meta.model_name
        assert client.get(reverse(f"admin:complaints_{name}_changelist"), {"q": "x"}).status_code == 200
        page = client.get(reverse(f"admin:complaints_{name}_change", args=[found.pk]))
        assert page.status_code == 200
        assert "_save" not in page.content.decode()
        assert client.get(reverse(f"admin:complaints_{name}_add")).status_code == 403
    for model, found, action in ((Award, award, "withdraw"), (Voucher, voucher, "void")):
        url = reverse(f"admin:complaints_{model._meta.model_name}_changelist")
        client.post(url, {"action": action, "_selected_action": [found.pk]})
        found.refresh_from_db()
    assert (award.state, voucher.state, voucher.balance) == ("withdrawn", "void", Decimal(0))
