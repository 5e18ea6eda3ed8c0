"""What may be attached: judged by its content, never by its name, and opened before it is believed."""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO

from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from complaints.errors import FileRefused

MEGABYTE = 1024 * 1024
LARGEST = 15 * MEGABYTE
MOST = 10  # files in one go
MOST_PIXELS = 120_000_000
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}


@dataclass(frozen=True, slots=True)
class Checked:
    name: str
    content_type: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def check(name: str, stream: BinaryIO) -> Checked:
    """The file's bytes and true type: PDF, JPEG or PNG. Raises FileRefused with the reason and what to do."""
    name = PurePath(name.replace("\\", "/")).name.replace("\x00", "")[-200:] or "file"
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _refused(
            _("“%(name)s” is larger than %(limit)d MB. Scan it at a lower resolution."),
            name=name,
            limit=LARGEST // MEGABYTE,
        )
    if not data:
        raise _refused(_("“%(name)s” is empty. Choose the file again."), name=name)
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        raise _refused(
            _("“%(name)s” is a HEIC photo, which most computers cannot show. Save it as JPEG and attach that."),
            name=name,
        )
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return Checked(name, _readable_pdf(name, data), data)
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return Checked(name, _readable_image(name, data), data)
    raise _refused(_("“%(name)s” is not a PDF, JPEG or PNG file. Only these can be attached."), name=name)


def _readable_pdf(name: str, data: bytes) -> str:
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted:
            raise _refused(_("“%(name)s” is locked with a password. Attach it without one."), name=name)
        if not len(reader.pages):
            raise _refused(_("“%(name)s” has no pages."), name=name)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise _refused(_("“%(name)s” is damaged: it cannot be opened as a PDF. Scan it again."), name=name) from error
    return "application/pdf"


def _readable_image(name: str, data: bytes) -> str:
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _refused(_("“%(name)s” has too many pixels. Save it smaller."), name=name)
            kind = picture.format
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _refused(_("“%(name)s” is damaged: it cannot be opened as a picture."), name=name) from error
    return "image/jpeg" if kind == "JPEG" else "image/png"


def _refused(text: str, **values: object) -> FileRefused:
    return FileRefused(text % values, field="files")
