from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from staff.approvals import Pending, approvals
from staff.errors import DomainError
from staff.models import User
from staff.navigation import Unfinished, current, entrances, unfinished
from staff.search import Hit, found, search
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
PART = {"HX-Request": "true"}


@pytest.fixture
def queue(time_machine):
    """An app with two requests, as long as the test runs; the list may be changed."""
    time_machine.move_to(NOON, tick=False)
    now = NOON
    row = Pending(
        key="offer-1",
        url="/search/",
        customer="Henrik Svensson",
        asks_for="20% off",
        why="price",
        requested_by="Åsa L.",
        requested_at=now - timedelta(seconds=14),
        due_at=now + timedelta(seconds=106),
        cost=Decimal(60),
        gain=Decimal(21),
    )
    later = replace(row, key="award-1", customer="Jürgen Müller", due_at=now + timedelta(hours=4), gain=None)
    rows = [later, row]
    approvals.register("a test's", lambda user, limit: rows)
    yield rows
    approvals._sources.pop("a test's")


def test_queue_shows_the_most_urgent_first_and_stays_silent_until_it_moves(client_as, queue):
    client = client_as("manager")
    page = client.get("/approvals/")
    assert [row.pending.key for row in page.context["rows"]] == ["offer-1", "award-1"]
    assert page.context["chosen"].key == "offer-1"
    html = page.content.decode()
    assert "0:14" in html
    assert "of 2:00" in html
    seen = page.context["seen"]
    assert client.get(f"/approvals/queue/?seen={seen}", headers=PART).status_code == 204
    queue[0] = replace(queue[0], looked_at_by="Erik B.")
    moved = client.get(f"/approvals/queue/?seen={seen}", headers=PART)
    assert moved.status_code == 200
    assert "Erik B. is looking" in moved.content.decode()


def test_queue_is_closed_to_agents(client_as):
    client = client_as("agent")
    assert client.get("/approvals/").status_code == 403
    assert client.get("/approvals/queue/").status_code == 403


def test_badges_and_unfinished_work(client_as, queue):
    client = client_as("manager")
    unfinished.register("a test's", lambda user: Unfinished("Unfinished call", "Maier", "/x/", timezone.now()))
    try:
        html = client.get("/frame/", headers=PART).content.decode()
    finally:
        unfinished._sources.pop("a test's")
    assert 'id="count-approvals" hx-swap-oob="true" class="count">2<' in html
    assert "Maier" in html
    assert client.head("/frame/").content == b""


def test_search_merges_sources_exact_answers_first(user_as):
    search.register("one", lambda user, text, limit: [Hit("Anna", "/a/")] * 30)
    search.register("two", lambda user, text, limit: [Hit("K-1", "/k/", exact=True)])
    try:
        hits = found(user_as("agent"), "  k-1\x00 ")
    finally:
        search._sources.pop("one")
        search._sources.pop("two")
    assert len(hits) == 12
    assert hits[0].title == "K-1"
    assert found(User(), " \x00") == []


def test_search_finds_pages_one_may_open(user_as):
    assert [hit.url for hit in found(user_as("manager"), "appro")] == ["/approvals/"]
    assert found(user_as("agent"), "appro") == []


def test_the_longest_entrance_is_current(user_as):
    offered = entrances(user_as("manager"))
    assert current("/approvals/?", offered).url_name == "approvals"
    assert current("/", offered).url_name == "home"
    assert current("/nowhere/", offered) is None


def test_an_inner_entrance_stands_for_itself_where_the_main_one_is_closed(user_as):
    def inner(role):
        return {e.url_name: e.inner for e in entrances(user_as(role))}["cancellations:incentives"]

    assert inner("manager") is True
    assert inner("marketing") is False


