"""The decision of the engine in a call: what it stores, when it is reused, whom it spares."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cancellations import standing, suggestions
from cancellations.models import CancellationCase, EnginePolicy, Fulfilment, LearnedModel, Offer, Suggestion
from cancellations.suggestions import suggest_for
from tests.cancellations.factories import (
    CancellationCaseFactory,
    IncentiveFactory,
    IncentiveVersionFactory,
    ReasonFactory,
)
from tests.conftest import NOON
from tests.factories import CustomerFactory, HouseholdFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def policy():
    return EnginePolicy.objects.create(hold_out=0, created_at=NOON)


def version(kind="percent_off", terms=None, **fields):
    return IncentiveVersionFactory(
        incentive=IncentiveFactory(kind=kind), terms=terms or {"percent": "10.00", "months": 3}, **fields
    )


def case(**fields):
    return CancellationCaseFactory(reason=ReasonFactory(), **fields)


def refused(suggestion, of):
    row = next(row for row in suggestion.candidates if row["version"] == of.pk)
    return {(refusal["layer"], refusal["code"]) for refusal in row["refusals"]}


def test_the_decision_is_stored_whole_and_replays_exactly(policy):
    offers = [version(), version("pause", {"months": 2}), version("gift", {"what": "Router", "cost": "20.00"})]
    made = suggest_for(case(), by=None, now=NOON)
    stored = Suggestion.objects.get(pk=made.pk)
    assert {row["version"] for row in stored.candidates} == {None, *(v.pk for v in offers)}
    assert round(sum(stored.vector.values()), 9) == 1
    assert stored.propensity == stored.vector[str(stored.chosen_id or 0)]
    again = suggestions.replay(stored)
    assert dict(zip(map(str, again.keys), again.vector, strict=True)) == stored.vector
    assert (again.lead or None) == stored.chosen_id


def test_the_same_decision_while_nothing_changed_and_another_for_another_reason(policy):
    version()
    this = case()
    first = suggest_for(this, by=None, now=NOON)
    assert suggest_for(this, by=None, now=NOON + timedelta(minutes=3)) == first
    this.reason = ReasonFactory(code="price-budget", name="Tight budget")
    other = suggest_for(this, by=None, now=NOON + timedelta(minutes=4))
    assert other != first
    first.refresh_from_db()
    assert first.superseded_at == NOON + timedelta(minutes=4)


def test_calling_again_brings_the_same_lead(policy):
    for _ in range(6):
        version()
    this = case(state="cancelled_scheduled", ends_on=NOON.date(), closed_at=NOON, window_until=NOON.date())
    first = suggest_for(this, by=None, now=NOON)
    later = case(subscription=this.subscription, customer=this.customer)
    again = suggest_for(later, by=None, now=NOON + timedelta(days=2))
    assert again.pk != first.pk
    assert (again.seed, again.vector, again.chosen_id) == (first.seed, first.vector, first.chosen_id)
    assert again.features["again"] == first.pk


def test_rules_bar_and_say_which_condition(policy):
    barred = version(rules={"eligible": {"var": "tenure_months", "op": "ge", "value": 120}})
    made = suggest_for(case(), by=None, now=NOON)
    assert made.chosen_id is None
    row = next(row for row in made.candidates if row["version"] == barred.pk)
    assert row["refusals"] == [
        {
            "layer": "eligible",
            "code": "condition",
            "values": {
                "var": "tenure_months",
                "op": "ge",
                "value": 120,
                "actual": 92,
                "passed": False,
                "negated": False,
            },
        }
    ]


def test_guards_bar_with_their_numbers(policy):
    deep = version(terms={"percent": "90.00", "months": 12})
    assert refused(suggest_for(case(), by=None, now=NOON), deep) == {
        ("guard", "share_of_value"),
        ("guard", "margin_floor"),
        ("guard", "goodwill"),
    }


def test_a_vulnerable_customer_is_never_bound_for_longer(policy):
    lock = version("price_lock", {"months": 12, "expected_rise": "5.00"})
    subscription = SubscriptionFactory(customer=CustomerFactory(is_vulnerable=True))
    assert refused(suggest_for(case(subscription=subscription), by=None, now=NOON), lock) == {("guard", "vulnerable")}


def test_a_bereaved_household_is_offered_nothing(policy):
    offer = version()
    subscription = SubscriptionFactory(customer=CustomerFactory(is_bereaved=True))
    made = suggest_for(case(subscription=subscription), by=None, now=NOON)
    assert made.chosen_id is None
    assert ("guard", "bereaved") in refused(made, offer)


def accepted(customer, of, days, cost=10):
    past = case(
        subscription=SubscriptionFactory(customer=customer),
        state="saved_pending",
        closed_at=NOON,
        window_until=NOON.date(),
    )
    at = NOON - timedelta(days=days)
    return Offer.objects.create(
        case=past,
        incentive_version=of,
        state="applied",
        terms={},
        cost=cost,
        gain=0,
        customer_value=0,
        created_at=at,
        presented_at=at,
        answered_at=at,
    )


def test_cool_down_of_customer_and_household(policy):
    offer, other = version(), version(cooldown_days=30)
    household = HouseholdFactory()
    customer, partner = (CustomerFactory(household=household) for _ in range(2))
    accepted(customer, offer, days=74)
    made = suggest_for(case(subscription=SubscriptionFactory(customer=customer)), by=None, now=NOON)
    assert refused(made, offer) == {("guard", "cool_down"), ("guard", "count_of_incentive")}
    assert refused(made, other) == set()
    made = suggest_for(case(subscription=SubscriptionFactory(customer=partner)), by=None, now=NOON)
    assert refused(made, other) == {("guard", "household_cool_down")}


def test_the_hold_out_is_fixed_for_the_quarter_and_silent():
    half = EnginePolicy.objects.create(hold_out=Decimal("0.5"), created_at=NOON)
    day = NOON.date()
    held = [is_held for is_held in range(2_000) if suggestions.is_held_out(is_held, day, half)]
    assert 900 < len(held) < 1_100
    assert held == [c for c in range(2_000) if suggestions.is_held_out(c, day + timedelta(days=30), half)]
    assert held != [c for c in range(2_000) if suggestions.is_held_out(c, day + timedelta(days=60), half)]


def test_in_the_hold_out_nothing_leads_unless_hardship_overrides(settings):
    EnginePolicy.objects.create(hold_out=Decimal("0.5"), created_at=NOON)
    version()
    this = case()
    while not suggestions.is_held_out(this.customer_id, NOON.date(), EnginePolicy.objects.get()):
        this = case()
    silent = suggest_for(this, by=None, now=NOON)
    assert (silent.hold_out, silent.overridden, silent.chosen_id, silent.propensity) == (True, False, None, 1.0)
    shown = suggest_for(this, by=None, now=NOON, override=True)
    assert (shown.hold_out, shown.overridden) == (True, True)
    assert shown.propensity < 1
    assert suggest_for(this, by=None, now=NOON + timedelta(minutes=1)) == shown


def test_the_first_call_of_an_installation_learns_its_prior():
    version()
    suggest_for(case(), by=None, now=NOON)
    assert LearnedModel.objects.count() == 1


@pytest.mark.parametrize("offers", [1, 3])
def test_queries_do_not_grow_with_the_catalogue(policy, offers, django_assert_max_num_queries):
    for _ in range(offers):
        version(rules={"applicable": {"var": "open_complaints", "op": "eq", "value": 0}})
    suggest_for(case(), by=None, now=NOON)
    this = CancellationCase.objects.select_related("customer", "subscription__plan", "reason__category").get(
        pk=case().pk
    )
    with django_assert_max_num_queries(8):
        suggest_for(this, by=None, now=NOON)


def test_another_subscription_of_the_customer_is_weighed_anew_with_its_own_cost(policy):
    offer = version()
    this = case()
    first = suggest_for(this, by=None, now=NOON)
    dearer = SubscriptionFactory(customer=this.customer, monthly_price=200, monthly_margin=120)
    other = suggest_for(case(subscription=dearer), by=None, now=NOON)
    assert "again" not in other.features
    costs = [next(r["cost"] for r in made.candidates if r["version"] == offer.pk) for made in (first, other)]
    assert Decimal(costs[1]) > Decimal(costs[0])


def test_what_was_revoked_neither_runs_nor_counts_as_given(policy):
    offer = version(cooldown_days=0)
    this = case()
    taken = accepted(this.customer, offer, days=200, cost=40)
    Fulfilment.objects.create(
        offer=taken,
        price_before=1,
        price_during=1,
        price_after=1,
        starts_on=NOON.date(),
        ends_on=NOON.date() + timedelta(days=90),
    )
    asks = frozenset()
    before = standing.known(this, asks=asks, now=NOON).standing
    assert (before.running, before.goodwill) == (True, 40)
    Offer.objects.filter(pk=taken.pk).update(state="revoked")
    after = standing.known(this, asks=asks, now=NOON).standing
    assert (after.running, after.goodwill, after.accepted_in_year) == (False, 0, 1)


def test_a_decision_made_and_one_repeated_take_as_many_queries_each_time(policy, django_assert_num_queries):
    for _ in range(3):
        version()
    closed = {"state": "cancelled_scheduled", "ends_on": NOON.date(), "closed_at": NOON, "window_until": NOON.date()}
    suggest_for(case(), by=None, now=NOON)  # the process is warm then
    loaded = CancellationCase.objects.select_related("customer", "subscription__plan", "reason__category")
    first = loaded.get(pk=case(**closed).pk)
    with django_assert_num_queries(5):
        made = suggest_for(first, by=None, now=NOON)
    again = loaded.get(pk=case(subscription=first.subscription, customer=first.customer).pk)
    with django_assert_num_queries(6):
        assert suggest_for(again, by=None, now=NOON).candidates == made.candidates
