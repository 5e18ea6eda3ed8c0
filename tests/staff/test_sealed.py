"""What a list is searched for stands in no address in words; the list works by its address all the same."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from staff.sealed import opened, seal
from tests.complaints.factories import CaseFactory
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db

NAME = "Zoë Österlund"


@pytest.mark.parametrize("text", ["a", NAME, "~" + NAME, "שלום 👋", "x" * 200])
def test_a_text_is_sealed_the_same_each_time_and_opened_again(text):
    assert opened(seal(text)) == text
    assert seal(text) == seal(text)
    assert text == "a" or text[1:] not in seal(text)


@pytest.mark.parametrize("value", ["~", "~x", "~AAAA", seal(NAME)[:-2], seal(NAME)[:-4] + "AAAA", "~å"])
def test_what_nobody_sealed_says_nothing(value):
    assert opened(value) == ""


def test_under_another_key_an_old_address_says_nothing(settings):
    from staff import sealed

    old = seal(NAME)
    settings.SECRET_KEY = "another"
    sealed._cipher.cache_clear()
    try:
        assert opened(old) == ""
    finally:
        sealed._cipher.cache_clear()


@pytest.mark.parametrize(
    ("address", "others"), [("customers:list", {"segment": "standard"}), ("complaints:queue", {"view": "all"})]
)
def test_a_list_is_searched_without_a_name_in_its_address(client_as, address, others):
    client, url = client_as("agent"), reverse(address)
    for _ in range(4):
        CaseFactory(customer=CustomerFactory(given_name="Zoë", family_name="Österlund"), title=NAME)
    CaseFactory(title="Else")
    found = client.post(url, {**others, "q": NAME, "severity": ""})
    assert found.status_code == 302
    asked = parse_qs(urlsplit(found["Location"]).query)
    assert {name: values for name, values in asked.items() if name != "q"} == {k: [v] for k, v in others.items()}
    assert opened(asked["q"][0]) == NAME
    page = client.get(found["Location"])
    assert page.context["form"]["q"].value() == NAME
    assert f'value="{NAME}"' in page.content.decode()
    rows = page.context.get("lines") or page.context["rows"]
    assert rows
    assert "Else" not in str(rows)
    for link in filter(None, [page.context["more"], *(tab["url"] for tab in page.context.get("tabs", ()))]):
        assert opened(parse_qs(link.lstrip("?"))["q"][0]) == NAME


def test_a_kept_view_knows_its_text_again(client_as):
    client, url = client_as("agent"), reverse("complaints:queue")
    address = client.post(url, {"view": "all", "q": NAME})["Location"]
    client.post("/views/", {"page": "complaints", "name": "Zoë", "query": urlsplit(address).query})
    again = client.post(url, {"view": "all", "q": NAME})["Location"]
    assert 'aria-current="page"><bdi>Zoë</bdi>' in client.get(again).content.decode()


@pytest.mark.parametrize(
    ("address", "person", "named"),
    [
        ("admin:customers_customer_changelist", CustomerFactory, "family_name"),
        ("admin:staff_user_changelist", UserFactory, "last_name"),
    ],
)
def test_the_admin_is_searched_without_a_name_in_its_address(client_as, address, person, named):
    client, url = client_as("administrator"), reverse(address)
    wanted, _other = person(**{named: "Österlund"}), person()
    found = client.post(url, {"q": "Österlund", "o": "1"})
    asked = parse_qs(urlsplit(found["Location"]).query)
    assert (asked["o"], opened(asked["q"][0])) == (["1"], "Österlund")
    page = client.get(found["Location"])
    assert list(page.context["cl"].result_list) == [wanted]
    html = page.content.decode()
    assert 'value="Österlund"' in html
    assert '<input type="hidden" name="o" value="1">' in html
    assert "q=%C3%96" not in html
