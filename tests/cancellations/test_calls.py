"""A call from hello to receipt."""

import hashlib
import io
from datetime import date, timedelta

import pytest
from pypdf import PdfReader

from cancellations import actions, budgets
from cancellations.models import OPEN_STATES, Budget, CancellationCase, Offer, Reason
from cancellations.queries.spending import spent
from cancellations.rules import NoOffers
from customers.contributions import referrals
from customers.letters import pdf_of
from customers.models import Delivery, Document, Subscription
from staff.errors import AboveAuthority, AlreadyDecided, DomainError, SelfApproval, Stale, WrongState
from tests.cancellations.factories import (
    NOON,
    CancellationCaseFactory,
    IncentiveVersionFactory,
    OfferFactory,
    ReasonFactory,
)
from tests.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=3)


def words(document):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf_of(document))).pages).split())


def test_opening_takes_the_notice_and_a_second_opening_goes_on(agent, user_as):
    subscription = SubscriptionFactory()
    case = actions.open_case(subscription.pk, by=agent, now=NOON)
    assert (case.number, case.state, case.noticed_at, case.agent) == ("X-2026-00001", "notice_recorded", NOON, agent)
    assert (case.notice.channel, case.notice.received_at, case.notice.by) == ("phone", NOON, agent)
    assert actions.open_case(subscription.pk, by=agent, now=LATER) == case
    colleague = user_as("agent")
    assert actions.open_case(subscription.pk, by=colleague, now=LATER).agent == colleague
    assert [(m.what, m.by) for m in case.moves.order_by("pk")] == [("state", agent), ("agent", colleague)]
    assert CancellationCase.objects.count() == 1


def test_one_who_only_asks_has_given_no_notice(agent):
    case = actions.open_case(SubscriptionFactory().pk, by=agent, now=NOON, notice=None)
    assert (case.state, case.noticed_at) == ("opened", None)
    with pytest.raises(DomainError) as refusal:
        actions.keep(case.pk, outcome="saved_pending", by=agent, now=NOON)
    assert refusal.value.code == "no_notice"
    assert actions.call_dropped(case.pk, by=agent, now=NOON).state == "notice_withdrawn"
    assert Document.objects.count() == 0


@pytest.mark.parametrize(("status", "code"), [("ended", "ended"), ("ending", "already_registered")])
def test_what_has_ended_cannot_be_cancelled(agent, status, code):
    subscription = SubscriptionFactory(status=status, ends_on=date(2026, 11, 1))
    with pytest.raises(DomainError) as refusal:
        actions.open_case(subscription.pk, by=agent, now=NOON)
    assert refusal.value.code == code


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_cancellation_is_registered_from_every_open_state_without_any_condition(agent, state):
    subscription = SubscriptionFactory(contract_end=date(2027, 1, 31), customer__language="de")
    case = CancellationCaseFactory(subscription=subscription, state=state)
    case = actions.register_cancellation(case.pk, by=agent, now=LATER)
    subscription.refresh_from_db()
    assert (case.state, case.ends_on, case.closed_at) == ("cancelled_scheduled", date(2027, 1, 31), LATER)
    assert case.window_until == date(2027, 2, 16)
    assert (subscription.status, subscription.ends_on) == ("ending", date(2027, 1, 31))
    assert case.moves.latest("pk").to_state == "cancelled_scheduled"


def test_the_receipt_is_made_at_once_in_the_customers_language(agent, case):
    case.customer.given_name, case.customer.family_name, case.customer.language = "Åsa “[#x]” 王", "العربية", "en"
    case.customer.save()
    actions.register_cancellation(case.pk, by=agent, now=LATER, mode="date", ends_on=date(2026, 12, 24))
    receipt = Document.objects.get()
    text = words(receipt)
    assert receipt.sha256 == hashlib.sha256(bytes(receipt.pdf)).hexdigest()
    assert (receipt.kind, receipt.language, receipt.created_at) == ("cancellation_receipt", "en", LATER)
    for part in (case.number, "18 Nov 2026, 12:00", "24 Dec 2026", "Åsa “[#x]”", "€49.90"):
        assert part in text.replace("\u00a0", " "), text
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.document, delivery.to) == ("queued", receipt, case.customer.email)


