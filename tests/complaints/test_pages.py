"""The desk's pages of casework: intake, queue, case and its steps, over HTTP."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from complaints import actions
from complaints.contributions import panels
from complaints.models import Attachment, CaseMove, Clock, ComplaintCase, Message, Template
from complaints.queries import queue
from complaints.sources import badges
from complaints.states import State
from customers.contributions import band
from customers.goodwill import goodwill
from customers.models import Customer, Delivery
from staff import paging
from staff.models import User
from tests.complaints.factories import (
    RECEIVED,
    CaseFactory,
    CategoryFactory,
    PolicyFactory,
    RootCauseFactory,
    registered,
)
from tests.factories import CustomerFactory, SubscriptionFactory, TeamFactory
from tests.loyalty.factories import StoreFactory, VersionFactory, buy, member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files_elsewhere(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def png() -> SimpleUploadedFile:
    picture = BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    return SimpleUploadedFile("brev ☂.png", picture.getvalue(), content_type="application/x-anything")


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


@pytest.mark.parametrize("view", ["open", "mine", "team", "free", "overdue", "chase", "all"])
@pytest.mark.parametrize("sort", ["due", "priority", "newest", "oldest"])
def test_the_queue_in_every_view_and_order(client_as, view, sort):
    cases = [registered(now=RECEIVED + timedelta(minutes=i)) for i in range(2)]
    answer = client_as("agent").get(reverse("complaints:queue"), {"view": view, "sort": sort})
    assert answer.status_code == 200
    shown = {row.number for row in answer.context["rows"]}
    assert shown == ({case.number for case in cases} if view in ("open", "free", "overdue", "all") else set())


def test_filters_narrow_a_view_and_never_widen_it(client_as):
    client, other = client_as("agent"), client_as("agent").user
    mine, theirs = registered(by=client.user, take=True), registered(by=other, take=True)
    asked = {"view": "mine", "assignee": other.pk}
    assert not client.get(reverse("complaints:queue"), asked).context["rows"]
    for view, found in (("mine", [mine]), ("open", [mine, theirs])):
        rows = client.get(reverse("complaints:queue"), {"view": view, "priority": 3, "sort": "oldest"}).context["rows"]
        assert [row.number for row in rows] == [case.number for case in found]


@pytest.mark.parametrize("way", [{}, {"RARE": -1}, {"MOST_HITS": 1}], ids=["looked up", "on the way", "guessed wrong"])
def test_the_queue_finds_words_in_the_story_and_in_messages(client_as, monkeypatch, way):
    for name, value in way.items():
        monkeypatch.setattr(queue, name, value)
    client, case, other = client_as("agent"), registered(title="Zebra"), registered()
    actions.add_note(other.pk, text="Ångström said so", by=client.user, now=RECEIVED)
    for text, found in (
        ("zeb", [case]),
        ("restarts ångst", []),
        ("ÅNGSTRÖM", [other]),
        ("' | !", []),
        (case.number, [case]),
    ):
        answer = client.get(reverse("complaints:queue"), {"view": "all", "q": text})
        assert [row.number for row in answer.context["rows"]] == [one.number for one in found], text


@pytest.mark.parametrize("count", [1, 3])
def test_the_queue_takes_the_same_queries_at_any_length(client_as, count, django_assert_num_queries):
    client = client_as("agent")
    for _ in range(count):
        registered()
    client.get(reverse("complaints:queue"))
    with django_assert_num_queries(7):
        client.get(reverse("complaints:queue"))


@pytest.mark.parametrize("count", [1, 3])
def test_the_case_page_takes_the_same_queries_at_any_length(client_as, count, django_assert_num_queries, monkeypatch):
    """Casework's own; what other rooms add to the page is counted in theirs."""
    for registry in (panels, goodwill):
        monkeypatch.setattr(registry, "_sources", {})
    monkeypatch.setattr(band, "_sources", {"complaints": badges})
    client, case = client_as("agent"), registered()
    for _ in range(count):
        actions.log_call(case.pk, text="…", outgoing=True, by=client.user, now=RECEIVED)
        actions.correct(case.pk, severity=1 + _ % 2, by=client.user, now=RECEIVED)
    client.get(reverse("complaints:case", args=[case.pk]))
    with django_assert_num_queries(8):
        client.get(reverse("complaints:case", args=[case.pk]))


def test_who_may_open_what(client_as, client, role):
    case = registered()
    works = role in ("agent", "team lead", "manager", "administrator")
    person = client_as(role)
    for url in (reverse("complaints:queue"), reverse("complaints:case", args=[case.pk])):
        assert person.get(url).status_code == (200 if works else 403)
        assert client.get(url).status_code == 302
    moved = person.post(reverse("complaints:step", args=[case.pk, "investigate"]), {"version": case.version})
    assert moved.status_code == (302 if works else 403)
    assert CaseMove.objects.exists() == works


@pytest.mark.parametrize("name", ["reports", "liability", "compensation_report"])
@pytest.mark.parametrize("first", ["0001-01-01", "9999-12-31"])
def test_a_report_to_the_end_of_the_calendar_says_so_at_its_field(client_as, name, first):
    asked = {"first": first, "since": first, "last": "9999-12-31", "until": "9999-12-31"}
    answer = client_as("manager").get(reverse(f"complaints:{name}"), asked)
    assert answer.status_code == 200
    assert {"last", "until"} & answer.context["form"].errors.keys()


@pytest.mark.parametrize("sort", ["due", "priority", "newest", "oldest"])
def test_the_queue_goes_on_where_the_page_ends_and_begins_where_a_cursor_is_none(client_as, monkeypatch, sort):
    monkeypatch.setattr(queue, "PAGE", 2)
    client = client_as("agent")
    for severity in (1, 4, 2, 3, 2):
        registered(severity=severity)
    whole = [case.number for case in ComplaintCase.objects.order_by(*queue.SORTS[sort][1])]
    seen, address = [], f"?sort={sort}"
    while address:
        page = client.get(reverse("complaints:queue") + address)
        seen += [row.number for row in page.context["rows"]]
        address = page.context["more"]
    assert seen == whole
    for values in ([9, 9, 9], ["x", "x"], [None, 1], ["2026-11-18", 10**30], [10**30, "2026-11-18T10:00:00Z", 1]):
        page = client.get(reverse("complaints:queue"), {"sort": sort, "after": paging.write(values)})
        assert [row.number for row in page.context["rows"]] in (whole[:2], [])


@pytest.mark.parametrize("may_see_cards", [True, False])
def test_a_receipt_that_the_complaint_names_leads_to_its_card(client_as, may_see_cards):
    case = CaseFactory(reference="R-77")
    VersionFactory()
    StoreFactory()
    card = member(customer=case.customer)
    buy(card, number="R-77")
    buy(member(), number="R-78")
    client = client_as("agent" if may_see_cards else "data entry")
    client.user.user_permissions.add(Permission.objects.get(codename="view_complaintcase"))
    page = client.get(reverse("complaints:case", args=[case.pk])).content.decode()
    assert (f'<dd><a href="{reverse("loyalty:member", args=[card.pk])}"><bdi>R-77</bdi>' in page) == may_see_cards
    assert ("<dd><bdi>R-77</bdi></dd>" in page) != may_see_cards
    somebody_else_s = CaseFactory(reference="R-78", customer=case.customer)
    page = client.get(reverse("complaints:case", args=[somebody_else_s.pk])).content.decode()
    assert "<dd><bdi>R-78</bdi></dd>" in page
