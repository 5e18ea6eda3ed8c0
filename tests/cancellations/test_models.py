"""What the database itself refuses."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from cancellations.models import CancellationCase, CaseNumber, IncentiveVersion, Offer, Reason, ReasonCategory
from cancellations.models.cases import OPEN_STATES
from cancellations.reference import REASONS, load_reasons
from staff.errors import WrongState
from tests.cancellations.factories import (
    NOON,
    CancellationCaseFactory,
    IncentiveVersionFactory,
    OfferFactory,
)

pytestmark = pytest.mark.django_db
CLOSED = {"closed_at": NOON, "window_until": NOON.date(), "ends_on": NOON.date()}


def _walk(record, moves, to):
    """The move through the table and, past it, straight in the database."""
    allowed = to in moves.get(record.state, frozenset())
    before = record.state
    if allowed:
        with transaction.atomic():
            record.move_to(to, by=None, at=NOON)
            assert record.moves.get().to_state == to
            transaction.set_rollback(True)
        return
    with pytest.raises(WrongState):
        record.move_to(to, by=None, at=NOON)
    if to != before:
        with pytest.raises(DatabaseError), transaction.atomic():
            type(record).objects.filter(pk=record.pk).update(state=to)


@pytest.mark.parametrize("before", CancellationCase.State.values)
def test_every_pair_of_case_states(before):
    case = CancellationCaseFactory(state=before, **CLOSED)
    for to in CancellationCase.State.values:
        _walk(CancellationCase.objects.get(pk=case.pk), CancellationCase.MOVES, to)


@pytest.mark.parametrize("before", Offer.State.values)
def test_every_pair_of_offer_states(before):
    offer = OfferFactory(state=before, presented_at=NOON)
    for to in Offer.State.values:
        _walk(Offer.objects.get(pk=offer.pk), Offer.MOVES, to)


@pytest.mark.parametrize("state", OPEN_STATES)
def test_a_subscription_has_one_open_case(state):
    case = CancellationCaseFactory(state=state)
    with pytest.raises(IntegrityError), transaction.atomic():
        CancellationCaseFactory(subscription=case.subscription, state="opened")
    CancellationCaseFactory(subscription=case.subscription, state="cancelled_scheduled", **CLOSED)


def test_published_terms_never_change():
    version = IncentiveVersionFactory()
    for change in ({"terms": {"percent": "90.00", "months": 6}}, {"lever": 2}, {"rules": {}}, {"number": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            IncentiveVersion.objects.filter(pk=version.pk).update(**change)
    IncentiveVersion.objects.filter(pk=version.pk).update(state="retired", retired_at=NOON)


def test_a_draft_may_change_and_its_author_cannot_publish_it():
    version = IncentiveVersionFactory(state="draft", publisher=None, published_at=None)
    IncentiveVersion.objects.filter(pk=version.pk).update(terms={"percent": "10.00", "months": 3})
    with pytest.raises(IntegrityError), transaction.atomic():
        IncentiveVersion.objects.filter(pk=version.pk).update(
            state="published", publisher=version.author, published_at=NOON
        )


def test_moves_are_append_only():
    case = CancellationCaseFactory(state="opened")
    case.move_to("notice_recorded", by=None, at=NOON)
    for attack in (lambda: case.moves.update(note="x"), lambda: case.moves.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()


def test_numbers_count_up_by_year():
    assert [CaseNumber.draw(2026), CaseNumber.draw(2026), CaseNumber.draw(2027)] == [
        "X-2026-00001",
        "X-2026-00002",
        "X-2027-00001",
    ]


def test_reasons_are_loaded_once_and_edits_stay():
    total = sum(2 + len(reasons) for _, _, reasons in REASONS) - 1  # "unknown" has its own for "not told"
    assert load_reasons() == total
    Reason.objects.filter(code="price-budget").update(name="No money")
    assert load_reasons() == 0
    reason = Reason.objects.get(code="price-budget")
    assert (reason.label("en"), reason.label("sv"), reason.label("fi")) == ("No money", "Ansträngd ekonomi", "No money")
    assert Reason.objects.filter(never_offer=True).exists()


def test_a_category_alone_is_a_reason_with_what_all_of_its_reasons_share():
    load_reasons()
    unsaid = {category.code: category.unsaid() for category in ReasonCategory.objects.all()}
    assert [code for code, reason in unsaid.items() if reason.opens_complaint] == ["billing"]
    assert [code for code, reason in unsaid.items() if reason.names_competitor] == ["competitor"]
    assert not any(reason.never_offer for reason in unsaid.values())  # "household" alone is no word of a death
    own = ReasonCategory.objects.create(code="weather", name="Weather")
    assert own.unsaid() == own.unsaid()
    assert (own.unsaid().category, own.unsaid().label("sv")) == (own, "Inget mer sagt")
