"""The figures by their definitions, what membership brings, and forecasts held against what came."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty.actions import bonus, expire_all, merge, record_receipt, spend_points
from loyalty.models import Forecast, Membership, Reward
from loyalty.queries import figures, lift, outcome, points
from loyalty.queries.figures import Scope
from loyalty.rules.earning import Line
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory
from tests.loyalty.factories import ProgrammeFactory, VersionFactory, buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
YEAR = Scope(date(2025, 11, 19), date(2026, 11, 19))


def told(scope=YEAR, now=NOON):
    return {str(title): value for title, value, _about in figures.report(scope, now)["tiles"]}


def test_members_activity_and_the_way_to_a_full_card():
    jane, _joe = member(now=NOON - timedelta(days=120)), member()
    buy(jane, 5, now=NOON - timedelta(days=110))
    buy(jane, 6, now=NOON - timedelta(days=100))
    seen = told()
    assert (seen["Open members"], seen["Active in 90 days"]) == ("2", "0%")
    assert (seen["Time to a full card"], seen["Full within 90 days"]) == (
        "10 days",
        "50%",
    )  # the second began with what was carried over
    buy(jane, 1, now=NOON)
    assert told()["Active in 90 days"] == "50%"
    other = ProgrammeFactory(code="tea").pk
    assert told(Scope(YEAR.since, YEAR.until, other))["Open members"] == "0"
    assert told(Scope(date(2026, 11, 1), YEAR.until))["Time to a full card"] == "–"


def test_a_card_begins_with_a_gift_too_and_with_what_a_full_one_left_over(shop):
    jane, now = member(), NOON - timedelta(days=100)
    bonus(jane.pk, 1, note="welcome", by=None, now=now)  # begins the first
    buy(jane, lines=(Line(1, "latte", 10),), now=now + timedelta(days=4))  # fills it, and leaves two of the second
    buy(jane, lines=(Line(1, "latte", 7),), now=now + timedelta(days=24))  # fills that
    assert told()["Full within 90 days"] == "100%"
    assert told()["Time to a full card"] == "4 days"
    club = VersionFactory(programme__code="club", programme__unit="point", prices=[{"points": 9, "name": "tea"}])
    buy(member(club.programme, now=now), now=now)  # points fill no card
    assert told()["Full within 90 days"] == "100%"


def test_stamps_taken_back_are_no_activity_and_a_merged_card_s_are(user_as):
    jane, joe = member(), member(customer=None)
    sale = facts(jane.cards.get().number, 2)
    record_receipt(sale, by=None, now=NOON)
    record_receipt(facts(lines=sale.lines[:1], original=sale), by=None, now=NOON)
    assert told()["Active in 90 days"] == "50%"
    record_receipt(facts(lines=sale.lines[1:], original=sale), by=None, now=NOON)
    assert told()["Active in 90 days"] == "0%"
    buy(joe)
    merge(joe.pk, into_id=jane.pk, by=user_as("agent"), now=NOON)
    assert (told()["Open members"], told()["Active in 90 days"]) == ("1", "100%")


def test_kaplan_meier_counts_open_cards_as_not_yet_full():
    points = figures.kaplan_meier([(5, True), (10, True), (20, False), (30, True)])
    assert points == [(0, 0.0), (5, 0.25), (10, 0.5), (30, 1.0)]
    assert figures.median_day(points) == 10


def test_liability_and_deferred_revenue_to_the_cent(shop):
    """One reward open, 3 of 9 stamps on the card; half of all begun cards fill; nothing issued is mature: all redeem.

    Owed: 3/9 × 1/2 + 1 = 7/6 rewards. Cost 0.90; price 0.90 ÷ (1 − 0.6) = 2.25; sold 12 × 4.50 = 54 and promised one
    reward of 2.25 with it, so 54 ÷ 56.25 of a price is kept.
    """
    jane = member()
    buy(jane, 12, now=NOON - timedelta(days=1))
    seen = told()
    assert seen["Liability of stamps"] == "€1.05"
    assert seen["Deferred revenue"] == "€2.52"
    assert (seen["Redemption"], seen["Breakage of stamps"]) == ("–", "–")


def test_points_are_owed_as_of_any_day_and_break_when_their_month_is_closed():
    """Jane's 120 points of August: 60 spent on a coffee she never fetched, 60 expired after thirty days. Joe has 40."""
    version = VersionFactory(
        programme__code="club",
        programme__unit="point",
        rules=[{"key": "spent", "per": "amount", "stamps": 1, "amount": "1"}],
        prices=[{"points": 60, "name": "a coffee", "cost": "0.90"}],
        tiers=[{"from": 50, "name": "Silver"}],
        stamp_days=30,
    )
    jane, joe = member(version.programme, now=NOON - timedelta(days=101)), member(version.programme)
    buy(jane, lines=(Line(1, "latte", 1, Decimal(120)),), now=NOON - timedelta(days=100))
    spend_points(jane.pk, reward="a coffee", by=None, now=NOON - timedelta(days=90))
    expire_all(now=NOON - timedelta(days=60))
    buy(joe, lines=(Line(1, "latte", 1, Decimal(40)),), now=NOON - timedelta(days=5))
    scope = Scope(YEAR.since, YEAR.until, version.programme_id)
    found = points.points(scope, NOON)
    assert {title: value for title, value, _about in found.tiles} == {
        "Points outstanding": "40",
        "Liability of points": "€1.20",  # 40 × (1 − 60/120) × 0.90/60 + 0.90
        "Cost of 100 points": "€1.50",
        "Points redeemed": "38%",  # 60 of 160
        "Breakage of points": "50%",
    }
    assert [row[1:] for row in found.rows] == [[120, 0, 60, 0], [0, 0, 0, 60], [40, 0, 0, 0]]
    august = points.points(Scope(YEAR.since, date(2026, 9, 1), version.programme_id), NOON)
    then = {title: value for title, value, _about in august.tiles}
    assert (then["Points outstanding"], then["Breakage of points"]) == ("60", "–")
    assert then["Liability of points"] == "€1.80"  # 60 × 0.90/60 + 0.90: nothing is known to break yet
    assert [bar.cells for bar in found.charts[0].bars][-4:] == [["60"], ["0"], ["0"], ["40"]]
    assert points.points(Scope(YEAR.since, YEAR.until, ProgrammeFactory(code="coffee").pk), NOON) is None
    standing = points.tiers(scope, NOON)
    assert standing.rows == [["Coffee card", "", 1], ["Coffee card", "Silver", 1]]
    assert [tile[1] for tile in standing.tiles] == ["50%", "1", "0"]
    assert points.tiers(Scope(YEAR.since, date(2026, 8, 10), version.programme_id), NOON).rows[1][2] == 0
    assert "Time to a full card" not in {title for title, *_rest in figures.report(scope, NOON, cards=False)["tiles"]}


