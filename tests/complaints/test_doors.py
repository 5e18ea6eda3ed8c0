"""The doors without a desk: mailbox, web form, API, survey link; and what the worker does."""

import io
import sys
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from complaints import actions, jobs, mail, reports, surveys
from complaints.models import Attachment, Breach, ComplaintCase, Message, Survey
from complaints.queries import queue
from complaints.reports import Scope
from complaints.states import State
from complaints.views import public
from customers.models import Customer, Delivery
from tests.complaints.factories import RECEIVED, CategoryFactory, asked, put_right, registered
from tests.complaints.test_timekeeping import at
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db


def letter(body="My box restarts.", **headers) -> EmailMessage:
    message = EmailMessage()
    values = {
        "From": "Henrik Svensson <henrik@example.com>",
        "Subject": "Trasig låda",
        "Message-ID": "<one@example.com>",
    }
    values |= {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in values.items():
        message[name] = value
    message.set_content(body)
    return message


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "JPEG")
    return out.getvalue()


def inbox(settings) -> list[Path]:
    return [path for path in (Path(settings.MEDIA_ROOT) / "complaints" / "inbox").glob("*") if path.is_file()]


def test_a_mail_becomes_a_complaint_of_its_sender_and_is_acknowledged(settings):
    customer = CustomerFactory(email="Henrik@Example.com")
    message = letter()
    message.add_attachment(picture(), maintype="image", subtype="jpeg", filename="foto.jpg")
    message.add_attachment(b"MZ", maintype="application", subtype="x-msdownload", filename="setup.exe")
    case = mail.take(message.as_bytes(), now=NOON)
    assert (case.customer, case.channel, case.title) == (customer, "email", "Trasig låda")
    case.refresh_from_db()
    assert case.state == State.ACKNOWLEDGED
    assert case.first_response_at is None
    assert [one.name for one in Attachment.objects.all()] == ["foto.jpg"]
    assert "setup.exe" in Message.objects.get(kind="note").body
    assert Delivery.objects.get().headers["Auto-Submitted"] == "auto-replied"
    assert inbox(settings) == []


def test_a_reply_joins_its_case_by_reference_and_resumes_it():
    case = registered(customer=CustomerFactory(email="henrik@example.com"))
    asked(case, kind="email", chase_on=date(2999, 1, 1), now=at(17, 9))
    question = Message.objects.get(purpose="question")
    taken = mail.take(letter(In_Reply_To=question.message_id, From="other@example.com").as_bytes(), now=at(17, 15))
    case.refresh_from_db()
    assert (taken.case, case.state) == (case, State.INVESTIGATING)


def test_a_reply_to_a_duplicate_goes_to_the_case_where_work_goes_on(client_as):
    client = client_as("agent")
    original = registered(customer=CustomerFactory(email="henrik@example.com"))
    double = registered(customer=original.customer)
    actions.write(double.pk, kind="email", subject="Hello", body="We look.", by=client.user, now=at(17, 9))
    actions.merge(double.pk, into=original.pk, by=client.user, now=at(17, 10))
    original.refresh_from_db()
    asked(original, kind="email", chase_on=date(2999, 1, 1), by=client.user, now=at(17, 11))
    sent = Message.objects.get(case=double)
    taken = mail.take(letter(In_Reply_To=sent.message_id).as_bytes(), now=at(17, 15))
    original.refresh_from_db()
    assert (taken.case, original.state) == (original, State.INVESTIGATING)
    said = client.get(reverse("complaints:case", args=[original.pk])).context["conversation"]
    assert [(one.body, one.of) for one in said] == [
        ("My box restarts.", ""),
        ("What does the label say?", ""),
        ("We look.", double.number),
    ]


def test_a_number_in_the_subject_counts_only_from_the_customers_own_address():
    case = registered(customer=CustomerFactory(email="henrik@example.com"))
    own = mail.take(letter(Subject=f"Re: {case.number.lower()}").as_bytes(), now=NOON)
    strange = mail.take(
        letter(Subject=case.number, From="x@example.com", Message_ID="<two@example.com>").as_bytes(), now=NOON
    )
    assert own.case == case
    assert strange != case


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"From": "MAILER-DAEMON@example.com"},
        {"List_Id": "<l.example.com>"},
    ],
)
def test_automatic_mail_is_left_aside(headers):
    assert mail.take(letter(**headers).as_bytes(), now=NOON) is None
    assert not ComplaintCase.objects.exists()


def test_the_same_mail_twice_is_one_complaint():
    assert mail.take(letter().as_bytes(), now=NOON)
    assert mail.take(letter().as_bytes(), now=NOON) is None
    assert ComplaintCase.objects.count() == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.se\nSubject: =?x-unknown?Q?=E5?=\nContent-Type: text/plain; charset=klingon\n\nh\xe5r \x00 \xff",
        b"From: a@b.se\nContent-Type: text/html\n\n<style>x</style><p>Hej<br>du</p><script>alert(1)</script>",
        b"From: a@b.se\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nhalf",
        "From: a@b.se\nSubject: 🎺\n\nöppet".encode(),
        b"From: a@b.se\n\n" + b"long " * 50_000,
    ],
)
def test_whatever_comes_is_taken_in(raw, settings):
    case = mail.take(raw, now=NOON)
    assert case.happened
    assert "alert" not in case.happened
    assert inbox(settings) == []


