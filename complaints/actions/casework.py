"""The steps of a complaint from assessment to the end, each one sentence of the trade."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints import rules
from complaints.actions import timekeeping
from complaints.actions.messages import answered_by_a_person, deliver
from complaints.actions.records import change, locked
from complaints.contributions import open_remedies
from complaints.errors import Incomplete, RemediesOpen
from complaints.models import Clock, ComplaintCase, Message, RootCause
from complaints.models.compensation import AwardState
from complaints.states import State
from complaints.surveys import ask as ask_for_opinion
from complaints.texts import notice_for
from staff.errors import DomainError, WrongState
from staff.models import User

Kind, Direction, Purpose = Message.Kind, Message.Direction, Message.Purpose
RESOLVING = (Clock.Kind.RESOLUTION, Clock.Kind.STATUTORY)


@transaction.atomic
def acknowledge(
    pk: int, *, kind: str, subject: str, body: str, language: str = "", version: int, by: User, now: datetime
) -> ComplaintCase:
    """Tell the customer that the complaint has come in and who looks after it."""
    case = locked(pk, version=version)
    deliver(
        case, kind=kind, purpose=Purpose.ACKNOWLEDGEMENT, subject=subject, body=body, language=language, by=by, now=now
    )
    case.move_to(State.ACKNOWLEDGED, by=by, at=now)
    return case


@transaction.atomic
def assess(pk: int, *, by: User, now: datetime, version: int | None = None) -> ComplaintCase:
    """Begin to look at it; whoever begins handles it when nobody does yet."""
    return _begin(pk, State.ASSESSING, by=by, now=now, version=version)


@transaction.atomic
def investigate(pk: int, *, by: User, now: datetime, version: int | None = None, note: str = "") -> ComplaintCase:
    """Find out what happened; also how a waiting, drafted, returned or reopened case goes on."""
    return _begin(pk, State.INVESTIGATING, by=by, now=now, version=version, note=note)


def _begin(pk: int, to: str, *, by: User, now: datetime, version: int | None, note: str = "") -> ComplaintCase:
    case = locked(pk, version=version)
    if case.state == State.DUPLICATE:
        raise WrongState(_("This is a duplicate. Take it apart from its original first."))
    if case.assignee_id is None:
        change(case, {"assignee": by}, by=by, at=now)
    if case.state in (State.WAITING_CUSTOMER, State.WAITING_THIRD_PARTY):
        timekeeping.resume(case, at=now)
        case.chase_at = None
    case.move_to(to, by=by, at=now, note=note)
    return case


@transaction.atomic
def ask_customer(
    pk: int,
    *,
    kind: str,
    subject: str,
    body: str,
    chase_on: date,
    language: str = "",
    version: int,
    by: User,
    now: datetime,
) -> ComplaintCase:
    """Send a question and wait for the answer until the chase date; the operational clock stands meanwhile."""
    case = locked(pk, version=version)
    case.chase_at = _chase(chase_on, now)
    deliver(case, kind=kind, purpose=Purpose.QUESTION, subject=subject, body=body, language=language, by=by, now=now)
    case.move_to(State.WAITING_CUSTOMER, by=by, at=now)
    timekeeping.pause(case, at=now, reason=subject)
    case.save()
    return case


@transaction.atomic
def wait_for_third_party(pk: int, *, note: str, chase_on: date, version: int, by: User, now: datetime) -> ComplaintCase:
    """Somebody else must act: a carrier, a supplier. No clock stands for that."""
    case = locked(pk, version=version)
    case.chase_at = _chase(chase_on, now)
    case.move_to(State.WAITING_THIRD_PARTY, by=by, at=now, note=note)
    return case


def _chase(day: date, now: datetime) -> datetime:
    if day <= timezone.localdate(now):
        raise DomainError(_("Choose a day to come."), field="chase_on")
    return timezone.make_aware(datetime.combine(day, time(8)))


@transaction.atomic
def chase_later(pk: int, *, chase_on: date | None, by: User, now: datetime) -> ComplaintCase:
    """Put the chase date off, or take it away where nothing is waited for."""
    case = locked(pk)
    if chase_on is None and case.state == State.WAITING_CUSTOMER:
        raise Incomplete(_("A case that waits for the customer keeps a chase date."), field="chase_on")
    change(case, {"chase_at": _chase(chase_on, now) if chase_on else None}, by=by, at=now)
    return case


@transaction.atomic
def draft(
    pk: int,
    *,
    outcome: str,
    root_cause: RootCause,
    fault: str,
    subject: str,
    body: str,
    version: int,
    by: User,
    now: datetime,
) -> ComplaintCase:
    """Write the decision down: outcome, root cause, fault and the answer to come. Can be written again until sent.

    While a colleague is still asked about the compensation, the decision waits for that.
    """
    case = locked(pk, version=version)
    if case.state == State.PENDING_APPROVAL:
        raise WrongState(_("A colleague is asked about the compensation. Withdraw the proposal to go on without it."))
    if case.state != State.DECISION_DRAFTED and not case.can_move_to(State.DECISION_DRAFTED):
        case.move_to(State.DECISION_DRAFTED, by=by, at=now)  # refuses, in words
    case.draft_subject, case.draft_body = subject, body
    changed = change(case, {"outcome": outcome, "root_cause": root_cause, "fault": fault}, by=by, at=now)
    rules.check_decided(case)
    if case.state == State.DECISION_DRAFTED:
        if not changed:
            case.version += 1
            case.save()
    else:
        case.move_to(State.DECISION_DRAFTED, by=by, at=now)
        if case.awards.filter(state=AwardState.PENDING).exists():
            case.move_to(State.PENDING_APPROVAL, by=by, at=now)
    return case


@transaction.atomic
def respond(
    pk: int, *, kind: str, subject: str, body: str, language: str = "", version: int, by: User, now: datetime
) -> ComplaintCase:
    """Send the answer. Needs outcome, root cause and fault; a rejection carries the notice of where else to turn.

    Goes on to “remedies under way” by itself when some have not ended.
    """
    case = locked(pk, version=version)
    rules.check_decided(case)
    if not case.can_move_to(State.RESPONDED):
        case.move_to(State.RESPONDED, by=by, at=now)
    language = language or case.customer.language
    body = with_notice(case, body, language)
    deliver(case, kind=kind, purpose=Purpose.ANSWER, subject=subject, body=body, language=language, by=by, now=now)
    timekeeping.resume(case, at=now)
    timekeeping.stop(case, RESOLVING, at=now)
    case.responded_at, case.chase_at = now, None
    case.draft_subject = case.draft_body = ""
    case.move_to(State.RESPONDED, by=by, at=now)
    if any(source(case.pk) for source in open_remedies):
        case.move_to(State.FULFILLING, by=None, at=now)
    return case


def with_notice(case: ComplaintCase, body: str, language: str) -> str:
    """The answer, with the dispute-resolution notice when it rejects and does not say it already."""
    if case.outcome != case.Outcome.REJECTED:
        return body
    notice = notice_for(case, language)
    if not notice:
        raise Incomplete(
            _("There is no dispute-resolution notice for %(country)s. Ask data entry to write it first.")
            % {"country": case.customer.country},
            field="body",
        )
    return body if notice in body.replace("\r\n", "\n") else f"{body.rstrip()}\n\n{notice}"


@transaction.atomic
def resolve_on_contact(
    pk: int, *, outcome: str, root_cause: RootCause, fault: str, note: str, version: int, by: User, now: datetime
) -> ComplaintCase:
    """Put right while the customer is here: what was said is logged as the answer, and the case ends."""
    case = locked(pk, version=version)
    _check_remedies(case)
    change(case, {"outcome": outcome, "root_cause": root_cause, "fault": fault}, by=by, at=now)
    rules.check_decided(case)
    Message.objects.create(
        case=case, kind=Kind.CALL, direction=Direction.OUT, purpose=Purpose.ANSWER, body=note, by=by, at=now
    )
    answered_by_a_person(case, at=now)
    timekeeping.end_cycle(case, at=now)
    case.responded_at = case.closed_at = now
    case.chase_at = None
    case.move_to(State.RESOLVED_ON_CONTACT, by=by, at=now)
    ask_for_opinion(case, now=now)
    return case


@transaction.atomic
def close(pk: int, *, version: int | None = None, by: User | None, now: datetime) -> ComplaintCase:
    """The end, once every remedy has ended. The customer is asked what he or she thought of it."""
    case = locked(pk, version=version)
    _check_remedies(case)
    timekeeping.end_cycle(case, at=now)
    case.closed_at, case.chase_at = now, None
    case.move_to(State.CLOSED, by=by, at=now)
    ask_for_opinion(case, now=now)
    return case


def _check_remedies(case: ComplaintCase) -> None:
    left = [text for source in open_remedies for text in source(case.pk)]
    if left:
        raise RemediesOpen(
            _("Not ended yet: %(remedies)s. Fulfil or withdraw it first.") % {"remedies": ", ".join(map(str, left))}
        )


@transaction.atomic
def leave(pk: int, *, to: str, note: str, version: int, by: User, now: datetime) -> ComplaintCase:
    """Withdrawn, no complaint at all, or for another body to decide. Promises not yet due fall away."""
    case = locked(pk, version=version)
    if to not in (State.WITHDRAWN, State.NOT_A_COMPLAINT, State.REFERRED_EXTERNAL):
        raise WrongState(_("This is not a way to end a complaint."))
    _check_remedies(case)
    timekeeping.end_cycle(case, at=now, cancelled=True)
    case.closed_at, case.chase_at = now, None
    case.move_to(to, by=by, at=now, note=note)
    return case


@transaction.atomic
def reopen(pk: int, *, note: str, version: int | None = None, by: User, now: datetime) -> ComplaintCase:
    """The customer is not content, or something new came up: a new cycle with clocks of its own. What the first
    cycle's clocks showed stays."""
    case = locked(pk, version=version)
    if not case.can_move_to(State.REOPENED):
        case.move_to(State.REOPENED, by=by, at=now)
    timekeeping.end_cycle(case, at=now)
    case.closed_at = case.escalated_at = case.chase_at = None
    case.reopened_count += 1
    case.move_to(State.REOPENED, by=by, at=now, note=note)
    timekeeping.start_cycle(case, at=now)
    case.save()
    return case


