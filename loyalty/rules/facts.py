"""A receipt as somebody tells it: the till, a file, or an agent at the desk."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from loyalty.rules.cards import normalise
from loyalty.rules.earning import Line

Key = tuple[str, str, date, str]  # source, store, business date, number


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """`original` is the key of the sale that a return takes back; the lines of a return carry the sale's numbers.

    `card` is the number as it is stored, however it was typed. `body_hash` is the same for the same receipt told
    twice, another for another under the same number.
    """

    source: str
    store: str
    business_date: date
    number: str
    occurred_at: datetime
    lines: tuple[Line, ...]
    card: str = ""
    cashier: str = ""
    total: Decimal = Decimal(0)
    original: Key | None = None
    typed: bool = False  # by hand from the paper: the till's own word about it later is no conflict
    key: Key = field(init=False)
    body_hash: str = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "card", normalise(self.card))
        put(self, "key", (self.source, self.store, self.business_date, self.number))
        put(self, "body_hash", "" if self.typed else self._hash())

    def _hash(self) -> str:
        lines = [
            (line.number, line.sku, line.quantity, f"{line.amount:.2f}", line.kind, line.reward) for line in self.lines
        ]
        body = repr((self.occurred_at.timestamp(), self.card, self.original, lines))
        return hashlib.sha256(body.encode()).hexdigest()


def key_as_json(key: Key) -> list[str]:
    """The key as it is kept with a return that waits for its sale."""
    return [key[0], key[1], key[2].isoformat(), key[3]]
