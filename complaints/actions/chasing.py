"""Waiting for an answer: the customer is reminded once, by itself; a second silence is for a person."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from complaints.actions.messages import deliver
from complaints.actions.records import change, locked
from complaints.models import Message
from complaints.states import State
from staff import formats

PATIENCE = timedelta(days=7)  # from the reminder to the next chase date


@transaction.atomic
def remind(pk: int, *, now: datetime) -> Message | None:
    """Ask again, by e-mail, what was asked by a person and not answered by the chase date; a week more is given.

    None, and nothing changed, when the case does not wait for its customer any more, the chase date was put off, the
    last question was such a reminder already, or the customer has no e-mail or is to be left in peace: then the case
    stands among those to chase and a person decides.
    """
    case = locked(pk)
    customer = case.customer
    if case.state != State.WAITING_CUSTOMER or case.chase_at is None or case.chase_at > now:
        return None
    question = (
        case.messages.filter(direction=Message.Direction.OUT, purpose=Message.Purpose.QUESTION)
        .order_by("-at", "-pk")
        .first()
    )
    if question is None or question.is_automatic or not customer.email or customer.is_bereaved:
        return None
    language = question.language or customer.language
    with translation.override(language):
        subject = _("Reminder: %(subject)s") % {"subject": question.subject}
        body = _(
            "Hello %(name)s,\n\non %(day)s we asked you something about your complaint %(number)s and have not heard "
            "from you yet. Without your answer we cannot go on. This is what we asked:\n\n%(question)s\n\n"
            "Just reply to this e-mail.\n\n%(company)s"
        ) % {
            "name": customer.name,
            "day": formats.day(question.at, language),
            "number": case.number,
            "question": question.body,
            "company": settings.KVAR_COMPANY,
        }
    message = deliver(
        case,
        kind=Message.Kind.EMAIL,
        purpose=Message.Purpose.QUESTION,
        subject=subject[:180],
        body=body,
        language=language,
        by=None,
        now=now,
        automatic=True,
    )
    again = timezone.make_aware(datetime.combine(timezone.localdate(now + PATIENCE), time(8)))
    change(case, {"chase_at": again}, by=None, at=now)
    return message
