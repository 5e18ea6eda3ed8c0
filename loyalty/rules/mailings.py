"""Texts with variables: `{first_name}` becomes the customer's. Values are text, never templates."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

VARIABLES = {
    "first_name": _("the first name, or the company's"),
    "name": _("the whole name"),
    "company": _("our company's name"),
    "programme": _("the programme's name"),
    "stamps": _("stamps on the card"),
    "left": _("stamps to the next reward"),
    "reward": _("what is free"),
    "gift": _("what the campaign gives, with the voucher's code"),
}
_FIELD = re.compile(r"\{(\w+)\}")


def unknown(text: str) -> list[str]:
    """Names in braces that are no variable."""
    return sorted({name for name in _FIELD.findall(text) if name not in VARIABLES})


def uses(text: str, name: str) -> bool:
    return f"{{{name}}}" in text


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables; one that has no value here is left out, and the space before it."""
    filled = re.sub(r"[ \t]?\{(\w+)\}", lambda m: _put(m.group(0), m.group(1), values), text)
    return filled.strip()


def _put(found: str, name: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "")
    if not value:
        return ""
    return f"{found[0]}{value}" if found[0] in " \t" else value


def birthdays(days: list[date]) -> set[tuple[int, int]]:
    """The (month, day) of birth that these days celebrate: who was born on 29 February has the 28th in other years."""
    found = {(day.month, day.day) for day in days}
    for day in days:
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3:
            found.add((2, 29))
    return found
