"""The shape of `Suggestion.candidates`: what the engine writes, and what the call page, approvals and API read.

JSON only: money as text with two decimals, shares as numbers of 1. Sentences are made when they are read, in the
reader's language: a refusal is kept as its code and values, `cancellations.explain` words it.
"""

from decimal import Decimal
from typing import Any, NotRequired, TypedDict

from django.db.models import QuerySet

from cancellations.models import Suggestion
from staff.statements import kept


class Refusal(TypedDict):
    """Why a candidate is not shown. `layer` is "eligible", "applicable", "suitable" or "guard".

    A rule's refusal carries the condition and the fact (“tenure 4 < 6 months”): variable, operator, wanted, found.
    A guard's carries its code ("cool_down", "margin_floor", …) and its numbers in `values`.
    """

    layer: str
    code: str
    values: NotRequired[dict[str, Any]]


class Candidate(TypedDict):
    """One row of the decision. The list is in order of score; the lead is `Suggestion.chosen`.

    `version` None is “no incentive” (score, gain and cost 0). `shown` False: see `refusals`.
    `accept` P(accepts), of which `accepted` among `presented` callers with `low`–`high` the likely range;
    `scope` says which callers: "reason" (those with this reason) or "incentive" (all who were offered it);
    `stays` P(active and paying on day 90 | accepted); `stays_without` the same with no offer.
    """

    version: int | None
    kind: str
    shown: bool
    score: float
    gain: str
    cost: str
    value: str
    accept: float
    low: float
    high: float
    scope: str
    accepted: int
    presented: int
    stays: float
    stays_without: float
    probability: float
    refusals: list[Refusal]


LITTLE, MUCH = 30, 300


def evidence(presented: int) -> str:
    """ "little" under 30 cases, "much" from 300, else "medium"."""
    return "little" if presented < LITTLE else "much" if presented >= MUCH else "medium"


def in_force(case: int) -> Suggestion | None:
    """The decision in force for this case, with its candidates but not what they were drawn from; one query."""
    return next(iter(_in_force(case)), None)


@kept
def _in_force(case: int) -> QuerySet[Suggestion]:
    return Suggestion.objects.filter(case=case, superseded_at__isnull=True).defer("parameters", "vector")


def of_version(suggestion: Suggestion, version_id: int | None) -> Candidate | None:
    """The candidate's row for this incentive version (None: no incentive), if it was weighed at all."""
    return next((row for row in suggestion.candidates if row["version"] == version_id), None)


def shown(suggestion: Suggestion, alternatives: int = 2) -> list[Candidate]:
    """The lead first, then the best of the others that gain something: at most `alternatives` of them.

    Empty when the lead is “no incentive”.
    """
    if suggestion.chosen_id is None:
        return []
    offered = [row for row in suggestion.candidates if row["shown"] and row["version"] is not None]
    lead = [row for row in offered if row["version"] == suggestion.chosen_id]
    others = [row for row in offered if row["version"] != suggestion.chosen_id and Decimal(row["gain"]) > 0]
    return lead + others[:alternatives]
