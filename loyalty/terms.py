"""A programme's terms as the rules read them, checked when they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from django.utils.translation import gettext as _

PER = ("item", "amount", "visit", "bonus")
USUAL = 10  # full cards, or rewards of the dearest kind: where terms set no cap, one receipt brings no more
TIER = "tier"  # the rule under which the ledger keeps what a tier adds
KEYS = {"key", "per", "stamps", "amount", "times", "minimum", "products", "categories", "stores"} | {
    "weekdays",
    "from",
    "until",
    "since",
    "to",
}


class TermsError(ValueError):
    """The stored rules are not well formed; the text says which rule and what to write instead."""


class Version(Protocol):
    """What `Terms.read` needs of a programme version."""

    stamps_needed: int
    rules: Any
    interim: Any
    prices: Any
    tiers: Any
    tier_by: str
    tier_days: int
    cap_receipt: int | None
    cap_day: int | None
    cooldown_minutes: int
    stamp_days: int | None
    reward_days: int | None
    backdate_days: int
    head_start: int
    stores: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to earn.

    per "item": `stamps` for each matching item. per "amount": `stamps` for each full `amount` spent on matching lines.
    per "visit": `stamps` once a receipt. per "bonus": what matching lines earned, `times` over. Empty conditions match
    everything; `start` and `end` are local times of day (end exclusive), `since` and `to` days (both inclusive).
    """

    key: str
    per: str
    stamps: int = 1
    amount: Decimal = Decimal(0)
    times: int = 1
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    weekdays: frozenset[int] = frozenset()
    start: time | None = None
    end: time | None = None
    since: date | None = None
    to: date | None = None
    minimum: Decimal = Decimal(0)

    def is_open(self, local: datetime, store: str) -> bool:
        """Whether the rule holds at this local moment in this store."""
        if self.weekdays and local.weekday() not in self.weekdays:
            return False
        if self.stores and store not in self.stores:
            return False
        if (self.since and local.date() < self.since) or (self.to and local.date() > self.to):
            return False
        if self.start is None and self.end is None:
            return True
        moment = local.time()
        if self.start and self.end and self.start > self.end:  # over midnight
            return moment >= self.start or moment < self.end
        return not ((self.start and moment < self.start) or (self.end and moment >= self.end))

    def matches(self, sku: str, category: str) -> bool:
        if not self.products and not self.categories:
            return True
        return sku in self.products or (bool(category) and category in self.categories)


@dataclass(frozen=True, slots=True)
class Interim:
    """A small reward on the way to a full card, at `at` stamps; no stamp is taken for it."""

    at: int
    name: str
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Price:
    """A reward that a member may choose for points."""

    points: int
    name: str
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tier:
    """Reached by what was earned, or by visits, in the trailing days; what is earned then counts `times` over."""

    start: int
    name: str
    times: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version says. `goal` is None for points, which turn into nothing by themselves."""

    stamps_needed: int
    rules: tuple[Rule, ...]
    interim: tuple[Interim, ...] = ()
    prices: tuple[Price, ...] = ()
    tiers: tuple[Tier, ...] = ()
    tier_by: str = "earned"
    tier_days: int = 365
    cap_receipt: int | None = None
    cap_day: int | None = None
    cooldown_minutes: int = 0
    stamp_days: int | None = None
    reward_days: int | None = None
    backdate_days: int = 90
    head_start: int = 0
    stores: frozenset[str] = frozenset()

    @property
    def goal(self) -> int | None:
        return None if self.prices else self.stamps_needed

    @property
    def most(self) -> int:
        """How much one receipt brings at most: a quantity mistyped at the till makes no hundred rewards."""
        if self.cap_receipt is not None:
            return self.cap_receipt
        return USUAL * max([self.stamps_needed, *(price.points for price in self.prices)])

    @property
    def levels(self) -> tuple[int, ...]:
        return tuple(step.at for step in self.interim)

    @property
    def looks_back(self) -> bool:
        """Whether counting needs to know what the card did before."""
        return self.cap_day is not None or self.cooldown_minutes > 0 or bool(self.tiers)

    @property
    def days_back(self) -> int:
        """How many days before a receipt may matter to it."""
        return max(1 + self.cooldown_minutes // 1440, self.tier_days if self.tiers else 0)

    def tier_of(self, reached: int) -> Tier | None:
        """The highest tier that this much earned (or these visits) reaches."""
        return max((tier for tier in self.tiers if reached >= tier.start), key=lambda t: t.start, default=None)

    @property
    def counts_money(self) -> bool:
        """Whether what is paid decides what is earned, so that whoever stamps must say it."""
        return any(rule.per == "amount" or rule.minimum for rule in self.rules)

    @property
    def counts_only(self) -> tuple[frozenset[str], frozenset[str]] | None:
        """The products and the categories that earn, where nothing else does; None where anything may."""
        rules = [rule for rule in self.rules if rule.per != "bonus"]
        if not all(rule.products or rule.categories for rule in rules):
            return None
        none: frozenset[str] = frozenset()
        return none.union(*(rule.products for rule in rules)), none.union(*(rule.categories for rule in rules))

    @property
    def without_bonus(self) -> "Terms":
        """The same terms as if no bonus window were open."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.per != "bonus"))

    @classmethod
    def read(cls, version: Version) -> "Terms":
        """Raises TermsError."""
        return cls(
            stamps_needed=version.stamps_needed,
            rules=read_rules(version.rules),
            interim=tuple(Interim(int(r["at"]), r["name"], Decimal(str(r.get("cost", 0)))) for r in version.interim),
            prices=tuple(Price(int(r["points"]), r["name"], Decimal(str(r.get("cost", 0)))) for r in version.prices),
            tiers=tuple(Tier(int(r["from"]), r["name"], Decimal(str(r.get("times", 1)))) for r in version.tiers),
            tier_by=version.tier_by,
            tier_days=version.tier_days,
            cap_receipt=version.cap_receipt,
            cap_day=version.cap_day,
            cooldown_minutes=version.cooldown_minutes,
            stamp_days=version.stamp_days,
            reward_days=version.reward_days,
            backdate_days=version.backdate_days,
            head_start=version.head_start,
            stores=frozenset(version.stores),
        )