@transaction.atomic
def merge(pk: int, *, into: int, version: int | None = None, by: User, now: datetime) -> ComplaintCase:
    """The same matter twice: this one becomes a duplicate of `into`, whose history then shows both.

    Both rows are locked in the order of their keys. Raises DomainError for another customer's case or a chain.
    """
    first, second = sorted((pk, into))
    if first == second:
        raise DomainError(_("Choose another case than this one."), field="into")
    pair = {first: locked(first), second: locked(second)}
    case, original = pair[pk], pair[into]
    if version is not None and version != case.version:
        locked(pk, version=version)
    if original.customer_id != case.customer_id and (
        original.customer.household_id is None or original.customer.household_id != case.customer.household_id
    ):
        raise DomainError(_("Only complaints of the same customer or household can be merged."), field="into")
    if original.state == State.DUPLICATE:
        raise DomainError(_("That case is itself a duplicate. Choose its original."), field="into")
    if case.duplicates.exists():
        raise DomainError(_("Other cases point to this one. Merge the other way round."), field="into")
    _check_remedies(case)
    timekeeping.end_cycle(case, at=now, cancelled=True)
    case.duplicate_of, case.closed_at, case.chase_at = original, now, None
    case.move_to(State.DUPLICATE, by=by, at=now, note=original.number)
    original.version += 1
    original.save(update_fields=["version"])
    return case


