"""The report's figures, each against cases counted by hand."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cancellations import actions
from cancellations.engine.values import Contract, value
from cancellations.models import Fulfilment, OfferMove
from cancellations.queries import figures, parity
from cancellations.queries.figures import Period
from staff.models import User
from tests.cancellations.factories import CancellationCaseFactory, OfferFactory, ReasonFactory, SuggestionFactory
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
YEAR = Period(TODAY - timedelta(days=365), TODAY + timedelta(days=1), TODAY)


def closed(at, **fields):
    day = at.date()
    usual = {"state": "saved_pending", "reason": ReasonFactory(), "window_until": day + timedelta(days=90)}
    return CancellationCaseFactory(noticed_at=at, opened_at=at, closed_at=at, **(usual | fields))


def test_a_call_shortly_after_midnight_belongs_to_the_local_day():
    """22:30 UTC on 30 September is the first of October in Stockholm, and another quarter."""
    case = closed(datetime(2026, 9, 30, 22, 30, tzinfo=UTC))
    case.subscription.status, case.subscription.ends_on = "ended", date(2026, 10, 31)
    case.subscription.save()
    assert figures.survival(YEAR) == {"2026 Q4 (n 1)": [(0, 1.0), (1, 0.0)]}


def test_survival_is_counted_a_day_to_either_side_of_each_month(django_assert_num_queries):
    """Saved on one day 100 days ago: one went on the very day, one on day 30, one on day 31, one stays, one is only
    about to go, one goes in years; and of an older quarter one who never went."""
    at = datetime(2026, 8, 10, 10, tzinfo=UTC)  # the period's today is 100 days later
    ends = [("ended", 0), ("ended", 30), ("ended", 31), ("active", None), ("ending", 110), ("ending", 2_000)]
    for status, days in ends:
        case = closed(at, state="boomerang" if days is not None and days < 90 else "saved_confirmed")
        case.subscription.status = status
        case.subscription.ends_on = None if days is None else at.date() + timedelta(days=days)
        case.subscription.save()
    closed(at - timedelta(days=100))
    assert (TODAY - at.date()).days == 100
    with django_assert_num_queries(1):
        curves = figures.survival(YEAR)
    assert curves == {
        "2026 Q2 (n 1)": [(month, 1.0) for month in range(7)],
        "2026 Q3 (n 6)": [(0, 5 / 6), (1, 4 / 6), (2, 3 / 6), (3, 3 / 6)],
    }


def decided(case, *, hold_out=False, cost="30.00", accepted=True, state="applied"):
    """The case's decision; outside the hold-out an offer was put and answered."""
    suggestion = SuggestionFactory(case=case, at=case.noticed_at, hold_out=hold_out)
    if hold_out:
        return None
    return OfferFactory(
        case=case,
        suggestion=suggestion,
        state=state if accepted else "refused",
        cost=Decimal(cost),
        presented_at=case.noticed_at,
        answered_at=case.noticed_at,
    )


LONG_AGO = NOON - timedelta(days=200)


def arm(paying, of, *, hold_out=False):
    """`paying` of so many mature cases; the paying ones accepted, at 30.00."""
    for i in range(of):
        stays = i < paying
        case = closed(LONG_AGO, state="saved_confirmed" if stays else "boomerang", paying_on_day_90=stays)
        decided(case, hold_out=hold_out, accepted=stays)


def test_net_value_sets_what_mature_cases_cost_against_what_they_brought():
    """Four of six against one of three: uplift 1/3, two saves more; 4 × 30.00 were given for them. The offer of
    yesterday's call has no outcome yet: its cost is no part of that sum."""
    arm(4, 6)
    arm(1, 3, hold_out=True)
    decided(closed(NOON - timedelta(days=1)), cost="99.00")
    found = figures.figures(YEAR)
    assert (found.notices, found.mature) == (10, 9)
    assert found.confirmed_save.k == 5
    assert found.incremental[0] == pytest.approx(2)
    assert found.cost == Decimal("219.00")
    assert found.cost_per_save[0] == Decimal(60)
    worth = value(Contract(Decimal("49.90"), Decimal("20.00")))
    assert found.net_value == (2 * worth - 120, 2 * worth * Decimal("0.7") - 120, 2 * worth * Decimal("1.3") - 120)
    fewest, most = (Decimal(str(round(each, 4))) for each in found.incremental[1:])
    assert fewest < 0 < most  # so few cases: there may be no save at all, and no bound to what one cost
    assert found.cost_per_save[1:] == (120 / most, None)
    assert found.net_range == (fewest * worth * Decimal("1.3") - 120, most * worth * Decimal("1.3") - 120)


def test_without_any_uplift_a_save_has_no_price_and_the_range_of_net_value_stays_in_order():
    arm(1, 4)
    arm(3, 4, hold_out=True)
    found = figures.figures(YEAR)
    assert found.cost_per_save is None
    assert found.net_value[1] < found.net_value[0] < found.net_value[2]


def test_a_discount_that_runs_is_no_saved_income():
    case = closed(LONG_AGO, state="saved_confirmed", paying_on_day_90=True)
    plain = closed(LONG_AGO, state="saved_confirmed", paying_on_day_90=True)
    offer = decided(case)
    Fulfilment.objects.create(
        offer=offer,
        price_before=Decimal("49.90"),
        price_during=Decimal("39.92"),
        price_after=Decimal("49.90"),
        starts_on=LONG_AGO.date(),
        ends_on=TODAY + timedelta(days=1),
    )
    found = figures.figures(YEAR)
    assert (found.gross_mrr, found.net_mrr) == (Decimal("99.80"), Decimal("89.82"))
    Fulfilment.objects.update(ends_on=TODAY)
    assert figures.figures(YEAR).net_mrr == 2 * plain.subscription.monthly_price


