"""Whatever is in the catalogue and whoever calls: what the guards or a rule bar is never among those that may lead."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cancellations import suggestions
from cancellations.catalogue import Desk, Entry, Published
from cancellations.engine import beliefs, guards, values
from cancellations.engine.guards import Limits, Standing
from cancellations.engine.lookup import NOT_TOLD, Believed
from cancellations.engine.values import STANDARD, Contract
from cancellations.models.rows import Rows
from cancellations.standing import Known
from tests.conftest import NOON

KINDS = ("percent_off", "free_months", "price_lock", "gift")
money = st.decimals(0, 200, places=2)
entries = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(KINDS),
            "percent": st.integers(1, 40),
            "months": st.integers(1, 12),
            "cost": money,
            "tenure": st.sampled_from([0, 0, 12, 60]),
            "max_accepted": st.integers(1, 3),
            "cooldown_days": st.integers(0, 365),
            "budget": st.none() | money,
        }
    ),
    min_size=3,
    max_size=12,
)
STANDING = {  # what bars nothing, and what may
    "days_since_own": (None, st.integers(0, 400)),
    "days_since_household": (None, st.integers(0, 400)),
    "accepted_in_year": (0, st.integers(0, 4)),
    "accepted_by_incentive": ({}, st.dictionaries(st.integers(1, 12), st.integers(1, 3), min_size=1, max_size=4)),
    "running": (False, st.just(True)),
    "goodwill": (Decimal(0), money),
    "bereaved": (False, st.just(True)),
    "vulnerable": (False, st.just(True)),
    "reason_forbids": (False, st.just(True)),
}
LIMITS = {
    "margin_floor": (Decimal(-1), st.decimals(-1, 1, places=3)),
    "share_of_value": (Decimal(1), st.decimals(0, 1, places=3)),
    "household_days": (90, st.integers(0, 365)),
    "accepted_in_year": (2, st.integers(0, 4)),
    "goodwill_in_year": (None, money),
}


def told(about, bound, data):
    """Free of all bounds but those named: where everything bars, no single guard would be missed."""
    return {name: data.draw(bars, name) if name in bound else free for name, (free, bars) in about.items()}


contracts = st.builds(Contract, money, st.decimals(20, 100, places=2) | st.decimals(-20, 20, places=2))
AXES = beliefs.Catalogue(range(1, 13), ["gift"] * 12, [NOT_TOLD], ["standard"], mapped={(1, NOT_TOLD): 0.4})
BELIEVED = Believed(AXES, beliefs.learn(beliefs.Facts.empty(12, 1, 1, 1), AXES.prior()))


def entry(number, said):
    rules = {"eligible": {"var": "tenure_months", "op": "ge", "value": said["tenure"]}}
    return Entry(
        version=number,
        incentive=number,
        code=str(number),
        kind=said["kind"],
        terms={name: str(said[name]) if name != "months" else said[name] for name in ("percent", "months", "cost")},
        rules=rules,
        lever=1.0,
        max_accepted=said["max_accepted"],
        cooldown_days=said["cooldown_days"],
        monthly_budget=said["budget"],
    )


def allowed(one, said, who, most, tenure):
    """The limits in words, written anew: not by the code under test."""
    cost = values.cost(one.kind, one.terms, who.contract)
    year = values.annuity(12)
    return (
        tenure >= said["tenure"]
        and not (who.bereaved or who.reason_forbids or who.running)
        and who.accepted_in_year < most.accepted_in_year
        and (who.days_since_household is None or who.days_since_household >= most.household_days)
        and (who.days_since_own is None or who.days_since_own >= one.cooldown_days)
        and who.accepted_by_incentive.get(one.incentive, 0) < one.max_accepted
        and not (who.vulnerable and one.kind == "price_lock")
        and cost <= values.cents(most.share_of_value * who.value)
        and who.contract.margin * year - cost >= most.margin_floor * who.contract.price * year
        and (most.goodwill_in_year is None or who.goodwill + cost <= most.goodwill_in_year)
        and (one.monthly_budget is None or cost <= one.monthly_budget)
    )


@pytest.mark.parametrize("bound", [*STANDING, *LIMITS, "terms alone"])
@settings(max_examples=20, phases=[Phase.generate])
@given(entries, contracts, st.integers(0, 60), st.integers(0, 2**53), st.data())
def test_guards_are_never_violated_under_random_catalogues(bound, catalogue, contract, tenure, seed, data):
    another = data.draw(st.sampled_from([*STANDING, *LIMITS]), "another")
    who = Standing(contract, values.value(contract), **told(STANDING, {bound, another}, data))
    most = Limits(**told(LIMITS, {bound, another}, data))
    offered = [entry(number, said) for number, said in enumerate(catalogue, start=1)]
    desk = Desk(Published(offered), SimpleNamespace(), BELIEVED, 1, {})
    object.__setattr__(desk, "limits", lambda: most)
    weighed = suggestions.weigh(
        desk, Known(who, {"tenure_months": tenure}), reason_id=None, segment="standard", now=NOON
    )
    by_number = {one.version: one for one in offered}
    may = {one.version for one, said in zip(offered, catalogue, strict=True) if allowed(one, said, who, most, tenure)}
    assert set(weighed.offers.keys) == may
    rows = Rows(weighed.columns)
    assert {row["version"] for row in rows if row["shown"]} == may | {None}
    assert all(bool(row["refusals"]) != row["shown"] for row in rows)
    assert [row["cost"] for row in rows if row["version"]] == [
        str(values.cost(one.kind, one.terms, who.contract)) for row in rows if (one := by_number.get(row["version"]))
    ]
    parameters = {"none": weighed.none, "map_cases": 5.0, "draws": 20, "others": [], **weighed.offers.as_json()}
    chosen = suggestions.choose(parameters, seed, silent=False)
    assert chosen.lead in may | {0}
    assert np.isclose(sum(chosen.vector), 1)


def test_ceilings_say_what_the_margin_floor_says():
    who = Standing(Contract(Decimal(50), Decimal(20)), values.value(Contract(Decimal(50), Decimal(20))))
    most = guards.ceilings(who, Limits(), STANDARD)
    assert values.margin_after(who.contract, most.by_margin) == pytest.approx(Limits().margin_floor)
