"""Voucher codes: drawn at random, checked before any look-up, kept only as a keyed hash.

A code is twelve characters of an alphabet of 29: no vowels (no words), no 0 and 1 (no mix-up with O and I). Eleven
come from `secrets`, log2(29^11) = 53.4 bits; the twelfth makes Σ w·c ≡ 0 (mod 29) with the weights 12 … 1. As 29 is
prime and the weights are distinct and smaller, one wrong character and any two exchanged are always caught (the
construction of ISBN-10, which has modulus 11).
"""

import hashlib
import hmac
import secrets

from django.conf import settings

ALPHABET = "BCDFGHJKLMNPQRSTVWXYZ23456789"
LENGTH = 12
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_MODULUS = len(ALPHABET)
_SPACING = str.maketrans("", "", " \t\r\n\u00a0-\u2010\u2011\u2012\u2013\u2014\u2212")


def draw() -> str:
    """A new code, twelve characters without hyphens."""
    return complete("".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1)))


def complete(body: str) -> str:
    """Eleven characters and their check character, whose own weight is 1."""
    return body + ALPHABET[-_weighted(body) % _MODULUS]


def is_wellformed(code: str) -> bool:
    """Whether twelve normalised characters pass the check; no look-up."""
    return len(code) == LENGTH and _VALUE.keys() >= set(code) and _weighted(code) % _MODULUS == 0


def normalise(text: str) -> str:
    """As typed, scanned or pasted → without spaces and hyphens, in capitals."""
    return text.translate(_SPACING).upper()


def written(code: str) -> str:
    """As printed, three groups of four: “K7WP-3MXD-9TRQ”."""
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def fingerprint(code: str) -> str:
    """HMAC-SHA256 under the installation's own key (64 hex digits): what the database keeps instead of the code."""
    return hmac.new(settings.KVAR_VOUCHER_KEY.encode(), code.encode(), hashlib.sha256).hexdigest()


def _weighted(code: str) -> int:
    return sum((LENGTH - place) * _VALUE[character] for place, character in enumerate(code))
