"""What a draft would have done to last year's receipts: replayed, then spread over what cannot be known."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.rules.account import EARN, Account
from loyalty.rules.earning import Line, earn
from loyalty.rules.terms import Terms

# uptake (members against today's), share of rewards redeemed: what cannot be replayed
CASES = {"low": (Decimal("0.8"), Decimal("0.60")), "base": (Decimal(1), Decimal("0.80"))} | {
    "high": (Decimal("1.2"), Decimal("0.95"))
}
Sale = tuple[int | None, datetime, str, tuple[Line, ...], Decimal]  # member, local time, store, lines, total


@dataclass(slots=True)
class Replay:
    """Receipts counted one by one under a draft; sales of one member must come in the order of time."""

    terms: Terms
    sales: int = 0
    identified: int = 0
    revenue: Decimal = Decimal(0)
    members_revenue: Decimal = Decimal(0)
    stamps: int = 0
    rewards: int = 0
    _accounts: dict[int, Account] = field(default_factory=dict)
    _reached: set[int] = field(default_factory=set)
    _last: dict[int, tuple[datetime, int]] = field(default_factory=dict)

    def add(self, sale: Sale) -> None:
        member, local, store, lines, total = sale
        self.sales += 1
        self.revenue += total
        if member is None:
            return
        self.identified += 1
        self.members_revenue += total
        first, gap, today = self._past(member, local)
        outcome = earn(lines, self.terms, local=local, store=store, earned_today=today, minutes_since_last=gap)
        if first and self.terms.head_start:
            self.rewards += self._account(member).credit("adjust", self.terms.head_start, self.terms.stamps_needed)
        if outcome.stamps:
            self._last[member] = (local, today + outcome.stamps)
            self.stamps += outcome.stamps
            made = self._account(member).credit(EARN, outcome.stamps, self.terms.stamps_needed)
            self._account(member).changes.clear()
            self.rewards += made
            if made:
                self._reached.add(member)

    def _account(self, member: int) -> Account:
        return self._accounts.setdefault(member, Account())

    def _past(self, member: int, local: datetime) -> tuple[bool, float | None, int]:
        known = self._last.get(member)
        if known is None:
            return member not in self._accounts, None, 0
        last, stamps = known
        return False, (local - last).total_seconds() / 60, stamps if last.date() == local.date() else 0

    def result(self, reward_cost: Decimal, margin: Decimal, redemption: Decimal | None) -> dict[str, Any]:
        """The figures by case. Break-even lift: programme cost ÷ (margin × members' baseline revenue)."""
        members = len(self._accounts)
        cases = {}
        for name, (uptake, redeemed) in CASES.items():
            share = redemption if name == "base" and redemption is not None else redeemed
            rewards = self.rewards * uptake
            cost = rewards * share * reward_cost
            profit = margin * self.members_revenue * uptake
            cases[name] = {
                "stamps": int(self.stamps * uptake),
                "rewards": int(rewards),
                "cost": f"{cost:.2f}",
                "break_even": f"{cost / profit:.4f}" if profit else None,
            }
        return {
            "receipts": self.sales,
            "identified": self.identified,
            "coverage": round(self.identified / self.sales, 4) if self.sales else 0,
            "revenue_coverage": round(float(self.members_revenue / self.revenue), 4) if self.revenue else 0,
            "members": members,
            "reaching": len(self._reached),
            "members_revenue": f"{self.members_revenue:.2f}",
            "cases": cases,
        }


def read(rows: Iterable[tuple[Any, ...]]) -> Iterable[Sale]:
    """Sales from rows of lines (receipt, member, local time, store, total, number, sku, quantity, amount, kind,
    category), the lines of a receipt together."""
    held: list[Any] = []
    lines: list[Line] = []
    for receipt, member, local, store, total, number, sku, quantity, amount, kind, category in rows:
        if held and held[0] != receipt:
            yield (held[1], held[2], held[3], tuple(lines), held[4])
            lines = []
        held = [receipt, member, local, store, total]
        if number is not None:
            lines.append(Line(number, sku, quantity, amount, kind, category or ""))
    if held:
        yield (held[1], held[2], held[3], tuple(lines), held[4])
