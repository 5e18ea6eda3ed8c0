"""The settings under test: the shop window's, on a database cluster of their own under var/test/."""

import os
from pathlib import Path

os.environ.setdefault("KVAR_DEMO", "1")
os.environ.setdefault("KVAR_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))
os.environ.setdefault("LOG_LEVEL", "WARNING")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in the test's thread

from config.settings import *  # noqa: F403  the settings of the desk, and what tests need otherwise

INSTALLED_APPS = [*INSTALLED_APPS, "tests"]  # noqa: F405  from the desk's

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {  # no collectstatic before a test
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405  from the desk's

if "DATABASE_URL" not in os.environ:  # what a test writes need not survive the machine
    import psycopg

    _at = DATABASES["default"]  # noqa: F405  from the desk's
    with psycopg.connect(host=_at["HOST"], user=_at["USER"], dbname=_at["NAME"], autocommit=True) as _database:
        if _database.execute("SHOW fsync").fetchone() == ("on",):
            for _name in ("fsync", "synchronous_commit", "full_page_writes"):
                _database.execute(f"ALTER SYSTEM SET {_name} = off")
            _database.execute("SELECT pg_reload_conf()")
