"""Fixtures that every room shares."""

import gc
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from hypothesis import HealthCheck, settings

from config.catalogs import compile_stale
from config.roles import ROLES
from staff.models import User
from tests.factories import UserFactory
from tests.management.commands.flush import keep_spares

# A slow or busy machine is no fault of the code: no example is timed.
settings.register_profile("kvar", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kvar")

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)  # noon in Stockholm, a Wednesday


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Chromium first, on one of the workers; what is short comes last, where they share it out evenly."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def pytest_collection_finish() -> None:
    """What is read in by now stays to the end, and need not be searched for rubbish again and again: a tenth of the
    suite's processor time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The roles are there, as after every release; a flush leaves them, and what migrations wrote."""
    with django_db_blocker.unblock():
        call_command("sync_roles")
        keep_spares()


@pytest.fixture
def user_as(db: None) -> Callable[[str], User]:
    """`user_as("agent")`: a new member of staff in that role."""
    return lambda role, **fields: UserFactory(role=role, **fields)


@pytest.fixture
def client_as(user_as: Callable[[str], User]) -> Callable[[str], Client]:
    """`client_as("manager")`: a logged-in client, its user at `client.user`."""

    def login(role: str) -> Client:
        client = Client()
        client.user = user_as(role)
        client.force_login(client.user)
        return client

    return login


@pytest.fixture(params=sorted(ROLES))
def role(request: pytest.FixtureRequest) -> str:
    """Each role in turn."""
    return request.param


@pytest.fixture(scope="session", autouse=True)
def compiled_catalogs() -> None:
    compile_stale()
