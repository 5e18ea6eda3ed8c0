import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def seen(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))", [seconds]
        )


def test_process_answers_without_a_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_needs_a_worker_seen_in_the_last_minute(client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "database": True, "migrations": True, "worker": False}
    seen(70)
    assert client.get("/readyz").status_code == 503
    seen(5)
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": True, "migrations": True, "worker": True}
    assert "no-store" in response["Cache-Control"]


def test_not_ready_before_migrations_or_without_a_database(client, monkeypatch):
    from config import health

    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *_: ["one"])
    assert client.get("/readyz").json()["migrations"] is False
