"""What a draft would have done to last year's receipts: replayed, then spread over what cannot be known."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from loyalty.rules.account import EARN, EXPIRE, Account
from loyalty.rules.earning import Line, earn
from loyalty.terms import Terms, Tier

# uptake (members against today's), share of rewards redeemed: what cannot be replayed
CASES = {"low": (Decimal("0.8"), Decimal("0.60")), "base": (Decimal(1), Decimal("0.80"))} | {
    "high": (Decimal("1.2"), Decimal("0.95"))
}
Sale = tuple[int | None, datetime, str, tuple[Line, ...], Decimal]  # member, local time, store, lines, total


@dataclass(slots=True)
class _Member:
    """What a card of the replay remembers."""

    account: Account = field(default_factory=Account)
    last: datetime | None = None  # the last visit that earned
    today: tuple[date, int] = (date.min, 0)
    lots: deque[tuple[datetime, int]] = field(default_factory=deque)  # what was credited, while it may expire
    credited: int = 0
    expired: int = 0
    window: deque[tuple[datetime, int]] = field(default_factory=deque)  # what counts towards a tier
    reached: int = 0


@dataclass(slots=True)
class Replay:
    """Receipts counted one by one under a draft; sales of one member must come in the order of time.

    Points are taken to be spent on the cheapest reward as soon as they suffice.
    """

    terms: Terms
    sales: int = 0
    identified: int = 0
    revenue: Decimal = Decimal(0)
    members_revenue: Decimal = Decimal(0)
    stamps: int = 0
    rewards: int = 0
    expired: int = 0
    on_the_way: Counter[int] = field(default_factory=Counter)
    _members: dict[int, _Member] = field(default_factory=dict)
    _reaching: set[int] = field(default_factory=set)

    def add(self, sale: Sale) -> None:
        number, local, store, lines, total = sale
        self.sales += 1
        self.revenue += total
        if number is None:
            return
        self.identified += 1
        self.members_revenue += total
        member = self._members.get(number)
        if member is None:
            member = self._members[number] = _Member()
            if self.terms.head_start:
                self._credit(number, member, "adjust", self.terms.head_start, local)
        self._expire(member, local)
        outcome = earn(
            lines,
            self.terms,
            local=local,
            store=store,
            earned_today=member.today[1] if member.today[0] == local.date() else 0,
            minutes_since_last=None if member.last is None else (local - member.last).total_seconds() / 60,
            tier=self._tier(member, local),
        )
        if outcome.stamps:
            earlier = member.today[1] if member.today[0] == local.date() else 0
            member.last, member.today = local, (local.date(), earlier + outcome.stamps)
            self.stamps += outcome.stamps
            if self.terms.tiers:
                counted = 1 if self.terms.tier_by == "visits" else outcome.stamps
                member.window.append((local, counted))
                member.reached += counted
            self._credit(number, member, EARN, outcome.stamps, local)

    def _credit(self, number: int, member: _Member, kind: str, stamps: int, local: datetime) -> None:
        made = member.account.credit(kind, stamps, self.terms.stamps_needed, self.terms.levels)
        for change in member.account.changes:
            self.on_the_way.update(level for _cycle, level in change.reached)
        member.account.changes.clear()
        self.rewards += made
        if made:
            self._reaching.add(number)
        if self.terms.stamp_days:
            member.lots.append((local + timedelta(days=self.terms.stamp_days), stamps))
            member.credited += stamps

    def _expire(self, member: _Member, local: datetime) -> None:
        """First in, first out, as the night does it."""
        while member.lots and member.lots[0][0] <= local:
            member.expired += member.lots.popleft()[1]
        due = min(member.expired - (member.credited - member.account.balance), member.account.balance)
        if self.terms.stamp_days and due > 0:
            member.account.debit(EXPIRE, due, self.terms.stamps_needed)
            member.account.changes.clear()
            self.expired += due

    def _tier(self, member: _Member, local: datetime) -> Tier | None:
        if not self.terms.tiers:
            return None
        since = local - timedelta(days=self.terms.tier_days)
        while member.window and member.window[0][0] <= since:
            member.reached -= member.window.popleft()[1]
        return self.terms.tier_of(member.reached)

    def result(self, reward_cost: Decimal, margin: Decimal, redemption: Decimal | None) -> dict[str, Any]:
        """The figures by case. Break-even lift: programme cost ÷ (margin × members' baseline revenue)."""
        members = len(self._members)
        gifts = sum((step.cost * self.on_the_way[step.at] for step in self.terms.interim), Decimal(0))
        cases = {}
        for name, (uptake, redeemed) in CASES.items():
            share = redemption if name == "base" and redemption is not None else redeemed
            rewards = self.rewards * uptake
            cost = (rewards * reward_cost + gifts * uptake) * share
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
            "reaching": len(self._reaching),
            "expired": self.expired,
            "on_the_way": sum(self.on_the_way.values()),
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
