"""What was said: notes among colleagues, and everything that went to the customer or came from there."""

import uuid
from pathlib import PurePath

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from complaints.models.cases import ComplaintCase
from customers.models import Delivery, Document
from staff.erasure import ERASED, append_only


class Purpose(models.TextChoices):
    """What a message to the customer is for; the guards of the states ask for it."""

    ACKNOWLEDGEMENT = "acknowledgement", _("acknowledgement")
    QUESTION = "question", _("question")
    PROGRESS = "progress", _("where it stands")
    ANSWER = "answer", _("answer")
    OTHER = "other", _("other")


class Template(models.Model):
    """A text to start from, by purpose and language; `{name}` stands for a variable of `complaints.templates`."""

    code = models.SlugField(_("code"), max_length=40)
    language = models.CharField(_("language"), max_length=5, choices=settings.LANGUAGES)
    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(_("for"), max_length=16, choices=Purpose, default=Purpose.OTHER)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), max_length=20_000)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [
            models.UniqueConstraint(fields=["code", "language"], name="complaints_template_once_per_language")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class MessageManager(models.Manager["Message"]):
    """Leaves the search column in the database."""

    def get_queryset(self) -> models.QuerySet["Message"]:
        return super().get_queryset().defer("search")


class Message(models.Model):
    """One thing said or written. Rows are never changed or deleted: a mistake is corrected by another message."""

    Purpose = Purpose

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        CALL = "call", _("call")
        EMAIL = "email", _("e-mail")
        LETTER = "letter", _("letter")
        WEB = "web", _("web form")

    class Direction(models.TextChoices):
        INTERNAL = "internal", _("among colleagues")
        IN = "in", _("from the customer")
        OUT = "out", _("to the customer")

    case = models.ForeignKey(
        ComplaintCase, models.PROTECT, related_name="messages", db_index=False, verbose_name=_("complaint")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    purpose = models.CharField(_("for"), max_length=16, choices=Purpose, default=Purpose.OTHER)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    body = models.TextField(_("text"), max_length=100_000)
    language = models.CharField(_("language"), max_length=5, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))
    is_automatic = models.BooleanField(
        _("automatic"), default=False, help_text=_("Sent by the system; never counts as a human answer.")
    )
    sender = models.CharField(_("from"), max_length=254, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=255, blank=True)
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("letter as PDF")
    )
    delivery = models.ForeignKey(
        Delivery, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("delivery")
    )
    search = models.GeneratedField(
        expression=SearchVector("subject", "body", config="simple"), output_field=SearchVectorField(), db_persist=True
    )

    objects = MessageManager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="note", direction="internal") | (~Q(kind="note") & ~Q(direction="internal")),
                name="complaints_only_notes_are_internal",
            ),
            models.UniqueConstraint(
                fields=["message_id"],
                condition=~Q(message_id__in=["", ERASED]),
                name="complaints_mail_received_once",
            ),
        ]
        triggers = append_only("subject", "body", "sender", "message_id")
        indexes = [
            models.Index(fields=["case", "at", "id"], name="complaints_message_order"),
            GinIndex(fields=["search"], name="complaints_message_text"),
        ]

    def __str__(self) -> str:
        return self.subject or self.body[:60]


def _stored_name(attachment: "Attachment", name: str) -> str:
    """A drawn name: the customer's own file name never reaches the file system."""
    return f"complaints/{attachment.added_at:%Y/%m}/{uuid.uuid4().hex}{PurePath(name).suffix.lower()[:8]}"


class Attachment(models.Model):
    """A scanned letter, a photo, a receipt. Stored outside the web root, served only to those who may see the case."""

    case = models.ForeignKey(
        ComplaintCase, models.PROTECT, related_name="attachments", db_index=False, verbose_name=_("complaint")
    )
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, blank=True, related_name="attachments", verbose_name=_("message")
    )
    file = models.FileField(_("file"), upload_to=_stored_name, max_length=160)
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("size"))
    sha256 = models.CharField("SHA-256", max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("added by")
    )
    added_at = models.DateTimeField(_("added at"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [models.UniqueConstraint(fields=["case", "sha256"], name="complaints_same_file_once_per_case")]

    def __str__(self) -> str:
        return self.name
