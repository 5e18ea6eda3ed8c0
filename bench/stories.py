"""Made-up texts whose words fall as in a language: the first in most texts, the last in few."""

from collections.abc import Iterator
from itertools import accumulate
from random import Random

STORIES = 19_997
SYLLABLES = ("ba", "cor", "del", "fin", "gu", "har", "is", "jo", "kal", "lum", "mer", "nor", "ol", "pra", "qui", "ros")
COMMON = ("router", "invoice", "technician", "signal", "parcel", "price", "evening", "cable", "box", "shop")
WORDS = 2_000


def vocabulary() -> list[str]:
    random = Random(1)
    made = {"".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(2 * WORDS)}
    return [*COMMON, *sorted(made, key=lambda word: (len(word), word))][:WORDS]


def stories() -> Iterator[tuple[int, str, str]]:
    """(number, title, text)."""
    random, words = Random(2), vocabulary()
    weights = list(accumulate(1 / (place + 3) for place in range(len(words))))
    for n in range(STORIES):
        said = random.choices(words, cum_weights=weights, k=30)
        yield n, " ".join(said[:4]).capitalize(), " ".join(said[4:])