@transaction.atomic
def unmerge(pk: int, *, by: User, now: datetime, version: int | None = None) -> ComplaintCase:
    """Take a duplicate apart from its original again; its clocks run on from its own receipt."""
    case = locked(pk, version=version)
    original = case.duplicate_of
    if case.state != State.DUPLICATE or original is None:
        raise WrongState(_("This is not a duplicate."))
    case.duplicate_of, case.closed_at = None, None
    case.move_to(State.INVESTIGATING, by=by, at=now, note=_("apart from %(number)s") % {"number": original.number})
    cycle = case.cycles.order_by("-number").first()
    if cycle:
        cycle.ended_at = None
        cycle.save(update_fields=["ended_at"])
        cycle.clocks.filter(is_cancelled=True).update(is_cancelled=False, met_at=None, elapsed=None)
        timekeeping.recompute(case, now=now)
    case.save()
    return case


@transaction.atomic
def correct(pk: int, *, version: int | None = None, by: User, now: datetime, **values: object) -> ComplaintCase:
    """Change details: category, severity, priority, title, what is asked, product, receipt, subscription, team.

    A change of category or priority sets the deadlines anew, from the same start; a breach stays.
    """
    case = locked(pk, version=version)
    if not rules.can_work_on(case):
        raise WrongState(_("The answer has been sent; the details stay as they were. Reopen the case first."))
    changed = change(case, values, by=by, at=now)
    if {"category", "priority"} & set(changed):
        timekeeping.recompute(case, now=now)
        case.save()
    return case


def default_chase(now: datetime) -> date:
    """A week on."""
    return timezone.localdate(now) + timedelta(days=7)
