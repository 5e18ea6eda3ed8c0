"""The engine's numbers as sentences, in the language in force."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cancellations.candidates import Candidate, Refusal, evidence
from cancellations.engine.conditions import say_finding
from cancellations.variables import registry
from staff import formats


def why(row: Candidate) -> str:
    """“41 of 118 callers with this reason accepted (35 %, likely 29–40 %); 62 % still customers after 90 days.”"""
    shares = {
        "accepted": formats.number(row["accepted"]),
        "presented": formats.number(row["presented"]),
        "share": formats.percent(row["accept"]),
        "low": formats.percent(row["low"]),
        "high": formats.percent(row["high"]),
        "stays": formats.percent(row["stays"]),
        "without": formats.percent(row["stays_without"]),
    }
    if not row["presented"]:
        told = _("Not offered before: by similar offers and marketing's word %(share)s would accept.") % shares
    elif row.get("scope") == "reason":
        told = (
            ngettext(
                "%(accepted)s of %(presented)s caller with this reason accepted (%(share)s, likely %(low)s–%(high)s).",
                "%(accepted)s of %(presented)s callers with this reason accepted (%(share)s, likely %(low)s–%(high)s).",
                row["presented"],
            )
            % shares
        )
    else:
        told = (
            ngettext(
                "%(accepted)s of %(presented)s caller accepted (%(share)s, likely %(low)s–%(high)s).",
                "%(accepted)s of %(presented)s callers accepted (%(share)s, likely %(low)s–%(high)s).",
                row["presented"],
            )
            % shares
        )
    after = _("%(stays)s of those who accept are still here after 90 days, %(without)s without an offer.") % shares
    return f"{told} {after}"


def certainty(row: Candidate) -> str:
    return {
        "little": _("Little data"),
        "medium": _("Evidence: medium"),
        "much": _("Evidence: strong"),
    }[evidence(row["presented"])]


def refusal(row: Refusal) -> str:
    """Why something is not shown: “had one 74 days ago; 180 must pass”."""
    values = row.get("values", {})
    return condition(values) if row["code"] == "condition" else guard(row["code"], values)


def guard(code: str, values: Mapping[str, Any]) -> str:
    money = {name: formats.money(Decimal(value)) for name, value in values.items() if _is_amount(value)}
    match code:
        case "bereaved":
            return _("bereaved household")
        case "reason_forbids":
            return _("nothing is offered for this reason")
        case "stacking":
            return _("another one still runs")
        case "count_in_year":
            accepted = int(values["accepted"])
            return ngettext("accepted %d offer this year already", "accepted %d offers this year already", accepted) % (
                accepted
            )
        case "count_of_incentive":
            return _("had this one already")
        case "cool_down":
            return _("had one %(days)d days ago; %(wait)d must pass") % values
        case "household_cool_down":
            return _("somebody in the household had one %(days)d days ago; %(wait)d must pass") % values
        case "vulnerable":
            return _("no longer contract for a vulnerable customer")
        case "share_of_value":
            return _("costs %(cost)s, at most %(most)s of this customer's value") % money
        case "margin_floor":
            return _("leaves %(left)s margin, the floor is %(floor)s") % {
                "left": formats.percent(values["left"]),
                "floor": formats.percent(values["floor"]),
            }
        case "goodwill":
            return _("%(given)s given in 12 months; with %(cost)s more it is above the limit of %(limit)s") % money
        case "budget":
            return _("%(left)s left in the month's budget") % money
    return code


def _is_amount(value: object) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).lstrip("-").isdigit()


def condition(values: Mapping[str, Any]) -> str:
    """“Tenure 4 months < 6 months” for a condition that did not hold."""
    return say_finding(values, registry)
