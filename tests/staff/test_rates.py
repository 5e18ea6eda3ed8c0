"""Figures with their intervals, against published and brute-force values."""

from random import Random
from statistics import NormalDist, fmean, variance

import pytest

from staff.rates import Mean, Rate, needed, of_means, of_shares, of_strata


def test_newcombe_as_published():
    """Newcombe (1998), table II: 56/70 less 48/80 is 0.2000, 0.0524 to 0.3339."""
    found = of_shares(Rate.of(56, 70), Rate.of(48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.3339, abs=1e-4))
    assert found.is_clear


def test_too_few_say_nothing():
    assert of_shares(Rate.of(3, 10), Rate.of(0, 0)).value is None
    assert of_shares(Rate.of(20, 29), Rate.of(20, 100), least=30).value is None
    assert of_means(Mean.of(1, 5.0, 25.0), Mean.of(40, 0.0, 0.0)).low is None
    assert of_strata([(Rate.of(5, 10), Rate.of(0, 0))]).value is None
    assert not of_shares(Rate.of(50, 100), Rate.of(49, 100)).is_clear


def test_means_from_sums_equal_those_from_the_values():
    draw = Random(3)
    values = [draw.uniform(0, 30) for _ in range(200)]
    found = Mean.of(200, sum(values), sum(v * v for v in values))
    assert (found.mean, found.variance) == (pytest.approx(fmean(values)), pytest.approx(variance(values)))


@pytest.mark.parametrize("shift", [0.0, 4.0])
def test_intervals_hold_the_truth_as_often_as_they_say(shift):
    draw, held = Random(5), 0
    for _ in range(300):
        one = [draw.gauss(20 + shift, 6) for _ in range(40)]
        other = [draw.gauss(20, 9) for _ in range(60)]
        found = of_means(*(Mean.of(len(v), sum(v), sum(x * x for x in v)) for v in (one, other)))
        held += found.low <= shift <= found.high
    assert 0.91 <= held / 300 <= 0.985


def test_strata_undo_a_confounder():
    """Members are richer, the rich leave less: raw shares flatter, within strata there is nothing."""
    rich, poor = (Rate.of(450, 500), Rate.of(90, 100)), (Rate.of(60, 100), Rate.of(300, 500))
    raw = of_shares(Rate.of(510, 600), Rate.of(390, 600))
    found = of_strata([rich, poor])
    assert raw.low > 0.1
    assert found.value == pytest.approx(0)
    assert found.low < 0 < found.high


def test_how_many_more_are_needed_brings_the_interval_to_its_goal():
    one, other = Rate.of(90, 180), Rate.of(10, 20)
    more = needed(one, other)
    whole = 200 + more
    grown = of_shares(
        Rate.of(round(whole * 0.45), round(whole * 0.9)), Rate.of(round(whole * 0.05), round(whole * 0.1))
    )
    assert (grown.high - grown.low) / 2 == pytest.approx(0.05, abs=0.003)
    assert needed(Rate.of(5_000, 10_000), Rate.of(5_000, 10_000)) == 0
    assert NormalDist().inv_cdf(0.975) == pytest.approx(1.959963984540054)
