"""Marketing's rules: what is stored is valid, what is unknown never passes, each condition says what it found."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cancellations.engine import conditions, edit
from cancellations.engine.conditions import InvalidRule, Rules, Variable, Variables, clean, sentence

VARIABLES = Variables()
VARIABLES.add(
    Variable("tenure_months", "Tenure", "months"),
    Variable("monthly_price", "Monthly price", "money"),
    Variable("segment", "Segment", "choice", lambda: [("standard", "Standard"), ("plus", "Plus")]),
    Variable("in_debt", "In debt", "yes_no"),
    Variable("days_since_incentive", "Since the last incentive", "days", never=float("inf")),
)
TENURE = {"var": "tenure_months", "op": "ge", "value": 6}
PLUS = {"var": "segment", "op": "in", "value": ["plus"]}
DEBT = {"var": "in_debt", "op": "is", "value": True}


def holds(tree, **values):
    """True, False, or None where it is not known: whether it holds, and whether its contrary does."""
    tree = clean(tree, VARIABLES)
    rules = Rules([{"eligible": tree}, {"eligible": {"not": tree} if tree else None}], VARIABLES)
    yes, no = rules.passed(values)
    return True if yes else False if no else None


@pytest.mark.parametrize(
    ("tree", "values", "expected"),
    [
        (None, {}, True),
        (TENURE, {"tenure_months": 6}, True),
        (TENURE, {"tenure_months": 5}, False),
        (TENURE, {}, None),
        ({"not": TENURE}, {}, None),
        ({"not": TENURE}, {"tenure_months": 5}, True),
        ({"all": [TENURE, PLUS]}, {"tenure_months": 9, "segment": "plus"}, True),
        ({"all": [TENURE, PLUS]}, {"segment": "standard"}, False),
        ({"all": [TENURE, PLUS]}, {"segment": "plus"}, None),
        ({"any": [TENURE, PLUS]}, {"segment": "plus"}, True),
        ({"any": [TENURE, PLUS]}, {"segment": "standard"}, None),
        ({"var": "monthly_price", "op": "lt", "value": "49,90"}, {"monthly_price": Decimal("49.89")}, True),
        ({"var": "days_since_incentive", "op": "gt", "value": 180}, {"days_since_incentive": None}, True),
    ],
)
def test_what_holds(tree, values, expected):
    assert holds(tree, **values) is expected


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"all": []}, ""),
        ({"all": [TENURE, {"var": "age", "op": "ge", "value": 60}]}, "all.1"),
        ({"var": "segment", "op": "ge", "value": ["plus"]}, ""),
        ({"var": "segment", "op": "in", "value": ["gold"]}, ""),
        ({"var": "tenure_months", "op": "ge", "value": "6.5"}, ""),
        ({"var": "tenure_months", "op": "ge", "value": "NaN"}, ""),
        ({"var": "tenure_months", "op": "ge", "value": True}, ""),
        ({"not": {"var": "in_debt", "op": "is", "value": "yes"}}, "not"),
        ({"all": [TENURE], "any": [PLUS]}, ""),
        ("import os", ""),
        ({"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": TENURE}}}}}}}}, "not.not.not.not.not.not.not"),
    ],
)
def test_what_cannot_be_stored_says_where(tree, path):
    with pytest.raises(InvalidRule) as refusal:
        clean(tree, VARIABLES)
    assert refusal.value.path == path
    assert str(refusal.value)


def test_values_are_stored_by_type():
    assert clean({"var": "monthly_price", "op": "le", "value": "20"}, VARIABLES)["value"] == "20.00"
    assert clean({"var": "tenure_months", "op": "le", "value": "12"}, VARIABLES)["value"] == 12
    assert clean({"var": "segment", "op": "in", "value": "plus"}, VARIABLES)["value"] == ["plus"]


def test_the_first_layer_that_fails_is_traced():
    rules = Rules(
        [{"suitable": PLUS}, {"eligible": TENURE, "applicable": {"all": [PLUS, {"not": DEBT}]}, "suitable": None}, {}],
        VARIABLES,
    )
    first, verdict, free = rules.verdicts({"tenure_months": 8, "segment": "standard", "in_debt": True})
    assert (first.layer, len(first.findings), free.passed) == ("suitable", 1, True)
    assert (verdict.passed, verdict.layer) == (False, "applicable")
    assert [(f.var, f.actual) for f in verdict.failed] == [("segment", "standard"), ("in_debt", True)]
    assert all(rules.passed({"tenure_months": 8, "segment": "plus", "in_debt": False}))


def test_a_variable_that_code_no_longer_declares_is_unknown():
    gone = {"var": "shoe_size", "op": "ge", "value": 40}
    either, neither = Rules([{"eligible": {"any": [gone, TENURE]}}, {"eligible": {"not": gone}}], VARIABLES).verdicts(
        {"tenure_months": 8, "shoe_size": 44}
    )
    assert (either.passed, neither.passed, neither.findings[0].passed) == (True, False, None)


def test_said_as_a_sentence_and_as_a_finding():
    tree = {"all": [TENURE, {"any": [PLUS, {"not": DEBT}]}]}
    assert sentence(tree, VARIABLES) == (
        "Tenure is at least 6 months and (Segment is one of Plus or not (In debt is yes))"
    )
    assert sentence(None, VARIABLES) == "always"
    found = conditions.Finding("tenure_months", "ge", 6, 4, passed=False)
    assert conditions.say_finding(found.as_json(), VARIABLES) == "Tenure 4 months < 6 months"


leaf = st.sampled_from([TENURE, PLUS, DEBT])
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)
known = st.fixed_dictionaries(
    {},
    optional={
        "tenure_months": st.integers(0, 12),
        "segment": st.sampled_from(["plus", "standard"]),
        "in_debt": st.booleans(),
    },
)


PLAIN = {
    "tenure_months": lambda months: months >= 6,
    "segment": lambda segment: segment in ["plus"],
    "in_debt": lambda debt: debt is True,
}


def plainly(tree, values):
    """The same logic written as naively as possible."""
    if "var" in tree:
        return PLAIN[tree["var"]](values[tree["var"]]) if tree["var"] in values else None
    if "not" in tree:
        found = plainly(tree["not"], values)
        return None if found is None else not found
    found = [plainly(child, values) for child in tree.get("all") or tree["any"]]
    if "all" in tree:
        return False if False in found else None if None in found else True
    return True if True in found else None if None in found else False


@given(st.lists(trees, max_size=4), known)
def test_a_compiled_catalogue_agrees_with_the_plain_reading_of_each_tree(catalogue, values):
    """Each tree as a version of its own, and its contrary; the trace has each of its conditions in order."""
    rules = Rules(
        [{layer: tree} for tree in catalogue for layer, tree in (("eligible", tree), ("suitable", {"not": tree}))],
        VARIABLES,
    )
    passed, verdicts = rules.passed(values), rules.verdicts(values)
    for i, tree in enumerate(catalogue):
        plain = plainly(tree, values)
        assert (passed[2 * i], passed[2 * i + 1]) == (plain is True, plain is False)
        for verdict in verdicts[2 * i : 2 * i + 2]:
            traced = [] if verdict.passed else list(conditions.leaves(tree))
            assert [(f.var, f.passed) for f in verdict.findings] == [(n["var"], plainly(n, values)) for n in traced]


def paths(tree, path=()):
    yield path
    for i, child in enumerate(edit.children(tree)):
        yield from paths(child, (*path, i))


def test_a_condition_moves_into_the_group_beside_it():
    tree = {"all": [TENURE, {"any": [PLUS]}, DEBT, {"not": PLUS}]}
    assert edit.into(tree, (2,)) == ({"all": [TENURE, {"any": [PLUS, DEBT]}, {"not": PLUS}]}, (1, 1))
    assert edit.into(tree, (0,)) == ({"all": [{"any": [TENURE, PLUS]}, DEBT, {"not": PLUS}]}, (0, 0))
    assert edit.into({"all": [{"not": PLUS}, DEBT]}, (1,))[1] == (1,)  # never into a "not"


@pytest.mark.parametrize(("variable", "value"), [("tenure_months", -1), ("in_percent", "-0.5")])
def test_what_cannot_be_negative_is_refused(variable, value):
    kind = "percent" if variable == "in_percent" else "months"
    with pytest.raises(InvalidRule, match="from 0 on"):
        conditions.clean_value(conditions.Variable(variable, variable, kind), "ge", value)
    assert conditions.clean_value(conditions.Variable("margin", "margin", "money"), "ge", "-5") == "-5.00"


def nots_above(tree, path):
    return sum(edit.group_of(edit.at(tree, path[:i])) == "not" for i in range(len(path)))


@given(trees, st.data())
def test_every_edit_leaves_a_valid_tree_and_the_original_alone(tree, data):
    before = repr(tree)
    path = data.draw(st.sampled_from(list(paths(tree))))
    results = [
        edit.add(tree, path, DEBT)[0],
        edit.remove(tree, path),
        edit.wrap(tree, path, "not"),
        edit.wrap(tree, path, "any"),
        edit.unwrap(tree, path),
        edit.switch(tree, path),
        edit.move(tree, path, 1)[0],
        edit.move(tree, path, -1)[0],
        edit.into(tree, path)[0],
    ]
    for result in results:
        assert result is None or list(conditions.leaves(result))
        for node_path in paths(result) if result else ():
            node = edit.at(result, node_path)
            assert edit.group_of(node) == "" or edit.children(node)
    assert repr(tree) == before
    count = sum(1 for _ in conditions.leaves(tree))
    for moved in results[6:]:
        assert sum(1 for _ in conditions.leaves(moved)) == count
    added, stands = edit.add(tree, path, DEBT)
    assert edit.at(added, stands) == DEBT
    for moved, stands in (edit.move(tree, path, 1), edit.move(tree, path, -1), edit.into(tree, path)):
        assert edit.at(moved, stands) == edit.at(tree, path)
        assert nots_above(moved, stands) == nots_above(tree, path)
