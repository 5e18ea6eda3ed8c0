"""What comes by API, read so that nothing behind it meets a text that the database cannot hold."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """Refuses zero characters, halves of a surrogate pair, and nesting that no honest client needs: 400."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            data = super().parse(*args, **kwargs)
            _check(data)
        except RecursionError:
            raise ParseError(_("This is nested too deep.")) from None
        return data


def _check(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or not (value.isascii() or all(c < "\ud800" or c > "\udfff" for c in value)):
            raise ParseError(_("A text holds a zero character or half a character."))
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name)
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
