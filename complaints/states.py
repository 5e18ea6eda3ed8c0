"""The life of a complaint: every state, and the table of moves that the actions and the database both hold to."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    REGISTERED = "registered", _("registered")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    ASSESSING = "assessing", _("being assessed")
    INVESTIGATING = "investigating", _("being investigated")
    WAITING_CUSTOMER = "waiting_customer", _("waiting for the customer")
    WAITING_THIRD_PARTY = "waiting_third_party", _("waiting for a third party")
    DECISION_DRAFTED = "decision_drafted", _("decision drafted")
    PENDING_APPROVAL = "pending_approval", _("in approval")
    RETURNED = "returned", _("returned")
    RESPONDED = "responded", _("answered")
    FULFILLING = "fulfilling", _("remedies under way")
    CLOSED = "closed", _("closed")
    RESOLVED_ON_CONTACT = "resolved_on_contact", _("resolved on contact")
    REOPENED = "reopened", _("reopened")
    DUPLICATE = "duplicate", _("duplicate")
    WITHDRAWN = "withdrawn", _("withdrawn")
    NOT_A_COMPLAINT = "not_a_complaint", _("not a complaint")
    REFERRED_EXTERNAL = "referred_external", _("referred to another body")


S = State
EXITS = frozenset({S.DUPLICATE, S.WITHDRAWN, S.NOT_A_COMPLAINT, S.REFERRED_EXTERNAL})
ENDED = EXITS | {S.CLOSED, S.RESOLVED_ON_CONTACT}
WAITING = frozenset({S.WAITING_CUSTOMER, S.WAITING_THIRD_PARTY})
ANSWERED = frozenset({S.RESPONDED, S.FULFILLING, S.CLOSED, S.RESOLVED_ON_CONTACT})
OPEN = frozenset(State) - ENDED

MOVES: dict[str, frozenset[str]] = {
    S.REGISTERED: EXITS
    | {S.ACKNOWLEDGED, S.ASSESSING, S.INVESTIGATING, S.WAITING_CUSTOMER, S.DECISION_DRAFTED, S.RESOLVED_ON_CONTACT},
    S.ACKNOWLEDGED: EXITS
    | {S.ASSESSING, S.INVESTIGATING, S.WAITING_CUSTOMER, S.DECISION_DRAFTED, S.RESOLVED_ON_CONTACT},
    S.ASSESSING: EXITS | WAITING | {S.INVESTIGATING, S.DECISION_DRAFTED, S.RESOLVED_ON_CONTACT},
    S.INVESTIGATING: EXITS | WAITING | {S.DECISION_DRAFTED, S.RESOLVED_ON_CONTACT},
    S.WAITING_CUSTOMER: EXITS | {S.INVESTIGATING},
    S.WAITING_THIRD_PARTY: EXITS | {S.INVESTIGATING},
    S.DECISION_DRAFTED: EXITS | {S.INVESTIGATING, S.PENDING_APPROVAL, S.RESPONDED},
    S.PENDING_APPROVAL: frozenset({S.RETURNED, S.DECISION_DRAFTED}),  # the question is answered or taken back first
    S.RETURNED: EXITS | {S.INVESTIGATING, S.DECISION_DRAFTED, S.PENDING_APPROVAL},
    S.RESPONDED: frozenset({S.FULFILLING, S.CLOSED, S.REOPENED}),
    S.FULFILLING: frozenset({S.CLOSED, S.REOPENED}),
    S.CLOSED: frozenset({S.REOPENED}),
    S.RESOLVED_ON_CONTACT: frozenset({S.REOPENED}),
    S.REOPENED: EXITS | {S.INVESTIGATING},
    S.DUPLICATE: frozenset({S.INVESTIGATING}),  # taken apart again
    S.WITHDRAWN: frozenset({S.REOPENED}),
    S.NOT_A_COMPLAINT: frozenset({S.REOPENED}),
    S.REFERRED_EXTERNAL: frozenset({S.REOPENED}),
}
