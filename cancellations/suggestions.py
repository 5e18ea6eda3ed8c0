"""What to offer in this call: the engine asked with the facts of the desk, its decision stored whole.

The stored row replays exactly (`replay`): the offers drawn from with their parameters, seed, vector, lead.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cancellations.candidates import Refusal
from cancellations.catalogue import Desk, Published, desk
from cancellations.engine import choice, guards, ranking
from cancellations.engine.conditions import Verdict
from cancellations.engine.guards import Array, Barred, Limits, Priced, Standing
from cancellations.engine.lookup import NOT_TOLD, Believed, Estimates
from cancellations.engine.ranking import NONE, Offers
from cancellations.engine.special import beta_interval
from cancellations.engine.values import STANDARD, Contract
from cancellations.models import CancellationCase, EnginePolicy, Suggestion
from cancellations.models.rows import Rows
from cancellations.standing import Known, known
from staff.models import User
from staff.statements import kept, prepared

REUSED_FOR = timedelta(days=30)  # who calls again within it meets the same decision
HOLD_OUT_STEPS = 10_000
BULKY = ("candidates", "parameters", "vector")  # of a decision: wanted only where it is repeated


# --- the hold-out ----------------------------------------------------------------------------------------------------
def quarter(day: date) -> str:
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def is_held_out(customer_id: int, day: date, policy: EnginePolicy) -> bool:
    """Whether nothing is suggested to this customer in this quarter: a salted hash, the same at every call."""
    text = f"{policy.salt}:{quarter(day)}:{customer_id}".encode()
    ticket = int.from_bytes(hashlib.sha256(text).digest()[:8]) % HOLD_OUT_STEPS
    return ticket < int(policy.hold_out * HOLD_OUT_STEPS)


# --- weighing --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Weighed:
    """Every entry of the catalogue with its figures and refusals, "no incentive" among them, best first; the offers
    that may lead, as the engine draws from them; R0 and what marketing's word is worth."""

    columns: dict[str, list[Any]]  # of `Candidate`, but for its probability
    offers: Offers
    none: tuple[float, float]
    map_cases: float


@dataclass(frozen=True, eq=False)
class _Seen:
    """What the model says of all that is published to callers with one reason in one segment."""

    estimates: Estimates
    none: tuple[float, float]
    told: dict[str, list[Any]]  # columns of `Candidate`


@lru_cache(maxsize=128)
def _seen(published: Published, believed: Believed, reason: int, segment: str) -> _Seen:
    seen = believed.estimates(published.incentives, published.kinds, reason, segment)
    none = believed.none(reason, segment)
    low, high = beta_interval(seen.accept[:, 0], seen.accept[:, 1])
    shares = {"accept": ranking.mean(seen.accept), "low": low, "high": high, "stays": ranking.mean(seen.stay_accepted)}
    told: dict[str, list[Any]] = {name: np.round(column, 4).tolist() for name, column in shares.items()}
    told |= {
        "scope": ["reason" if of_reason else "incentive" for of_reason in seen.of_reason],
        "accepted": np.rint(seen.accepted).astype(int).tolist(),
        "presented": np.rint(seen.presented).astype(int).tolist(),
    }
    return _Seen(seen, none, told)


@lru_cache(maxsize=128)
def _costs(published: Published, contract: Contract) -> tuple[Array, list[str]]:
    """Of each entry, to reckon with and as text; contracts with one price and margin are many."""
    costs = [entry.price(contract) for entry in published.entries]
    return np.array(costs, dtype=float), list(map(str, costs))


