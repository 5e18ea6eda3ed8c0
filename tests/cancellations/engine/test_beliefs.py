"""Facts → beliefs: sums worked by hand, what is lent between cells, and what is forgotten when callers change."""

import numpy as np
import pytest

from cancellations.engine import beliefs
from cancellations.engine.beliefs import MAP_CASES, OLD_WEIGHT, PSEUDO_CASES, Catalogue, Facts

PAUSE, GIFT = 0, 1
AGES = 20
CHANGED = 6  # buckets ago


def catalogue(**guesses):
    return Catalogue([10, 11], ["pause", "gift"], [0, 1, 2], ["standard", "plus"], **guesses)


def facts():
    return Facts.empty(2, 3, 2, AGES)


def told(share_before, share_since, per_cell=20):
    """Of each incentive, reason and segment: `per_cell` callers in each bucket; pauses are liked as much as said, gifts
    as little."""
    found = facts()
    found.presented[:] = per_cell
    for ages, share in ((slice(0, CHANGED), share_since), (slice(CHANGED, AGES), share_before)):
        found.accepted[PAUSE, :, :, ages] = round(per_cell * share)
        found.accepted[GIFT, :, :, ages] = round(per_cell * (1 - share))
    return found


def test_without_facts_everything_is_the_root():
    model = beliefs.learn(facts(), catalogue().prior())
    for posterior, mean in ((model.accept, 0.3), (model.stay_accepted, 0.6), (model.stay_none, 0.2)):
        assert posterior.mean[-1] == pytest.approx(np.full(posterior.mean[-1].shape, mean))


def test_one_level_worked_by_hand():
    """Eight of ten where the level above says a half. Scatter (8 − 5)² / 0.25 − 10 = 26 over 90 pairs, and the prior of
    300 pairs at ρ = 1/16: ρ = (26 + 18.75) / 390, κ = 1/ρ − 1 = 7.715; mean (8 + 7.715/2) / (10 + 7.715) = 0.669."""
    mean, strength, kappa = beliefs._step(np.array([8.0]), np.array([10.0]), np.array([0.5]), 1)
    assert kappa == pytest.approx(7.715, abs=1e-3)
    assert mean == pytest.approx([0.669], abs=1e-3)
    assert strength == pytest.approx([17.715], abs=1e-3)


@pytest.mark.parametrize(("known", "strength"), [(10, 5.52), (1e9, 15)])
def test_where_nobody_was_asked_the_doubt_about_the_level_above_is_doubt_too(known, strength):
    """No case, κ = 15 and a level above known to 10: p(1 − p) · (1/16 + 1/11), as much as 5.52 cases leave."""
    found = beliefs._step(np.array([0.0]), np.array([0.0]), np.array([0.5]), 1, known)[1]
    assert found == pytest.approx([strength], abs=0.01)


def test_a_reason_never_tried_learns_from_the_others_and_a_guess_from_marketing():
    some = facts()
    some.presented[PAUSE, 1, :, 0], some.accepted[PAUSE, 1, :, 0] = 50, 45
    plain = beliefs.learn(some, catalogue().prior()).accept
    assert plain.mean[-1][PAUSE, 2, 0] > 0.6
    guessed = beliefs.learn(some, catalogue(mapped={(11, 2): 0.2}).prior()).accept
    assert guessed.mean[-1][GIFT, 2, 0] < plain.mean[-1][GIFT, 2, 0] - 0.15
    assert guessed.mean[-1][PAUSE, 2, 0] == plain.mean[-1][PAUSE, 2, 0]


