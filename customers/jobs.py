"""What the worker does for customers: bring letters to their readers, and clear away what was sent for import."""

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from customers.imports import uploads
from customers.letters import NotSent, hand_over, pdf_of
from customers.models import Delivery

ATTEMPTS = 8


@app.task(queue="mail", retry=RetryStrategy(max_attempts=ATTEMPTS, exponential_wait=4))
def deliver(*, delivery_id: int) -> None:
    """Make the document's PDF and send the e-mail. Run again after success it does nothing; after a failure the next
    attempt waits longer."""
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update(of=("self",)).select_related("document").get(pk=delivery_id)
        pdf = pdf_of(delivery.document) if delivery.document else None
        if delivery.state in (Delivery.State.SENT, Delivery.State.UNADDRESSED):
            return
        delivery.attempts += 1
        message = EmailMessage(delivery.subject, delivery.body, to=[delivery.to], headers=delivery.headers)
        if delivery.document and pdf:
            message.attach(f"{delivery.document.kind}.pdf", pdf, "application/pdf")
        failure: NotSent | None = None
        try:
            hand_over(message)
        except NotSent as error:
            failure = error
            delivery.state = Delivery.State.FAILED if delivery.attempts >= ATTEMPTS else Delivery.State.QUEUED
            delivery.error = str(error)
        else:
            delivery.state, delivery.sent_at, delivery.error = Delivery.State.SENT, timezone.now(), ""
        delivery.save(update_fields=["attempts", "state", "sent_at", "error"])
    if failure:
        raise failure


@app.periodic(cron="30 3 * * *")
@app.task(queue="mail", queueing_lock="customers-uploads")
def clear_uploads(timestamp: int) -> None:
    """Files that were sent for import and never closed do not stay longer than they may."""
    uploads.clear(before=timezone.now() - uploads.KEPT)
