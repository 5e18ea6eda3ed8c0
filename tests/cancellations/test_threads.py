"""Two people, one moment: real threads on PostgreSQL. One wins, the other is told, nothing is done twice."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

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
from tests.factories import AuthorityLimitFactory, SubscriptionFactory, UserFactory
from tests.threads import at_once, held_up

pytestmark = pytest.mark.django_db(transaction=True)


def refused(results: list[object]) -> list[object]:
    return [result for result in results if isinstance(result, DomainError)]


@pytest.fixture
def two(transactional_db):
    AuthorityLimitFactory(role=Group.objects.get(name="manager"), kind="offer", per_case=None)
    return UserFactory(role="manager"), UserFactory(role="manager")


def test_two_registrations(two):
    case = CancellationCaseFactory(state="offering")
    results = at_once(*(lambda by=by: actions.register_cancellation(case.pk, by=by, now=NOON) for by in two))
    assert [type(error) for error in refused(results)] == [AlreadyDecided]
    assert Document.objects.count() == 1
    assert case.moves.count() == 1


def test_two_acceptances(two):
    offer = OfferFactory(incentive_version=IncentiveVersionFactory(), state="presented", presented_at=NOON)
    results = at_once(*(lambda by=by: actions.accept(offer.pk, by=by, now=NOON) for by in two))
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
    results = at_once(
        lambda: actions.approve(offer.pk, by=first, now=NOON),
        lambda: actions.decline(offer.pk, by=second, now=NOON, note="no"),
    )
    assert [type(error) for error in refused(results)] == [AlreadyDecided]
    assert offer.moves.count() == 1


def test_acceptance_against_registration(two):
    case = CancellationCaseFactory(state="offering")
    offer = OfferFactory(case=case, incentive_version=IncentiveVersionFactory(), state="presented", presented_at=NOON)
    results = at_once(
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
    results = at_once(*(lambda by=by: actions.open_case(subscription.pk, by=by, now=NOON) for by in two))
    assert refused(results) == []
    assert CancellationCase.objects.count() == 1


def test_taking_a_call_up_waits_for_who_registers_it_and_neither_is_lost(two):
    """The colleague asks for the case while it is being closed: who closes it can still lock the subscription."""
    case = CancellationCaseFactory(state="offering")
    with transaction.atomic():
        CancellationCase.objects.select_for_update().get(pk=case.pk)
        colleague = held_up(lambda: actions.open_case(case.subscription_id, by=two[1], now=NOON))
        actions.register_cancellation(case.pk, by=two[0], now=NOON)
    assert colleague.result().code == "already_registered"
