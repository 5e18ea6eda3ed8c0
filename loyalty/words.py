"""A programme's terms as sentences that marketing, agents and members can read."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import time

from django.utils.dates import WEEKDAYS
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.models import Category, Product, Store
from loyalty.terms import Rule, Terms
from staff import formats

Names = Mapping[str, str]


def names_for(terms: Terms) -> dict[str, str]:
    """The names behind the codes that the terms mention; at most three queries."""
    rules = terms.rules
    names: dict[str, str] = {}
    for model, field, codes in (
        (Category, "code", {code for rule in rules for code in rule.categories}),
        (Product, "sku", {sku for rule in rules for sku in rule.products}),
        (Store, "code", {code for rule in rules for code in rule.stores} | terms.stores),
    ):
        if codes:
            rows = model._default_manager.filter(**{f"{field}__in": codes})
            names |= {f"{model._meta.model_name}:{code}": name for code, name in rows.values_list(field, "name")}
    return names


def amount_of(count: int, *, points: bool) -> str:
    """“2 stamps”, “1 point”."""
    if points:
        return ngettext("%d point", "%d points", count) % count
    return ngettext("%d stamp", "%d stamps", count) % count


def sentences(terms: Terms, reward: str) -> list[str]:
    """What earns, what it brings, what limits it; at most three queries for names."""
    names, points = names_for(terms), bool(terms.prices)
    told = [_rule(rule, names, points=points) for rule in terms.rules]
    if points:
        told += [
            _("%(points)s buy: %(reward)s.") % {"points": amount_of(p.points, points=True), "reward": p.name}
            for p in terms.prices
        ]
    else:
        told.append(
            _("%(stamps)s: %(reward)s.") % {"stamps": amount_of(terms.stamps_needed, points=False), "reward": reward}
        )
    told += [
        _("On the way, at %(at)s: %(reward)s, once a card.") % {"at": step.at, "reward": step.name}
        for step in terms.interim
    ]
    if terms.head_start:
        told.append(_("%s given at the start.") % amount_of(terms.head_start, points=points))
    told += [
        (
            _("%(tier)s from %(count)s visits in %(days)s days: earns × %(times)s.")
            if terms.tier_by == "visits"
            else _("%(tier)s from %(count)s earned in %(days)s days: earns × %(times)s.")
        )
        % {
            "tier": tier.name,
            "count": formats.number(tier.start),
            "days": terms.tier_days,
            "times": formats.number(tier.times.normalize()),
        }
        for tier in terms.tiers
    ]
    return told + list(_limits(terms, names))


def _limits(terms: Terms, names: Names) -> Iterator[str]:
    if terms.cap_receipt:
        yield _("At most %s a receipt.") % terms.cap_receipt
    if terms.cap_day:
        yield _("At most %s a day.") % terms.cap_day
    if terms.cooldown_minutes:
        yield _("Nothing within %s minutes after the visit before.") % terms.cooldown_minutes
    if terms.stamp_days:
        yield _("What is earned lives %s days.") % terms.stamp_days
    if terms.reward_days:
        yield _("A reward lives %s days.") % terms.reward_days
    if terms.stores:
        yield _("Only in %s.") % _listed(names.get(f"store:{code}", code) for code in sorted(terms.stores))


def _rule(rule: Rule, names: Names, *, points: bool) -> str:
    what = [names.get(f"category:{code}", code) for code in sorted(rule.categories)]
    what += [names.get(f"product:{sku}", sku) for sku in sorted(rule.products)]
    given = amount_of(rule.stamps, points=points)
    among = {"given": given, "what": _listed(what), "amount": formats.money(rule.amount), "times": rule.times}
    if rule.per == "item":
        head = _("Each item of %(what)s: %(given)s") if what else _("Each item: %(given)s")
    elif rule.per == "amount":
        head = _("Each full %(amount)s of %(what)s: %(given)s") if what else _("Each full %(amount)s: %(given)s")
    elif rule.per == "visit":
        head = _("Each visit with %(what)s: %(given)s") if what else _("Each visit: %(given)s")
    else:
        head = _("Bonus on %(what)s: × %(times)s") if what else _("Bonus: × %(times)s")
    return ", ".join([head % among, *_when(rule, names)]) + "."


def _when(rule: Rule, names: Names) -> Iterator[str]:
    if rule.weekdays:
        yield _listed(str(WEEKDAYS[day]) for day in sorted(rule.weekdays))
    if rule.start or rule.end:
        start, end = rule.start or time(), f"{rule.end:%H:%M}" if rule.end else "24:00"
        yield f"{start:%H:%M}–{end}"
    if rule.since and rule.to:
        yield _("%(since)s – %(to)s") % {"since": formats.day(rule.since), "to": formats.day(rule.to)}
    elif rule.since:
        yield _("from %s") % formats.day(rule.since)
    elif rule.to:
        yield _("until %s") % formats.day(rule.to)
    if rule.minimum:
        yield _("receipts from %s") % formats.money(rule.minimum)
    if rule.stores:
        yield _("in %s") % _listed(names.get(f"store:{code}", code) for code in sorted(rule.stores))


def _listed(words: Iterable[str]) -> str:
    return str(get_text_list(list(words), _("and")))
