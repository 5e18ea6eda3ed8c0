"""What to offer in this call: the engine asked with the facts of the desk, its decision stored whole.

The stored row replays exactly (`replay`): candidates with their parameters, seed, vector, lead.
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
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from cancellations import learning, variables
from cancellations.candidates import Candidate as Row
from cancellations.candidates import Refusal
from cancellations.engine import choice, guards, ranking, values
from cancellations.engine.conditions import Rules, Verdict, leaves
from cancellations.engine.guards import Limits, Priced, Standing
from cancellations.engine.lookup import NOT_TOLD, Believed
from cancellations.engine.ranking import NONE, Candidate
from cancellations.engine.special import beta_interval
from cancellations.engine.values import STANDARD, Contract
from cancellations.models import CancellationCase, EnginePolicy, IncentiveVersion, Offer, Suggestion
from customers import contributions, goodwill
from staff.models import User

YEAR = timedelta(days=365)
REUSED_FOR = timedelta(days=30)  # who calls again within it meets the same decision
HOLD_OUT_STEPS = 10_000


# --- the hold-out ----------------------------------------------------------------------------------------------------
def quarter(day: date) -> str:
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def is_held_out(customer_id: int, day: date, policy: EnginePolicy) -> bool:
    """Whether nothing is suggested to this customer in this quarter: a salted hash, the same at every call."""
    text = f"{policy.salt}:{quarter(day)}:{customer_id}".encode()
    ticket = int.from_bytes(hashlib.sha256(text).digest()[:8]) % HOLD_OUT_STEPS
    return ticket < int(policy.hold_out * HOLD_OUT_STEPS)


# --- the catalogue, kept in the process: versions, models and policies never change ----------------------------------
@dataclass(frozen=True)
class Entry:
    """A published version with its rules compiled."""

    version: int
    incentive: int
    code: str
    kind: str
    terms: Mapping[str, Any]
    rules: Rules
    asks: frozenset[str]
    lever: float
    max_accepted: int
    cooldown_days: int
    monthly_budget: Decimal | None


def entry_of(version: IncentiveVersion) -> Entry:
    """The version's incentive must be loaded. Rules are compiled; nothing is kept."""
    return Entry(
        version=version.pk,
        incentive=version.incentive_id,
        code=version.incentive.code,
        kind=version.incentive.kind,
        terms=version.terms,
        rules=Rules(version.rules, variables.registry),
        asks=frozenset(leaf["var"] for tree in version.rules.values() for leaf in leaves(tree)),
        lever=float(version.lever),
        max_accepted=version.max_accepted,
        cooldown_days=version.cooldown_days,
        monthly_budget=version.monthly_budget,
    )


@lru_cache(maxsize=4)
def _entries(version_ids: tuple[int, ...]) -> tuple[Entry, ...]:
    rows = IncentiveVersion.objects.select_related("incentive").filter(pk__in=version_ids).order_by("incentive_id")
    return tuple(entry_of(version) for version in rows)


@lru_cache(maxsize=4)
def _policy(policy_id: int) -> EnginePolicy:
    return EnginePolicy.objects.get(pk=policy_id)


@dataclass(frozen=True)
class Desk:
    """What holds for every call at this moment."""

    entries: Sequence[Entry]
    policy: EnginePolicy
    believed: Believed
    model_id: int
    budgets: Sequence[tuple[int | None, int | None, Decimal, Decimal]]  # incentive, team, amount, taken

    def limits(self) -> Limits:
        p = self.policy
        return Limits(p.margin_floor, p.share_of_value, p.household_days, p.accepted_in_year, p.goodwill_in_year)


DESK = """
select (select max(id) from cancellations_learnedmodel where as_of <= %(now)s),
       (select max(id) from cancellations_enginepolicy),
       (select json_agg(id order by id) from cancellations_incentiveversion
         where state = 'published' and coalesce(valid_from, %(today)s) <= %(today)s
           and coalesce(valid_to, %(today)s) >= %(today)s),
       (select json_agg(json_build_array(incentive_id, team_id, amount::text, (reserved + consumed)::text))
          from cancellations_budget
         where month = date_trunc('month', %(today)s::date) and (team_id is null or team_id = %(team)s))
"""


