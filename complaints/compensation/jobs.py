"""What the worker does for remedies."""

from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from complaints.actions import remedies
from complaints.models import Remedy
from complaints.models.compensation import RemedyState
from customers.letters import NotSent
from staff.models import User

ATTEMPTS = 6


@app.task(queue="mail", retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=4), pass_context=True)
def mail_voucher(context: JobContext, *, remedy_id: int, by_id: int) -> None:
    """Issue and send; after the last failure the remedy says so and waits for a person."""
    now = timezone.now()
    try:
        remedies.issue_by_mail(remedy_id, by=User.objects.get(pk=by_id), now=now)
    except Exception as error:
        is_last = context.job.attempts + 1 >= ATTEMPTS
        if is_last and Remedy.objects.filter(pk=remedy_id, state=RemedyState.ORDERED).exists():
            note = str(error) if isinstance(error, NotSent) else type(error).__name__
            remedies.fail(remedy_id, by=None, now=now, note=note)
        raise
