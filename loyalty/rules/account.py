"""The arithmetic of one card: credits, debits, and the rewards they make and unmake."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

EARN, CONVERT, UNCONVERT, REVERSE = "earn", "convert", "unconvert", "reverse"
EXPIRE, ADJUST, TRANSFER_IN, TRANSFER_OUT = "expire", "adjust", "transfer_in", "transfer_out"

Step = tuple[int, int]  # the cycle and the number of stamps at which an interim reward is due


@dataclass(slots=True)
class Change:
    """One entry to be written. `about` is what it belongs to, as the account was told; `reward` the number of the
    reward an UNCONVERT takes back; `reached` names the interim rewards that are due with it, `fell` the numbers of
    open ones that it takes back."""

    kind: str
    stamps: int
    balance: int
    seq: int
    about: Any = None
    reward: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    reached: tuple[Step, ...] = ()
    fell: tuple[int, ...] = ()


@dataclass(slots=True)
class Account:
    """A membership's figures while its row is locked.

    `needed` in what follows is the goal of a card in force; None where nothing turns into a reward by itself, as with
    points. `open_rewards` holds (number, stamps), oldest first, and is needed for debits that may take a reward back.
    `interim` holds what was given on the way to a full card: cycle and stamps, with the number of the reward while it
    is open, else None. It is given once in a cycle: taken back while open, never asked back once eaten. `about` is
    what the next changes belong to; the account only carries it.
    """

    balance: int = 0
    seq: int = 0
    cycle_needed: int | None = None
    cycle: int = 0
    open_rewards: list[tuple[int, int]] = field(default_factory=list)
    interim: dict[Step, int | None] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    about: Any = None

    def _add(self, kind: str, stamps: int, reward: int | None = None, **extra: Any) -> None:
        self.seq += 1
        self.balance += stamps
        self.changes.append(Change(kind, stamps, self.balance, self.seq, self.about, reward, extra))

    def credit(self, kind: str, stamps: int, needed: int | None, levels: Sequence[int] = (), **extra: Any) -> int:
        """Add stamps, turn every full card into a reward, return how many. A cycle keeps the goal (`needed`) that held
        at its first stamp; a debt is repaid first. Passing one of `levels` makes an interim reward due."""
        before = self.balance
        self._add(kind, stamps, **extra)
        if self.balance > 0 and self.cycle_needed is None:
            self.cycle_needed = needed
        return self.convert(needed, levels, since=before)

    def convert(self, needed: int | None, levels: Sequence[int] = (), *, since: int = 0) -> int:
        """While the card is full: CONVERT. What is left over starts the next cycle under `needed`."""
        made = 0
        if levels:
            self._reach(levels, since)
        while self.cycle_needed is not None and self.balance >= self.cycle_needed:
            self._add(CONVERT, -self.cycle_needed)
            self.cycle += 1
            self.cycle_needed = needed if self.balance > 0 else None
            made += 1
            if levels:
                self._reach(levels, 0)
        return made

    def _reach(self, levels: Sequence[int], since: int) -> None:
        due = [(self.cycle, level) for level in levels if since < level <= self.balance]
        if new := tuple(step for step in due if step not in self.interim):
            self.changes[-1].reached += new
            self.interim |= dict.fromkeys(new)

    def spend(self, stamps: int, **extra: Any) -> None:
        """Points given for a reward that the member chose. The caller has seen that there are enough."""
        self._add(CONVERT, -stamps, **extra)

    def debit(self, kind: str, stamps: int, needed: int | None, **extra: Any) -> None:
        """Take stamps away: from the balance, else from the newest open rewards (UNCONVERT), else into debt.

        Interim rewards that are still open go with the stamps they stood for, but not when stamps only expire.
        """
        while self.balance < stamps and self.open_rewards:
            self._turn_back(*self.open_rewards.pop(), needed)
        self._add(kind, -stamps, **extra)
        if kind != EXPIRE:
            self._fall()
        if self.balance <= 0:
            self.cycle_needed = None
            self.cycle += kind == EXPIRE
        self.convert(needed)

    def repay(self, number: int, worth: int, needed: int | None) -> None:
        """A reward that came back while the card owes turns back into what it cost, as it would have when the goods
        came back first."""
        self._turn_back(number, worth, needed)
        if self.balance <= 0:
            self.cycle_needed = None
        self.convert(needed)

    def _turn_back(self, number: int, worth: int, needed: int | None) -> None:
        self.unspend(number, worth)
        if needed is not None:
            self.cycle_needed, self.cycle = worth, max(self.cycle - 1, 0)

    def unspend(self, number: int, worth: int, **extra: Any) -> None:
        """An open reward turned back into what it cost."""
        self._add(UNCONVERT, worth, reward=number, **extra)

    def _fall(self) -> None:
        for step, number in list(self.interim.items()):
            cycle, level = step
            if number is not None and (cycle > self.cycle or (cycle == self.cycle and self.balance < level)):
                self.changes[-1].fell += (number,)
                del self.interim[step]

    def move(self, kind: str, stamps: int, needed: int | None, **extra: Any) -> None:
        """A balance carried over as it is, a debt included; no reward is taken back for it."""
        self._add(kind, stamps, **extra)
        if self.balance <= 0:
            self.cycle_needed = None
        elif self.cycle_needed is None:
            self.cycle_needed = needed
        self.convert(needed)