def test_a_second_registration_is_told_who_was_first(agent, user_as, case):
    actions.register_cancellation(case.pk, by=agent, now=NOON)
    with pytest.raises(AlreadyDecided, match=agent.short_name):
        actions.register_cancellation(case.pk, by=user_as("agent"), now=LATER)
    for late in (
        lambda: actions.keep(case.pk, outcome="saved_pending", by=agent, now=LATER),
        lambda: actions.call_dropped(case.pk, by=agent, now=LATER),
    ):
        with pytest.raises(AlreadyDecided):
            late()
    assert Document.objects.count() == 1


def test_a_wrong_date_is_refused_at_its_field_and_nothing_is_written(agent, case):
    with pytest.raises(DomainError) as refusal:
        actions.register_cancellation(case.pk, by=agent, now=NOON, mode="date", ends_on=date(2026, 1, 1))
    assert refusal.value.field == "ends_on"
    case.refresh_from_db()
    assert (case.state, Document.objects.count()) == ("offering", 0)


def test_a_dropped_call_is_a_cancellation_never_a_save(agent, case, cheap, suggestion):
    offer = actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    assert actions.call_dropped(case.pk, by=agent, now=LATER).state == "cancelled_scheduled"
    offer.refresh_from_db()
    assert offer.state == "withdrawn"


def test_reason_and_own_reading_stand_side_by_side(agent, case, reasons):
    told, read = Reason.objects.get(code="moving-abroad"), Reason.objects.get(code="price-budget")
    case = actions.set_reason(
        case.pk, reason=told, own_reading=read, note="“Nach Wien!” 🚚", competitor="", by=agent, now=NOON, version=1
    )
    assert (case.reason, case.own_reading, case.reason_note) == (told, read, "“Nach Wien!” 🚚")
    assert case.moves.get().what == "reason"
    assert actions.set_reason(case.pk, reason=None, by=agent, now=NOON).reason is None  # skipped


def test_yesterdays_page_is_told_who_changed_what(agent, user_as, case):
    colleague = user_as("agent", first_name="Jonas", last_name="Berg")
    actions.set_reason(case.pk, reason=None, by=colleague, now=NOON)
    with pytest.raises(Stale, match=r"Jonas B. changed this at 12:00 \(reason\)"):
        actions.set_reason(case.pk, reason=ReasonFactory(), by=agent, now=LATER, version=1)
    # one's own other window is no stranger, and registering never asks
    actions.set_reason(case.pk, reason=None, by=colleague, now=LATER, version=1)
    assert actions.register_cancellation(case.pk, by=agent, now=LATER).state == "cancelled_scheduled"


def test_a_no_to_offers_is_final(agent, case):
    case = actions.ask_permission(case.pk, granted=False, by=agent, now=NOON)
    with pytest.raises(NoOffers):
        actions.ask_permission(case.pk, granted=True, by=agent, now=LATER)


def test_a_bereaved_household_is_never_offered_anything(agent, case, suggestion, cheap, reasons):
    actions.set_reason(case.pk, reason=Reason.objects.get(never_offer=True), by=agent, now=NOON)
    for act in (
        lambda: actions.ask_permission(case.pk, granted=True, by=agent, now=NOON),
        lambda: actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON),
        lambda: actions.request_approval(case.pk, version_id=cheap.pk, by=agent, now=NOON),
    ):
        with pytest.raises(NoOffers):
            act()


def test_at_most_two_offers_one_at_a_time_never_the_same_twice(agent, case, suggestion, cheap, dear, settings):
    first = actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    assert (first.state, first.was_lead, first.propensity, str(first.cost)) == ("presented", True, 0.5, "18.00")
    with pytest.raises(DomainError) as refusal:
        actions.present(case.pk, version_id=dear.pk, by=agent, now=NOON)
    assert refusal.value.code == "answer_first"
    actions.refuse(first.pk, by=agent, now=NOON)
    with pytest.raises(NoOffers) as refusal:
        actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    assert refusal.value.code == "offered_before"
    settings.KVAR_OFFERS_PER_CASE = 1
    with pytest.raises(NoOffers) as refusal:
        actions.present(case.pk, version_id=dear.pk, by=agent, now=NOON)
    assert refusal.value.code == "offers_used_up"