def desk(*, team_id: int | None, now: datetime) -> Desk:
    """One query once the process is warm. The very first call of an installation writes its policy and its prior."""
    today = timezone.localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(DESK, {"now": now, "today": today, "team": team_id})
        model_id, policy_id, version_ids, budgets = cursor.fetchone()
    if policy_id is None:
        policy_id = EnginePolicy.objects.create(created_at=now).pk
    if model_id is None:
        model_id = learning.learn(as_of=now).pk
    return Desk(
        entries=_entries(tuple(version_ids or ())),
        policy=_policy(policy_id),
        believed=learning.believed(model_id),
        model_id=model_id,
        budgets=[(i, t, Decimal(amount), Decimal(taken)) for i, t, amount, taken in budgets or ()],
    )


# --- the customer's standing -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Known:
    standing: Standing
    values: dict[str, Any]


def known(case: CancellationCase, *, asks: frozenset[str], now: datetime) -> Known:
    """What guards and rules want to know of this call: one query, one for what other apps gave, one for
    each app whose variables a published rule names."""
    subscription, customer = case.subscription, case.customer
    today = timezone.localdate(now)
    contract = Contract(subscription.monthly_price, subscription.monthly_margin)
    worth = values.value(contract)
    people = Q(case__customer_id=customer.pk)
    if customer.household_id:
        people |= Q(case__customer__household_id=customer.household_id)
    taken = (
        Offer.objects.filter(people, state__in=learning.YES, answered_at__gt=now - YEAR, answered_at__lte=now)
        .exclude(case_id=case.pk)
        .values_list(
            "case__customer_id",
            "incentive_version__incentive_id",
            "answered_at",
            "cost",
            "state",
            "fulfilment__ends_on",
        )
    )
    own_days: int | None = None
    household_days: int | None = None
    by_incentive: dict[int, int] = {}
    accepted, running, given = 0, False, Decimal(0)
    for customer_id, incentive, at, cost, state, ends_on in taken:
        days = (now - at).days
        if customer_id != customer.pk:
            household_days = days if household_days is None else min(days, household_days)
            continue
        own_days = days if own_days is None else min(days, own_days)
        by_incentive[incentive] = by_incentive.get(incentive, 0) + 1
        accepted, given = accepted + 1, given + cost
        running = running or (state != "completed" and ends_on is not None and ends_on > today)
    # its own part was read above
    given += goodwill.given([customer.pk], now - YEAR, now, without="cancellations")[customer.pk]
    found = variables.of_case(case, today=today, value=worth, goodwill=given, accepted=accepted, days_since=own_days)
    if asks - variables.OWN:
        for name, more in contributions.variables.items():
            if name != "cancellations":
                found |= more(customer.pk, now)
    reasons = [reason for reason in (case.reason, case.own_reading) if reason]
    standing = Standing(
        contract=contract,
        value=worth,
        days_since_own=own_days,
        days_since_household=household_days,
        accepted_in_year=accepted,
        accepted_by_incentive=by_incentive,
        running=running,
        goodwill=given,
        bereaved=customer.is_bereaved,
        vulnerable=customer.is_vulnerable,
        reason_forbids=any(reason.never_offer for reason in reasons),
    )
    return Known(standing, found)


# --- weighing --------------------------------------------------------------------------------------------------------
def _refusals(verdict: Verdict, barred: Sequence[guards.Barred]) -> list[Refusal]:
    refusals: list[Refusal] = [
        {"layer": verdict.layer, "code": "condition", "values": finding.as_json()} for finding in verdict.failed
    ]
    for refusal in barred:
        numbers = refusal.as_json()
        refusals.append({"layer": "guard", "code": numbers.pop("code"), "values": numbers})
    return refusals


def _budget(entry: Entry, desk: Desk) -> tuple[Decimal | None, float, float | None]:
    """What the tightest budget has left; spent and amount of the one that binds most, for λ."""
    left: Decimal | None = None
    spent, amount = 0.0, None
    rows = [(a, t) for i, _team, a, t in desk.budgets if i is None or i == entry.incentive]
    if entry.monthly_budget is not None and not any(i == entry.incentive for i, _t, _a, _u in desk.budgets):
        rows.append((entry.monthly_budget, Decimal(0)))
    for total, taken in rows:
        if left is None or total - taken < left:
            left, spent, amount = total - taken, float(taken), float(total)
    return left, spent, amount


