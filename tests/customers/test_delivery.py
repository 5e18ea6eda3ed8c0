"""E-mail to a customer: tried until the mail server takes it, and no address in what is logged of the tries."""

import traceback
from hashlib import sha256
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from customers.jobs import ATTEMPTS, deliver
from customers.letters import NotSent, pdf_of, send
from customers.models import Delivery, Document
from tests.conftest import NOON
from tests.customers.letters import a_letter
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
ADDRESS = "asa@example.se"


class Refusing(BaseEmailBackend):
    def send_messages(self, messages):
        raise SMTPRecipientsRefused({ADDRESS: (550, f"{ADDRESS} is unknown here".encode())})


@pytest.fixture
def delivery():
    customer = CustomerFactory(email=ADDRESS)
    return Delivery.objects.create(
        customer=customer, to=ADDRESS, subject="Your plan", body="Hello", created_at=timezone.now()
    )


def test_a_fault_of_the_mail_server_is_kept_and_told_without_the_address(delivery, settings):
    settings.EMAIL_BACKEND = "tests.customers.test_delivery.Refusing"
    for attempt in range(1, ATTEMPTS + 1):
        with pytest.raises(NotSent) as caught:
            deliver(delivery_id=delivery.pk)
        told = "".join(traceback.format_exception(caught.value))
        assert "SMTPRecipientsRefused" in told
        assert ADDRESS not in told
        delivery.refresh_from_db()
        state = "failed" if attempt == ATTEMPTS else "queued"
        assert (delivery.attempts, delivery.state, delivery.error) == (attempt, state, "SMTPRecipientsRefused")


def test_what_went_wrong_once_is_sent_the_next_time_and_only_once(delivery, settings):
    good, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.customers.test_delivery.Refusing"
    with pytest.raises(NotSent):
        deliver(delivery_id=delivery.pk)
    settings.EMAIL_BACKEND = good
    deliver(delivery_id=delivery.pk)
    deliver(delivery_id=delivery.pk)
    [message] = mail.outbox
    delivery.refresh_from_db()
    assert (message.to, delivery.state, delivery.error, delivery.attempts) == ([ADDRESS], "sent", "", 2)


def test_the_worker_makes_the_pdf_and_attaches_what_everybody_gets():
    document = a_letter(CustomerFactory(email=ADDRESS))
    delivery = send(document.customer, subject="x", body="y", document=document, now=NOON)
    assert (document.pdf, document.sha256) == (None, "")
    deliver(delivery_id=delivery.pk)
    document.refresh_from_db()
    [(name, attached, _kind)] = mail.outbox[0].attachments
    assert (name, attached[:5], attached) == ("receipt.pdf", b"%PDF-", pdf_of(document))
    assert document.sha256 == sha256(attached).hexdigest()


def test_what_cannot_be_mailed_is_made_ready_to_be_handed_over(django_capture_on_commit_callbacks):
    document = a_letter(CustomerFactory(email=""))
    with django_capture_on_commit_callbacks() as later:
        delivery = send(document.customer, subject="x", body="y", document=document, now=NOON)
    assert len(later) == 1
    deliver(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    document.refresh_from_db()
    assert (delivery.state, delivery.attempts, mail.outbox) == ("unaddressed", 0, [])
    assert pdf_of(document).startswith(b"%PDF-")


def test_two_who_want_a_letter_at_one_moment_get_the_same_bytes():
    document = a_letter(CustomerFactory())
    other = Document.objects.get(pk=document.pk)
    other.facts["title"] = "typeset a moment later, on another day"
    first = pdf_of(document)
    assert pdf_of(other) == first
    assert document.sha256 == other.sha256 == sha256(first).hexdigest()