def test_only_what_is_put_after_a_no_counts_as_offered_after_a_refusal(user_as):
    agent = user_as("agent")
    case = CancellationCaseFactory(state="offering", permission="granted", reason=ReasonFactory())
    OfferFactory(case=case, state="refused", presented_at=NOON - timedelta(minutes=5), answered_at=NOON)
    actions.ask_permission(case.pk, granted=False, by=agent, now=NOON)
    assert figures.figures(YEAR).offers_after_refusal == 0
    OfferFactory(case=case, state="refused", presented_at=NOON + timedelta(minutes=1), answered_at=NOON)
    assert figures.figures(YEAR).offers_after_refusal == 1


def test_parity_says_what_was_offered_per_notice_once_there_are_enough(monkeypatch):
    monkeypatch.setattr(parity, "LEAST_GROUP", 3)
    for accepted in (True, False, True):
        decided(closed(NOON), cost="30.00", accepted=accepted)
    plus = CustomerFactory(segment="plus")
    decided(closed(NOON, subscription=SubscriptionFactory(customer=plus)))
    decided(closed(NOON), hold_out=True)
    standard, other = sorted(parity.parity(YEAR, "segment"), key=lambda group: -group.notices)
    assert (standard.name, standard.notices, standard.offered.k, standard.value.mean) == ("standard", 3, 3, 30)
    assert (other.name, other.offered, other.value) == ("plus", None, None)


def test_a_difference_between_groups_is_told_where_both_are_large_enough(monkeypatch):
    """Costs of 30, 30, 60 against 0, 0, 30: means 40 and 10, each with variance 300, so 30 ± 1.96 · √200."""
    monkeypatch.setattr(parity, "LEAST_GROUP", 3)
    for segment, costs in (("standard", (30, 30, 60)), ("plus", (None, None, 30))):
        for cost in costs:
            case = closed(NOON, subscription=SubscriptionFactory(customer=CustomerFactory(segment=segment)))
            suggestion = SuggestionFactory(case=case, hold_out=False)
            if cost:
                OfferFactory(
                    case=case, suggestion=suggestion, state="refused", cost=cost, presented_at=NOON, answered_at=NOON
                )
    plus, standard = parity.parity(YEAR, "segment")
    assert (plus.offered.k, plus.value.mean, standard.value.mean) == (1, 10, 40)
    assert standard.value.interval == pytest.approx((40 - 1.96 * 10, 40 + 1.96 * 10), abs=0.01)
    assert (standard.against.value, standard.against.low) == (30, pytest.approx(30 - 1.96 * 200**0.5, abs=0.01))
    assert standard.against.is_clear


def test_what_never_was_carried_out_cost_nothing():
    """Failed, called off before it ran, and stopped while it ran: the last was paid for."""
    for state, ran in (("failed", False), ("revoked", False), ("revoked", True), ("completed", True)):
        case = closed(LONG_AGO, state="boomerang", paying_on_day_90=False)
        offer = decided(case, cost="10.00", state=state)
        if ran:
            OfferMove.objects.create(subject=offer, from_state="pending_fulfilment", to_state="applied", at=LONG_AGO)
    assert figures.figures(YEAR).cost == 20


def test_a_save_that_left_or_paused_since_pays_nothing():
    for status in ("active", "paused", "ended"):
        case = closed(LONG_AGO, state="saved_confirmed", paying_on_day_90=True)
        case.subscription.status = status
        case.subscription.ends_on = TODAY if status == "ended" else None
        case.subscription.save()
    found = figures.figures(YEAR)
    assert (found.gross_mrr, found.net_mrr) == (Decimal("149.70"), Decimal("49.90"))


def test_cohorts_say_how_much_of_them_is_mature(django_assert_num_queries):
    arm(2, 3)
    closed(NOON)
    closed(NOON, state="cancelled_scheduled", ends_on=TODAY)
    with django_assert_num_queries(1):
        newest, old = figures.cohorts(YEAR)
    assert (newest.month, newest.notices, newest.mature, newest.confirmed_save.share) == (
        TODAY.replace(day=1),
        2,
        0,
        None,
    )
    assert (old.mature, old.confirmed_save.k, old.confirmed_save.n, old.boomerang.k) == (3, 2, 3, 1)


def test_a_month_without_a_notice_stands_in_the_trend():
    for days in (0, 70):
        closed(NOON - timedelta(days=days))
    (counts,) = figures.reasons_by_month(YEAR).values()
    assert [count for _month, count in counts] == [1, 0, 1]


@pytest.mark.parametrize("where", ["figures", "experiment", "parity", "reasons", "history"])
def test_every_report_is_a_file_of_numbers_too(client_as, where):
    arm(2, 3)
    arm(1, 2, hold_out=True)
    client = client_as("manager")
    User.objects.filter(pk=client.user.pk).update(language="de")
    answer = client.get(f"/cancellations/{where}/", {"as": "csv", "all": "on"})
    head, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert answer["Content-Type"].startswith("text/csv")
    assert all(len(row) <= len(head) for row in rows)
    if where == "experiment":
        assert rows[0][1:] == ["0.6667", "0.2077", "0.9385", "2", "3"]
        assert next(row for row in rows if row[0].startswith("SNIPS"))[1:4] == ["", "", ""]


def test_a_filter_that_cannot_be_is_told_at_its_field(client_as):
    page = client_as("manager").get("/cancellations/figures/", {"since": "31 February"})
    assert page.context["form"].errors["since"]
    assert "31 February" in page.content.decode()
