"""What the cancellation desk knows: why people leave, their cases, what may be offered, what was."""

from cancellations.models.budgets import Budget, BudgetUse
from cancellations.models.cases import OPEN_STATES, CancellationCase, CaseMove, CaseNumber, Notice
from cancellations.models.history import PastOffer
from cancellations.models.incentives import Incentive, IncentiveVersion, ReasonIncentive
from cancellations.models.learning import Belief, EnginePolicy, LearnedModel
from cancellations.models.offers import Fulfilment, Offer, OfferDecision, OfferMove, Suggestion
from cancellations.models.reasons import Reason, ReasonCategory

__all__ = [
    "OPEN_STATES",
    "Belief",
    "Budget",
    "BudgetUse",
    "CancellationCase",
    "CaseMove",
    "CaseNumber",
    "EnginePolicy",
    "Fulfilment",
    "Incentive",
    "IncentiveVersion",
    "LearnedModel",
    "Notice",
    "Offer",
    "OfferDecision",
    "OfferMove",
    "PastOffer",
    "Reason",
    "ReasonCategory",
    "ReasonIncentive",
    "Suggestion",
]
