"""Every pair of states is walked, in Python and in the database."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from complaints.models import CaseMove, ComplaintCase
from complaints.states import ANSWERED, ENDED, MOVES, OPEN, State
from staff.errors import WrongState
from tests.complaints.factories import RECEIVED, CaseFactory, RootCauseFactory
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def case_in(state: str) -> ComplaintCase:
    needs = {}
    if state in ANSWERED:
        needs |= {"outcome": "upheld", "root_cause": RootCauseFactory()}
    if state == State.DUPLICATE:
        needs |= {"duplicate_of": CaseFactory()}
    if state == State.WAITING_CUSTOMER:
        needs |= {"chase_at": NOON}
    return CaseFactory(state=state, **needs)


def prepare(case: ComplaintCase, to: str) -> None:
    """What the constraint of the target state asks for."""
    case.outcome, case.root_cause, case.chase_at = "upheld", RootCauseFactory(), NOON
    case.duplicate_of = CaseFactory() if to == State.DUPLICATE else None


@pytest.mark.parametrize("before", State)
def test_every_pair_of_states(before):
    case = case_in(before)
    for after in State:
        case.refresh_from_db()
        prepare(case, after)
        if after in MOVES[before]:
            with transaction.atomic():
                move = case.move_to(after, by=None, at=NOON, note="on we go")
                assert (move.from_state, move.to_state, move.note) == (before, after, "on we go")
                transaction.set_rollback(True)
        else:
            with pytest.raises(WrongState):
                case.move_to(after, by=None, at=NOON)
            if after != before:
                duplicate_of = case.duplicate_of
                with pytest.raises(DatabaseError), transaction.atomic():
                    ComplaintCase.objects.filter(pk=case.pk).update(state=after, duplicate_of=duplicate_of)


def test_states_are_open_or_ended_and_every_end_can_be_taken_up_again():
    assert set(State) == OPEN | ENDED
    assert all(MOVES[state] & OPEN for state in ENDED)
    reachable = {State.REGISTERED}
    while more := {to for state in reachable for to in MOVES[state]} - reachable:
        reachable |= more
    assert reachable == set(State)


@pytest.mark.parametrize(
    "broken",
    [
        {"state": State.RESPONDED},
        {"state": State.CLOSED, "outcome": "upheld"},
        {"state": State.DUPLICATE},
        {"state": State.WAITING_CUSTOMER},
        {"received_at": RECEIVED + timedelta(days=1)},
        {"item_price": -1},
    ],
)
def test_the_database_refuses_what_makes_no_sense(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseFactory(**broken)


def test_recorded_at_and_number_never_change_and_moves_are_append_only():
    case = CaseFactory()
    case.move_to(State.ACKNOWLEDGED, by=None, at=NOON)
    for change in ({"recorded_at": NOON}, {"number": "K-1"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ComplaintCase.objects.filter(pk=case.pk).update(**change)
    for write in (lambda: CaseMove.objects.update(note="x"), lambda: CaseMove.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()


def test_open_is_computed_by_the_database():
    open_ones = {state for state in State if ComplaintCase.objects.get(pk=case_in(state).pk).is_open}
    assert open_ones == set(OPEN)
