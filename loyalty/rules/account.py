"""The arithmetic of one card: credits, debits, and the rewards they make and unmake."""

from dataclasses import dataclass, field
from typing import Any

EARN, CONVERT, UNCONVERT, REVERSE = "earn", "convert", "unconvert", "reverse"
EXPIRE, ADJUST, TRANSFER_IN, TRANSFER_OUT = "expire", "adjust", "transfer_in", "transfer_out"


@dataclass(slots=True)
class Change:
    """One entry to be written. `reward` is the number of the reward an UNCONVERT takes back."""

    kind: str
    stamps: int
    balance: int
    seq: int
    reward: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """A membership's figures while its row is locked. `open_rewards` holds (number, stamps), oldest first, and is
    needed for debits that may take a reward back."""

    balance: int = 0
    seq: int = 0
    cycle_needed: int | None = None
    open_rewards: list[tuple[int, int]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def _add(self, kind: str, stamps: int, reward: int | None = None, **extra: Any) -> None:
        self.seq += 1
        self.balance += stamps
        self.changes.append(Change(kind, stamps, self.balance, self.seq, reward, extra))

    def credit(self, kind: str, stamps: int, needed: int, **extra: Any) -> int:
        """Add stamps, turn every full card into a reward, return how many. A cycle keeps the goal (`needed`) that held
        at its first stamp; a debt is repaid first."""
        self._add(kind, stamps, **extra)
        if self.balance > 0 and self.cycle_needed is None:
            self.cycle_needed = needed
        return self.convert(needed)

    def convert(self, needed: int) -> int:
        """While the card is full: CONVERT. What is left over starts the next cycle under `needed`."""
        made = 0
        while self.cycle_needed is not None and self.balance >= self.cycle_needed:
            self._add(CONVERT, -self.cycle_needed)
            self.cycle_needed = needed if self.balance > 0 else None
            made += 1
        return made

    def debit(self, kind: str, stamps: int, needed: int, **extra: Any) -> None:
        """Take stamps away: from the balance, else from the newest open rewards (UNCONVERT), else into debt."""
        while self.balance < stamps and self.open_rewards:
            number, worth = self.open_rewards.pop()
            self._add(UNCONVERT, worth, reward=number)
            self.cycle_needed = worth
        self._add(kind, -stamps, **extra)
        if self.balance <= 0:
            self.cycle_needed = None
        self.convert(needed)

    def move(self, kind: str, stamps: int, needed: int, **extra: Any) -> None:
        """A balance carried over as it is, a debt included; no reward is taken back for it."""
        self._add(kind, stamps, **extra)
        if self.balance <= 0:
            self.cycle_needed = None
        elif self.cycle_needed is None:
            self.cycle_needed = needed
        self.convert(needed)
