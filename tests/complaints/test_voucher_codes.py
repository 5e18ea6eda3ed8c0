"""Codes are caught wrong before any look-up, and cannot be read back from what is stored."""

from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints.actions import redemption
from complaints.models import FailedLookup
from complaints.vouchers.codes import ALPHABET, LENGTH, complete, draw, fingerprint, is_wellformed, normalise, written
from complaints.vouchers.rules import GUESSES_BY_ADDRESS, GUESSING_WINDOW, TooManyGuesses, UnknownVoucher
from tests.conftest import NOON
from tests.factories import UserFactory

bodies = st.text(st.sampled_from(ALPHABET), min_size=LENGTH - 1, max_size=LENGTH - 1)


def test_alphabet_has_29_characters_and_none_that_are_mixed_up():
    assert len(ALPHABET) == len(set(ALPHABET)) == 29
    assert not set(ALPHABET) & set("AEIOU01")


@given(bodies)
def test_every_single_error_is_caught(body):
    code = complete(body)
    assert is_wellformed(code)
    for place in range(LENGTH):
        for wrong in set(ALPHABET) - {code[place]}:
            assert not is_wellformed(code[:place] + wrong + code[place + 1 :])


@given(bodies)
def test_every_transposition_of_two_different_characters_is_caught(body):
    code = complete(body)
    for first, second in combinations(range(LENGTH), 2):
        if code[first] != code[second]:
            swapped = list(code)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            assert not is_wellformed("".join(swapped))


def test_all_pairs_of_places_and_values_are_caught_by_arithmetic():
    """Exhaustive: weights and their differences are never 0 modulo 29, so no error can cancel out."""
    for weight in range(1, LENGTH + 1):
        assert all(weight * change % 29 for change in range(1, 29))
    for one, other in combinations(range(1, LENGTH + 1), 2):
        assert all((one - other) * change % 29 for change in range(1, 29))


@given(st.text(max_size=20))
def test_any_text_is_answered_without_an_error(text):
    code = normalise(text)
    assert is_wellformed(code) in (True, False)


@pytest.mark.parametrize("noise", ["{}", " {} ", "{}\r\n", "\u00a0{}"])
def test_a_code_is_read_as_typed_scanned_or_pasted(noise):
    code = draw()
    for text in (code, written(code), written(code).lower(), written(code).replace("-", "–"), " ".join(code)):
        assert normalise(noise.format(text)) == code


def test_ten_thousand_draws_are_wellformed_different_and_spread_over_the_alphabet():
    codes = {draw() for _ in range(10_000)}
    assert len(codes) == 10_000
    assert all(is_wellformed(code) for code in codes)
    for place in range(LENGTH):
        assert {code[place] for code in codes} == set(ALPHABET)


def test_fingerprint_depends_on_the_key_and_hides_the_code(settings):
    settings.KVAR_VOUCHER_KEY = "one"
    first = fingerprint("BCDFGHJKLMNP")
    settings.KVAR_VOUCHER_KEY = "other"
    assert first != fingerprint("BCDFGHJKLMNP")
    assert len(first) == 64
    assert "BCDF" not in first


def test_a_million_guesses_are_hopeless_by_arithmetic():
    """With a hundred thousand vouchers alive, a million distinct well-formed guesses find one in about 120,000 tries of
    the whole million; and the throttle gives one address a million guesses in no less than three hundred days."""
    alive, guesses = 100_000, 10**6
    assert guesses * alive / 29 ** (LENGTH - 1) < 1e-5
    assert guesses / GUESSES_BY_ADDRESS * GUESSING_WINDOW > timedelta(days=300)


@pytest.mark.django_db
def test_many_guessers_behind_one_address_look_up_no_more_than_it_may():
    guessers = [UserFactory() for _ in range(5)]
    refused = []
    for n in range(60):
        with pytest.raises((UnknownVoucher, TooManyGuesses)) as refusal:
            redemption.find(draw(), by=guessers[n % 5], address="192.0.2.1", now=NOON)
        refused.append(refusal.type)
    assert refused == [UnknownVoucher] * GUESSES_BY_ADDRESS + [TooManyGuesses] * (60 - GUESSES_BY_ADDRESS)
    assert FailedLookup.objects.count() == GUESSES_BY_ADDRESS