def test_a_mail_that_cannot_be_taken_in_stays_among_the_files(settings, monkeypatch, capsys):
    class Stdin:
        buffer = io.BytesIO(b"Subject: from nobody\n\nHello")

    monkeypatch.setattr(sys, "stdin", Stdin)
    call_command("receive_mail")
    assert [path.read_bytes() for path in inbox(settings)] == [b"Subject: from nobody\n\nHello"]


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(public, "QUICKEST", -1)


def web(client, **values) -> dict:
    page = client.get(reverse("complaints:public"))
    return {
        "name": "Nils Ny",
        "email": "nils@example.com",
        "category": CategoryFactory().pk,
        "title": "Trasig",
        "happened": "Den är trasig",
        "opened": page.context["form"]["opened"].value(),
    } | values


def test_the_public_form_registers_for_a_new_customer_in_the_language_chosen(client, patient):
    answer = client.post(reverse("complaints:public") + "?language=sv", web(client))
    case = ComplaintCase.objects.get()
    assert answer["Location"] == reverse("complaints:thanks") + "?language=sv"
    assert (case.channel, case.customer.family_name, case.customer.language) == ("web", "Ny", "sv")
    assert case.number not in client.get(answer["Location"]).content.decode()
    assert "Hej Nils Ny" in Delivery.objects.get().body


@pytest.mark.parametrize("broken", [{"website": "http://spam"}, {"opened": "forged"}, {"email": "no"}])
def test_the_public_form_refuses_traps_and_forgeries_and_keeps_the_text(client, patient, broken):
    answer = client.post(reverse("complaints:public"), web(client, **broken))
    assert answer.status_code == 422
    assert "Den är trasig" in answer.content.decode()
    assert not ComplaintCase.objects.exists()


def test_the_public_form_is_no_faster_than_a_person(client):
    answer = client.post(reverse("complaints:public"), web(client))
    assert "very quick" in answer.content.decode()


def test_the_public_form_lets_one_address_in_six_times_an_hour(client, patient):
    from django.core.cache import cache

    cache.clear()
    codes = [client.post(reverse("complaints:public"), web(client)).status_code for _ in range(7)]
    assert codes == [302] * 6 + [429]
    assert Customer.objects.count() == 1
    cache.clear()


def closed() -> Survey:
    case = registered()
    put_right(case, now=timezone.now())
    return Survey.objects.get()


def test_a_survey_is_sent_with_a_signed_link_and_answered_once(client):
    survey = closed()
    link = surveys.link_of(survey)
    assert link in Delivery.objects.get().body
    url = reverse("complaints:survey", args=[surveys.token_of(survey)])
    marks = {"outcome": "4", "process": "2", "treatment": "5", "comment": "Tack"}
    assert client.post(url, marks | {"outcome": "6"}).status_code == 422
    assert client.post(url, marks).status_code == 302
    assert client.post(url, marks | {"outcome": "1"}).status_code == 200
    survey.refresh_from_db()
    assert (survey.outcome, survey.process, survey.treatment, survey.comment) == (4, 2, 5, "Tack")
    assert client.get(url[:-3] + "x/").status_code == 404


def test_the_api_registers_once_a_key_and_refuses_the_key_for_another_body(client_as):
    client, customer = client_as("agent"), CustomerFactory()
    body = {"customer": customer.number, "category": CategoryFactory().code, "title": "T", "happened": "H"}
    url = reverse("api-complaints")
    first = client.post(url, body, content_type="application/json", headers={"Idempotency-Key": "a"})
    again = client.post(url, body, content_type="application/json", headers={"Idempotency-Key": "a"})
    other = client.post(url, body | {"title": "U"}, content_type="application/json", headers={"Idempotency-Key": "a"})
    without = client.post(url, body, content_type="application/json")
    assert (first.status_code, again.json(), other.status_code, without.status_code) == (201, first.json(), 409, 400)
    assert ComplaintCase.objects.count() == 1
    number = first.json()["number"]
    assert client.get(reverse("api-complaint", args=[number])).json() == first.json()
    assert [one["number"] for one in client.get(url).json()["results"]] == [number]


def test_the_api_adds_what_the_customer_says_but_shows_no_notes(client_as):
    client, case = client_as("agent"), registered()
    actions.add_note(case.pk, text="Secret", by=client.user, now=NOON)
    url = reverse("api-complaint-messages", args=[case.number])
    said = client.post(url, {"body": "Hello"}, content_type="application/json", headers={"Idempotency-Key": "b"})
    assert said.status_code == 201
    assert [one["body"] for one in client.get(url).json()] == ["Hello"]