def test_settings_are_kept_and_the_page_speaks_the_new_language(client_as):
    client = client_as("agent")
    chosen = {"language": "sv", "theme": "dark", "density": "dense"}
    response = client.post("/settings/menu/", {**chosen, "next": "/reports/?a=1"})
    assert response["Location"] == "/reports/?a=1"
    client.user.refresh_from_db()
    assert (client.user.language, client.user.theme, client.user.density, client.user.shortcuts) == (
        *chosen.values(),
        True,
    )
    html = client.get("/settings/").content.decode()
    assert '<html lang="sv" data-theme="dark" data-density="dense">' in html
    client.post("/settings/", chosen)
    client.user.refresh_from_db()
    assert client.user.shortcuts is False


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_settings_never_send_anyone_elsewhere(client_as, next_):
    client = client_as("agent")
    chosen = {"language": "sv", "theme": "dark", "density": "dense", "next": next_}
    assert client.post("/settings/menu/", chosen)["Location"] == "/settings/"


def test_an_unknown_language_is_refused_at_its_field(client_as):
    client = client_as("agent")
    response = client.post("/settings/", {"language": "tlh", "theme": "dark", "density": "dense"})
    assert list(response.context["form"].errors) == ["language"]
    client.user.refresh_from_db()
    assert client.user.language == "en"


def test_own_address_is_not_changed_here(client_as):
    assert client_as("agent").get("/accounts/email/")["Location"] == "/settings/"


@pytest.mark.parametrize(
    ("raised", "status", "text"),
    [
        (DomainError("Sofia was first."), 409, "Sofia was first."),
        (PermissionDenied(), 403, "Your role does not allow this"),
        (RuntimeError("boom"), 500, "Something broke on our side"),
    ],
)
def test_refusals_become_pages(client_as, monkeypatch, raised, status, text):
    client = client_as("manager")
    client.raise_request_exception = False

    def fail(user, limit):
        raise raised

    monkeypatch.setitem(approvals._sources, "broken", fail)
    response = client.get("/approvals/")
    assert response.status_code == status
    assert text in response.content.decode()


def test_a_refused_part_says_so_in_a_toast(rf: RequestFactory, client_as, monkeypatch):
    client = client_as("manager")

    def fail(user, limit):
        raise DomainError("Sofia was first.")

    monkeypatch.setitem(approvals._sources, "broken", fail)
    response = client.get("/approvals/queue/", headers=PART)
    assert response.status_code == 409
    assert response["HX-Reswap"] == "none"


def test_unknown_addresses_are_told_kindly_inside_and_closed_outside(client_as, client):
    assert "This page does not exist" in client_as("agent").get("/nowhere/").content.decode()
    assert "This page does not exist" in client.get("/nowhere/").content.decode()


def test_roles_that_need_a_second_factor_are_led_to_it(client_as, settings):
    settings.KVAR_SECOND_FACTOR_ROLES = ["manager"]
    manager, agent = client_as("manager"), client_as("agent")
    assert manager.get("/")["Location"] == "/accounts/2fa/"
    assert manager.get("/api/v1/schema/").json()["code"] == "second_factor_required"
    assert manager.get("/frame/", headers=PART).status_code == 204
    assert manager.get("/accounts/2fa/").status_code == 200
    assert agent.get("/").status_code == 200
    manager.user.authenticator_set.create(type="totp", data={"secret": "x"})
    assert manager.get("/").status_code == 200


def test_messages_of_a_write_by_htmx_ride_in_the_header(rf: RequestFactory):
    from django.contrib import messages
    from django.contrib.messages.storage.cookie import CookieStorage

    from staff.middleware import toasts

    def view(request):
        messages.success(request, "Stämplat")
        return HttpResponse(headers={"HX-Trigger": "decided"})

    request = rf.post("/")
    request.htmx = True
    request._messages = CookieStorage(request)
    header = toasts(view)(request)["HX-Trigger"]
    assert header == '{"decided": "", "toast": [{"text": "St\\u00e4mplat", "tone": "success"}]}'
