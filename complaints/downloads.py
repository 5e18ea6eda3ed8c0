"""Files handed out: an attachment, a letter."""

from typing import TypeVar

from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from complaints.models import Attachment

R = TypeVar("R", bound=HttpResponseBase)


def download(attachment: Attachment) -> FileResponse:
    """The file with the type that was found in it. Raises Http404 when the store has lost it."""
    try:
        stream = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404(_("The file is missing from the store. Tell the administrator.")) from error
    return shown_as(FileResponse(stream, content_type=attachment.content_type), attachment.name)


def shown_as(response: R, name: str) -> R:
    """The response as a file of this name, kept by no cache and sniffed by no browser."""
    safe = "".join(c if c.isalnum() or c in " .-_" else "_" for c in name)
    response.headers["Content-Disposition"] = f'inline; filename="{safe.encode("ascii", "replace").decode()}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response