def test_breakage_waits_until_a_month_is_closed(shop):
    long_ago = NOON - timedelta(days=200)
    version = VersionFactory(programme__code="short", stamp_days=30, reward_days=30, reward_cost=1)
    jane, joe = member(version.programme), member(version.programme)
    scope = Scope(YEAR.since, YEAR.until, version.programme_id)
    buy(jane, 4, now=long_ago)
    buy(joe, 9, now=long_ago)
    assert told(scope, long_ago + timedelta(days=40))["Breakage of stamps"] == "–"
    Reward.objects.filter(membership=joe).update(state="redeemed", redeemed_at=long_ago)
    expire_all(now=long_ago + timedelta(days=31))
    assert told(scope)["Breakage of stamps"] == "31%"  # 4 of 13


def test_members_are_compared_with_their_like_only():
    """Members stay because they are business customers, not because of the card: within groups there is nothing."""
    start, joined = date(2026, 1, 10), NOON.replace(month=2, day=10)
    programme = ProgrammeFactory()
    gone = date(2026, 5, 1)

    def people(count, segment, leaving, is_member):
        for n in range(count):
            one = CustomerFactory(segment=segment, customer_since=date(2024, 1, 1))
            end = {"ends_on": gone, "status": "ended"} if n < leaving else {}
            SubscriptionFactory(customer=one, started_on=start, contract_end=None, **end)
            if is_member:
                Membership.objects.create(programme=programme, customer=one, enrolled_at=joined)

    people(80, "business", 8, True)
    people(20, "standard", 8, True)
    people(20, "business", 2, False)
    people(79, "standard", 32, False)
    scope, today = Scope(date(2026, 1, 1), date(2026, 12, 1)), date(2026, 11, 18)
    few = lift.lift(scope, today)
    assert ((few.members.n, few.others.n), few.difference.value) == ((100, 99), None)
    people(1, "standard", 0, False)
    found = lift.lift(scope, today)
    assert (found.members.share, found.others.share) == (0.84, 0.66)
    assert abs(found.difference.value) < 0.005
    assert found.difference.low < 0 < found.difference.high
    assert (found.strata, found.unmatched) == (2, 0)
    people(3, "plus", 0, True)
    assert lift.lift(scope, today).unmatched == 3
    assert lift.lift(scope, date(2026, 8, 1)).members.n == 0  # 180 days are not over


def test_a_forecast_is_held_against_what_came(shop):
    cases = {
        name: {"stamps": stamps, "rewards": rewards, "cost": cost, "break_even": None}
        for name, stamps, rewards, cost in (("low", 292, 29, "20"), ("base", 365, 37, "30"), ("high", 438, 44, "40"))
    }
    shop = VersionFactory(programme__code="tea", valid_from=NOON - timedelta(days=73))
    by = UserFactory()
    Forecast.objects.create(
        version=shop,
        state="done",
        edits=shop.edits,
        since=YEAR.since,
        until=YEAR.until,
        requested_by=by,
        requested_at=NOON,
        result={"cases": cases},
    )
    buy(member(shop.programme), 80, now=NOON - timedelta(days=2))
    Reward.objects.all().update(state="redeemed", redeemed_at=NOON)
    (line,) = outcome.lines(None, NOON)
    assert (line.days, line.stamps, line.rewards) == (73, (58, 73, 88, 80), (6, 7, 9, 8))
    assert line.cost == (Decimal(4), Decimal(6), Decimal(8), Decimal("7.20"))
    assert not line.is_off
    assert line.cells[2] == ("€6.00", "€4.00 – €8.00", "€7.20")
    assert outcome.lines(ProgrammeFactory().pk, NOON) == []


def test_the_report_in_the_address_bar_and_as_a_file(client_as, django_assert_num_queries):
    marketing = client_as("marketing")
    buy(member(now=timezone.now() - timedelta(days=20)), 10, now=timezone.now() - timedelta(days=10))
    marketing.get(reverse("loyalty:report"))
    with django_assert_num_queries(17):
        page = marketing.get(reverse("loyalty:report"), {"since": "2020-01-01", "programme": ProgrammeFactory().pk})
    text = page.content.decode()
    assert 'value="2020-01-01"' in text
    assert "No published version has a forecast." in text
    assert "Too few to tell" in marketing.get(reverse("loyalty:lift")).content.decode()
    rows = marketing.get(reverse("loyalty:report_csv")).content.decode().splitlines()
    assert rows[1].startswith("Open members,1,")
    assert "issued in,issued,redeemed,expired,matured" in rows
