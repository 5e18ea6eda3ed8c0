"""A case's steps over HTTP, from the first answer to the last."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse

from complaints import actions
from complaints.models import Clock, ComplaintCase, Message, Template
from complaints.states import State
from customers.models import Delivery
from staff.models import User
from tests.complaints.factories import RECEIVED, RootCauseFactory, png, registered
from tests.factories import CustomerFactory, TeamFactory

pytestmark = pytest.mark.django_db


def steps_to(case: ComplaintCase, client, *verbs: str) -> ComplaintCase:
    said = {"subject": "Your complaint", "body": "Hello", "kind": "email", "language": "sv"}
    decided = {"outcome": "upheld", "root_cause": RootCauseFactory().pk, "fault": "ours"}
    values = {
        "acknowledge": said,
        "ask": said | {"chase_on": "2999-01-01"},
        "investigate": {},
        "draft": said | decided,
        "respond": said,
        "close": {},
        "reopen": {"note": "again"},
        "resolve": decided | {"note": "swapped"},
        "leave": {"to": "withdrawn", "note": "never mind"},
        "third-party": {"note": "the carrier", "chase_on": "2999-01-01"},
        "assess": {},
    }
    for verb in verbs:
        case.refresh_from_db()
        form = client.get(reverse("complaints:step", args=[case.pk, verb]))
        assert form.status_code == 200, verb
        answer = client.post(reverse("complaints:step", args=[case.pk, verb]), values[verb] | {"version": case.version})
        assert answer.status_code == 302, (verb, answer.context and answer.context["form"].errors)
    case.refresh_from_db()
    return case


@pytest.mark.parametrize(
    ("verbs", "state"),
    [
        (
            ("acknowledge", "assess", "investigate", "draft", "respond", "close", "reopen", "investigate"),
            "investigating",
        ),
        (("ask", "investigate", "third-party", "investigate", "draft", "draft"), "decision_drafted"),
        (("resolve",), "resolved_on_contact"),
        (("leave", "reopen"), "reopened"),
    ],
)
def test_the_walks_of_a_day(client_as, verbs, state):
    case = steps_to(registered(), client_as("agent"), *verbs)
    assert case.state == state


def test_an_answer_is_queued_as_mail_in_one_thread_and_stops_the_clocks(client_as):
    case = steps_to(registered(), client_as("agent"), "acknowledge", "investigate", "draft", "respond")
    first, second = Delivery.objects.order_by("pk")
    assert case.number in second.subject
    assert second.headers["In-Reply-To"] == first.headers["Message-ID"]
    assert {c.kind: c.met_at is not None for c in case.clocks.all()} == dict.fromkeys(Clock.Kind, True)
    assert case.responded_at
    assert case.draft_body == ""


def test_a_rejection_carries_the_notice_of_the_customers_country(client_as):
    from complaints.models import DisputeNotice

    client = client_as("agent")
    case = steps_to(registered(), client, "investigate", "draft")
    ComplaintCase.objects.filter(pk=case.pk).update(outcome="rejected")
    steps_to(case, client, "respond")
    answer = Message.objects.get(purpose="answer")
    assert DisputeNotice.objects.get(country="SE", language="sv").text in answer.body
    assert "www.arn.se" in answer.body


def test_a_rejection_without_a_notice_is_refused(client_as):
    client = client_as("agent")
    case = steps_to(registered(customer=CustomerFactory(country="FI")), client, "investigate", "draft")
    ComplaintCase.objects.filter(pk=case.pk).update(outcome="rejected")
    answer = client.post(
        reverse("complaints:step", args=[case.pk, "respond"]),
        {"subject": "No", "body": "No.", "kind": "email", "language": "sv", "version": case.version},
    )
    assert "no dispute-resolution notice for FI" in answer.content.decode()
    assert not Message.objects.exists()


def test_a_stale_form_is_refused_with_every_word_kept_and_then_goes_through(client_as):
    anna, bo = client_as("agent"), client_as("agent")
    case = registered()
    old = case.version
    actions.log_call(case.pk, text="She rang", outgoing=False, by=bo.user, now=RECEIVED + timedelta(hours=1))
    url = reverse("complaints:step", args=[case.pk, "acknowledge"])
    form = {"subject": "Hej", "body": "Many careful words.", "kind": "email", "language": "sv", "version": old}
    refused = anna.post(url, form)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Many careful words." in text
    assert bo.user.first_name in text
    assert not Message.objects.filter(kind="email").exists()
    again = form | {"version": refused.context["form"]["version"].value()}
    assert anna.post(url, again).status_code == 302


def test_a_letter_that_came_is_logged_with_its_scan_and_the_case_goes_on(client_as):
    client = client_as("agent")
    case = steps_to(registered(), client, "ask")
    address = reverse("complaints:step", args=[case.pk, "incoming"])
    empty = client.post(address, {"kind": "letter", "version": case.version})
    assert empty.context["form"].errors == {"text": ["Write down what it says, or attach the scan."]}
    shown = client.get(address).content.decode()
    assert all(f'name="{name}"' in shown for name in empty.context["form"].fields)
    assert client.post(address, {"kind": "letter", "files": [png()], "version": case.version}).status_code == 302
    case.refresh_from_db()
    came = case.messages.get(direction="in")
    assert (case.state, came.kind, came.by) == (State.INVESTIGATING, "letter", client.user)
    assert [one.message for one in case.attachments.all()] == [came]
    assert not case.pauses.filter(ended_at=None).exists()


def test_variables_left_standing_are_refused(client_as):
    case = registered()
    answer = client_as("agent").post(
        reverse("complaints:step", args=[case.pk, "write"]),
        {"subject": "Hej", "body": "Dear {customer}", "kind": "letter", "language": "sv", "version": case.version},
    )
    assert answer.context["form"].errors["body"] == ["Still to be filled in: {customer}."]


def test_a_template_is_filled_in_its_language_and_the_letter_previewed(client_as):
    client, case = client_as("agent"), registered()
    template = Template.objects.get(code="received", language="de")
    filled = client.post(reverse("complaints:template", args=[case.pk]), {"template": template.pk})
    assert "Ihre Beschwerde „The box restarts every evening“ vom 16.11.2026" in filled.content.decode().replace(
        "\u00a0", " "
    )
    pdf = client.post(
        reverse("complaints:preview", args=[case.pk]),
        {"subject": "#set page", "body": "Hej\n\n$x$ *b*", "language": "sv"},
    )
    assert pdf.content.startswith(b"%PDF-")
    assert not Message.objects.exists()


def test_a_letter_is_kept_as_pdf_with_its_words(client_as):
    from pypdf import PdfReader

    client, case = client_as("agent"), registered()
    client.post(
        reverse("complaints:step", args=[case.pk, "write"]),
        {"subject": "Ert klagomål", "body": "Hej *du*\n\nVi byter.", "kind": "letter", "language": "sv", "version": 1},
    )
    message = Message.objects.get()
    pdf = client.get(reverse("complaints:letter", args=[message.pk]))
    text = PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    for words in ("Ert klagomål", "Hej *du*", "Vi byter.", case.number, "Henrik Svensson"):
        assert words in text


def test_closing_asks_every_room_whether_its_remedies_have_ended(client_as, monkeypatch):
    from complaints.contributions import open_remedies

    client = client_as("agent")
    case = steps_to(registered(), client, "investigate", "draft", "respond")
    monkeypatch.setitem(open_remedies._sources, "test", lambda case_id: ["a new router"])
    answer = client.post(reverse("complaints:step", args=[case.pk, "close"]), {"version": case.version})
    assert "a new router" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == State.RESPONDED


def test_merge_and_unmerge_restore_the_clocks(client_as):
    client = client_as("agent")
    original = registered()
    case = registered(customer=original.customer, now=RECEIVED + timedelta(minutes=5))
    due = dict(case.clocks.values_list("kind", "due_at"))
    client.post(reverse("complaints:step", args=[case.pk, "merge"]), {"into": original.pk, "version": case.version})
    case.refresh_from_db()
    assert (case.state, case.duplicate_of) == (State.DUPLICATE, original)
    page = client.get(reverse("complaints:case", args=[case.pk])).content.decode()
    assert f'A duplicate of <a href="{reverse("complaints:case", args=[original.pk])}">{original.number}</a>' in page
    client.post(reverse("complaints:step", args=[case.pk, "unmerge"]), {"version": case.version})
    case.refresh_from_db()
    assert (case.state, case.duplicate_of) == (State.INVESTIGATING, None)
    assert dict(case.clocks.values_list("kind", "due_at")) == due


def test_colleagues_on_the_same_case_see_each_other(client_as):
    anna, bo, case = client_as("agent"), client_as("agent"), registered()
    anna.get(reverse("complaints:live", args=[case.pk]), {"version": 1})
    live = reverse("complaints:live", args=[case.pk])
    page, seen = bo.get(live, {"version": 1}).content.decode(), f"1-{anna.user.pk}"
    assert anna.user.short_name in page
    assert "is here too" in page
    assert bo.get(live, {"version": 1, "seen": seen}).status_code == 204
    actions.log_call(case.pk, text="…", outgoing=True, by=bo.user, now=RECEIVED)
    news = anna.get(live, {"version": 1, "seen": seen}).content.decode()
    assert "changed this complaint while you wrote" in news


def test_take_next_gives_the_most_urgent_of_ones_team(client_as):
    client = client_as("agent")
    User.objects.filter(pk=client.user.pk).update(team=TeamFactory())
    registered(severity=1)
    urgent = registered(severity=4)
    answer = client.post(reverse("complaints:take-next"))
    assert answer["Location"] == reverse("complaints:case", args=[urgent.pk])
    urgent.refresh_from_db()
    assert urgent.assignee == client.user


def test_sharing_out_balances_by_load(client_as):
    lead = client_as("team lead")
    team = TeamFactory()
    busy, idle = (client_as("agent").user for _ in range(2))
    User.objects.filter(pk__in=[lead.user.pk, busy.pk, idle.pk]).update(team=team)
    registered(severity=4, by=busy, take=True)  # an urgent one weighs as much as four of the least
    waiting = [registered(severity=1).pk for _ in range(6)]
    ComplaintCase.objects.filter(pk__in=waiting).update(team=team)
    lead.post(reverse("complaints:share-out"))
    given = list(ComplaintCase.objects.filter(pk__in=waiting).values_list("assignee", flat=True))
    assert {pk: given.count(pk) for pk in set(given)} == {lead.user.pk: 3, idle.pk: 3}


def test_an_explanation_of_the_deadline_is_shown(client_as):
    case = registered()
    clock = case.clocks.get(kind="resolution")
    text = client_as("agent").get(reverse("complaints:deadline", args=[clock.pk])).content.decode()
    assert "08:00–12:00, 13:00–17:00" in text
    assert "40:00 h" in text
