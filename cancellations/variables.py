"""What marketing's rules may ask about. Other apps' values come through `customers.contributions.variables`.

Age, sex, nationality, language and postcode are not here, and nothing that stands for them: a rule cannot use them.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from cancellations.engine.conditions import Variable, Variables
from cancellations.models import CancellationCase, Reason, ReasonCategory
from customers.models import Customer, Plan

NEVER = float("inf")


def _segments() -> list[tuple[str, str]]:
    return [(value, str(label)) for value, label in Customer.Segment.choices]


def _plans() -> list[tuple[str, str]]:
    return list(Plan.objects.order_by("name").values_list("code", "name"))


def _reasons() -> list[tuple[str, str]]:
    return [(reason.code, reason.label()) for reason in Reason.objects.order_by("category__order", "order", "pk")]


def _categories() -> list[tuple[str, str]]:
    return [(category.code, category.label()) for category in ReasonCategory.objects.order_by("order", "pk")]


registry = Variables()
registry.add(
    Variable("tenure_months", _("Tenure"), "months"),
    Variable("monthly_price", _("Monthly price"), "money"),
    Variable("monthly_margin", _("Monthly margin"), "money"),
    Variable("value", _("Customer's value in 12 months"), "money"),
    Variable("plan", _("Plan"), "choice", _plans),
    Variable("segment", _("Segment"), "choice", _segments),
    Variable("reason", _("Reason"), "choice", _reasons),
    Variable("reason_category", _("Reason category"), "choice", _categories),
    Variable("contract_months_left", _("Contract months left"), "months"),
    Variable("is_bound", _("Bound by a contract"), "yes_no"),
    Variable("in_debt", _("In debt"), "yes_no"),
    Variable("goodwill_12m", _("Goodwill in 12 months"), "money"),
    Variable("accepted_12m", _("Accepted incentives in 12 months"), "count"),
    Variable("days_since_incentive", _("Since the last accepted incentive"), "days", never=NEVER),
    Variable("open_complaints", _("Open complaints"), "count", never=0),
    Variable("complaints_12m", _("Complaints in 12 months"), "count", never=0),
    Variable("stamps_to_reward", _("Stamps to the next reward"), "count"),
    Variable("has_card", _("Has a loyalty card"), "yes_no"),
)
# Known without asking another app; the others' sources are asked only when a published rule names one of theirs.
OWN = frozenset(registry) - {"open_complaints", "complaints_12m", "stamps_to_reward", "has_card"}


def whole_months(since: date, until: date) -> int:
    """Months that have passed in full; negative if `until` lies before."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def of_case(
    case: CancellationCase, *, today: date, value: Decimal, goodwill: Decimal, accepted: int, days_since: int | None
) -> dict[str, Any]:
    """The own values of a case whose customer, subscription, plan and reason are loaded; no query."""
    subscription, customer, reason = case.subscription, case.customer, case.reason
    left = 0 if subscription.contract_end is None else max(whole_months(today, subscription.contract_end), 0)
    return {
        "tenure_months": max(whole_months(customer.customer_since, today), 0),
        "monthly_price": subscription.monthly_price,
        "monthly_margin": subscription.monthly_margin,
        "value": value,
        "plan": subscription.plan.code,
        "segment": customer.segment,
        "reason": reason.code if reason else None,
        "reason_category": reason.category.code if reason else None,
        "contract_months_left": left,
        "is_bound": subscription.contract_end is not None and subscription.contract_end > today,
        "in_debt": customer.in_debt,
        "goodwill_12m": goodwill,
        "accepted_12m": accepted,
        "days_since_incentive": days_since,
    }
