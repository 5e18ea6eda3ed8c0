"""Letters, receipts and vouchers: typeset with typst, kept with their hash, delivered by the worker."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import structlog
import typst
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from customers.models import Customer, Delivery, Document

log = structlog.get_logger()
TEMPLATES = Path(settings.BASE_DIR) / "templates"


@cache
def _fonts() -> typst.Fonts:
    """The machine's fonts and typst's own, read once: reading them takes ten times as long as a letter."""
    return typst.Fonts()


# Scripts beyond Latin, Greek, Cyrillic, Hebrew and Arabic, and words by which the families that have them are known.
_SCRIPTS = {
    "Chinese, Japanese, Korean": (
        re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]"),
        ("cjk", "han sans", "han serif", "gothic", "mincho", "wenquanyi", "nanum", "fallback"),
    ),
    "emoji": (re.compile(r"[\U0001f300-\U0001faff]"), ("emoji", "symbola")),
}


def unprintable(text: str) -> list[str]:
    """The scripts of `text` for which no font is installed."""
    families = " ".join(_fonts().families()).lower()
    return [
        script
        for script, (letters, names) in _SCRIPTS.items()
        if letters.search(text) and not any(name in families for name in names)
    ]


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """A PDF from `templates/<template>` (typst), which reads its values with `json(bytes(sys.inputs.data))`.

    Values are data, never markup: no customer's name can break or steer a letter. A few milliseconds; no query.
    What the fonts named by the template lack comes from any other on the machine; a script that none of them has is
    printed as empty boxes, and the log says so.
    """
    text = json.dumps(data, ensure_ascii=False)
    for script in unprintable(text):
        log.warning("letter lacks glyphs", script=script, template=template)
    return typst.compile(
        TEMPLATES / template,
        root=TEMPLATES,
        font_paths=_fonts(),
        sys_inputs={"data": text},
    )


def keep(
    customer: Customer,
    *,
    kind: str,
    title: str,
    language: str,
    template: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> Document:
    """Store what a document says, as `typeset` takes it; one query. Typesetting waits until somebody wants the PDF: the
    caller on the phone does not wait for it."""
    return Document.objects.create(
        customer=customer,
        kind=kind,
        title=title,
        language=language,
        template=template,
        facts=facts,
        created_at=now,
    )


def pdf_of(document: Document) -> bytes:
    """The document as it is handed over: typeset the first time (two queries), the same bytes ever after (none)."""
    if document.pdf is None:
        pdf = typeset(document.template, document.facts)
        Document.objects.filter(pk=document.pk, pdf=None).update(pdf=pdf, sha256=hashlib.sha256(pdf).hexdigest())
        document.refresh_from_db(fields=["pdf", "sha256"])  # another's, where two wanted it at one moment
    return bytes(document.pdf)


class NotSent(Exception):
    """The mail server did not take a message. Names the kind of fault alone: the fault itself may quote the address,
    and what a job raises is written to the log."""


def hand_over(message: EmailMessage) -> None:
    """Give a message to the mail server now. Raises NotSent, whatever went wrong."""
    try:
        message.send()
    except Exception as error:  # the mail server's faults are many
        raise NotSent(type(error).__name__) from None


def send(
    customer: Customer,
    *,
    subject: str,
    body: str,
    document: Document | None = None,
    headers: Mapping[str, str] | None = None,
    now: datetime,
) -> Delivery:
    """Queue an e-mail to the customer after commit; without an address the delivery says so, and the worker makes the
    document ready to be handed over or posted. Two queries."""
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
    if customer.email or document:
        transaction.on_commit(lambda: deliver.defer(delivery_id=delivery.pk))
    return delivery
