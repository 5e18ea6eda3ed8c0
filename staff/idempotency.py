"""A repeated request has one effect: the key, the request's hash and the answer are stored with the effect itself."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from staff.errors import DomainError
from staff.models import IdempotencyKey, User

Answer = tuple[int, Any]


def once(client: User, key: str, request: Mapping[str, Any], act: Callable[[], Answer], *, now: datetime) -> Answer:
    """Run `act` once per (client, key) and return its (status, body); again with the same request, the stored answer.

    The key's row is inserted first and in the same transaction as the effect: a second request at the same moment
    waits for the first to commit; if the first fails nothing is kept. Raises DomainError("idempotency_conflict")
    when the key was used for another request. Two queries beyond the effect's own.
    """
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()
    with transaction.atomic():
        try:
            with transaction.atomic():
                row = IdempotencyKey.objects.create(client=client, key=key, request_hash=digest, created_at=now)
        except IntegrityError:
            stored = IdempotencyKey.objects.get(client=client, key=key)
            if stored.request_hash != digest:
                raise DomainError(
                    "This Idempotency-Key was used for another request. Draw a new key.", code="idempotency_conflict"
                ) from None
            return stored.status, stored.body
        row.status, row.body = act()
        row.save(update_fields=["status", "body"])
        return row.status, row.body
