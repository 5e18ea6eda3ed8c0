"""Decisions of casework that need no database, and say why."""

from django.utils.translation import gettext as _

from complaints.errors import Incomplete
from complaints.models import ComplaintCase

Severity, Priority = ComplaintCase.Severity, ComplaintCase.Priority
_BY_SEVERITY = {
    Severity.CRITICAL: Priority.URGENT,
    Severity.SERIOUS: Priority.HIGH,
    Severity.MODERATE: Priority.NORMAL,
    Severity.MINOR: Priority.LOW,
}


def priority_for(*, severity: int, vulnerable: bool) -> tuple[int, list[str]]:
    """The priority a new complaint starts with, and why: impact decides, a vulnerable customer goes one step ahead."""
    priority = _BY_SEVERITY[Severity(severity)]
    reasons = [_("by impact")]
    if vulnerable and priority > Priority.URGENT:
        priority = Priority(priority - 1)
        reasons.append(_("vulnerable customer: one step ahead"))
    return priority, reasons


def check_decided(case: ComplaintCase) -> None:
    """An answer needs an outcome, a root cause and whose fault it was. Raises Incomplete at the first missing."""
    if not case.outcome:
        raise Incomplete(_("Choose the outcome first: is the complaint upheld?"), field="outcome")
    if case.root_cause_id is None:
        raise Incomplete(_("Choose the root cause first: it is what we learn from."), field="root_cause")
    if not case.fault:
        raise Incomplete(_("Say whose fault it was."), field="fault")


def can_work_on(case: ComplaintCase) -> bool:
    """Whether details may still be corrected: until the answer is sent."""
    return case.state not in ("duplicate", "responded", "fulfilling", "closed", "resolved_on_contact")
