"""The worker is away, or killed in the middle: what waits for it is done once it is back, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from complaints import actions
from complaints.actions import awards, remedies
from complaints.models import Clock, Voucher
from customers.models import Delivery
from tests.complaints.awards import a_case, goodwill, guidance, limits
from tests.complaints.factories import registered
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db(transaction=True)


def work() -> None:
    """A worker comes, does all there is to do and goes."""
    worker = app.with_connector(app.connector.get_worker_connector())
    with ThreadPoolExecutor(1) as beside:  # Playwright's loop may run in this thread
        options = {"wait": False, "install_signal_handlers": False, "listen_notify": False, "delete_jobs": "never"}
        beside.submit(worker.run_worker, **options).result()
    with connection.cursor() as cursor:  # its threads are gone, their connections not yet
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


@pytest.fixture
def agent(user_as):
    guidance()
    limits("agent")
    return user_as("agent")


def written(agent) -> Delivery:
    case = registered(customer=CustomerFactory(email="asa@example.se"), now=timezone.now())
    text = {"kind": "email", "subject": "Hello", "body": "We are on it."}
    return actions.write(case.pk, version=case.version, by=agent, now=timezone.now(), **text).delivery


def voucher_ordered(agent) -> None:
    case = a_case(customer=CustomerFactory(email="asa@example.se"))
    award = awards.propose(case.pk, goodwill("20.00"), by=agent, now=timezone.now())
    remedies.send_voucher(award.remedies.get().pk, by=agent, now=timezone.now())


def test_what_was_queued_while_no_worker_was_there_goes_out_once(agent):
    delivery = written(agent)
    voucher_ordered(agent)
    assert (mail.outbox, Voucher.objects.count()) == ([], 0)
    work()
    work()
    delivery.refresh_from_db()
    assert (delivery.state, Voucher.objects.count()) == ("sent", 1)
    assert [message.to for message in mail.outbox] == [["asa@example.se"]] * 2


@pytest.mark.parametrize("was_sent", [False, True])
def test_what_a_killed_worker_had_begun_is_taken_up_by_the_next(agent, was_sent):
    delivery = written(agent)
    if was_sent:  # it died after its work was committed, before it could say so
        work()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '5 minutes') RETURNING id"
        )
        killed = cursor.fetchone()
        cursor.execute("ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", killed)
        cursor.execute("ALTER TABLE procrastinate_jobs ENABLE TRIGGER USER")
    work()
    assert len(mail.outbox) == was_sent
    app.configure_task("staff.jobs.take_up").defer(timestamp=0)
    work()
    work()
    delivery.refresh_from_db()
    assert (delivery.state, len(mail.outbox)) == ("sent", 1)
    assert not ProcrastinateJob.objects.filter(status="doing").exists()


def test_a_worker_back_after_days_warns_of_each_broken_promise_once(agent):
    case = registered(customer=CustomerFactory(), received_at=timezone.now() - timedelta(days=90), now=timezone.now())
    for _ in range(2):
        app.configure_task("complaints.jobs.warn").defer(timestamp=0)
        work()
    case.refresh_from_db()
    assert case.escalated_at is not None
    assert case.changes.filter(field="escalated_at").count() == 1
    assert [clock.breach.due_at == clock.due_at for clock in Clock.objects.filter(case=case)] == [True] * 3