def weigh(desk: Desk, about: Known, *, reason_id: int | None, segment: str, now: datetime) -> Weighed:
    """Pure: no query. The arithmetic is done for all entries at once."""
    published, standing = desk.published, about.standing
    seen = _seen(published, desk.believed, reason_id or NOT_TOLD, segment)
    costs, costs_told = _costs(published, standing.contract)
    left, price_of_budget = desk.budgets_of(_month_gone(timezone.localdate(now)))
    everything = Offers(
        published.versions,
        seen.estimates.accept,
        seen.estimates.stay_accepted,
        seen.estimates.stay_refused,
        value=np.full(len(costs), float(standing.value)),
        cost=costs,
        lever=published.lever,
        price_of_budget=price_of_budget,
        mapped=seen.estimates.mapped,
        tried=seen.estimates.tried,
    )
    expected = ranking.expect(everything, seen.none)
    priced = Priced(
        published.incentives,
        published.extends,
        published.cooldown_days,
        published.max_accepted,
        everything.cost,
        left,
    )
    refusals = _refusals(published.rules.verdicts(about.values), priced, standing, desk.limits())
    shown = np.array([not refused for refused in refusals], dtype=bool)
    stays_without = round(float(ranking.mean(seen.none)), 4)
    scores = np.round(expected.score, 4)
    columns: dict[str, list[Any]] = {
        "version": list(published.versions),
        "kind": published.kinds,
        "shown": shown.tolist(),
        "score": scores.tolist(),
        "gain": [f"{gain:.2f}" for gain in expected.gain.tolist()],
        "cost": costs_told,
        **seen.told,
        "refusals": refusals,
    }
    nothing = NO_INCENTIVE | {"stays": stays_without, "refusals": []}
    best = np.lexsort((published.versions, -scores, ~shown)).tolist()
    place = int(np.count_nonzero(shown & (scores > 0)))  # "no incentive" follows what gains something
    order = [*best[:place], len(costs), *best[place:]]
    ordered = {name: list(map([*column, nothing[name]].__getitem__, order)) for name, column in columns.items()}
    ordered |= {
        "value": [f"{standing.value:.2f}"] * (1 + len(costs)),
        "stays_without": [stays_without] * (1 + len(costs)),
    }
    return Weighed(ordered, everything.take(np.flatnonzero(shown)), seen.none, desk.believed.map_cases)


NO_INCENTIVE: dict[str, Any] = {
    "version": None,
    "kind": "",
    "shown": True,
    "score": 0.0,
    "gain": "0.00",
    "cost": "0.00",
    "accept": 0.0,
    "low": 0.0,
    "high": 0.0,
    "scope": "all",
    "accepted": 0,
    "presented": 0,
}


def _refusals(verdicts: Sequence[Verdict], priced: Priced, standing: Standing, limits: Limits) -> list[list[Refusal]]:
    """Of each entry: what its rules and the guards say against it; empty when it may be offered."""
    of_case = [_by_guard(barred) for barred in guards.case_guards(standing, limits)]
    refusals: list[list[Refusal]] = [
        [] if verdict.passed and not of_case else [*_by_rules(verdict), *of_case] for verdict in verdicts
    ]
    most = guards.ceilings(standing, limits, STANDARD)
    for barred, why in guards.offer_guards(priced, standing, limits, most, STANDARD):
        for i in np.flatnonzero(barred).tolist():
            refusals[i].append(_by_guard(why(i)))
    return refusals


def _by_rules(verdict: Verdict) -> list[Refusal]:
    findings = verdict.failed or verdict.findings
    return [{"layer": verdict.layer, "code": "condition", "values": finding.as_json()} for finding in findings]


def _by_guard(barred: Barred) -> Refusal:
    numbers = barred.as_json()
    return {"layer": "guard", "code": numbers.pop("code"), "values": numbers}


def _month_gone(day: date) -> float:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day.day / (following - timedelta(days=1)).day


def _fingerprint(weighed: Weighed, *, reason_id: int | None, hold_out: bool) -> str:
    """Of what must not change for a stored decision to hold: the reason, which versions may be offered, and their cost
    and the customer's value, which the offers take over from it (another subscription has others)."""
    columns = (weighed.columns[name] for name in ("version", "cost", "value", "shown"))
    offered = sorted(
        (version, cost, value) for version, cost, value, shown in zip(*columns, strict=True) if shown and version
    )
    return hashlib.sha256(json.dumps([reason_id, offered, hold_out]).encode()).hexdigest()[:32]


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in found.items()}


