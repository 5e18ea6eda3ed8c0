"""Billing carries out what was accepted; time does the rest."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from cancellations import actions, jobs
from cancellations.models import Budget, CancellationCase, Offer
from customers.goodwill import given
from customers.models import Document
from loyalty.errors import NotAMember
from staff.errors import DomainError, WrongState
from tests.cancellations.factories import (
    NOON,
    CancellationCaseFactory,
    IncentiveVersionFactory,
    OfferFactory,
    SuggestionFactory,
    candidate,
)
from tests.factories import PlanFactory
from tests.loyalty.factories import ProgrammeFactory, VersionFactory, member

pytestmark = pytest.mark.django_db


def accepted(case, kind, terms, agent):
    version = IncentiveVersionFactory(incentive__kind=kind, terms=terms)
    offer = OfferFactory(case=case, incentive_version=version, terms=terms, state="presented", presented_at=NOON)
    return actions.accept(offer.pk, by=agent, now=NOON)


def test_a_pause_pauses_and_ends(agent, case):
    offer = accepted(case, "pause", {"months": 2}, agent)
    actions.apply(offer.pk, by=agent, now=NOON, note="paused in billing")
    case.subscription.refresh_from_db()
    offer.fulfilment.refresh_from_db()
    assert (case.subscription.status, offer.fulfilment.note, offer.fulfilment.by) == (
        "paused",
        "paused in billing",
        agent,
    )
    assert actions.complete(offer.pk, now=NOON + timedelta(days=10)) is False
    assert actions.complete(offer.pk, now=NOON + timedelta(days=62)) is True
    case.subscription.refresh_from_db()
    assert case.subscription.status == "active"


def test_a_new_plan_is_written_to_the_subscription(agent, case):
    plan = PlanFactory(code="fibre-100", name="Fibre 100")
    terms = {"plan": "fibre-100", "monthly_price": "29.90", "monthly_margin": "12.00"}
    offer = accepted(case, "plan_change", terms, agent)
    actions.apply(offer.pk, by=agent, now=NOON)
    case.subscription.refresh_from_db()
    assert (case.subscription.plan, str(case.subscription.monthly_price)) == (plan, "29.90")


def test_bonus_stamps_are_on_the_card_once_and_counted_once(agent, case):
    offer = accepted(case, "bonus_stamps", {"stamps": 3, "stamp_cost": "0.10"}, agent)
    window = (NOON - timedelta(days=1), NOON + timedelta(days=1))
    with pytest.raises(NotAMember):
        actions.apply(offer.pk, by=agent, now=NOON)
    VersionFactory(reward_cost="18.00")
    jane = member(ProgrammeFactory(), customer=case.customer)
    promised = given([case.customer_id], *window)[case.customer_id]
    assert promised == offer.cost
    actions.apply(offer.pk, by=agent, now=NOON)
    jane.refresh_from_db()
    assert (jane.balance, given([case.customer_id], *window)[case.customer_id]) == (3, Decimal("6.00"))
    with pytest.raises(WrongState):
        actions.apply(offer.pk, by=agent, now=NOON)


def test_a_price_lock_extends_the_contract_with_consent(agent, case):
    case.subscription.contract_end = date(2027, 1, 31)
    case.subscription.save()
    terms = {"months": 12, "expected_rise": "4.00"}
    version = IncentiveVersionFactory(incentive__kind="price_lock", terms=terms)
    SuggestionFactory(case=case, chosen=version, candidates=[candidate(version, cost="10.00", gain="9.00")])
    with pytest.raises(DomainError) as refusal:
        actions.present(case.pk, version_id=version.pk, by=agent, now=NOON)
    assert refusal.value.code == "consent_first"
    offer = actions.present(case.pk, version_id=version.pk, by=agent, now=NOON, consent=True)
    actions.accept(offer.pk, by=agent, now=NOON)
    actions.apply(offer.pk, by=agent, now=NOON)
    case.subscription.refresh_from_db()
    assert case.subscription.contract_end == date(2028, 1, 31)


def test_what_failed_can_be_tried_again_and_needs_a_note(agent, case):
    offer = accepted(case, "percent_off", {"percent": "20.00", "months": 6}, agent)
    with pytest.raises(DomainError):
        actions.fail(offer.pk, by=agent, now=NOON, note="")
    assert actions.fail(offer.pk, by=agent, now=NOON, note="billing was down").state == "failed"
    assert actions.apply(offer.pk, by=agent, now=NOON).state == "applied"
    with pytest.raises(WrongState):
        actions.apply(offer.pk, by=agent, now=NOON)
    with pytest.raises(DomainError):
        actions.revoke(offer.pk, by=agent, now=NOON, note="")
    assert actions.revoke(offer.pk, by=agent, now=NOON, note="moved away").state == "revoked"


def test_what_cannot_be_carried_out_at_all_is_called_off_and_its_budget_free_again(client_as, case, cheap, suggestion):
    Budget.objects.create(month=NOON.date().replace(day=1), amount=100)
    offer = actions.present(case.pk, version_id=cheap.pk, by=case.agent, now=NOON)
    actions.accept(offer.pk, by=case.agent, now=NOON)
    actions.fail(offer.pk, by=case.agent, now=NOON, note="no such card")
    assert Budget.objects.get().reserved == offer.cost
    lead = client_as("team lead")
    address = f"/cancellations/offers/{offer.pk}/revoke/"
    assert address in lead.get("/cancellations/fulfilment/?show=failed").content.decode()
    lead.post(address, {"note": "the customer was told", "show": "failed"})
    offer.refresh_from_db()
    assert (offer.state, Budget.objects.get().reserved) == ("revoked", 0)


def test_the_reminder_comes_once_before_the_offer_ends(agent, case):
    offer = accepted(case, "percent_off", {"percent": "20.00", "months": 6}, agent)
    row = offer.fulfilment
    assert actions.remind(row.pk, now=NOON) is False
    due = NOON + timedelta(days=170)
    assert actions.remind(row.pk, now=due) is True
    assert actions.remind(row.pk, now=due) is False
    assert sorted(Document.objects.values_list("kind", flat=True)) == ["offer_confirmation", "offer_reminder"]


def test_the_jobs_do_what_is_due_and_nothing_twice(agent, case, suggestion, dear, time_machine):
    time_machine.move_to(NOON)
    waiting = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    left = CancellationCaseFactory(state="notice_recorded")
    assert jobs.expire_approvals(0) == 0
    time_machine.move_to(NOON + timedelta(minutes=3))
    assert (jobs.expire_approvals(0), jobs.expire_approvals(0)) == (1, 0)
    assert jobs.close_dropped_calls(0) == 0
    time_machine.move_to(NOON + timedelta(hours=3))
    assert (jobs.close_dropped_calls(0), jobs.close_dropped_calls(0)) == (2, 0)
    left.refresh_from_db()
    assert left.state == "cancelled_scheduled"
    time_machine.move_to(NOON + timedelta(days=32))
    assert (jobs.end_subscriptions(0), jobs.end_subscriptions(0)) == (2, 0)
    time_machine.move_to(NOON + timedelta(days=91))
    assert (jobs.follow_up_cases(0), jobs.follow_up_cases(0)) == (2, 0)
    assert set(CancellationCase.objects.values_list("state", "paying_on_day_90")) == {("cancelled_effective", False)}
    assert Offer.objects.get(pk=waiting.pk).state == "approval_expired"


def test_a_call_that_somebody_went_on_with_has_not_dropped(agent, case):
    """The job has found it among the abandoned; until it comes to it, its agent is back with the caller."""
    late = NOON + timedelta(hours=3)
    actions.resume(case.pk, by=agent, now=late - timedelta(minutes=1))
    assert actions.abandoned(case.pk, now=late) is False
    actions.open_case(case.subscription_id, by=agent, now=late)
    assert actions.abandoned(case.pk, now=late + timedelta(minutes=119)) is False
    case.refresh_from_db()
    assert (case.state, case.touched_at, case.moves.count()) == ("offering", late, 0)
    assert actions.abandoned(case.pk, now=late + timedelta(minutes=120)) is True
    assert actions.abandoned(case.pk, now=late + timedelta(minutes=121)) is False
    case.refresh_from_db()
    assert case.state == "cancelled_scheduled"


def test_an_offer_is_completed_and_reminded_by_the_jobs(agent, case, time_machine):
    time_machine.move_to(NOON)
    offer = accepted(case, "percent_off", {"percent": "20.00", "months": 6}, agent)
    actions.apply(offer.pk, by=agent, now=NOON)
    time_machine.move_to(NOON + timedelta(days=170))
    assert (jobs.remind_of_ends(0), jobs.remind_of_ends(0), jobs.complete_offers(0)) == (1, 0, 0)
    time_machine.move_to(NOON + timedelta(days=200))
    assert (jobs.complete_offers(0), jobs.complete_offers(0)) == (1, 0)
    offer.refresh_from_db()
    assert offer.state == "completed"
