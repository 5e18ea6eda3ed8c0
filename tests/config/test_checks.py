"""A production configuration with demo accounts or insecure settings does not start."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError

from config import checks
from staff.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(settings):
    settings.DEMO = settings.DEBUG = False
    settings.SECRET_KEY = "x7" * 30
    settings.ALLOWED_HOSTS = ["desk.example.com"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    return settings


def test_sound_production_starts(production):
    UserFactory()
    checks.refuse_unsafe()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SECRET_KEY": "short"}, "E001"),
        ({"ALLOWED_HOSTS": []}, "E002"),
        ({"ALLOWED_HOSTS": ["*"]}, "E002"),
        ({"SECURE_SSL_REDIRECT": False}, "E003"),
        ({"SESSION_COOKIE_SECURE": False}, "E003"),
    ],
)
def test_unsafe_settings_are_named(production, change, code):
    for name, value in change.items():
        setattr(production, name, value)
    with pytest.raises(ImproperlyConfigured, match=code):
        checks.refuse_unsafe()


def test_demo_accounts_stop_production_but_not_the_demo(production):
    UserFactory(is_demo=True)
    with pytest.raises(ImproperlyConfigured, match="E004"):
        checks.refuse_unsafe()
    production.DEMO = True
    checks.refuse_unsafe()


def test_production_loads_no_demo(production):
    with pytest.raises(CommandError, match="KVAR_DEMO"):
        call_command("load_demo")
    assert not User.objects.exists()
