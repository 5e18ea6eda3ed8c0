"""For load balancers and the launcher: does this process answer, and can it do its work?"""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

# Once seen, migrations stay applied as long as this process lives.
_migrated = False


@login_not_required  # says nothing about anybody
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers. No query."""
    return JsonResponse({"status": "ok"})


@login_not_required  # says nothing about anybody
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """503 unless all of `readiness` holds. One query."""
    parts = readiness()
    ready = all(parts.values())
    return JsonResponse({"status": "ok" if ready else "not ready", **parts}, status=200 if ready else 503)


def readiness() -> dict[str, bool]:
    """Whether the database answers, is migrated, and a worker was seen in the last minute. One query."""
    parts = {"database": False, "migrations": False, "worker": False}
    try:
        parts["migrations"] = _all_migrated()
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(last_heartbeat) > now() - interval '1 minute' FROM procrastinate_workers")
            parts["worker"] = bool(cursor.fetchone()[0])
        parts["database"] = True
    except DatabaseError:
        parts["database"] = connection.is_usable() if connection.connection else False
    return parts


def _all_migrated() -> bool:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated
