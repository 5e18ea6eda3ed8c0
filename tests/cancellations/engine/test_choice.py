"""What must hold for any candidates whatsoever, and a few cases worked by hand."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cancellations.engine import choice, ranking
from cancellations.engine.ranking import NONE, Offers

parameter = st.floats(0.5, 400)
pair = st.tuples(parameter, parameter)


def offer(key, accept, stay, refused, value, cost, lever=1.0, price=0.0, mapped=False, tried=0.0):
    return key, accept, stay, refused, value, cost, lever, price, mapped, tried


def table(rows):
    names = ("accept", "stay_accepted", "stay_refused", "value", "cost", "lever", "price_of_budget", "mapped", "tried")
    columns = [[row[1 + i] for row in rows] for i in range(len(names))]
    return Offers.of([row[0] for row in rows], **dict(zip(names, columns, strict=True)))


rows = st.lists(
    st.builds(
        offer,
        st.integers(1, 10_000),
        pair,
        pair,
        pair,
        st.floats(0, 3_000),
        st.floats(0, 500),
        st.floats(0.5, 2),
        st.floats(0, 5),
        st.booleans(),
        st.floats(0, 200),
    ),
    max_size=30,
    unique_by=lambda row: row[0],
)
seeds = st.integers(0, 2**53)


@settings(max_examples=60)
@given(rows, pair, seeds)
def test_probabilities_sum_to_one_and_everybody_has_a_chance(offers, none, seed):
    keys, vector = choice.vector(table(offers), none, seed)
    assert set(keys) == {NONE, *(row[0] for row in offers)}
    assert sum(round(p * choice.UNIT) for p in vector) == choice.UNIT
    assert min(vector) >= choice.EPSILON / len(keys) - 1 / choice.UNIT


@settings(max_examples=40)
@given(rows, pair, seeds)
def test_a_replay_from_stored_json_is_exact_and_blind_to_order(offers, none, seed):
    first = choice.choose(table(offers), none, seed)
    stored = json.loads(json.dumps(table(offers[::-1]).as_json()))
    assert choice.choose(Offers.from_json(stored), none, seed) == first


@settings(max_examples=20)
@given(rows.filter(lambda found: len(found) > 1), pair, seeds)
def test_a_dominated_offer_leads_by_exploration_only(offers, none, seed):
    """One that is worse for certain (everybody accepts, it costs a fortune) has no more than its share of ε."""
    hopeless = offer(20_000, (400, 1), (0.5, 400), (0.5, 400), 100.0, 5_000.0)
    keys, vector = choice.vector(table([*offers, hopeless]), none, seed)
    assert vector[keys.index(20_000)] <= choice.EPSILON / len(keys) + 1 / choice.UNIT


@settings(max_examples=15, phases=[Phase.generate])  # a smaller catalogue tells no more, and is long to find
@given(rows, pair, seeds)
def test_propensity_is_the_sampled_frequency(offers, none, seed):
    """Of any catalogue. The bound is that of five standard deviations and ten calls: no chance reaches it."""
    keys, vector = choice.vector(table(offers), none, seed)
    n = 3_000
    led = Counter(choice.sample(keys, vector, draw) for draw in range(n))
    for key, p in zip(keys, vector, strict=True):
        assert abs(led[key] - n * p) < 5 * (n * p * (1 - p)) ** 0.5 + 10


def test_the_lead_is_drawn_from_the_vector_and_says_its_propensity():
    one = table([offer(4, (5, 9), (9, 4), (4, 16), 200, 30)])
    chosen = choice.choose(one, (4, 16), 11)
    assert chosen.propensity == chosen.vector[chosen.keys.index(chosen.lead)]
    assert chosen == choice.choose(one, (4, 16), 11)


def test_without_any_offer_none_leads_for_certain():
    assert choice.choose(table([]), (4, 16), 3) == choice.Chosen((NONE,), (1.0,), NONE, 1.0)


def test_only_contenders_are_drawn_but_everybody_keeps_a_chance():
    good = [offer(k, (60, 40), (80, 20), (20, 80), 300, 20) for k in range(1, 5)]
    poor = [offer(k, (1, 99), (20, 80), (20, 80), 300, 20) for k in range(5, 205)]
    keys, vector = drawn_among(table([*poor, *good]), (20, 80), 5)
    led = dict(zip(keys, vector, strict=True))
    assert sum(led[k] for k in range(1, 5)) > 0.9
    assert min(vector) > 0


def drawn_among(offers, none, seed):
    """As a suggestion does it: the contenders are drawn, the others lead by ε."""
    drawn = choice.contenders(offers, none, 5.0)
    return choice.vector(drawn, none, seed, others=set(offers.keys) - set(drawn.keys))


def test_twelve_contenders_do_as_well_as_all_of_them():
    """What is left out of the draw would hardly ever lead if it were drawn."""
    many = [offer(k, (60 + 5 * (k % 7), 140), (120, 80), (40, 160), 300, 10 + k) for k in range(1, 60)]
    keys, few = drawn_among(table(many), (4, 16), 5)
    every = choice.vector(table(many), (4, 16), 5)[1]
    drawn = {k for k, p in zip(keys, few, strict=True) if p > choice.EPSILON / len(keys) + 1e-8}
    assert sum(p for k, p in zip(keys, every, strict=True) if k not in drawn) < choice.EPSILON + 0.01


def test_until_it_is_tried_what_the_map_does_not_name_yields_to_what_it_names():
    better = ((9, 11), (12, 8), (4, 16), 200, 20)
    named = offer(1, (6, 14), (12, 8), (4, 16), 200, 40, mapped=True)
    untried = dict(zip(*choice.vector(table([named, offer(2, *better)]), (4, 16), 5), strict=True))
    tried = dict(zip(*choice.vector(table([named, offer(2, *better, tried=200)]), (4, 16), 5), strict=True))
    distrusted = choice.vector(table([named, offer(2, *better)]), (4, 16), 5, map_cases=0.0)
    assert untried[1] > 0.6
    assert tried[2] > 0.6
    assert dict(zip(*distrusted, strict=True))[2] > 0.6


def test_many_calls_at_once_are_each_drawn_for_itself():
    """The simulated desk gives the calls an axis before the offers': the shares are those of each call alone."""
    one = table([offer(1, (30, 70), (60, 40), (20, 80), 200, 10), offer(2, (60, 40), (60, 40), (20, 80), 200, 90)])
    columns = {name: getattr(one, name) for name in ("accept", "stay_accepted", "stay_refused")}
    batch = Offers(
        one.keys,
        **{name: np.stack([pairs, pairs[::-1]]) for name, pairs in columns.items()},
        value=np.full((2, 1), 200.0),
        cost=np.stack([one.cost, one.cost[::-1]]),
        lever=one.lever,
        price_of_budget=one.price_of_budget,
        mapped=one.mapped,
        tried=one.tried,
    )
    first, second = choice.wins(batch, np.full((2, 2), (20.0, 80.0)), np.random.default_rng(3), draws=4_000)
    assert first[1] == pytest.approx(second[2], abs=0.03)
    assert first.sum() == pytest.approx(1)


def test_gain_worked_by_hand():
    """A 40 %, q 70 %, u 20 %, R0 25 %, V 200, C 30: R = 0.40; ΔEV = 0.15 · 200 − 12 = 18; λ 0.5: 18 − 6 = 12."""
    expected = ranking.expect(table([offer(9, (4, 6), (7, 3), (2, 8), 200, 30, lever=2.0, price=0.5)]), (5, 15))
    assert expected.gain == pytest.approx([18])
    assert expected.score == pytest.approx([24])
