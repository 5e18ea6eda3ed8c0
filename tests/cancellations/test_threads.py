"""Two people, one moment: real threads on PostgreSQL. One wins, the other is told, nothing is done twice."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from time import sleep

import pytest
from django.db import connection, transaction

from cancellations import actions
from cancellations.models import CancellationCase, Fulfilment, OfferDecision
from customers.models import Document
from staff.errors import AlreadyDecided, DomainError
from tests.cancellations.factories import (
    NOON,
    CancellationCaseFactory,
    IncentiveVersionFactory,
    OfferFactory,
)
from tests.factories import SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def race(*acts: Callable[[], object]) -> list[object]:
    """All at once; what each returned or was refused with."""
    results: list[object] = [None] * len(acts)
    gate = Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[place] = act()
        except DomainError as error:
            results[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refused(results: list[object]) -> list[object]:
    return [result for result in results if isinstance(result, DomainError)]


@pytest.fixture
def two(transactional_db):
    from django.contrib.auth.models import Group

    from tests.factories import AuthorityLimitFactory

    AuthorityLimitFactory(role=Group.objects.get(name="manager"), kind="offer", per_case=None)
    return UserFactory(role="manager"), UserFactory(role="manager")


def test_two_registrations(two):
    case = CancellationCaseFactory(state="offering")
    results = race(*(lambda by=by: actions.register_cancellation(case.pk, by=by, now=NOON) for by in two))
    assert [type(error) for error in refused(results)] == [AlreadyDecided]
    assert Document.objects.count() == 1
    assert case.moves.count() == 1


def test_two_acceptances(two):
    offer = OfferFactory(incentive_version=IncentiveVersionFactory(), state="presented", presented_at=NOON)
    results = race(*(lambda by=by: actions.accept(offer.pk, by=by, now=NOON) for by in two))
    assert [type(error) for error in refused(results)] == [AlreadyDecided]
    assert Fulfilment.objects.count() == 1
    assert Document.objects.count() == 1


def test_two_approvals(two):
    case = CancellationCaseFactory(state="awaiting_approval")
    offer = OfferFactory(case=case, incentive_version=IncentiveVersionFactory(), state="needs_approval")
    OfferDecision.objects.create(
        offer=offer,
        amount=offer.cost,
        requested_by=case.agent,
        requested_at=NOON,
        due_at=NOON + timedelta(seconds=120),
    )
    first, second = two
    results = race(
        lambda: actions.approve(offer.pk, by=first, now=NOON),
        lambda: actions.decline(offer.pk, by=second, now=NOON, note="no"),
    )
    assert [type(error) for error in refused(results)] == [AlreadyDecided]
    assert offer.moves.count() == 1


def test_acceptance_against_registration(two):
    case = CancellationCaseFactory(state="offering")
    offer = OfferFactory(case=case, incentive_version=IncentiveVersionFactory(), state="presented", presented_at=NOON)
    results = race(
        lambda: actions.accept(offer.pk, by=two[0], now=NOON),
        lambda: actions.register_cancellation(case.pk, by=two[1], now=NOON),
    )
    assert len(refused(results)) == 1
    case.refresh_from_db()
    offer.refresh_from_db()
    assert (case.state, offer.state) in {
        ("saved_pending", "pending_fulfilment"),
        ("cancelled_scheduled", "withdrawn"),
    }


def test_two_openings_are_one_case(two):
    subscription = SubscriptionFactory()
    results = race(*(lambda by=by: actions.open_case(subscription.pk, by=by, now=NOON) for by in two))
    assert refused(results) == []
    assert CancellationCase.objects.count() == 1


def test_taking_a_call_up_waits_for_who_registers_it_and_neither_is_lost(two):
    """The colleague asks for the case while it is being closed: who closes it can still lock the subscription."""
    case = CancellationCaseFactory(state="offering")
    told: list[object] = []

    def take_up():
        try:
            told.append(actions.open_case(case.subscription_id, by=two[1], now=NOON))
        except DomainError as refusal:
            told.append(refusal.code)
        finally:
            connection.close()

    colleague = Thread(target=take_up)
    with transaction.atomic():
        CancellationCase.objects.select_for_update().get(pk=case.pk)
        colleague.start()
        while colleague.is_alive() and not waiting():
            sleep(0.01)
        actions.register_cancellation(case.pk, by=two[0], now=NOON)
    colleague.join()
    assert told == ["already_registered"]


def waiting():
    """Whether somebody waits for a lock that this connection holds."""
    with connection.cursor() as cursor:
        cursor.execute("select exists(select from pg_locks where pg_backend_pid() = any(pg_blocking_pids(pid)))")
        return cursor.fetchone()[0]
