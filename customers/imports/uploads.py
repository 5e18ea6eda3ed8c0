"""Files sent for import, kept between preview and confirmation: each for the one who sent it, for a day at most."""

import shutil
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import get_valid_filename

from staff.models import User

KEPT = timedelta(days=1)


def keep(upload: UploadedFile, *, by: User, now: datetime) -> UUID:
    """Store a checked file and answer its token. Raises OSError when the disk does not take it. Sweeps out old ones."""
    clear(before=now - KEPT)
    token = uuid4()
    folder = _folder(by, token)
    folder.mkdir(parents=True, mode=0o750)
    try:
        with (folder / get_valid_filename(f"f_{upload.name[-50:]}")).open("wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return token


def find(token: UUID, *, by: User) -> Path | None:
    """The file of that token, if this person sent it and it is still here."""
    return next(_folder(by, token).glob("*"), None)


def forget(token: UUID, *, by: User) -> None:
    shutil.rmtree(_folder(by, token), ignore_errors=True)


def clear(*, before: datetime) -> None:
    """Remove whatever was sent before then, whoever sent it."""
    for folder in _root().glob("*/*"):
        with suppress(FileNotFoundError):  # another sweeps at this moment
            if folder.stat().st_mtime < before.timestamp():
                shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return Path(settings.MEDIA_ROOT) / "imports"


def _folder(by: User, token: UUID) -> Path:
    return _root() / str(by.pk) / str(token)