def test_above_the_limit_a_manager_is_asked(agent, manager, case, suggestion, dear, cheap):
    with pytest.raises(AboveAuthority):
        actions.present(case.pk, version_id=dear.pk, by=agent, now=NOON)
    with pytest.raises(DomainError) as refusal:
        actions.request_approval(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    assert refusal.value.code == "within_authority"
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON, why="loyal")
    case.refresh_from_db()
    assert (offer.state, case.state) == ("needs_approval", "awaiting_approval")
    assert actions.look(offer.pk, by=agent) is False
    assert actions.look(offer.pk, by=manager) is True
    decision = offer.decisions.get()
    assert (decision.looked_at_by, decision.amount, decision.due_at - NOON) == (
        manager,
        offer.cost,
        timedelta(seconds=120),
    )
    soon = NOON + timedelta(seconds=20)
    with pytest.raises(DomainError):
        actions.present(case.pk, version_id=dear.pk, by=agent, now=soon)
    with pytest.raises(SelfApproval):
        actions.approve(offer.pk, by=agent, now=soon)
    actions.approve(offer.pk, by=manager, now=soon, note="Go on")
    case.refresh_from_db()
    assert case.state == "offering"
    with pytest.raises(AlreadyDecided, match="Sofia Berg was first: approved"):
        actions.decline(offer.pk, by=manager, note="no", now=soon)
    assert actions.present(case.pk, version_id=dear.pk, by=agent, now=soon).state == "presented"


def test_approved_with_a_change_costs_what_it_says(agent, manager, case, suggestion, dear):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    for wrong in ({"percent": "200"}, {"percent": "x"}, {"what": "gold"}):
        with pytest.raises(DomainError) as refusal:
            actions.approve(offer.pk, by=manager, now=NOON, changed=wrong)
        assert refusal.value.field == next(iter(wrong))
    offer = actions.approve(offer.pk, by=manager, now=NOON, changed={"percent": "10", "months": "3"})
    assert (offer.state, offer.terms) == ("approved_with_change", {"percent": "10.00", "months": 3})
    assert 13 < offer.cost < 15
    assert offer.gain == 21 + 60 - offer.cost
    decision = offer.decisions.get()
    assert (decision.terms_before["percent"], decision.terms_after["percent"]) == ("20.00", "10.00")
    dear.refresh_from_db()
    assert dear.terms["percent"] == "20.00"


def test_a_manager_has_a_limit_too(agent, manager, case, suggestion, dear):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    Offer.objects.filter(pk=offer.pk).update(cost=1000)
    with pytest.raises(AboveAuthority):
        actions.approve(offer.pk, by=manager, now=NOON)


def test_a_decline_needs_a_word_and_is_final(agent, manager, case, suggestion, dear):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    with pytest.raises(DomainError) as refusal:
        actions.decline(offer.pk, by=manager, now=NOON, note=" ")
    assert refusal.value.field == "note"
    actions.decline(offer.pk, by=manager, now=NOON, note="Too dear")
    with pytest.raises(DomainError) as refusal:
        actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    assert refusal.value.code == "asked_before"


def test_after_two_minutes_the_question_has_expired(agent, manager, case, suggestion, dear, cheap):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    assert actions.expire(offer.pk, now=NOON + timedelta(seconds=119)) is False
    with pytest.raises(AlreadyDecided):
        actions.approve(offer.pk, by=manager, now=NOON + timedelta(seconds=120))
    assert actions.expire(offer.pk, now=NOON + timedelta(seconds=120)) is True
    assert actions.expire(offer.pk, now=LATER) is False
    case.refresh_from_db()
    offer.refresh_from_db()
    assert (case.state, offer.state, offer.decisions.get().verdict) == ("offering", "approval_expired", "expired")
    assert actions.present(case.pk, version_id=cheap.pk, by=agent, now=LATER).state == "presented"


