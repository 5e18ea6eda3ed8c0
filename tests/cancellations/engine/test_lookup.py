"""A model asked by the desk's keys, for what it has met and for what it has not."""

import numpy as np
import pytest

from cancellations.engine import beliefs
from cancellations.engine.lookup import NOT_TOLD, Believed

AXES = beliefs.Catalogue([1, 2], ["pause", "gift"], [NOT_TOLD, 7], ["standard", "plus"])


@pytest.fixture
def believed():
    """Of those who refused, with reason 7 nearly all of “plus” stayed and nearly none of “standard”."""
    facts = beliefs.Facts.empty(2, 2, 2, 1)
    facts.mature_refused[0, 1] = 60
    facts.stayed_refused[0, 1, 0], facts.stayed_refused[0, 1, 1] = 3, 57
    return Believed(AXES, beliefs.learn(facts, AXES.prior()))


def refused(believed, segment, incentive=1):
    pairs = believed.estimates([incentive], ["pause"], 7, segment).stay_refused[0]
    return pairs[0] / pairs.sum()


def test_each_segment_has_its_own_word(believed):
    assert refused(believed, "standard") < 0.2 < 0.7 < refused(believed, "plus")


@pytest.mark.parametrize("incentive", [1, 99])
def test_without_a_segment_the_mean_of_its_reason_counts(believed, incentive):
    assert refused(believed, "", incentive) == pytest.approx(believed.model.stay_refused.mean[0][1].mean())


def test_an_unknown_incentive_is_taken_for_its_segment_and_reason(believed):
    assert refused(believed, "plus", 99) == pytest.approx(believed.model.stay_refused.mean[0][1, 1])
    assert np.isfinite(believed.estimates([99], ["unheard of"], 5, "").accept).all()
