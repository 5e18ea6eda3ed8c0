"""Saved views of the queues: named filters as chips, shared by address, and a removal that can be undone."""

from datetime import timedelta

import pytest

from staff import saved
from staff.errors import DomainError
from staff.models import SavedView
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

QUEUES = {"cancellations": "/cancellations/", "complaints": "/complaints/"}


def shown(client, address):
    return client.get(address).content.decode()


@pytest.mark.parametrize(("page", "address"), QUEUES.items())
def test_a_view_is_kept_named_found_and_removed_and_comes_back(client_as, page, address):
    client, other = client_as("agent"), client_as("agent")
    query = {"cancellations": "whose=mine&show=open", "complaints": "view=mine&severity=3"}[page]
    tidy = "&".join(sorted(query.split("&")))
    assert 'id="views"' not in shown(client, address)
    assert "Save this view" in shown(client, f"{address}?{query}")
    back = {"next": f"{address}?{query}"}
    response = client.post("/views/", {**back, "page": page, "query": query + "&after=x&q=", "name": "  My  calls "})
    assert response["Location"] == back["next"]
    view = SavedView.objects.get()
    assert (view.user, view.page, view.name, view.query) == (client.user, page, "My calls", tidy)
    html = shown(client, f"{address}?{query}")
    assert f'href="{address}?{tidy.replace("&", "&amp;")}" aria-current="page"><bdi>My calls</bdi>' in html
    assert "Save this view" not in html
    assert "My calls" not in shown(other, address)
    assert other.get(f"{address}?{view.query}").status_code == 200  # shared by its address

    client.post(f"/views/{view.pk}/", {**back, "name": "Mine"})
    removed = client.post(f"/views/{view.pk}/remove/", back, follow=True).content.decode()
    assert "“Mine” is removed." in removed
    assert f'action="/views/{view.pk}/restore/"' in removed
    assert "<bdi>Mine</bdi>" not in shown(client, address)
    client.post(f"/views/{view.pk}/restore/", back)
    assert "<bdi>Mine</bdi>" in shown(client, address)


@pytest.mark.parametrize("address", ["/views/{}/", "/views/{}/remove/", "/views/{}/restore/"])
def test_what_is_a_colleagues_is_not_found(client_as, address):
    view = saved.save(client_as("agent").user, page="complaints", name="Hers", query="view=mine", now=NOON)
    assert client_as("agent").post(address.format(view.pk), {"name": "x"}).status_code == 404


def test_refusals_say_what_to_do(client_as):
    user = client_as("agent").user
    for n in range(saved.MOST):
        saved.save(user, page="complaints", name=f"view {n}", query="view=mine", now=NOON)
    with pytest.raises(DomainError, match="Remove one first"):
        saved.save(user, page="complaints", name="one more", query="view=mine", now=NOON)
    again = saved.save(user, page="complaints", name="view 3", query="view=late", now=NOON)
    assert (again.query, SavedView.objects.count()) == ("view=late", saved.MOST)
    for name, query in (("", "view=mine"), ("x" * 61, "view=mine"), ("no filter", "after=abc&q=")):
        with pytest.raises(DomainError):
            saved.save(user, page="cancellations", name=name, query=query, now=NOON)
    assert saved.rename(again.pk, user=user, name="view\x00 3").name == "view 3"  # no database keeps it
    with pytest.raises(DomainError, match="already"):
        saved.rename(again.pk, user=user, name="view 4")
    saved.remove(again.pk, user=user, now=NOON)
    saved.save(user, page="complaints", name="view 3", query="view=mine", now=NOON)
    with pytest.raises(DomainError, match="already"):
        saved.restore(again.pk, user=user)
    saved.save(user, page="complaints", name="view 3", query="view=mine", now=NOON + timedelta(days=2))
    assert not SavedView.objects.filter(pk=again.pk).exists()  # a removed one is forgotten after a day


def test_a_refusal_is_said_on_the_list_one_came_from(client_as):
    client = client_as("agent")
    page = client.post("/views/", {"page": "x", "name": "", "query": "a=1", "next": "/customers/"}, follow=True)
    assert "Give the view a name" in page.content.decode()
    away = client.post("/views/", {"page": "x", "name": "n", "query": "a=1", "next": "https://elsewhere.example/"})
    assert away["Location"] == "/"
