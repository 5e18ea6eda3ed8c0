"""What the lines of one receipt earn under the terms of their day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from loyalty.terms import TIER, Rule, Terms, Tier

Sentence = dict[str, Any]
ONE = Decimal(1)


class Line(NamedTuple):
    """One line of a receipt as the rules see it; `reward` is the number of the reward it was paid with."""

    number: int
    sku: str
    quantity: int = 1
    amount: Decimal = Decimal(0)
    kind: str = "sale"
    category: str = ""
    reward: int | None = None


class Earning(NamedTuple):
    line: int
    rule: str
    stamps: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was earned, line by line, and why, as data for `rules.trace.say`. `room`: what the day's cap had left;
    `times`: what the member's tier of that moment multiplied by."""

    earnings: tuple[Earning, ...]
    trace: tuple[Sentence, ...]
    room: int | None = None
    times: Decimal = ONE

    @property
    def stamps(self) -> int:
        return sum(earning.stamps for earning in self.earnings)


NOTHING_IS_SOLD = {"reward": "free_item", "gift_card": "gift_card", "void": "void"}


def earn(
    lines: Sequence[Line],
    terms: Terms,
    *,
    local: datetime,
    store: str,
    earned_today: int = 0,
    minutes_since_last: float | None = None,
    tier: Tier | None = None,
) -> Outcome:
    """What a sale earns at this local moment. `earned_today`, `minutes_since_last` (None: no earlier visit) and `tier`
    speak of the same card and matter only where the terms look back."""
    if terms.stores and store not in terms.stores:
        return Outcome((), ({"say": "other_store", "store": store},))
    if terms.cooldown_minutes and minutes_since_last is not None and 0 <= minutes_since_last < terms.cooldown_minutes:
        return Outcome((), ({"say": "too_soon", "minutes": terms.cooldown_minutes},), room=0)
    earnings, trace = _by_rules(lines, terms, local, store)
    times = tier.times if tier else ONE
    if tier and (more := _multiplied(earnings, times)) != earnings:
        trace.append({"say": "tier", "tier": tier.name, "more": more[-1].stamps})
        earnings = more
    room = None if terms.cap_day is None else max(terms.cap_day - earned_today, 0)
    kept = cap(earnings, terms.most)
    if kept is not earnings:
        trace.append({"say": "cap_receipt", "cap": terms.most, "cut": _sum(earnings) - _sum(kept)})
    within = cap(kept, room)
    if within is not kept:
        trace.append({"say": "cap_day", "cap": terms.cap_day, "cut": _sum(kept) - _sum(within)})
    for sentence in trace:
        if sentence["say"] == "bonus":
            plain = _multiplied(_by_rules(lines, terms.without_bonus, local, store)[0], times)
            sentence["extra"] = _sum(within) - _sum(cap(cap(plain, terms.most), room))
    return Outcome(within, (_headline(within, lines, terms), *trace), room, times)


def earned_by(
    lines: Sequence[Line],
    terms: Terms,
    *,
    local: datetime,
    store: str,
    room: int | None,
    times: Decimal = Decimal(1),
) -> int:
    """How many stamps these lines were worth that day, with `room` left by its caps and the tier's `times` of that
    moment: for returns."""
    if room == 0 or (terms.stores and store not in terms.stores):
        return 0
    earnings, _trace = _by_rules(lines, terms, local, store)
    return _sum(cap(cap(_multiplied(earnings, times), terms.most), room))


def _multiplied(earnings: tuple[Earning, ...], times: Decimal) -> tuple[Earning, ...]:
    """With what a tier adds to the whole receipt, rounded down, as an earning of its own."""
    more = int(_sum(earnings) * times) - _sum(earnings)
    return (*earnings, Earning(earnings[0].line, TIER, more)) if more > 0 else earnings


def cap(earnings: tuple[Earning, ...], most: int | None) -> tuple[Earning, ...]:
    """The first earnings that fit under `most`, the last of them cut; the same tuple when all do."""
    if most is None or _sum(earnings) <= most:
        return earnings
    kept: list[Earning] = []
    for earning in earnings:
        stamps = min(earning.stamps, most)
        if stamps > 0:
            kept.append(earning if stamps == earning.stamps else Earning(earning.line, earning.rule, stamps))
        most -= stamps
    return tuple(kept)


def _sum(earnings: Sequence[Earning]) -> int:
    return sum([earning.stamps for earning in earnings])


def _by_rules(
    lines: Sequence[Line], terms: Terms, local: datetime, store: str
) -> tuple[tuple[Earning, ...], list[Sentence]]:
    trace: list[Sentence] = []
    sold = []
    for line in lines:
        if line.kind != "sale":
            trace.append({"say": NOTHING_IS_SOLD[line.kind], "what": line.sku, "line": line.number})
        elif line.quantity > 0:
            sold.append(line)
    rules = [rule for rule in terms.rules if rule.is_open(local, store)]
    if any(rule.minimum for rule in rules):
        total = sum((line.amount for line in sold), Decimal(0))
        rules = [rule for rule in rules if total >= rule.minimum]
    bonuses = [rule for rule in rules if rule.per == "bonus"]
    by_item = [rule for rule in rules if rule.per == "item"]
    by_receipt = [rule for rule in rules if rule.per in ("amount", "visit")]
    earnings: list[Earning] = []
    for line in sold:
        sku, category = line.sku, line.category
        best: Rule | None = None
        for rule in by_item:
            if (best is None or rule.stamps > best.stamps) and rule.matches(sku, category):
                best = rule
        if best:
            stamps = best.stamps * line.quantity * _times(bonuses, line)
            earnings.append(Earning(line.number, best.key, stamps))
        elif not any(rule.matches(sku, category) for rule in by_receipt):
            trace.append({"say": "no_rule", "what": sku, "line": line.number})
    for rule in by_receipt:
        own = [line for line in sold if rule.matches(line.sku, line.category)]
        if not own:
            continue
        stamps = rule.stamps
        if rule.per == "amount":
            stamps *= int(sum((line.amount for line in own), Decimal(0)) // rule.amount)
        if stamps > 0:
            earnings.append(Earning(own[0].number, rule.key, stamps * _times(bonuses, own[0])))
    if bonuses and earnings and (times := max((_times(bonuses, line) for line in sold), default=1)) > 1:
        bonus = next(rule for rule in bonuses if rule.times == times)
        trace.append({"say": "bonus", "times": times, "rule": bonus.key})
    return tuple(earnings), trace


def _times(bonuses: Sequence[Rule], line: Line) -> int:
    return max((rule.times for rule in bonuses if rule.matches(line.sku, line.category)), default=1) if bonuses else 1


def _headline(earnings: Sequence[Earning], lines: Sequence[Line], terms: Terms) -> Sentence:
    counted = {earning.line for earning in earnings}
    return {
        "say": "earned",
        "stamps": _sum(earnings),
        "items": sum([line.quantity for line in lines if line.kind != "void"]),
        "counted": sum([line.quantity for line in lines if line.number in counted]),
    } | ({"unit": "point"} if terms.prices else {})
