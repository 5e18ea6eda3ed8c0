"""What holds for the whole house: the direction of foreign keys, the API's description, headers, logs."""

import io
import json
import logging
import re

import pytest
import structlog
from django.apps import apps
from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from staff.logs import formatter

# Each knows only those after it (import-linter watches imports, but cannot see foreign keys).
BELOW = {
    "config": {"config", "cancellations", "complaints", "loyalty", "customers", "staff"},
    "cancellations": {"cancellations", "loyalty", "customers", "staff"},
    "complaints": {"complaints", "loyalty", "customers", "staff"},
    "loyalty": {"loyalty", "customers", "staff"},
    "customers": {"customers", "staff"},
    "staff": {"staff"},
}


def test_foreign_keys_point_inwards():
    wrong = [
        f"{field} → {field.related_model._meta.label}"
        for app in BELOW
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model
        if (target := field.related_model._meta.app_label) in BELOW and target not in BELOW[app]
    ]
    assert wrong == []


def test_no_generic_relations_signals_or_orderings():
    for app in BELOW:
        for model in apps.get_app_config(app).get_models():
            assert not model._meta.private_fields, model
            assert not model._meta.ordering, model


def test_the_api_describes_itself_without_warnings(capsys):
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    assert capsys.readouterr().err == ""
    assert schema["openapi"].startswith("3.1")
    assert all(path.startswith("/api/v1/") for path in schema["paths"])


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/healthz", "/api/v1/docs/", "/admin/", "/nowhere"])
def test_every_answer_carries_the_strict_policy(client_as, path):
    response = client_as("administrator").get(path)
    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


INLINE = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style|\sstyle=|\son\w+=", re.I)


def test_templates_hold_no_inline_script_or_style():
    found = {
        f"{path.relative_to(settings.BASE_DIR)}: {match.group()}"
        for path in (settings.BASE_DIR / "templates").rglob("*.html")
        for match in INLINE.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.django_db
def test_what_we_say_ourselves_is_one_json_line():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    logging.getLogger("a.room").addHandler(handler)
    structlog.get_logger("a.room").warning("said", record=7)
    logging.getLogger("a.room").removeHandler(handler)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["record"], line["level"], line["logger"]) == ("said", 7, "warning", "a.room")


def test_logs_name_no_person(client, user_as, caplog):
    person = user_as("agent", username="astrid.person", email="astrid.person@example.com")
    with caplog.at_level(logging.DEBUG):
        client.post("/accounts/login/", {"login": "astrid.person@example.com", "password": "wrong, wrong"})
        client.force_login(person)
        client.get("/search/", {"q": "Astrid Hemlig 0701234567"})
        client.get("/nowhere/")
    said = " ".join(record.getMessage() for record in caplog.records if record.name != "django.db.backends")
    for private in ("astrid", "Hemlig", "0701234567", "wrong, wrong"):
        assert private not in said
