"""What a production configuration may not be. The launcher, the web server's entry and `manage.py check` all ask."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, connections, transaction

TAG = "kvar"
ADVICE = "See docs/operations.md. For a look around set KVAR_DEMO=1 instead."


def in_production() -> bool:
    return not (settings.DEMO or settings.DEBUG)


@checks.register(TAG)
def secure_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    if not in_production():
        return []
    amiss = {
        "kvar.E001": ("SECRET_KEY is too short to be a secret (50 characters or more).", len(settings.SECRET_KEY) < 50),
        "kvar.E002": (
            "ALLOWED_HOSTS must name the desk's own addresses.",
            not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS,
        ),
        "kvar.E003": (
            "Cookies and passwords would travel in the clear: KVAR_HTTPS is off.",
            not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SECURE_SSL_REDIRECT),
        ),
    }
    return [checks.Error(text, hint=ADVICE, id=code) for code, (text, wrong) in amiss.items() if wrong]


@checks.register(TAG, checks.Tags.database)
def no_demo_people(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    if not in_production() or not databases or "default" not in databases:
        return []
    from staff.models import User

    try:
        with transaction.atomic():
            found = User.objects.filter(is_demo=True).exists()
    except ProgrammingError:  # not migrated yet: nobody is there
        connections["default"].close()
        return []
    if not found:
        return []
    return [
        checks.Error(
            "Demo accounts, whose password everybody knows, are in this database.", hint=ADVICE, id="kvar.E004"
        )
    ]


def refuse_unsafe() -> None:
    """Raise ImproperlyConfigured, naming every fault, unless this configuration may serve. One query."""
    faults = checks.run_checks(tags=[TAG], databases=["default"])
    if faults:
        raise ImproperlyConfigured("\n".join(map(str, faults)))
