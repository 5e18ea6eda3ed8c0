"""The mailbox: every message becomes part of a complaint, or a new one. Nothing that arrives is lost."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from io import BytesIO

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from complaints import actions, doors
from complaints.errors import FileRefused
from complaints.files import MOST, Checked, check
from complaints.models import ComplaintCase, Message
from staff.errors import DomainError

log = structlog.get_logger()
_NUMBER = re.compile(r"\bK-(\d{4})-(\d{5,9})\b", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]{3,250}>")
LONGEST_BODY = 100_000


class Undeliverable(DomainError):
    """A mail without a usable sender: nobody could be answered. It stays in the store for a person to read."""

    code = "undeliverable"


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    name: str
    subject: str
    body: str
    message_id: str
    references: list[str]
    is_automatic: bool
    files: list[Checked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def take(raw: bytes, *, now: datetime) -> Message | ComplaintCase | None:
    """Take one message in. None when it is an automatic one, or was taken in before.

    The bytes are stored first and removed when all is safely in the database: whatever goes wrong, nothing is lost.
    """
    stored = default_storage.save(f"complaints/inbox/{hashlib.sha256(raw).hexdigest()[:32]}.eml", ContentFile(raw))
    done = _take(parse(raw), now=now)
    default_storage.delete(stored)
    return done


@transaction.atomic
def _take(mail: Mail, *, now: datetime) -> Message | ComplaintCase | None:
    if mail.is_automatic:
        log.info("automatic mail left aside")
        return None
    if mail.message_id and Message.objects.filter(message_id=mail.message_id).exists():
        log.info("mail taken in before")
        return None
    try:
        validate_email(mail.sender)
    except ValidationError as error:
        raise Undeliverable("The mail has no usable sender.") from error
    case = thread_of(mail)
    if case:
        return _add(case, mail, now)
    customer = doors.whose(name=mail.name, email=mail.sender, language=settings.LANGUAGE_CODE, now=now)
    case = doors.take_in(
        customer=customer,
        channel=ComplaintCase.Channel.EMAIL,
        title=mail.subject[:160] or _("E-mail without a subject"),
        happened=mail.body[:20_000] or "–",
        now=now,
    )
    _add(case, mail, now)
    return case


def _add(case: ComplaintCase, mail: Mail, now: datetime) -> Message:
    """The mail as a message of the case; of attachments that were refused the case's agent is told."""
    message = actions.receive(
        case.pk,
        kind=Message.Kind.EMAIL,
        subject=mail.subject,
        body=mail.body or "–",
        sender=mail.sender,
        message_id=mail.message_id,
        files=mail.files,
        now=now,
    )
    _say_refused(message.case_id, mail, now)
    return message


def _say_refused(pk: int, mail: Mail, now: datetime) -> None:
    if mail.refused:
        Message.objects.create(
            case_id=pk,
            kind=Message.Kind.NOTE,
            direction=Message.Direction.INTERNAL,
            body="\n".join(mail.refused),
            at=now,
        )


def thread_of(mail: Mail) -> ComplaintCase | None:
    """The case a mail belongs to: by the Message-IDs it refers to, which nobody can guess; else by a case number in
    the subject when the sender is that customer."""
    known = (
        Message.objects.filter(message_id__in=mail.references).select_related("case").order_by("-at", "-pk").first()
        if mail.references
        else None
    )
    if known:
        return known.case
    found = _NUMBER.search(mail.subject)
    if not found:
        return None
    return ComplaintCase.objects.filter(number=found[0].upper(), customer__email__iexact=mail.sender).first()


def parse(raw: bytes) -> Mail:
    """Read whatever comes: wrong encodings, missing headers, broken parts. Never raises for bad input."""
    message = message_from_bytes(raw, policy=policy.default)
    name, sender = parseaddr(_header(message, "Reply-To") or _header(message, "From"))
    files, refused = _files(message)
    return Mail(
        sender=sender[:254],
        name=_clean(name) or sender,
        subject=" ".join(_clean(_header(message, "Subject")).split())[:200],
        body=_body(message)[:LONGEST_BODY],
        message_id=(_ID.findall(_header(message, "Message-ID")) or [""])[0],
        references=_ID.findall(f"{_header(message, 'In-Reply-To')} {_header(message, 'References')}")[:50],
        is_automatic=_is_automatic(message, sender),
        files=files,
        refused=refused,
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name) or "")
    except (ValueError, IndexError, AttributeError, TypeError):  # the header parser stumbles over some garbage
        return str(dict(message.raw_items()).get(name, ""))


def _is_automatic(message: EmailMessage, sender: str) -> bool:
    """RFC 3834 and what is seen besides: out-of-office answers, bounces, lists."""
    return (
        _header(message, "Auto-Submitted").lower() not in ("", "no")
        or _header(message, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply")
        or _header(message, "Return-Path").strip() == "<>"
        or any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
        or sender.lower().startswith(("mailer-daemon@", "postmaster@", "no-reply@", "noreply@"))
    )


def _body(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = _text(part)
    if part.get_content_type() == "text/html":
        text = _plain(text)
    return _clean(text).strip()


def _text(part: EmailMessage) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError, KeyError, AttributeError, UnicodeError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _files(message: EmailMessage) -> tuple[list[Checked], list[str]]:
    files: list[Checked] = []
    refused: list[str] = []
    for part in message.iter_attachments():
        name = _clean(part.get_filename() or "attachment")
        payload = part.get_payload(decode=True)
        if payload is None:  # a forwarded message
            payload = part.as_bytes()
        if len(files) == MOST:
            refused.append(_("“%(name)s” was left out: too many files.") % {"name": name})
            continue
        try:
            files.append(check(name, BytesIO(payload)))
        except FileRefused as error:
            refused.append(str(error))
    return files, refused


class _Words(HTMLParser):
    """The text of an HTML mail, a line a block; scripts and styles are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in ("script", "style", "head"):
            self._silent += 1
        elif tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "head"):
            self._silent = max(self._silent - 1, 0)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def _plain(html: str) -> str:
    words = _Words()
    words.feed(html)
    return re.sub(r"[ \t]*\n\s*", "\n", "".join(words.parts))


def _clean(text: str) -> str:
    """Without what a database or a page cannot hold: NUL, lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
