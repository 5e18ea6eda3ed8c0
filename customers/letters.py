"""Letters, receipts and vouchers: typeset with typst, kept with their hash, delivered by the worker."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.db import transaction

from customers.models import Customer, Delivery, Document

TEMPLATES = Path(settings.BASE_DIR) / "templates"


@cache
def _fonts() -> typst.Fonts:
    """The machine's fonts and typst's own, read once: reading them takes ten times as long as a letter."""
    return typst.Fonts()


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """A PDF from `templates/<template>` (typst), which reads its values with `json(bytes(sys.inputs.data))`.

    Values are data, never markup: no customer's name can break or steer a letter. A few milliseconds; no query.
    """
    return typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )


def keep(customer: Customer, *, kind: str, title: str, language: str, pdf: bytes, now: datetime) -> Document:
    """Store a document as handed over, with its SHA-256; one query."""
    return Document.objects.create(
        customer=customer,
        kind=kind,
        title=title,
        language=language,
        pdf=pdf,
        sha256=hashlib.sha256(pdf).hexdigest(),
        created_at=now,
    )


def send(
    customer: Customer,
    *,
    subject: str,
    body: str,
    document: Document | None = None,
    headers: Mapping[str, str] | None = None,
    now: datetime,
) -> Delivery:
    """Queue an e-mail to the customer after commit; without an address the delivery says so instead. Two queries."""
    from customers.jobs import deliver

    delivery = Delivery.objects.create(
        customer=customer,
        document=document,
        to=customer.email,
        subject=subject,
        body=body,
        headers=dict(headers or {}),
        state=Delivery.State.QUEUED if customer.email else Delivery.State.UNADDRESSED,
        created_at=now,
    )
    if customer.email:
        transaction.on_commit(lambda: deliver.defer(delivery_id=delivery.pk))
    return delivery
