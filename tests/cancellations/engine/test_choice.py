"""What must hold for any candidates whatsoever, and a few cases worked by hand."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cancellations.engine import choice, ranking
from cancellations.engine.ranking import NONE, Candidate, Shares

parameter = st.floats(0.5, 400)
pair = st.tuples(parameter, parameter)
offers = st.lists(
    st.builds(
        Candidate,
        key=st.integers(1, 10_000),
        shares=st.builds(Shares, pair, pair, pair),
        value=st.floats(0, 3_000),
        cost=st.floats(0, 500),
        lever=st.floats(0.5, 2),
        price_of_budget=st.floats(0, 5),
    ),
    max_size=30,
    unique_by=lambda c: c.key,
)
seeds = st.integers(0, 2**62)


@settings(max_examples=60, deadline=None)
@given(offers, pair, seeds)
def test_probabilities_sum_to_one_and_everybody_has_a_chance(candidates, none, seed):
    keys, vector = choice.vector(candidates, none, seed)
    assert set(keys) == {NONE, *(c.key for c in candidates)}
    assert sum(round(p * 10**choice.DIGITS) for p in vector) == 10**choice.DIGITS
    assert min(vector) >= choice.EPSILON / len(keys) - 10**-choice.DIGITS


@settings(max_examples=40, deadline=None)
@given(offers, pair, seeds)
def test_a_replay_from_stored_json_is_exact_and_blind_to_order(candidates, none, seed):
    first = choice.choose(candidates, none, seed)
    stored = json.loads(json.dumps([c.as_json() for c in reversed(candidates)]))
    again = choice.choose([Candidate.from_json(row) for row in stored], none, seed)
    assert again == first


@settings(max_examples=20, deadline=None)
@given(offers.filter(lambda c: len(c) > 1), pair, seeds)
def test_a_dominated_offer_leads_by_exploration_only(candidates, none, seed):
    """One that is worse for certain (nobody accepts, it costs a fortune) has no more than its share of ε."""
    hopeless = Candidate(
        20_000, Shares((400, 1), (0.5, 400), (0.5, 400)), value=100.0, cost=5_000.0, price_of_budget=0.0
    )
    keys, vector = choice.vector([*candidates, hopeless], none, seed)
    assert vector[keys.index(20_000)] <= choice.EPSILON / len(keys) + 10**-choice.DIGITS


def test_propensity_is_the_sampled_frequency():
    candidates = [
        Candidate(1, Shares((5, 9), (9, 4), (4, 16)), 200, 30),
        Candidate(2, Shares((9, 9), (8, 6), (4, 16)), 200, 60),
        Candidate(3, Shares((3, 9), (9, 6), (4, 16)), 200, 10),
    ]
    keys, vector = choice.vector(candidates, (4, 16), 7)
    n = 6_000
    led = Counter(choice.sample(keys, vector, seed) for seed in range(n))
    for key, p in zip(keys, vector, strict=True):
        assert abs(led[key] / n - p) < 4 * (p * (1 - p) / n) ** 0.5


def test_the_lead_is_drawn_from_the_vector_and_says_its_propensity():
    candidates = [Candidate(4, Shares((5, 9), (9, 4), (4, 16)), 200, 30)]
    chosen = choice.choose(candidates, (4, 16), 11)
    assert chosen.propensity == chosen.vector[chosen.keys.index(chosen.lead)]
    assert chosen == choice.choose(candidates, (4, 16), 11)


def test_without_any_offer_none_leads_for_certain():
    assert choice.choose([], (4, 16), 3) == choice.Chosen((NONE,), (1.0,), NONE, 1.0)


def test_only_contenders_are_drawn_but_everybody_keeps_a_chance():
    good = [Candidate(k, Shares((60, 40), (80, 20), (20, 80)), 300, 20) for k in range(1, 5)]
    poor = [Candidate(k, Shares((1, 99), (20, 80), (20, 80)), 300, 20) for k in range(5, 205)]
    keys, vector = choice.vector([*good, *poor], (20, 80), 5)
    led = dict(zip(keys, vector, strict=True))
    assert sum(led[k] for k in range(1, 5)) > 0.9
    assert min(vector) > 0


def test_gain_worked_by_hand():
    """A 40 %, q 70 %, u 20 %, R0 25 %, V 200, C 30: R = 0.40; ΔEV = 0.15 · 200 − 12 = 18; λ 0.5: 18 − 6 = 12."""
    candidate = Candidate(9, Shares((4, 6), (7, 3), (2, 8)), 200, 30, lever=2.0, price_of_budget=0.5)
    best, none = ranking.rank([candidate], (5, 15))
    assert (best.key, none.key, none.score) == (9, NONE, 0.0)
    assert best.gain == pytest.approx(18)
    assert best.score == pytest.approx(24)
