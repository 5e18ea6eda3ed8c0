from decimal import Decimal

import pytest

from cancellations.engine import values
from cancellations.engine.values import Contract, Economics, Prices

CONTRACT = Contract(price=Decimal("49.90"), margin=Decimal("20.00"))
CERTAIN = Economics(survival=Decimal(1), discount=Decimal(0))


def test_value_is_a_years_margin_when_nobody_leaves_and_money_is_free():
    assert values.value(CONTRACT, CERTAIN) == Decimal("240.00")


def test_value_shrinks_with_departures_and_interest():
    assert values.value(CONTRACT) == Decimal("188.60")
    assert values.value(Contract(Decimal(10), Decimal(-3))) == 0


@pytest.mark.parametrize(
    ("kind", "terms", "cost"),
    [
        ("percent_off", {"percent": "20", "months": 6}, "59.88"),
        ("amount_off", {"amount": "5.00", "months": 4}, "20.00"),
        ("amount_off", {"amount": "80.00", "months": 1}, "49.90"),
        ("free_months", {"months": 2}, "99.80"),
        ("pause", {"months": 2}, "40.00"),
        ("plan_change", {"monthly_price": "30.00", "monthly_margin": "14.00"}, "72.00"),
        ("plan_change", {"monthly_price": "60.00", "monthly_margin": "25.00"}, "0.00"),
        ("addon", {"monthly_cost": "4.50", "months": 4}, "18.00"),
        ("bonus_stamps", {"stamps": 5, "stamp_cost": "0.40"}, "2.00"),
        ("gift", {"cost": "25.00"}, "25.00"),
        ("fee_waiver", {"amount": "39.00"}, "39.00"),
        ("price_lock", {"expected_rise": "5", "months": 12}, "29.94"),
        ("service_fix", {"cost": "45.00", "handling_cost": "5.00"}, "50.00"),
        ("custom", {"cost": "10.00"}, "10.00"),
    ],
)
def test_cost_of_every_kind(kind, terms, cost):
    assert values.cost(kind, terms, CONTRACT, CERTAIN) == Decimal(cost)


def test_every_kind_has_a_cost_and_a_price():
    for kind in values.COSTS:
        assert values.prices(kind, {"months": 3}, CONTRACT).months in (0, 3)


def test_prices_during_and_after():
    assert values.prices("percent_off", {"percent": "20", "months": 6}, CONTRACT) == Prices(
        Decimal("39.92"), Decimal("49.90"), 6
    )
    assert values.prices("pause", {"months": 2}, CONTRACT) == Prices(Decimal(0), Decimal("49.90"), 2)
    assert values.prices("plan_change", {"monthly_price": "30.00"}, CONTRACT) == Prices(
        Decimal("30.00"), Decimal("30.00"), 0
    )


def test_a_cost_beyond_the_horizon_counts_no_further_than_it():
    assert values.cost("percent_off", {"percent": "10", "months": 24}, CONTRACT, CERTAIN) == Decimal("59.88")


def test_margin_that_is_left():
    assert values.margin_after(CONTRACT, Decimal(0), CERTAIN) == Decimal(20) / Decimal("49.90")
    assert values.margin_after(Contract(Decimal(0), Decimal(0)), Decimal(5), CERTAIN) == 0