def test_the_worker_warns_at_each_threshold_and_escalates_at_the_last():
    case = registered()
    first = case.clocks.get(kind="first_response")
    seen = []
    for moment in (at(16, 16, 59), at(17, 8, 30), at(17, 9, 59), at(17, 10, 1)):
        jobs.warn_due(now=moment)
        first.refresh_from_db()
        seen.append(first.warned)
    case.refresh_from_db()
    assert seen == [0, 75, 90, 100]
    assert case.escalated_at == at(17, 10, 1)
    assert Breach.objects.get().clock == first


def test_the_figures_of_a_small_period_by_hand():
    agent = UserFactory()
    for hour in (11, 12):
        case = registered(now=RECEIVED)
        put_right(case, outcome="upheld" if hour == 11 else "rejected", by=agent, now=at(16, hour))
    registered(now=RECEIVED)
    scope = Scope(date(2026, 11, 1), date(2026, 12, 1))
    found = {one.code: (one.value, one.n) for one in reports.figures(scope, at(25, 9))}
    assert found["received"] == (3, 3)
    assert found["first_median"] == (5400, 2)
    assert found["sla"] == (2 / 3, 3)
    assert found["upheld"] == (0.5, 2)
    assert found["reopened"] == (0, 2)
    assert (found["resolution_days"][0] * 24, found["resolution_days_p90"][0] * 24) == (1.5, pytest.approx(1.9))
    assert found["recovered90"] == (None, 0)
    assert [count for _label, count in reports.ages(scope, at(25, 9))] == [0, 0, 0, 1, 0, 0]


def test_recovered90_counts_each_complainant_once_by_the_last_complaint(user_as):
    agent = UserFactory()
    stays, leaves, comes_back = (SubscriptionFactory(started_on=date(2020, 1, 1)).customer for _ in range(3))
    for customer, days in ((stays, (16,)), (leaves, (16, 18)), (comes_back, (16,))):
        for day in days:
            case = registered(customer=customer, received_at=at(day, 9), now=at(day, 9))
            put_right(case, by=agent, now=at(day, 10))
    for customer, until in ((leaves, date(2027, 2, 15)), (comes_back, date(2026, 12, 1))):
        customer.subscriptions.update(ends_on=until, status="ended")
    SubscriptionFactory(customer=comes_back, started_on=date(2027, 6, 1))
    scope, later = Scope(date(2026, 11, 1), date(2026, 12, 1)), datetime(2027, 7, 1, tzinfo=UTC)
    found = {one.code: (one.value, one.n) for one in reports.figures(scope, later)}
    assert found["recovered90"] == (1 / 3, 3)
    assert reports.recovered_by_month(scope, later) == [(date(2026, 11, 1), 1, 3)]


@pytest.mark.parametrize("query", ["", "?format=csv", "?since=2026-12-01&until=2026-11-01", "?channel=phone"])
def test_the_report_opens_for_those_who_read_reports(client_as, query):
    registered()
    lead = client_as("team lead").get(reverse("complaints:reports") + query)
    assert lead.status_code == 200
    assert client_as("agent").get(reverse("complaints:reports")).status_code == 403


def test_the_desks_of_others_see_the_complaint(client_as):
    from complaints import sources
    from customers import timeline
    from customers.contributions import referrals

    case = registered(now=NOON - timedelta(hours=1))
    [badge] = sources.badges(case.customer, NOON).badges
    assert badge.text == "open complaint, overdue"  # the first answer was promised for Tuesday at eleven
    assert [queue.left_until(NOON, NOON - timedelta(hours=h)) for h in (-1, 23, 25, 50)] == [
        "overdue",
        "23 hours left",
        "25 hours left",
        "2 days left",
    ]
    assert sources.rule_variables([case.customer_id, 0], NOON) == {
        case.customer_id: {"open_complaints": 1, "complaints_12m": 1},
        0: {"open_complaints": 0, "complaints_12m": 0},
    }
    agent = client_as("agent").user
    assert [hit.title for hit in sources.by_number(agent, case.number.lower().replace("-", ""), 5)] == [str(case)]
    told, _more = timeline.page(case.customer_id, kind="complaints", after=None, size=10)
    assert [entry.key for entry in told] == [f"complaint-{case.pk}"]
    number = referrals.get("complaint")(case.customer, text="The bill is wrong", by=agent, now=NOON)
    assert ComplaintCase.objects.get(number=number).category.code == "billing"


def test_the_demo_is_the_same_for_the_same_seed(user_as, monkeypatch):
    from complaints import demo

    monkeypatch.setattr(demo, "CASES", 20)
    monkeypatch.setattr(demo, "LATELY", 5)

    CustomerFactory.create_batch(3)
    UserFactory(username="asa")
    shown = []
    for _ in range(2):
        before = set(ComplaintCase.objects.values_list("pk", flat=True))
        demo.load(seed=3, now=NOON)
        rows = ComplaintCase.objects.exclude(pk__in=before).order_by("pk")
        shown.append([(case.title, case.state, case.received_at) for case in rows])
    assert shown[0] == shown[1]
    assert len(shown[0]) == 25
