"""E-mail to a customer: tried until the mail server takes it, and no address in what is logged of the tries."""

import traceback
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.utils import timezone

from customers.jobs import ATTEMPTS, deliver
from customers.letters import NotSent
from customers.models import Delivery
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
ADDRESS = "asa@example.se"


class Refusing:
    def __init__(self, **kwargs):
        pass

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
