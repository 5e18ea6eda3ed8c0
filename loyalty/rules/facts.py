"""A receipt as somebody tells it: the till, a file, or an agent at the desk."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from loyalty.rules.earning import Line

Key = tuple[str, str, date, str]  # source, store, business date, number


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """`original` is the key of the sale that a return takes back; the lines of a return carry the sale's numbers."""

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

    @property
    def key(self) -> Key:
        return (self.source, self.store, self.business_date, self.number)

    @property
    def body_hash(self) -> str:
        """The same for the same receipt told twice, another for another under the same number."""
        if self.typed:
            return ""
        lines = [
            (line.number, line.sku, line.quantity, f"{line.amount:.2f}", line.kind, line.reward) for line in self.lines
        ]
        body = repr((self.occurred_at.timestamp(), self.card, self.original, lines))
        return hashlib.sha256(body.encode()).hexdigest()


def key_as_json(key: Key) -> list[str]:
    """The key as it is kept with a return that waits for its sale."""
    return [key[0], key[1], key[2].isoformat(), key[3]]
