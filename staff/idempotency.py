"""A repeated request has one effect: the key, the request's hash and the answer are stored with the effect itself."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from staff.errors import DomainError
from staff.models import IdempotencyKey, User

Answer = tuple[int, Any]
# Waits for another request that is claiming the same key; gives nothing when that one has.
_CLAIM = (
    "INSERT INTO staff_idempotencykey (client_id, key, request_hash, status, created_at) VALUES (%s, %s, %s, 0, %s) "
    "ON CONFLICT (client_id, key) DO NOTHING RETURNING id"
)


def once(client: User, key: str, request: Mapping[str, Any], act: Callable[[], Answer], *, now: datetime) -> Answer:
    """Run `act` once per (client, key) and return its (status, body); again with the same request, the stored answer.

    The key's row is inserted first and in the same transaction as the effect: a second request at the same moment
    waits for the first to commit; if the first fails nothing is kept. Raises DomainError("idempotency_conflict")
    when the key was used for another request. Two queries beyond the effect's own.
    """
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [client.pk, key, digest, now])
            claimed = cursor.fetchone()
        if claimed is None:
            stored = IdempotencyKey.objects.get(client=client, key=key)
            if stored.request_hash != digest:
                raise DomainError(
                    _("This Idempotency-Key was used for another request. Draw a new key."), code="idempotency_conflict"
                )
            return stored.status, stored.body
        status, body = act()
        IdempotencyKey.objects.filter(pk=claimed[0]).update(status=status, body=body)
        return status, body


_FORGET = (
    "UPDATE staff_idempotencykey SET status = 410, body = %s::jsonb "
    "WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS value WHERE strpos(body::text, value) > 0)"
)


def forget(values: Sequence[str]) -> None:
    """Drop the stored answers in which one of these stands as a value; a repetition is told so. One query, which reads
    every answer."""
    gone = {"code": "erased", "detail": "What this was about has been erased."}
    quoted = [json.dumps(value, ensure_ascii=False) for value in values if value]
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [json.dumps(gone), quoted])
