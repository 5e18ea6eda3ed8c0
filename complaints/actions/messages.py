"""What is said: notes, calls, e-mails and letters, out and in."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints.actions import timekeeping
from complaints.actions.attachments import attach
from complaints.actions.records import locked
from complaints.files import Checked
from complaints.models import Clock, ComplaintCase, Message, Template
from complaints.states import ENDED, State
from complaints.texts import check_filled, filled
from customers import letters
from customers.models import Document
from staff import formats
from staff.errors import DomainError
from staff.models import User

LETTER = "complaints/letter.typ"
Kind, Direction, Purpose = Message.Kind, Message.Direction, Message.Purpose


@transaction.atomic
def add_note(pk: int, *, text: str, by: User, now: datetime) -> Message:
    """Something for colleagues only. Two queries."""
    case = locked(pk)
    return Message.objects.create(case=case, kind=Kind.NOTE, direction=Direction.INTERNAL, body=text, by=by, at=now)


@transaction.atomic
def log_call(pk: int, *, text: str, outgoing: bool, by: User, now: datetime) -> Message:
    """A call that took place. Talking to the customer is a human answer, whoever rang; a call from the customer
    resumes a case that waits for one."""
    case = locked(pk)
    message = Message.objects.create(
        case=case,
        kind=Kind.CALL,
        direction=Direction.OUT if outgoing else Direction.IN,
        body=text,
        by=by,
        at=now,
    )
    answered_by_a_person(case, at=now)
    if not outgoing:
        _resumed(case, by=by, at=now)
    case.version += 1
    case.save()
    return message


@transaction.atomic
def write(
    pk: int,
    *,
    kind: str,
    subject: str,
    body: str,
    purpose: str = Purpose.OTHER,
    language: str = "",
    version: int | None = None,
    by: User,
    now: datetime,
) -> Message:
    """Send an e-mail or typeset a letter. Raises Stale, and DomainError for an e-mail without an address."""
    case = locked(pk, version=version)
    message = deliver(case, kind=kind, purpose=purpose, subject=subject, body=body, language=language, by=by, now=now)
    case.version += 1
    case.save()
    return message


def deliver(
    case: ComplaintCase,
    *,
    kind: str,
    purpose: str,
    subject: str,
    body: str,
    language: str = "",
    by: User | None,
    now: datetime,
    automatic: bool = False,
) -> Message:
    """One message to the customer, as e-mail or letter; the caller holds the lock and saves the case."""
    language = language or case.customer.language
    check_filled(subject, field="subject")
    check_filled(body, field="body")
    delivery = document = None
    message_id = ""
    if kind == Kind.EMAIL:
        if not case.customer.email:
            raise DomainError(
                _("This customer has no e-mail address. Send a letter, or add the address first."), field="kind"
            )
        message_id = f"<{case.number.lower()}.{uuid.uuid4().hex}@{_mail_domain()}>"
        delivery = letters.send(
            case.customer,
            subject=f"{subject} [{case.number}]"[:200],
            body=body,
            headers={"Message-ID": message_id}
            | _references(case)
            | ({"Auto-Submitted": "auto-replied"} if automatic else {}),
            now=now,
        )
    else:
        document = letter(case, subject=subject, body=body, language=language, by=by, now=now)
    message = Message.objects.create(
        case=case,
        kind=kind,
        direction=Direction.OUT,
        purpose=purpose,
        subject=subject,
        body=body,
        language=language,
        by=by,
        at=now,
        is_automatic=automatic,
        message_id=message_id,
        document=document,
        delivery=delivery,
    )
    if not automatic:
        answered_by_a_person(case, at=now)
    return message


def letter(case: ComplaintCase, *, subject: str, body: str, language: str, by: User | None, now: datetime) -> Document:
    """The letter as PDF, kept with the customer's documents."""
    return letters.keep(
        case.customer,
        kind="complaint_letter",
        title=f"{subject} ({case.number})"[:200],
        language=language,
        template=LETTER,
        facts=letter_facts(case, subject=subject, body=body, language=language, by=by, now=now),
        now=now,
    )