def weigh(
    desk: Desk, about: Known, *, reason_id: int | None, segment: str, now: datetime
) -> tuple[list[Row], list[Candidate], tuple[float, float]]:
    """Every entry of the catalogue as a row with its figures and refusals, best first; the candidates among them; R0.

    Pure: no query.
    """
    limits, standing = desk.limits(), about.standing
    reason = reason_id or NOT_TOLD
    none = desk.believed.none(reason, segment)
    of_case = list(guards.case_guards(standing, limits))
    month_gone = _month_gone(timezone.localdate(now))
    rows: dict[int, Row] = {}
    candidates: list[Candidate] = []
    worth = float(standing.value)
    for entry in desk.entries:
        cost = values.cost(entry.kind, entry.terms, standing.contract)
        left, spent, amount = _budget(entry, desk)
        offer = Priced(entry.version, entry.incentive, entry.kind, cost, entry.cooldown_days, entry.max_accepted, left)
        barred = of_case + list(guards.offer_guards(offer, standing, limits, STANDARD))
        verdict = entry.rules.test(about.values)
        shares = desk.believed.shares(entry.incentive, entry.kind, reason, segment)
        price = guards.price_of_budget(spent, amount, month_gone)
        mapped = desk.believed.is_mapped(entry.incentive, reason)
        candidate = Candidate(entry.version, shares, worth, float(cost), entry.lever, price, mapped)
        shown = verdict.passed and not barred
        if shown:
            candidates.append(candidate)
        rows[entry.version] = _row(entry, candidate, desk.believed, reason, none, cost, standing.value, shown)
        rows[entry.version]["refusals"] = _refusals(verdict, barred)
    if candidates:
        accept = np.array([c.shares.accept for c in candidates])
        for candidate, low, high in zip(candidates, *beta_interval(accept[:, 0], accept[:, 1]), strict=True):
            rows[candidate.key] |= {"low": round(float(low), 4), "high": round(float(high), 4)}
    rows[NONE] = _none_row(none, standing.value)
    ordered = sorted(rows.values(), key=lambda row: (not row["shown"], -row["score"], row["version"] or 0))
    return ordered, candidates, none


def _row(
    entry: Entry,
    candidate: Candidate,
    believed: Believed,
    reason: int,
    none: tuple[float, float],
    cost: Decimal,
    worth: Decimal,
    shown: bool,
) -> Row:
    shares = candidate.shares
    a, q, u, r0 = (ranking.mean(p) for p in (shares.accept, shares.stay_accepted, shares.stay_refused, none))
    gain = ranking.gain(a, q, u, r0, candidate.value, candidate.cost)
    score = ranking.score(gain, a, candidate.cost, candidate.lever, candidate.price_of_budget)
    scope, k, n = believed.counted(believed.model.accept, entry.incentive, reason)
    return {
        "version": entry.version,
        "kind": entry.kind,
        "shown": shown,
        "score": round(score, 4),
        "gain": f"{gain:.2f}",
        "cost": f"{cost:.2f}",
        "value": f"{worth:.2f}",
        "accept": round(a, 4),
        "low": round(a, 4),
        "high": round(a, 4),
        "scope": scope,
        "accepted": round(k),
        "presented": round(n),
        "stays": round(q, 4),
        "stays_without": round(r0, 4),
        "probability": 0.0,
        "refusals": [],
        "parameters": candidate.as_json() if shown else None,
    }


def _none_row(none: tuple[float, float], worth: Decimal) -> Row:
    stays = ranking.mean(none)
    return {
        "version": None,
        "kind": "",
        "shown": True,
        "score": 0.0,
        "gain": "0.00",
        "cost": "0.00",
        "value": f"{worth:.2f}",
        "accept": 0.0,
        "low": 0.0,
        "high": 0.0,
        "scope": "all",
        "accepted": 0,
        "presented": 0,
        "stays": round(stays, 4),
        "stays_without": round(stays, 4),
        "probability": 0.0,
        "refusals": [],
        "parameters": None,
    }


def _month_gone(day: date) -> float:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day.day / (following - timedelta(days=1)).day


def _fingerprint(rows: Sequence[Row], *, reason_id: int | None, hold_out: bool) -> str:
    """Of what must not change for a stored decision to hold: the reason and which versions may be offered."""
    shown = sorted(row["version"] for row in rows if row["shown"] and row["version"] is not None)
    return hashlib.sha256(json.dumps([reason_id, shown, hold_out]).encode()).hexdigest()[:32]


