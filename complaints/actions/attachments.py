"""Attaching what the customer sent."""

from collections.abc import Iterable
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from complaints.actions.records import locked
from complaints.errors import FileRefused
from complaints.files import MOST, Checked
from complaints.models import Attachment, ComplaintCase, Message
from staff.models import User


def attach(
    case: ComplaintCase, files: Iterable[Checked], *, by: User | None, now: datetime, message: Message | None = None
) -> list[Attachment]:
    """Keep checked files with the case; the same bytes once. The files of a transaction that fails are removed."""
    files = list({file.sha256: file for file in files}.values())
    if len(files) > MOST:
        raise FileRefused(_("At most %(most)d files at a time.") % {"most": MOST}, field="files")
    known = set(case.attachments.filter(sha256__in=[f.sha256 for f in files]).values_list("sha256", flat=True))
    rows = []
    try:
        for file in files:
            if file.sha256 in known:
                continue
            row = Attachment(
                case=case,
                message=message,
                name=file.name,
                content_type=file.content_type,
                size=len(file.data),
                sha256=file.sha256,
                added_by=by,
                added_at=now,
            )
            row.file.save(file.name, ContentFile(file.data), save=False)
            rows.append(row)
        Attachment.objects.bulk_create(rows)
    except BaseException:
        for row in rows:
            row.file.delete(save=False)
        raise
    return rows


@transaction.atomic
def add_files(pk: int, *, files: Iterable[Checked], by: User, now: datetime) -> list[Attachment]:
    """Attach to an existing case."""
    return attach(locked(pk), files, by=by, now=now)