def test_registering_voids_the_question(agent, manager, case, suggestion, dear):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    actions.register_cancellation(case.pk, by=agent, now=NOON)
    offer.refresh_from_db()
    assert (offer.state, offer.decisions.get().verdict) == ("withdrawn", "void")
    with pytest.raises(AlreadyDecided):
        actions.approve(offer.pk, by=manager, now=NOON)


def test_an_accepted_offer_is_confirmed_in_writing_and_goes_to_billing(agent, case, suggestion, dear):
    offer = OfferFactory(case=case, incentive_version=dear, state="presented", presented_at=NOON)
    actions.accept(offer.pk, by=agent, now=LATER)
    case.refresh_from_db()
    offer.refresh_from_db()
    row = offer.fulfilment
    assert (case.state, offer.state, offer.answered_at) == ("saved_pending", "pending_fulfilment", LATER)
    assert [str(price) for price in (row.price_before, row.price_during, row.price_after)] == [
        "49.90",
        "39.92",
        "49.90",
    ]
    assert (row.starts_on, row.ends_on, row.remind_on) == (date(2026, 11, 18), date(2027, 5, 18), date(2027, 5, 4))
    text = words(row.confirmation).replace("\u00a0", " ")
    assert case.number in text
    assert "39,92" in text  # Swedish
    with pytest.raises(AlreadyDecided):
        actions.accept(offer.pk, by=agent, now=LATER)
    assert Document.objects.count() == 1


def test_only_a_better_price_is_no_save(agent, case, suggestion, cheap):
    offer = actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    actions.accept(offer.pk, by=agent, now=LATER, only_a_better_price=True)
    case.refresh_from_db()
    assert case.state == "rate_renegotiated"


@pytest.mark.parametrize("outcome", ["saved_pending", "rate_renegotiated", "notice_withdrawn"])
def test_staying_without_an_offer_is_written_down_too(agent, outcome):
    case = actions.open_case(SubscriptionFactory().pk, by=agent, now=NOON)
    case = actions.keep(case.pk, outcome=outcome, by=agent, now=LATER)
    assert case.state == outcome
    case.notice.refresh_from_db()
    assert case.notice.receipt.kind == "cancellation_withdrawn"


def test_a_save_that_leaves_in_the_window_is_a_boomerang(agent):
    subscription = SubscriptionFactory()
    saved = actions.open_case(subscription.pk, by=agent, now=NOON)
    actions.keep(saved.pk, outcome="saved_pending", by=agent, now=NOON)
    again = actions.open_case(subscription.pk, by=agent, now=NOON + timedelta(days=30))
    actions.register_cancellation(again.pk, by=agent, now=NOON + timedelta(days=30))
    saved.refresh_from_db()
    assert (saved.state, saved.paying_on_day_90) == ("boomerang", False)


@pytest.mark.parametrize(
    ("status", "state", "paying"),
    [("active", "saved_confirmed", True), ("paused", "saved_pending", False), ("ending", "boomerang", False)],
)
def test_day_90(agent, status, state, paying):
    subscription = SubscriptionFactory()
    case = actions.open_case(subscription.pk, by=agent, now=NOON)
    actions.keep(case.pk, outcome="saved_pending", by=agent, now=NOON)
    assert actions.follow_up(case.pk, now=NOON + timedelta(days=89)) is False
    Subscription.objects.filter(pk=subscription.pk).update(status=status, ends_on=date(2027, 3, 1))
    assert actions.follow_up(case.pk, now=NOON + timedelta(days=90)) is True
    case.refresh_from_db()
    assert (case.state, case.paying_on_day_90) == (state, paying)
    if status == "paused":  # pays again: confirmed late, but day 90 stays what it was
        assert actions.follow_up(case.pk, now=NOON + timedelta(days=91)) is False
        Subscription.objects.filter(pk=subscription.pk).update(status="active", ends_on=None)
        assert actions.follow_up(case.pk, now=NOON + timedelta(days=120)) is True
        case.refresh_from_db()
        assert (case.state, case.paying_on_day_90) == ("saved_confirmed", False)


