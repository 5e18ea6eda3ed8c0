"""What the cancellation desk knows: why people leave, their cases, what may be offered, what was."""

from cancellations.models.cases import OPEN_STATES, CancellationCase, CaseMove, CaseNumber, Notice
from cancellations.models.incentives import Incentive, IncentiveVersion, ReasonIncentive
from cancellations.models.offers import Fulfilment, Offer, OfferDecision, OfferMove, Suggestion
from cancellations.models.reasons import Reason, ReasonCategory

__all__ = [
    "OPEN_STATES",
    "CancellationCase",
    "CaseMove",
    "CaseNumber",
    "Fulfilment",
    "Incentive",
    "IncentiveVersion",
    "Notice",
    "Offer",
    "OfferDecision",
    "OfferMove",
    "Reason",
    "ReasonCategory",
    "ReasonIncentive",
    "Suggestion",
]
