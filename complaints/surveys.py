"""Asking what the customer thought: a signed link, good for ninety days, answered once."""

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import ComplaintCase, Survey
from customers import letters
from customers.erasure import check_living
from staff.errors import DomainError

SALT = "complaints.survey"
GOOD_FOR = 90 * 86400  # seconds


def token_of(survey: Survey) -> str:
    return signing.dumps(survey.pk, salt=SALT)


def survey_of(token: str) -> Survey | None:
    """The survey a link stands for; None when the link was changed or has grown old. One query."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    return Survey.objects.select_related("case__customer").filter(pk=pk).first()


def link_of(survey: Survey) -> str:
    return settings.KVAR_PUBLIC_URL.rstrip("/") + reverse("complaints:survey", args=[token_of(survey)])


def ask(case: ComplaintCase, *, now: datetime) -> Survey | None:
    """Ask by e-mail, once a cycle; a bereaved household and a customer without an address are left in peace."""
    if case.customer.is_bereaved or not case.customer.email:
        return None
    survey, is_new = Survey.objects.get_or_create(
        case=case, cycle_number=case.reopened_count + 1, defaults={"asked_at": now}
    )
    if is_new:
        with translation.override(case.customer.language):
            letters.send(
                case.customer,
                subject=_("What did you think of how we handled %(number)s?") % {"number": case.number},
                body=_(
                    "Hello %(name)s,\n\nyour complaint %(number)s is closed. Three questions, half a minute: "
                    "how content are you with the outcome, with how it was handled, and with how you were met?\n\n"
                    "%(link)s\n\nThank you\n%(company)s"
                )
                % {
                    "name": case.customer.name,
                    "number": case.number,
                    "link": link_of(survey),
                    "company": settings.KVAR_COMPANY,
                },
                now=now,
            )
    return survey


@transaction.atomic
def answer(pk: int, *, outcome: int, process: int, treatment: int, comment: str, now: datetime) -> Survey:
    """Raises DomainError when it was answered already or the customer is erased."""
    survey = Survey.objects.select_for_update(of=("self",)).select_related("case__customer").get(pk=pk)
    check_living(survey.case.customer)
    if survey.answered_at:
        raise DomainError(_("You have answered already. Thank you."), code="answered")
    survey.outcome, survey.process, survey.treatment = outcome, process, treatment
    survey.comment, survey.answered_at = comment, now
    survey.save()
    return survey