def _plain(found: Mapping[str, Any]) -> dict[str, Any]:
    return {k: float(v) if isinstance(v, Decimal) else v for k, v in found.items()}


# --- the decision ----------------------------------------------------------------------------------------------------
@transaction.atomic(savepoint=False)
def suggest_for(case: CancellationCase, *, by: User | None, now: datetime, override: bool = False) -> Suggestion:
    """The decision in force for this case, made now or reused.

    Reused when the reason and what may be offered are as they were, in this case or in the customer's last within 30
    days: calling again brings no other offer. `override`: hardship, the hold-out is shown offers all the same and
    still counted as hold-out. The caller holds the case's lock; its customer, subscription with plan, reason with
    category and own reading should be loaded. At most 8 queries, one more when a decision is superseded.
    """
    earlier = list(
        Suggestion.objects.filter(
            case__customer_id=case.customer_id, superseded_at__isnull=True, at__gt=now - REUSED_FOR
        ).order_by("-at", "-pk")[:5]
    )
    mine = next((s for s in earlier if s.case_id == case.pk), None)
    at_desk = desk(team_id=case.team_id, now=now)
    asks: frozenset[str] = frozenset().union(*(entry.asks for entry in at_desk.entries))
    about = known(case, asks=asks, now=now)
    hold_out = is_held_out(case.customer_id, timezone.localdate(now), at_desk.policy)
    rows, candidates, none = weigh(at_desk, about, reason_id=case.reason_id, segment=case.customer.segment, now=now)
    fingerprint = _fingerprint(rows, reason_id=case.reason_id, hold_out=hold_out)
    override = hold_out and (override or bool(mine and mine.overridden))
    for old in filter(None, (mine, *earlier)):
        if old.features.get("fingerprint") == fingerprint and old.overridden == override:
            return old if old.case_id == case.pk else _again(old, case, mine, by=by, now=now)
    if mine:
        Suggestion.objects.filter(pk=mine.pk).update(superseded_at=now)
    seed = secrets.randbits(53)  # JSON readers keep so many bits
    trust = at_desk.believed.trust(case.reason_id or NOT_TOLD)
    chosen = _choose(candidates, none, seed, trust=trust, silent=hold_out and not override)
    for row in rows:
        row["probability"] = chosen.vector[chosen.keys.index(row["version"] or NONE)] if row["shown"] else 0.0
    return Suggestion.objects.create(
        case=case,
        at=now,
        by=by,
        reason_id=case.reason_id,
        features={
            "fingerprint": fingerprint,
            "segment": case.customer.segment,
            "none": none,
            "trust": trust,
            "policy": at_desk.policy.pk,
            "draws": choice.DRAWS,
            "temper": choice.TEMPER,
            "values": _plain(about.values),
        },
        candidates=rows,
        vector={str(key): p for key, p in zip(chosen.keys, chosen.vector, strict=True)},
        chosen_id=chosen.lead or None,
        propensity=chosen.propensity,
        seed=seed,
        model_version=str(at_desk.model_id),
        hold_out=hold_out,
        overridden=override,
        epsilon=choice.EPSILON,
    )


def _choose(
    candidates: Sequence[Candidate], none: tuple[float, float], seed: int, *, trust: float, silent: bool
) -> choice.Chosen:
    """In the hold-out "no incentive" leads for certain; what would have been is in the candidates."""
    if silent:
        keys = (NONE, *sorted(c.key for c in candidates))
        return choice.Chosen(keys, (1.0, *(0.0 for _ in candidates)), NONE, 1.0)
    return choice.choose(candidates, none, seed, trust=trust)


def _again(
    old: Suggestion, case: CancellationCase, mine: Suggestion | None, *, by: User | None, now: datetime
) -> Suggestion:
    """The same decision, in force for another call too. It is marked, so that it is evaluated once."""
    if mine:
        Suggestion.objects.filter(pk=mine.pk).update(superseded_at=now)
    original = old.features.get("again", old.pk)
    return Suggestion.objects.create(
        case=case,
        at=now,
        by=by,
        reason_id=old.reason_id,
        features={**old.features, "again": original},
        candidates=old.candidates,
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
    candidates = [Candidate.from_json(row["parameters"]) for row in suggestion.candidates if row["parameters"]]
    silent = suggestion.hold_out and not suggestion.overridden
    features = suggestion.features
    return _choose(candidates, tuple(features["none"]), suggestion.seed, trust=features["trust"], silent=silent)
