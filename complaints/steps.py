"""What can be done with a case now: each step has a word, a key, a form and the action behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from complaints import actions, forms
from complaints.models import ComplaintCase
from complaints.rules import can_work_on
from complaints.states import OPEN, State
from staff.models import User

S = State
WORK = "complaints.work_complaint"
Run = Callable[[ComplaintCase, Any, User, datetime], object]


@dataclass(frozen=True)
class Step:
    """`states` it can be taken from; `run(case, form, by, now)`; `lead` when it is the natural next thing there."""

    verb: str
    label: str | Promise
    icon: str
    key: str
    form: type[forms.Versioned]
    run: Run
    states: frozenset[str]
    lead: frozenset[str] = frozenset()
    about: str | Promise = ""
    permission: str = WORK
    said: str | Promise = ""

    @property
    def composes(self) -> bool:
        return issubclass(self.form, forms.ComposeForm)


def _from(to: str) -> frozenset[str]:
    return frozenset(state for state, ends in ComplaintCase.MOVES.items() if to in ends)


def _version(form: forms.Versioned) -> int:
    return form.cleaned_data["version"]


STEPS: dict[str, Step] = {
    step.verb: step
    for step in (
        Step(
            "acknowledge",
            _("Acknowledge"),
            "mail-check",
            "a",
            forms.AcknowledgeForm,
            lambda case, form, by, now: actions.acknowledge(
                case.pk, version=_version(form), by=by, now=now, **form.message
            ),
            _from(S.ACKNOWLEDGED),
            lead=frozenset({S.REGISTERED}),
            said=_("Acknowledged."),
        ),
        Step(
            "investigate",
            _("Investigate"),
            "search-check",
            "i",
            forms.BackForm,
            lambda case, form, by, now: actions.investigate(
                case.pk, version=_version(form), by=by, now=now, note=form.cleaned_data["note"]
            ),
            _from(S.INVESTIGATING) - {S.DUPLICATE},
            lead=frozenset({S.ACKNOWLEDGED, S.ASSESSING, S.REOPENED, S.WAITING_THIRD_PARTY}),
        ),
        Step(
            "assess",
            _("Assess"),
            "scale",
            "e",
            forms.PlainForm,
            lambda case, form, by, now: actions.assess(case.pk, version=_version(form), by=by, now=now),
            _from(S.ASSESSING),
        ),
        Step(
            "ask",
            _("Ask the customer"),
            "message-circle-question-mark",
            "q",
            forms.QuestionForm,
            lambda case, form, by, now: actions.ask_customer(
                case.pk,
                chase_on=form.cleaned_data["chase_on"],
                version=_version(form),
                by=by,
                now=now,
                **form.message,
            ),
            _from(S.WAITING_CUSTOMER),
            about=_("The working-time clock stands until the answer comes; the legal one never does."),
            said=_("Asked. The case comes back with the answer, or on the chase date."),
        ),
        Step(
            "third-party",
            _("Wait for somebody else"),
            "hourglass",
            "w",
            forms.ThirdPartyForm,
            lambda case, form, by, now: actions.wait_for_third_party(
                case.pk,
                note=form.cleaned_data["note"],
                chase_on=form.cleaned_data["chase_on"],
                version=_version(form),
                by=by,
                now=now,
            ),
            _from(S.WAITING_THIRD_PARTY),
            about=_("A carrier, a supplier. No clock stands for them."),
        ),
        Step(
            "draft",
            _("Draft the decision"),
            "pencil-line",
            "d",
            forms.DraftForm,
            lambda case, form, by, now: actions.draft(
                case.pk,
                outcome=form.cleaned_data["outcome"],
                root_cause=form.cleaned_data["root_cause"],
                fault=form.cleaned_data["fault"],
                subject=form.cleaned_data["subject"],
                body=form.cleaned_data["body"],
                version=_version(form),
                by=by,
                now=now,
            ),
            (_from(S.DECISION_DRAFTED) - {S.PENDING_APPROVAL}) | {S.DECISION_DRAFTED},
            lead=frozenset({S.INVESTIGATING, S.RETURNED}),
            said=_("The draft is kept."),
        ),
        Step(
            "respond",
            _("Send the answer"),
            "send",
            "s",
            forms.RespondForm,
            lambda case, form, by, now: actions.respond(
                case.pk, version=_version(form), by=by, now=now, **form.message
            ),
            _from(S.RESPONDED),
            lead=frozenset({S.DECISION_DRAFTED}),
            said=_("The answer is on its way."),
        ),
        Step(
            "resolve",
            _("Resolved on contact"),
            "handshake",
            "r",
            forms.ResolveForm,
            lambda case, form, by, now: actions.resolve_on_contact(
                case.pk,
                outcome=form.cleaned_data["outcome"],
                root_cause=form.cleaned_data["root_cause"],
                fault=form.cleaned_data["fault"],
                note=form.cleaned_data["note"],
                version=_version(form),
                by=by,
                now=now,
            ),
            _from(S.RESOLVED_ON_CONTACT),
            about=_("Put right while the customer is here: no letter is needed."),
            said=_("Resolved."),
        ),
        Step(
            "close",
            _("Close"),
            "circle-check-big",
            "c",
            forms.PlainForm,
            lambda case, form, by, now: actions.close(case.pk, version=_version(form), by=by, now=now),
            _from(S.CLOSED),
            lead=frozenset({S.RESPONDED, S.FULFILLING}),
            about=_("Every remedy has ended. The customer is asked for an opinion by e-mail."),
            said=_("Closed."),
        ),
        Step(
            "reopen",
            _("Reopen"),
            "rotate-ccw",
            "o",
            forms.ReasonForm,
            lambda case, form, by, now: actions.reopen(
                case.pk, note=form.cleaned_data["note"], version=_version(form), by=by, now=now
            ),
            _from(S.REOPENED),
            about=_("A new cycle begins with clocks of its own; what the first ones showed stays."),
            said=_("Reopened."),
        ),
        Step(
            "leave",
            _("End without an answer"),
            "log-out",
            "",
            forms.LeaveForm,
            lambda case, form, by, now: actions.leave(
                case.pk,
                to=form.cleaned_data["to"],
                note=form.cleaned_data["note"],
                version=_version(form),
                by=by,
                now=now,
            ),
            _from(S.NOT_A_COMPLAINT),
        ),
        Step(
            "merge",
            _("Merge as a duplicate"),
            "merge",
            "m",
            forms.MergeForm,
            lambda case, form, by, now: actions.merge(
                case.pk, into=form.cleaned_data["into"].pk, version=_version(form), by=by, now=now
            ),
            _from(S.DUPLICATE),
            said=_("Merged."),
        ),
        Step(
            "unmerge",
            _("Take apart again"),
            "split",
            "m",
            forms.PlainForm,
            lambda case, form, by, now: actions.unmerge(case.pk, version=_version(form), by=by, now=now),
            frozenset({S.DUPLICATE}),
            lead=frozenset({S.DUPLICATE}),
        ),
    )
}

# What is done to a case without moving it on.
ANY, STILL_OPEN = frozenset(S), OPEN
CHORES: dict[str, Step] = {
    step.verb: step
    for step in (
        Step(
            "write",
            _("Write"),
            "mail",
            "l",
            forms.ComposeForm,
            lambda case, form, by, now: actions.write(
                case.pk,
                purpose=form.cleaned_data["template"].purpose if form.cleaned_data["template"] else "other",
                version=_version(form),
                by=by,
                now=now,
                **form.message,
            ),
            ANY,
            said=_("On its way."),
        ),
        Step(
            "call",
            _("Log a call"),
            "phone",
            "p",
            forms.CallForm,
            lambda case, form, by, now: actions.log_call(
                case.pk, text=form.cleaned_data["text"], outgoing=form.cleaned_data["outgoing"], by=by, now=now
            ),
            ANY,
            said=_("Logged."),
        ),
        Step(
            "note",
            _("Note"),
            "notebook-pen",
            "n",
            forms.NoteForm,
            lambda case, form, by, now: actions.add_note(case.pk, text=form.cleaned_data["text"], by=by, now=now),
            ANY,
            about=_("For colleagues only; never sent."),
            said=_("Noted."),
        ),
        Step(
            "files",
            _("Attach files"),
            "paperclip",
            "f",
            forms.FilesForm,
            lambda case, form, by, now: actions.add_files(case.pk, files=form.cleaned_data["files"], by=by, now=now),
            ANY,
            said=_("Attached."),
        ),
        Step(
            "incoming",
            _("Log a letter"),
            "mail-open",
            "b",
            forms.IncomingForm,
            lambda case, form, by, now: actions.receive(
                case.pk,
                kind=form.cleaned_data["kind"],
                body=form.cleaned_data["text"] or "–",
                files=form.cleaned_data["files"],
                by=by,
                now=now,
            ),
            ANY,
            about=_("What the customer wrote. A case that waits for the answer goes on."),
            said=_("Logged."),
        ),
        Step(
            "assign",
            _("Assign"),
            "user-round-check",
            "g",
            forms.AssignForm,
            lambda case, form, by, now: actions.assign(
                case.pk,
                to=form.cleaned_data["to"],
                team=form.cleaned_data["team"],
                version=_version(form),
                by=by,
                now=now,
            ),
            STILL_OPEN,
            said=_("Assigned."),
        ),
        Step(
            "correct",
            _("Correct details"),
            "pencil",
            "t",
            forms.CorrectForm,
            lambda case, form, by, now: actions.correct(
                case.pk, version=_version(form), by=by, now=now, **form.details
            ),
            frozenset(state for state in S if can_work_on(ComplaintCase(state=state))),
            about=_("Another category or priority sets the deadlines anew, from the same start."),
        ),
        Step(
            "chase",
            _("Chase on"),
            "calendar-clock",
            "",
            forms.ChaseForm,
            lambda case, form, by, now: actions.chase_later(
                case.pk, chase_on=form.cleaned_data["chase_on"], by=by, now=now
            ),
            ANY,
        ),
    )
}


def find(verb: str) -> Step | None:
    return STEPS.get(verb) or CHORES.get(verb)


def open_to(case: ComplaintCase, user: User) -> tuple[list[Step], list[Step]]:
    """(the steps, the chores) that this person may take now; the natural next step first. No query beyond the case's
    customer."""
    if case.customer.erased_at:
        return [], []
    steps = [step for step in STEPS.values() if case.state in step.states and user.has_perm(step.permission)]
    chores = [step for step in CHORES.values() if case.state in step.states and user.has_perm(step.permission)]
    return sorted(steps, key=lambda step: case.state not in step.lead), chores