def test_a_registered_cancellation_takes_effect_the_day_after_its_last(agent):
    subscription = SubscriptionFactory()
    case = actions.open_case(subscription.pk, by=agent, now=NOON)
    running = OfferFactory(
        case=CancellationCaseFactory(
            subscription=subscription, state="saved_confirmed", closed_at=NOON, window_until=NOON.date()
        ),
        state="applied",
        presented_at=NOON,
    )
    promised = OfferFactory(
        case=CancellationCaseFactory(
            subscription=subscription, state="saved_confirmed", closed_at=NOON, window_until=NOON.date()
        ),
        incentive_version=IncentiveVersionFactory(monthly_budget=100),
        state="presented",
        presented_at=NOON,
    )
    budgets.follow(promised, now=NOON)
    Offer.objects.filter(pk=promised.pk).update(state="accepted")
    Offer.objects.filter(pk=promised.pk).update(state="pending_fulfilment")
    actions.register_cancellation(case.pk, by=agent, now=NOON, mode="immediate")
    assert actions.make_effective(case.pk, now=NOON) is False
    assert Budget.objects.get().reserved == promised.cost
    assert actions.make_effective(case.pk, now=NOON + timedelta(days=1)) is True
    assert actions.make_effective(case.pk, now=NOON + timedelta(days=1)) is False
    subscription.refresh_from_db()
    running.refresh_from_db()
    promised.refresh_from_db()
    assert (subscription.status, running.state, promised.state) == ("ended", "revoked", "revoked")
    assert Budget.objects.get().reserved == 0
    assert actions.win_back(case.pk, by=agent, now=NOON + timedelta(days=40)).state == "won_back"
    subscription.refresh_from_db()
    assert (subscription.status, subscription.ends_on) == ("active", None)


def test_a_cancellation_can_be_taken_back_before_it_takes_effect(agent, case):
    actions.register_cancellation(case.pk, by=agent, now=NOON)
    assert actions.reinstate(case.pk, by=agent, now=LATER).state == "reinstated"
    case.subscription.refresh_from_db()
    assert case.subscription.status == "active"
    with pytest.raises(WrongState):
        actions.win_back(case.pk, by=agent, now=LATER)


def test_a_billing_dispute_goes_to_the_complaints_desk_once(agent, case, reasons, monkeypatch):
    told = []

    def complain(customer, *, text, by, now):
        told.append((customer, text, by))
        return "K-2026-00007"

    monkeypatch.setitem(referrals._sources, "complaint", complain)
    actions.set_reason(
        case.pk, reason=Reason.objects.get(code="billing-wrong"), note="Charged twice", by=agent, now=NOON
    )
    case = actions.register_cancellation(case.pk, by=agent, now=NOON)
    assert (case.referred_to, told) == ("K-2026-00007", [(case.customer, "Charged twice", agent)])
    assert actions.refer(case.pk, text="again", by=agent, now=LATER) == "K-2026-00007"
    assert len(told) == 1


def test_an_offer_counts_on_the_day_of_whose_word_it_was_given_on(agent, manager, case, suggestion, cheap, dear):
    def on_the_day(person, now=LATER):
        return spent(case, by=person, now=now)["agent_day"]

    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    assert (on_the_day(agent), on_the_day(manager)) == (0, 0)
    actions.approve(offer.pk, by=manager, now=NOON)
    assert (on_the_day(agent), on_the_day(manager)) == (0, offer.cost)  # granted: another waits for what is left
    actions.present(case.pk, version_id=dear.pk, by=agent, now=NOON)
    actions.accept(offer.pk, by=agent, now=NOON)
    assert (on_the_day(agent), on_the_day(manager)) == (0, offer.cost)
    assert on_the_day(manager, NOON + timedelta(days=1)) == 0


def test_what_came_to_nothing_counts_on_nobodys_day(agent, manager, case, suggestion, cheap, dear):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    actions.approve(offer.pk, by=manager, now=NOON)
    actions.withdraw(offer.pk, by=agent, now=NOON)
    small = actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    assert [spent(case, by=one, now=LATER)["agent_day"] for one in (agent, manager)] == [0, 0]
    actions.accept(small.pk, by=agent, now=NOON)
    assert [spent(case, by=one, now=LATER)["agent_day"] for one in (agent, manager)] == [small.cost, 0]
