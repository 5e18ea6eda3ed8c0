"""Facts → beliefs: the same numbers whenever they are computed, retention only from what is mature."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from cancellations import decision_log, learning
from cancellations.models import Belief, EnginePolicy, LearnedModel, Offer, Suggestion
from cancellations.queries import beliefs
from cancellations.suggestions import suggest_for
from tests.cancellations.factories import (
    CancellationCaseFactory,
    IncentiveFactory,
    IncentiveVersionFactory,
    ReasonFactory,
)
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    return IncentiveVersionFactory(incentive=IncentiveFactory(kind="pause"), terms={"months": 2})


def past(version, *, days, accepted, paying, hold_out=False):
    """A case of so many days ago, with one offer, or in the hold-out with none."""
    at = NOON - timedelta(days=days)
    mature = days > 90
    case = CancellationCaseFactory(
        reason=ReasonFactory(),
        state="saved_pending" if accepted else "cancelled_scheduled",
        opened_at=at,
        noticed_at=at,
        closed_at=at,
        ends_on=at.date(),
        window_until=(at + timedelta(days=90)).date(),
        paying_on_day_90=paying if mature else None,
    )
    suggestion = Suggestion.objects.create(case=case, at=at, hold_out=hold_out, chosen=None if hold_out else version)
    if not hold_out:
        Offer.objects.create(
            case=case,
            incentive_version=version,
            suggestion=suggestion,
            state="applied" if accepted else "refused",
            terms={},
            cost=20,
            gain=0,
            customer_value=100,
            created_at=at,
            presented_at=at,
            answered_at=at,
        )
    return case


def believed(model, quantity, level="incentive"):
    return Belief.objects.get(model=model, quantity=quantity, level=level)


def test_answers_count_at_once_and_retention_when_mature(version):
    for days, accepted, paying in [(5, True, None), (6, False, None), (120, True, True), (130, True, False)]:
        past(version, days=days, accepted=accepted, paying=paying)
    model = learning.learn(as_of=NOON)
    accept = believed(model, "accept")
    stay = believed(model, "stay_accepted")
    assert (accept.k, accept.n) == (3, 4)
    assert (stay.k, stay.n) == (1, 2)


def test_those_who_were_offered_nothing_teach_what_happens_without(version):
    for paying in (True, False, False):
        past(version, days=120, accepted=False, paying=paying, hold_out=True)
    past(version, days=10, accepted=False, paying=None, hold_out=True)
    none = believed(learning.learn(as_of=NOON), "stay_none", "all")
    assert (none.k, none.n) == (1, 3)


def test_a_rebuild_gives_the_same_numbers(version):
    for days in (100, 110, 120):
        past(version, days=days, accepted=days > 105, paying=days > 115)
    before = learning.learn(as_of=NOON)
    rows = list(before.beliefs.order_by("pk").values_list("level", "k", "n", "mean", "strength"))
    past(version, days=-3, accepted=True, paying=None)  # what came later is not known at that moment
    out = io.StringIO()
    call_command("learn", "--from-scratch", stdout=out)
    after = LearnedModel.objects.get()
    assert after.digest == before.digest
    assert list(after.beliefs.order_by("pk").values_list("level", "k", "n", "mean", "strength")) == rows
    assert "same" in out.getvalue()


def test_a_rebuild_says_when_facts_were_changed(version):
    case = past(version, days=120, accepted=True, paying=True)
    learning.learn(as_of=NOON)
    case.paying_on_day_90 = False
    case.save()
    with pytest.raises(CommandError, match="1 models differ"):
        call_command("learn", "--from-scratch", stdout=io.StringIO())


def test_the_command_learns_now(version):
    out = io.StringIO()
    call_command("learn", stdout=out)
    assert LearnedModel.objects.count() == 1


def test_a_decision_is_replayed_by_its_number(version):
    made = suggest_for(CancellationCaseFactory(reason=ReasonFactory()), by=None, now=NOON)
    out = io.StringIO()
    call_command("replay_decision", made.pk, stdout=out)
    assert "equals what is stored" in out.getvalue()
    key = next(iter(made.vector))
    Suggestion.objects.filter(pk=made.pk).update(vector=made.vector | {key: made.vector[key] / 2})
    with pytest.raises(CommandError, match="differs"):
        call_command("replay_decision", made.pk, stdout=io.StringIO())


def test_the_log_is_exported_for_others(version):
    EnginePolicy.objects.create(created_at=NOON, hold_out=0)
    case = CancellationCaseFactory(
        reason=ReasonFactory(),
        state="saved_pending",
        closed_at=NOON,
        window_until=NOON.date(),
        paying_on_day_90=True,
    )
    made = suggest_for(case, by=None, now=NOON)
    head, row = "".join(decision_log.as_csv(decision_log.decisions())).splitlines()
    assert head.startswith("decision,at,case,")
    assert f",{made.propensity}," in row
    (line,) = decision_log.as_vowpal(decision_log.decisions())
    action, cost, probability = line.split(" | ")[0].split(":")
    assert int(action) == (made.chosen_id or 0) + 1  # the format counts from 1
    assert float(cost) == -188.60
    assert float(probability) == pytest.approx(made.propensity, abs=1e-9)
    assert "segment=standard" in line
    assert "tenure_months:92" in line
    for lot in ({"hold_out": True}, {"hold_out": False, "superseded_at": NOON}):
        Suggestion.objects.update(**lot)
        assert list(decision_log.as_vowpal(decision_log.decisions())) == []  # nothing that lot's probability explains
    assert "".join(decision_log.as_csv(decision_log.decisions())).splitlines()[1].split(",")[7] == "1"


def test_only_the_last_offer_of_a_call_answers_for_what_became_of_it(version):
    case = past(version, days=120, accepted=True, paying=True)
    other = IncentiveVersionFactory(incentive=IncentiveFactory(kind="gift"), terms={"what": "Router", "cost": "5.00"})
    (last,) = case.offers.all()
    last.pk, last.incentive_version, last.state = None, other, "refused"
    last.presented_at -= timedelta(minutes=3)
    last.save()
    model = learning.learn(as_of=NOON)
    counted = {
        (row.quantity, row.incentive_id): (row.k, row.n) for row in model.beliefs.filter(level="incentive", n__gt=0)
    }
    assert counted == {
        ("accept", version.incentive_id): (1, 1),
        ("accept", other.incentive_id): (0, 1),
        ("stay_accepted", version.incentive_id): (1, 1),
    }


def test_what_is_believed_is_told_along_the_chain_with_how_it_moved(version, client_as, django_assert_num_queries):
    """An incentive stands under its kind, its reasons under it, segments under a reason; who refused is told by reason
    and segment, since no incentive stands above them."""
    case = past(version, days=120, accepted=True, paying=True)
    past(version, days=100, accepted=False, paying=False)
    learning.learn(as_of=NOON - timedelta(days=60))
    model = learning.learn(as_of=NOON)
    with django_assert_num_queries(3):
        whole = beliefs.rows(model, "accept", None)
    assert [(row.depth, round(row.k), round(row.n)) for row in whole] == [(0, 1, 2), (1, 1, 2), (2, 1, 2)]
    assert [len(row.course) for row in whole] == [2, 2, 2]
    own = beliefs.rows(model, "accept", version.incentive)
    assert [(row.depth, row.reason_id) for row in own[:3]] == [(0, None), (1, None), (2, case.reason_id)]
    segments = beliefs.by_segment(model, "accept", version.incentive, case.reason)
    assert {row.name: (row.k, row.n) for row in segments}["Standard"] == (1, 2)
    assert all(row.low < row.mean < row.high for row in segments)
    first, last = beliefs.moved("accept", version.incentive, None)
    assert (first.day, last.day) == (NOON.date() - timedelta(days=60), NOON.date())
    assert (last.mean, last.low) == (own[1].mean, own[1].low)
    (refused,) = beliefs.rows(model, "stay_refused", None)
    assert (refused.name.endswith("Standard"), refused.k, refused.n) == (True, 0, 1)
    page = client_as("marketing").get(
        "/cancellations/beliefs/", {"incentive": version.incentive_id, "reason": case.reason_id}
    )
    assert "The figures" in page.content.decode()  # the table behind the picture


@pytest.mark.parametrize("cases", [1, 3])
def test_queries_do_not_grow_with_the_cases(version, cases, django_assert_num_queries):
    for n in range(cases):
        past(version, days=100 + n, accepted=bool(n % 2), paying=True)
    with django_assert_num_queries(10):
        learning.gather(learning.catalogue(NOON), NOON)
