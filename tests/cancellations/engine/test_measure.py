"""Uplift and the estimates of other policies: worked by hand, and against a log whose truth is known."""

import numpy as np
import pytest

from cancellations.engine.measure import LEAST_SAMPLE, Logged, Uplift, off_policy
from staff.rates import Rate


def test_uplift_by_newcombe_and_what_is_still_missing():
    """180 of 300 against 40 of 100: 0.60 (Wilson 0.5437–0.6538) less 0.40 (0.3094–0.4980), by Newcombe's method 10
    0.20 − √(0.0563² + 0.0980²) … 0.20 + √(0.0538² + 0.0906²)."""
    found = Uplift.of(Rate.of(180, 300), Rate.of(40, 100))
    assert found.points == pytest.approx(0.20)
    assert (found.low, found.high) == (pytest.approx(0.0870, abs=5e-4), pytest.approx(0.3053, abs=5e-4))
    p = 221 / 402
    assert found.more == pytest.approx((1.959964 / 0.05) ** 2 * p * (1 - p) * (4 + 4 / 3) - 400, abs=1)


def test_without_a_hold_out_there_is_no_uplift():
    found = Uplift.of(Rate.of(180, 300), Rate.of(0, 0))
    assert (found.points, found.low, found.high, found.more) == (None, None, None, None)


TRUTH = {0: 30.0, 1: 80.0, 2: 50.0}  # what each action brings in the mean
LOGGING = {0: 0.2, 1: 0.3, 2: 0.5}


def log(n, *, expected=None, seed=3):
    rng = np.random.default_rng(seed)
    actions = rng.choice(list(LOGGING), n, p=list(LOGGING.values()))
    noise = rng.normal(0, 10, n)
    return [
        Logged(int(a), LOGGING[int(a)], TRUTH[int(a)] + float(e), expected or dict.fromkeys(TRUTH, 0.0))
        for a, e in zip(actions, noise, strict=True)
    ]


@pytest.mark.parametrize("action", sorted(TRUTH))
def test_every_estimate_finds_what_another_policy_would_have_brought(action):
    rows = log(4_000)
    found = off_policy(rows, [{action: 1.0}] * len(rows))
    assert found.sample == pytest.approx(LOGGING[action] * len(rows), rel=0.1)
    for estimate in (found.ips, found.snips, found.dr):
        assert estimate.low < TRUTH[action] < estimate.high
        assert estimate.low < estimate.value < estimate.high


def test_a_model_that_knows_makes_the_doubly_robust_estimate_narrow_and_one_that_errs_leaves_it_right():
    def width(estimate):
        return estimate.high - estimate.low

    knowing, erring = log(2_000, expected=TRUTH), log(2_000, expected=dict.fromkeys(TRUTH, 200.0))
    target = [{1: 1.0}] * 2_000
    known, wrong = off_policy(knowing, target), off_policy(erring, target)
    assert width(known.dr) < width(known.ips) / 3
    assert wrong.dr.low < TRUTH[1] < wrong.dr.high


def test_the_logging_policy_itself_is_its_own_mean():
    rows = log(500)
    found = off_policy(rows, [LOGGING] * 500)
    mean = sum(row.reward for row in rows) / 500
    assert found.sample == pytest.approx(500)
    assert (found.ips.value, found.snips.value) == (pytest.approx(mean), pytest.approx(mean))


def test_too_small_a_sample_is_refused_whatever_the_log():
    """A policy that the log hardly ever followed: 4,000 rows, of which few speak."""
    rows = log(400)
    assert off_policy(rows, [{0: 1.0}] * 400).ips is None
    assert off_policy(rows, [{9: 1.0}] * 400).sample == 0
    assert off_policy([], []).cases == 0
    weights = np.array([1 / LOGGING[row.action] if row.action == 0 else 0 for row in rows])
    found = off_policy(rows, [{0: 1.0}] * 400)
    assert found.sample == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert found.sample < LEAST_SAMPLE
