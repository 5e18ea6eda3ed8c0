from decimal import Decimal

import pytest
from django.utils.translation import override

from staff import charts


def test_bars_are_measured_by_the_widest():
    chart = charts.bars("Reasons", [("Price", 40), ("Moving", 10), ("Other", 0)], head=["Reason", "Cases"])
    assert [(bar.label, bar.share, bar.cells) for bar in chart.bars] == [
        ("Price", 100, ["40"]),
        ("Moving", 25, ["10"]),
        ("Other", 0, ["0"]),
    ]
    assert 'width="25%"' in chart.bars[1].svg


def test_pareto_sorts_and_marks_the_vital_few():
    chart = charts.pareto("Cost", [("a", Decimal(10)), ("b", Decimal(70)), ("c", Decimal(20))], head=["Kind", "Cost"])
    assert [(bar.label, bar.cells[1], bar.tone) for bar in chart.bars] == [
        ("b", "70%", ""),
        ("c", "90%", ""),
        ("a", "100%", "rest"),
    ]


def test_funnel_says_what_is_left_of_the_step_before():
    chart = charts.funnel("Calls", [("all", 200), ("offered", 100), ("accepted", 25)], head=["Step", "Cases"])
    assert [bar.cells for bar in chart.bars] == [["200", ""], ["100", "50%"], ["25", "25%"]]


def test_a_funnel_that_ran_dry_has_no_share():
    assert [bar.cells[1] for bar in charts.funnel("Calls", [("a", 0), ("b", 0)], head=["", ""]).bars] == ["", "–"]


def test_curves_are_steps_with_their_table():
    chart = charts.curves("Stay", {"with": [(0, 1.0), (90, 0.8)], "without": [(0, 1.0), (30, 0.5)]}, head="Day")
    assert 'points="44,12 470,12 470,43.6"' in chart.svg
    assert list(chart.rows) == [("0", "100%", "100%"), ("30", "–", "50%"), ("90", "80%", "–")]


@pytest.mark.parametrize("language", ["en", "sv", "de"])
def test_svg_numbers_do_not_follow_the_language(language):
    with override(language):
        svg = charts.interval(1 / 3, 0.25, 0.5) + charts.sparkline([1, 2.5, 2], "up")
    assert 'width="33.33%"' in svg
    assert 'x1="25%"' in svg


def test_labels_are_escaped():
    chart = charts.distribution("<b>", [("<script>", 1)], head=["<i>", "n"])
    assert "<script>" not in chart.svg
    assert "&lt;script&gt;" in chart.svg


@pytest.mark.parametrize("draw", [charts.bars, charts.pareto, charts.funnel, charts.distribution, charts.strip])
def test_nothing_to_draw_is_no_error(draw):
    assert draw("Nothing", [], head=["a", "b"]).title == "Nothing"