def read_rules(rows: Any) -> tuple[Rule, ...]:
    """The rules of a version from their stored form, a list of objects. Raises TermsError."""
    if not isinstance(rows, list) or not rows:
        raise TermsError(_("Write at least one rule that says what earns."))
    rules = tuple(_read(row, place) for place, row in enumerate(rows, 1))
    if len({rule.key for rule in rules}) < len(rules):
        raise TermsError(_("Two rules have the same name."))
    if any(rule.key == TIER for rule in rules):
        raise TermsError(_("“tier” is what a tier adds; give the rule another name."))
    if all(rule.per == "bonus" for rule in rules):
        raise TermsError(_("A bonus alone earns nothing: add a rule for it to multiply."))
    return rules


def _read(row: Any, place: int) -> Rule:
    def wrong(what: str) -> TermsError:
        return TermsError(_("Rule %(place)s: %(what)s") % {"place": place, "what": what})

    if not isinstance(row, Mapping):
        raise wrong(_("must be an object."))
    if unknown := set(row) - KEYS:
        raise wrong(_("unknown word “%s”.") % sorted(unknown)[0])
    per = row.get("per")
    if per not in PER:
        raise wrong(_("“per” is one of item, amount, visit, bonus."))
    key = str(row.get("key") or f"rule-{place}")
    if len(key) > 40:
        raise wrong(_("its name is longer than 40 letters."))
    try:
        rule = Rule(
            key=key,
            per=per,
            stamps=_whole(row.get("stamps", 1)),
            amount=Decimal(str(row.get("amount") or 0)),
            times=_whole(row.get("times", 1)),
            products=_words(row.get("products")),
            categories=_words(row.get("categories")),
            stores=_words(row.get("stores")),
            weekdays=frozenset(_whole(day, least=0) for day in row.get("weekdays") or ()),
            start=time.fromisoformat(row["from"]) if row.get("from") else None,
            end=time.fromisoformat(row["until"]) if row.get("until") else None,
            since=date.fromisoformat(row["since"]) if row.get("since") else None,
            to=date.fromisoformat(row["to"]) if row.get("to") else None,
            minimum=Decimal(str(row.get("minimum") or 0)),
        )
    except (ValueError, TypeError, InvalidOperation) as error:
        raise wrong(_("a number, day or time cannot be read.")) from error
    if not (rule.amount.is_finite() and rule.minimum.is_finite()) or rule.amount < 0 or rule.minimum < 0:
        raise wrong(_("amounts must not be negative."))
    if per == "amount" and rule.amount <= 0:
        raise wrong(_("say for how much money a stamp is given."))
    if rule.since and rule.to and rule.to < rule.since:
        raise wrong(_("its last day is before its first."))
    if per == "bonus" and rule.times < 2:
        raise wrong(_("a bonus multiplies by 2 or more."))
    if not rule.weekdays <= frozenset(range(7)):
        raise wrong(_("weekdays run from 0 (Monday) to 6 (Sunday)."))
    return rule


def _whole(value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 10_000:
        raise ValueError
    return value


def _words(value: Any) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError
    return frozenset(value)
