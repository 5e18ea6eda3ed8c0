"""What the worker does for the jobs themselves, and for the API."""

from datetime import timedelta

import structlog
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from staff.models import IdempotencyKey

log = structlog.get_logger()
KEPT = timedelta(days=30)  # an answer given by API, for its repetition


@app.periodic(cron="* * * * *")
@app.task(queue="staff", queueing_lock="staff-take-up", pass_context=True)
async def take_up(context: JobContext, timestamp: int) -> None:
    """Every minute: what a worker had begun when it was killed is begun anew, by one whose heart beats.

    A job is therefore done at least once; what must not happen twice (a delivery, a voucher, a gift) asks its own row
    under a lock whether it happened.
    """
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs():
        try:
            await jobs.retry_job(job)
        except UniqueViolation:  # one of its kind is enough, and stands in the queue
            await jobs.finish_job(job, status=Status.FAILED, delete_job=False)
        else:
            log.warning("job taken up again", job=job.id, task=job.task_name)


@app.periodic(cron="10 3 * * *")
@app.task(queue="staff", queueing_lock="staff-forget-answers")
def forget_answers(timestamp: int) -> None:
    """A client repeats a request within seconds or days; what is older only fills the table."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
