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
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cancellations.candidates import Candidate, Refusal
from cancellations.catalogue import Desk, desk
from cancellations.engine import choice, guards, ranking
from cancellations.engine.conditions import Verdict
from cancellations.engine.guards import Priced
from cancellations.engine.lookup import NOT_TOLD
from cancellations.engine.ranking import NONE, Offers
from cancellations.engine.special import beta_interval
from cancellations.engine.values import STANDARD
from cancellations.models import CancellationCase, EnginePolicy, Suggestion
from cancellations.standing import Known, known
from staff.models import User
from staff.statements import kept

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
    """Every entry of the catalogue as a row with its figures and refusals, best first; the offers that may lead, as the
    engine draws from them; R0 and what marketing's word is worth."""

    rows: list[Candidate]
    offers: Offers
    none: tuple[float, float]
    map_cases: float


def weigh(desk: Desk, about: Known, *, reason_id: int | None, segment: str, now: datetime) -> Weighed:
    """Pure: no query. The arithmetic is done for all entries at once."""
    entries, standing, limits = desk.entries, about.standing, desk.limits()
    believed = desk.believed
    seen = believed.estimates([e.incentive for e in entries], [e.kind for e in entries], reason_id or NOT_TOLD, segment)
    none = believed.none(reason_id or NOT_TOLD, segment)
    of_case = list(guards.case_guards(standing, limits))
    most = guards.ceilings(standing, limits, STANDARD)
    month_gone = _month_gone(timezone.localdate(now))
    costs: list[Decimal] = []
    prices: list[float] = []
    refusals: list[list[Refusal]] = []
    for entry in entries:
        cost = entry.price(standing.contract)
        left, spent, amount = desk.budget(entry)
        offer = Priced(entry.version, entry.incentive, entry.kind, cost, entry.cooldown_days, entry.max_accepted, left)
        barred = of_case + list(guards.offer_guards(offer, standing, limits, most, STANDARD))
        costs.append(cost)
        prices.append(guards.price_of_budget(spent, amount, month_gone))
        refusals.append(_refusals(entry.rules.test(about.values), barred))
    everything = Offers.of(
        [entry.version for entry in entries],
        accept=seen.accept,
        stay_accepted=seen.stay_accepted,
        stay_refused=seen.stay_refused,
        value=float(standing.value),
        cost=[float(cost) for cost in costs],
        lever=[entry.lever for entry in entries],
        price_of_budget=prices,
        mapped=seen.mapped,
        tried=seen.tried,
    )
    expected = ranking.expect(everything, none)
    low, high = beta_interval(seen.accept[:, 0], seen.accept[:, 1])
    value, stays_without = f"{standing.value:.2f}", round(float(ranking.mean(none)), 4)
    columns = zip(
        entries,
        costs,
        refusals,
        *(np.round(c, 4).tolist() for c in (expected.score, expected.accept, low, high, expected.stay_accepted)),
        *(c.tolist() for c in (expected.gain, seen.of_reason, np.rint(seen.accepted), np.rint(seen.presented))),
        strict=True,
    )
    rows: list[Candidate] = [
        {
            "version": entry.version,
            "kind": entry.kind,
            "shown": not refused,
            "score": score,
            "gain": f"{gain:.2f}",
            "cost": str(cost),
            "value": value,
            "accept": accept,
            "low": lowest,
            "high": highest,
            "scope": "reason" if of_reason else "incentive",
            "accepted": int(accepted),
            "presented": int(presented),
            "stays": stays,
            "stays_without": stays_without,
            "probability": 0.0,
            "refusals": refused,
        }
        for entry, cost, refused, score, accept, lowest, highest, stays, gain, of_reason, accepted, presented in columns
    ]
    rows.append(_none_row(stays_without, value))
    rows.sort(key=lambda row: (not row["shown"], -row["score"], row["version"] or 0))
    offers = everything.take([i for i, refused in enumerate(refusals) if not refused])
    return Weighed(rows, offers, none, believed.map_cases)


def _refusals(verdict: Verdict, barred: Sequence[guards.Barred]) -> list[Refusal]:
    if verdict.passed and not barred:
        return []
    refusals: list[Refusal] = [
        {"layer": verdict.layer, "code": "condition", "values": finding.as_json()} for finding in verdict.failed
    ]
    if not verdict.passed and not refusals:
        refusals = [{"layer": verdict.layer, "code": "condition", "values": f.as_json()} for f in verdict.findings]
    for refusal in barred:
        numbers = refusal.as_json()
        refusals.append({"layer": "guard", "code": numbers.pop("code"), "values": numbers})
    return refusals


def _none_row(stays: float, value: str) -> Candidate:
    return {
        "version": None,
        "kind": "",
        "shown": True,
        "score": 0.0,
        "gain": "0.00",
        "cost": "0.00",
        "value": value,
        "accept": 0.0,
        "low": 0.0,
        "high": 0.0,
        "scope": "all",
        "accepted": 0,
        "presented": 0,
        "stays": stays,
        "stays_without": stays,
        "probability": 0.0,
        "refusals": [],
    }


def _month_gone(day: date) -> float:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day.day / (following - timedelta(days=1)).day


def _fingerprint(rows: Sequence[Candidate], *, reason_id: int | None, hold_out: bool) -> str:
    """Of what must not change for a stored decision to hold: the reason, which versions may be offered, and their cost
    and the customer's value, which the offers take over from it (another subscription has others)."""
    shown = sorted((row["version"], row["cost"], row["value"]) for row in rows if row["shown"] and row["version"])
    return hashlib.sha256(json.dumps([reason_id, shown, hold_out]).encode()).hexdigest()[:32]


def plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in found.items()}


# --- the decision ----------------------------------------------------------------------------------------------------
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
    about = known(case, asks=at_desk.asks, now=now)
    hold_out = is_held_out(case.customer_id, timezone.localdate(now), at_desk.policy)
    weighed = weigh(at_desk, about, reason_id=case.reason_id, segment=case.customer.segment, now=now)
    fingerprint = _fingerprint(weighed.rows, reason_id=case.reason_id, hold_out=hold_out)
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
    for row in weighed.rows:
        row["probability"] = probability.get(row["version"] or NONE, 0.0) if row["shown"] else 0.0
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
        candidates=weighed.rows,
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
