from decimal import Decimal

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, load_backend
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from config.roles import AGENT, ROLES
from staff.authority import Authority, authority_of
from tests.factories import AuthorityLimitFactory

pytestmark = pytest.mark.django_db


def test_sync_roles_writes_every_role_and_is_idempotent():
    Group.objects.all().delete()
    for _ in range(2):
        call_command("sync_roles")
        assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
        agent = Group.objects.get(name="agent").permissions.select_related("content_type")
        assert {f"{p.content_type.app_label}.{p.codename}" for p in agent} == AGENT


def test_home_is_closed_to_strangers(client):
    response = client.get("/")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_home_opens_for_every_role(client_as, role):
    assert client_as(role).get("/").status_code == 200


def test_a_person_comes_with_all_permissions_in_one_query(client_as, django_assert_num_queries):
    client = client_as("agent")
    path, key = client.session[BACKEND_SESSION_KEY], client.user.pk
    with django_assert_num_queries(1):
        user = load_backend(path).get_user(key)
        assert user.has_perm("customers.view_customer")
        assert not user.has_perm("cancellations.decide_offer")
        assert user.get_all_permissions() == AGENT


def test_a_role_taken_away_counts_from_the_next_press_on(client_as):
    client = client_as("agent")
    assert client.get("/customers/").status_code == 200
    client.user.groups.clear()
    assert client.get("/customers/").status_code == 403


def test_a_permission_of_ones_own_counts_too(client_as):
    client = client_as("agent")
    client.user.user_permissions.add(Permission.objects.get(codename="view_styleguide"))
    assert client.get("/styleguide/").status_code == 200


def test_who_has_left_is_nobody(client_as):
    client = client_as("agent")
    client.user.is_active = False
    client.user.save(update_fields=["is_active"])
    assert client.get("/").status_code == 302


def test_the_limits_of_authority_come_along(client_as, django_assert_num_queries):
    client = client_as("agent")
    role = client.user.groups.get()
    AuthorityLimitFactory(role=role, kind="offer", per_case="30.50", per_customer_year=None, per_agent_day=200)
    user = load_backend(client.session[BACKEND_SESSION_KEY]).get_user(client.user.pk)
    with django_assert_num_queries(0):
        assert authority_of(user, "offer") == Authority(Decimal("30.50"), None, Decimal(200))
        assert authority_of(user, "stamps") == Authority()
    assert authority_of(client.user, "offer") == authority_of(user, "offer")
