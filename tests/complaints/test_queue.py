"""The queue over HTTP, and who may open what at how many queries."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from complaints import actions
from complaints.contributions import panels
from complaints.models import CaseMove, ComplaintCase
from complaints.queries import queue
from complaints.sources import badges
from customers.contributions import band
from customers.goodwill import goodwill
from staff import paging
from tests.complaints.factories import RECEIVED, CaseFactory, registered
from tests.loyalty.factories import StoreFactory, VersionFactory, buy, member

pytestmark = pytest.mark.django_db


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