@pytest.mark.parametrize("often", [20, 400])
def test_a_kind_put_where_it_fits_is_not_thought_to_fit_everywhere(often):
    some = facts()
    some.presented[PAUSE, 0, 0, 0], some.accepted[PAUSE, 0, 0, 0] = often, often * 0.8
    some.presented[PAUSE, 1, 0, 0], some.accepted[PAUSE, 1, 0, 0] = 20, 2
    pause = beliefs.learn(some, catalogue().prior()).accept
    assert pause.mean[-1][PAUSE, 0, 0] > 0.6
    assert 0.25 < pause.mean[-1][PAUSE, 2, 0] < 0.5  # of its own callers up to three in four said yes


def test_incentives_of_a_kind_are_compared_by_what_the_same_reasons_say():
    some = facts()
    some.presented[0, 0, 0, 0], some.accepted[0, 0, 0, 0] = 200, 160
    some.presented[1, 1, 0, 0], some.accepted[1, 1, 0, 0] = 200, 20
    pauses = Catalogue([10, 11], ["pause", "pause"], [0, 1, 2], ["standard", "plus"])
    favoured, other = beliefs.learn(some, pauses.prior()).accept.mean[-1][:, 2, 1]
    assert favoured == pytest.approx(other, abs=0.03)


def test_steady_callers_change_nothing():
    model = beliefs.learn(told(0.4, 0.4), catalogue(mapped={(10, 1): 0.9}).prior())
    assert (int(model.accept.change), float(model.map_cases)) == (0, MAP_CASES)
    assert model.accept.n[0] == 2 * 3 * 2 * 20 * AGES


@pytest.mark.parametrize("age", [0, CHANGED - 1, CHANGED, AGES])
def test_when_callers_change_what_was_before_is_forgotten_and_so_is_the_map(age):
    some = told(0.8, 0.2)
    some.mature_accepted[:, :, :, CHANGED:], some.stayed_accepted[:, :, :, CHANGED:] = 10, 9
    model = beliefs.learn(some, catalogue(mapped={(10, 1): 0.9}, said={(10, 1): age}).prior())
    assert int(model.accept.change) == CHANGED
    assert float(model.map_cases) == 0
    assert (model.accept.mean[-1][PAUSE] < 0.3).all()
    cells = 2 * 3 * 2
    assert model.accept.n[0] == pytest.approx(cells * 20 * (CHANGED + OLD_WEIGHT * (AGES - CHANGED)))
    assert model.stay_accepted.n[0] == pytest.approx(cells * 10 * OLD_WEIGHT * (AGES - CHANGED))
    said_since = age < CHANGED
    word = catalogue(mapped={(10, 1): 0.9}, said={(10, 1): age}).prior().word(model.accept.change)
    assert word[PAUSE, 1] == (PSEUDO_CASES if said_since else 0)


def test_who_was_offered_nothing_is_not_forgotten_because_others_say_yes_less_often():
    some = told(0.8, 0.2)
    some.mature_none[:, :, CHANGED:], some.stayed_none[:, :, CHANGED:] = 10, 3
    model = beliefs.learn(some, catalogue().prior())
    assert model.stay_none.n[0] == 3 * 2 * 10 * (AGES - CHANGED)


def test_age_is_fine_at_first_and_never_turns_back():
    days = beliefs.age(np.arange(3 * 365 + 1))
    assert (days[0], days[4], days[5], days[59], days[60], days[74], days[75]) == (0, 0, 1, 11, 12, 12, 13)
    assert set(np.diff(days)) == {0, 1}
    assert days[-1] == beliefs.OLDEST


def test_desks_side_by_side_are_learned_as_if_each_were_alone():
    """The simulated desk's axis of worlds: one steady, one that changed."""
    both = [told(0.4, 0.4), told(0.8, 0.2)]
    stacked = Facts(*(np.stack(parts) for parts in zip(*(vars(one).values() for one in both), strict=True)))
    model = beliefs.learn(stacked, catalogue().prior())
    for at, one in enumerate(both):
        alone = beliefs.learn(one, catalogue().prior())
        assert model.accept.mean[-1][at] == pytest.approx(alone.accept.mean[-1])
        assert model.map_cases[at] == alone.map_cases
