"""Texts with variables: `{number}` in a template is replaced by what this case says, in the customer's language."""

import re
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints.contributions import letter_variables
from complaints.models import ComplaintCase, DisputeNotice, Template
from staff import formats
from staff.errors import DomainError
from staff.models import User

VARIABLES = {
    "customer": gettext_lazy("the customer's name"),
    "number": gettext_lazy("the case number"),
    "title": gettext_lazy("the complaint in one line"),
    "wanted": gettext_lazy("what is asked for"),
    "product": gettext_lazy("the product"),
    "received": gettext_lazy("the day it was received"),
    "today": gettext_lazy("today"),
    "due": gettext_lazy("the day by which we answer"),
    "outcome": gettext_lazy("the outcome"),
    "agent": gettext_lazy("who writes"),
    "company": gettext_lazy("the company"),
    "remedies": gettext_lazy("what the customer is given, one line each"),
    "notice": gettext_lazy("where else to turn, for a rejection"),
}
_PLACE = re.compile(r"\{([^{}\n]{1,40})\}")


def unknown_variables(text: str) -> list[str]:
    return sorted({name for name in _PLACE.findall(text) if name not in VARIABLES})


def values_for(case: ComplaintCase, *, by: User | None, language: str, now: datetime) -> dict[str, str]:
    """Every variable's value for this case, ready to print. One query, and one a contributing room."""
    with translation.override(language):
        values = {
            "customer": case.customer.name,
            "number": case.number,
            "title": case.title,
            "wanted": case.wanted,
            "product": case.product,
            "received": formats.day(case.received_at, language),
            "today": formats.day(timezone.localdate(now), language),
            "due": formats.day(case.due_at, language),
            "outcome": str(case.get_outcome_display()),
            "agent": str(by) if by else settings.KVAR_COMPANY,
            "company": settings.KVAR_COMPANY,
            "remedies": "",
            "notice": notice_for(case, language) if case.outcome == case.Outcome.REJECTED else "",
        }
        for source in letter_variables:
            values |= source(case, language)
    return values


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in. An unknown variable stays as it stands, so that it is seen; a value is never read again."""
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def filled(template: Template, case: ComplaintCase, *, by: User | None, now: datetime) -> tuple[str, str]:
    """A template's (subject, text) for this case."""
    values = values_for(case, by=by, language=template.language, now=now)
    body = re.sub(r"\n{3,}", "\n\n", fill(template.body, values)).strip()
    return " ".join(fill(template.subject, values).split())[:200], body


def check_filled(text: str, *, field: str) -> None:
    """Refuse a text in which a variable was left standing."""
    if left := [name for name in _PLACE.findall(text) if name in VARIABLES]:
        raise DomainError(
            _("Still to be filled in: %(names)s.") % {"names": ", ".join(f"{{{name}}}" for name in left)},
            code="unfilled",
            field=field,
        )


def notice_for(case: ComplaintCase, language: str) -> str:
    """The dispute-resolution notice for the customer's country, in the language wanted or any there is; else empty.
    One query."""
    notices = {
        one.language: one.text
        for one in DisputeNotice.objects.filter(country=case.customer.country or settings.KVAR_COUNTRY)
    }
    return notices.get(language) or next(iter(notices.values()), "")