def letter_facts(
    case: ComplaintCase, *, subject: str, body: str, language: str, by: User | None, now: datetime
) -> dict[str, Any]:
    """All that LETTER says."""
    customer = case.customer
    with translation.override(language):
        return {
            "language": language,
            "company": settings.KVAR_COMPANY,
            "sender": settings.DEFAULT_FROM_EMAIL,
            "address": [
                line
                for line in (
                    customer.name,
                    customer.company if customer.company != customer.name else "",
                    customer.street,
                    f"{customer.postcode} {customer.city}".strip(),
                    customer.country if customer.country != settings.KVAR_COUNTRY else "",
                )
                if line
            ],
            "date": formats.day(now, language),
            "labels": {
                "number": pgettext("letterhead", "Our reference"),
                "received": pgettext("letterhead", "Your complaint of"),
                "page": pgettext("letterhead", "Page"),
            },
            "number": case.number,
            "received": formats.day(case.received_at, language),
            "subject": subject,
            "body": [part.strip() for part in body.split("\n\n") if part.strip()],
            "signature": str(by) if by else "",
        }


@transaction.atomic
def receive(
    pk: int,
    *,
    kind: str,
    body: str,
    subject: str = "",
    sender: str = "",
    message_id: str = "",
    files: Iterable[Checked] = (),
    by: User | None = None,
    now: datetime,
) -> Message:
    """Something came from the customer. A case that waited for it goes on; one that had ended asks to be looked at.
    What comes for a duplicate belongs to its original, where work goes on."""
    case = locked(ComplaintCase.objects.values_list(Coalesce("duplicate_of", "pk"), flat=True).get(pk=pk))
    message = Message.objects.create(
        case=case,
        kind=kind,
        direction=Direction.IN,
        subject=subject[:200],
        body=body,
        sender=sender[:254],
        message_id=message_id[:255],
        by=by,
        at=now,
    )
    attach(case, files, by=by, now=now, message=message)
    _resumed(case, by=by, at=now)
    if case.state in ENDED or case.state in (State.RESPONDED, State.FULFILLING):
        case.chase_at = now
    case.version += 1
    case.save()
    return message


def _resumed(case: ComplaintCase, *, by: User | None, at: datetime) -> None:
    if case.state == State.WAITING_CUSTOMER:
        timekeeping.resume(case, at=at)
        case.chase_at = None
        case.move_to(State.INVESTIGATING, by=by, at=at, note=_("The customer answered."))


def answered_by_a_person(case: ComplaintCase, *, at: datetime) -> None:
    """The first human answer stops the first-answer clock of this cycle; automatic ones never do."""
    if case.first_response_at is None:
        case.first_response_at = at
    timekeeping.stop(case, [Clock.Kind.FIRST_RESPONSE], at=at)


def acknowledge_automatically(case: ComplaintCase, *, now: datetime) -> Message | None:
    """Tell the customer by e-mail that the complaint has come in. It is no human answer: the clock runs on."""
    language = case.customer.language
    template = (
        Template.objects.filter(purpose=Purpose.ACKNOWLEDGEMENT, language=language, is_active=True)
        .order_by("pk")
        .first()
    )
    if template is None or not case.customer.email:
        return None
    subject, body = filled(template, case, by=None, now=now)
    message = deliver(
        case,
        kind=Kind.EMAIL,
        purpose=Purpose.ACKNOWLEDGEMENT,
        subject=subject,
        body=body,
        language=language,
        by=None,
        now=now,
        automatic=True,
    )
    if case.can_move_to(State.ACKNOWLEDGED):
        case.move_to(State.ACKNOWLEDGED, by=None, at=now)
    return message


def _references(case: ComplaintCase) -> dict[str, str]:
    """Headers that keep the customer's mail program in one thread. One query."""
    known = list(case.messages.exclude(message_id="").order_by("-at", "-pk").values_list("message_id", flat=True)[:10])
    return {"In-Reply-To": known[0], "References": " ".join(reversed(known))} if known else {}


def _mail_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
