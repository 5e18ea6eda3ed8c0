import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from config.roles import AGENT, ROLES

pytestmark = pytest.mark.django_db


def test_sync_roles_writes_every_role_and_is_idempotent():
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
