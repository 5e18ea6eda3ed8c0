"""The public form's limit: by the address a trusted proxy saw, whatever the client writes, whichever process asks."""

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from complaints.views.public import MOST_AN_HOUR, _too_many
from staff.addresses import client_address, network_of
from tests.threads import at_once

pytestmark = pytest.mark.django_db


def asked_from(peer: str, forwarded: str = ""):
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    return RequestFactory().post("/", REMOTE_ADDR=peer, **headers)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        (0, "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (1, "10.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (2, "10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        (2, "10.0.0.1", "198.51.100.7", "10.0.0.1"),
        (1, "10.0.0.1", "nonsense", "10.0.0.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (0, "", "", None),
    ],
)
def test_the_address_is_the_one_the_outermost_proxy_saw(settings, proxies, peer, forwarded, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    assert client_address(asked_from(peer, forwarded)) == address


def test_a_household_has_more_than_one_ipv6_address():
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2") == "2001:db8:1:2::/64"
    assert network_of("192.0.2.1") == "192.0.2.1"


def test_places_are_counted_for_each_address_by_itself(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    one, another = asked_from("10.0.0.1", "198.51.100.7"), asked_from("10.0.0.1", "198.51.100.8")
    assert [_too_many(one) for _ in range(MOST_AN_HOUR + 2)] == [False] * MOST_AN_HOUR + [True, True]
    assert not _too_many(another)


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_at_once_get_no_more_places_than_there_are():
    cache.clear()
    refused = at_once(*[lambda: _too_many(asked_from("203.0.113.9"))] * 12)
    assert sorted(refused) == [False] * MOST_AN_HOUR + [True] * (12 - MOST_AN_HOUR)