# --- the decision ----------------------------------------------------------------------------------------------------
@prepared()
@transaction.atomic(savepoint=False)
def suggest_for(case: CancellationCase, *, by: User | None, now: datetime, override: bool = False) -> Suggestion:
    """The decision in force for this case, made now or reused.

    Reused when the reason and what may be offered, at what cost, are as they were, in this case or in the customer's
    last within 30 days: calling again brings no other offer. `override`: hardship, the hold-out is shown offers all the
    same and still counted as hold-out. The caller holds the case's lock; its customer, subscription with plan, reason
    with category and own reading should be loaded. At most 8 queries, one more when a decision is superseded.
    """
    earlier = _earlier(case.customer_id, now - REUSED_FOR)
    mine = next((s for s in earlier if s.case_id == case.pk), None)
    at_desk = desk(team_id=case.team_id, now=now)
    about = known(case, asks=at_desk.published.asks, now=now)
    hold_out = is_held_out(case.customer_id, timezone.localdate(now), at_desk.policy)
    weighed = weigh(at_desk, about, reason_id=case.reason_id, segment=case.customer.segment, now=now)
    fingerprint = _fingerprint(weighed, reason_id=case.reason_id, hold_out=hold_out)
    override = hold_out and (override or bool(mine and mine.overridden))
    for old in filter(None, (mine, *earlier)):
        if old.features.get("fingerprint") == fingerprint and old.overridden == override:
            return old if old.case_id == case.pk else _again(old, case, mine, by=by, now=now)
    if mine:
        Suggestion.objects.filter(pk=mine.pk).update(superseded_at=now)
    seed = secrets.randbits(53)  # JSON readers keep so many bits
    drawn = choice.contenders(weighed.offers, weighed.none, weighed.map_cases)
    parameters = {
        "none": weighed.none,
        "map_cases": weighed.map_cases,
        "draws": choice.DRAWS,
        "others": sorted(set(weighed.offers.keys) - set(drawn.keys)),
        **drawn.as_json(),
    }
    chosen = choose(parameters, seed, silent=hold_out and not override)
    probability = dict(zip(chosen.keys, chosen.vector, strict=True))
    leads = [probability.get(version or NONE, 0.0) for version in weighed.columns["version"]]
    return Suggestion.objects.create(
        case=case,
        at=now,
        by=by,
        reason_id=case.reason_id,
        features={
            "fingerprint": fingerprint,
            "segment": case.customer.segment,
            "policy": at_desk.policy.pk,
            "values": plain(about.values),
        },
        candidates=Rows(weighed.columns | {"probability": leads}),
        parameters=parameters,
        vector={str(key): p for key, p in probability.items()},
        chosen_id=chosen.lead or None,
        propensity=chosen.propensity,
        seed=seed,
        model_version=str(at_desk.model_id),
        hold_out=hold_out,
        overridden=override,
        epsilon=choice.EPSILON,
    )


@kept
def _earlier(customer: int, since: datetime) -> QuerySet[Suggestion]:
    """The customer's decisions in force, the newest first, without what a repetition alone would need."""
    rows = Suggestion.objects.filter(case__customer_id=customer, superseded_at__isnull=True, at__gt=since)
    return rows.defer(*BULKY).order_by("-at", "-pk")[:5]


def choose(parameters: Mapping[str, Any], seed: int, *, silent: bool) -> choice.Chosen:
    """From what is stored, so that a replay does the very same. In the hold-out "no incentive" leads for certain; what
    would have been is in the candidates."""
    settings = {name: parameters[name] for name in ("none", "map_cases", "draws", "others")}
    drawn = Offers.from_json({name: column for name, column in parameters.items() if name not in settings})
    if silent:
        keys = (NONE, *sorted((*drawn.keys, *parameters["others"])))
        return choice.Chosen(keys, (1.0, *(0.0 for _ in keys[1:])), NONE, 1.0)
    return choice.choose(drawn, settings.pop("none"), seed, **settings)


def _again(
    old: Suggestion, case: CancellationCase, mine: Suggestion | None, *, by: User | None, now: datetime
) -> Suggestion:
    """The same decision, in force for another call too. It is marked, so that it is evaluated once."""
    if mine:
        Suggestion.objects.filter(pk=mine.pk).update(superseded_at=now)
    old.refresh_from_db(fields=BULKY)
    original = old.features.get("again", old.pk)
    return Suggestion.objects.create(
        case=case,
        at=now,
        by=by,
        reason_id=old.reason_id,
        features={**old.features, "again": original},
        candidates=old.candidates,
        parameters=old.parameters,
        vector=old.vector,
        chosen_id=old.chosen_id,
        propensity=old.propensity,
        seed=old.seed,
        model_version=old.model_version,
        hold_out=old.hold_out,
        overridden=old.overridden,
        epsilon=old.epsilon,
    )


def replay(suggestion: Suggestion) -> choice.Chosen:
    """Vector and lead computed anew from what is stored; equal to the stored ones, on the same numpy. No query."""
    return choose(suggestion.parameters, suggestion.seed, silent=suggestion.hold_out and not suggestion.overridden)
