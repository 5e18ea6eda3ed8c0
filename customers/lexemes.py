"""What customers are found by, made here for names in Latin letters; the definition and its reasons are in search.sql.

An import makes it by the million, and the same names come again and again: remembered here they cost a tenth of what
they cost the database. Whatever is not plain is left to the database, and a test holds one against the other.
"""

import re
import unicodedata
from functools import lru_cache

_SOFT = str.maketrans("", "", " -./_")
_LETTERS = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz")
_LATIN: dict[int, str] = {ord(mark): " " for mark in '!"#$%&()*+,-./:;<=>?@[\\]^_{|}~\t\r\n\v\f'}
_LATIN |= {ord(mark): "" for mark in "'’ʼ´`"}
for _letter in map(chr, range(0xC0, 0x180)):  # Å, é, ž: a letter and its marks
    _base, *_marks = unicodedata.normalize("NFKD", _letter)
    if _marks and _base.isascii() and all("\u0300" <= mark <= "\u036f" for mark in _marks):
        _LATIN[ord(_letter)] = _base
_KEYS = str.maketrans("bcdgqvwz", "pktkkffs", "")
_MUTE = str.maketrans("", "", "aeiouyhj")
_VOWELS = {
    **dict.fromkeys(("ai", "ay", "ei", "ey", "aj", "ej"), "e"),
    **dict.fromkeys(("ie", "ee", "ea"), "i"),
    **dict.fromkeys(("ou", "oo"), "u"),
}
_BEGINS = {"hj": "j", "lj": "j", "dj": "j", "gj": "j", "kj": "k", "tj": "k", "wr": "r", "ps": "s"}
# In this order, anywhere in a word.
_SOUNDS = [
    ("tsch", "s"), ("sch", "s"), ("stj", "s"), ("sj", "s"), ("sh", "s"), ("ght", "t"), ("ph", "f"), ("ck", "k"),
    ("cz", "s"), ("ch", "k"), ("qu", "kv"), ("x", "ks"), ("tz", "s"), ("ts", "s"), ("ds", "s"), ("ce", "se"),
    ("ci", "si"), ("cy", "sy"), ("ndq", "nq"), ("ndk", "nk"),
]  # fmt: skip  # pairs
_DOUBLES = [(2 * letter, letter) for letter in "snltkfpmrs"]


def vector(number: str, given_name: str, family_name: str, company: str, email: str, phone: str) -> str | None:
    """The row's `search` as a tsvector is written, or None where only the database can tell."""
    names = _lexemes(given_name), _lexemes(family_name), _lexemes(company)
    if None in names or not (number.isascii() and email.isascii()):
        return None
    plain = number.translate(_SOFT).lower()
    lexemes = [*names, _quoted("#" + plain), _quoted("#" + plain.translate(_LETTERS))]
    if "-" in given_name or "-" in family_name:
        lexemes += [_quoted(word) for name in (given_name, family_name) for word in _words(name.replace("-", "")) or ()]
    if phone:
        lexemes.append(_quoted("+" + phone.replace("+", "").replace(" ", "")[::-1]))
    if email:
        lexemes.append(_quoted("@" + email.lower()))
    return " ".join(filter(None, lexemes))


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


@lru_cache(maxsize=50_000)
def _lexemes(name: str) -> str | None:
    """Each word, its first letter, its sound."""
    words = _words(name)
    if words is None:
        return None
    return " ".join(f"'{word}' '^{word[0]}'" + (f" '~{sound}'" if (sound := _sound(word)) else "") for word in words)


def _words(name: str) -> list[str] | None:
    """customers_fold, split; None where a letter remains that is not Latin."""
    x = name.translate(_LATIN)
    if not x.isascii():
        return None
    x = x.lower().replace("aa", "a").replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return [word for word in x.split(" ") if word]


def _sound(word: str) -> str:
    """customers_sound."""
    if not re.fullmatch("[a-z]+", word):
        return ""
    vowels = word.replace("qu", "q").lstrip("bcdfghjklmnpqrstvwxz")[:3]
    if word[0] == "y" and vowels[:1] == "y":
        vowels = vowels.lstrip("y") or vowels
    kind = _VOWELS.get(vowels[:2]) or {"o": "a", "y": "i"}.get(vowels[:1], vowels[:1])
    x, start = word, word[:2]
    if start == "ch":
        x = ("k" if word[2:3] in ("r", "l") else "s") + word[2:]
    elif start == "sk" and word[2:3] in ("i", "e", "y", "j"):
        x = "s" + word[2:]
    elif start in _BEGINS:
        x = _BEGINS[start] + word[2:]
    elif word[0] == "x":
        x = "s" + word[1:]
    elif word[0] == "y" and word[1:2] in ("a", "e", "i", "o", "u"):
        x = "j" + word[1:]
    for letters, sound in _SOUNDS:
        x = x.replace(letters, sound)
    x = x.translate(_KEYS)
    for double, single in _DOUBLES:
        x = x.replace(double, single)
    return ("0" if x[0] in "aeiouy" else x[0]) + x[1:].translate(_MUTE) + "." + kind
