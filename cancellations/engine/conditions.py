"""Marketing's rules: trees of all / any / not over typed variables, validated, traced, said as a sentence.

A tree is plain JSON, so that it is stored as data and edited in forms:

    {"all": [node, …]} · {"any": [node, …]} · {"not": node} · {"var": "tenure_months", "op": "ge", "value": 6}

Three layers per incentive: eligible (hard, legal), applicable (sensible now), suitable (in the customer's interest).
What is unknown is neither true nor false (Kleene's logic) and never lets an offer through, not under "not" either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

Type = Literal["months", "days", "count", "money", "percent", "choice", "yes_no"]
Node = Mapping[str, Any]
Places = NDArray[np.intp]
Label = str | Promise

LAYERS: dict[str, Label] = {
    "eligible": _("Allowed"),
    "applicable": _("Sensible now"),
    "suitable": _("In the customer's interest"),
}
MAX_DEPTH = 6
MAX_CONDITIONS = 40
NUMBERS = ("months", "days", "count", "money", "percent")

COMPARE: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "ge": np.greater_equal,
    "gt": np.greater,
}
SIGNS = {"lt": "<", "le": "≤", "eq": "=", "ne": "≠", "ge": "≥", "gt": ">"}
OPPOSITE = {"lt": "≥", "le": ">", "eq": "≠", "ne": "=", "ge": "<", "gt": "≤"}
WORDS: dict[str, Label] = {
    "lt": _("is less than"),
    "le": _("is at most"),
    "eq": _("is exactly"),
    "ne": _("is not"),
    "ge": _("is at least"),
    "gt": _("is more than"),
    "in": _("is one of"),
    "not_in": _("is none of"),
    "is": _("is"),
}
OPERATORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(NUMBERS, ("ge", "gt", "le", "lt", "eq", "ne")),
    "choice": ("in", "not_in"),
    "yes_no": ("is",),
}


@dataclass(frozen=True)
class Variable:
    """Something a rule may ask about. `choices` gives the values of a choice as (value, label).

    `never` is taken for "it has not happened" where that is an answer (days since the last incentive); without it a
    missing value is unknown.
    """

    name: str
    label: Label
    type: Type
    choices: Callable[[], Sequence[tuple[str, str]]] | None = None
    never: float | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        return OPERATORS[self.type]


class Variables(dict[str, Variable]):
    """The registry: what code declares, forms offer and rules may use."""

    def add(self, *variables: Variable) -> None:
        self.update({variable.name: variable for variable in variables})


class InvalidRule(ValueError):
    """The tree cannot be stored; says where (a path such as "all.1.not") and what to do about it."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def _place(path: Sequence[object]) -> str:
    return ".".join(str(step) for step in path)


def clean_value(variable: Variable, op: str, value: object) -> Any:
    """The value as it is stored (numbers as int or decimal text). Raises InvalidRule with a sentence for the field."""
    match variable.type:
        case "yes_no":
            if isinstance(value, bool):
                return value
            raise InvalidRule(_now("Choose yes or no."))
        case "choice":
            known = {key for key, _label in (variable.choices() if variable.choices else ())}
            values = list(value) if isinstance(value, list | tuple) else [value]
            if not values or not all(isinstance(v, str) and v in known for v in values):
                raise InvalidRule(_now("Choose at least one of the values offered."))
            return sorted(set(values))
    if isinstance(value, bool):
        raise InvalidRule(_now("Write a number."))
    try:
        number = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation as error:
        raise InvalidRule(_now("Write a number.")) from error
    if not number.is_finite() or abs(number) > 1_000_000:
        raise InvalidRule(_now("Write a number below a million."))
    if number < 0 and variable.type != "money":
        raise InvalidRule(_now("Write a number from 0 on."))
    if variable.type in ("months", "days", "count"):
        if number != int(number):
            raise InvalidRule(_now("Write a whole number."))
        return int(number)
    return str(number.quantize(Decimal("0.01")))


def clean(node: object, variables: Variables, path: tuple[object, ...] = ()) -> dict[str, Any] | None:
    """A tree as it is stored; None for no condition. Raises InvalidRule, with the path of the fault."""
    if node is None or node == {}:
        return None
    cleaned = _clean(node, variables, path)
    if sum(1 for _leaf in leaves(cleaned)) > MAX_CONDITIONS:
        raise InvalidRule(_now("A rule may have at most %d conditions.") % MAX_CONDITIONS, _place(path))
    return cleaned


def _clean(node: object, variables: Variables, path: tuple[object, ...]) -> dict[str, Any]:
    if not isinstance(node, Mapping):
        raise InvalidRule(_now("This is no condition."), _place(path))
    if len([step for step in path if step in ("all", "any", "not")]) > MAX_DEPTH:
        raise InvalidRule(_now("Groups are nested too deep."), _place(path))
    keys = set(node)
    for group in ("all", "any"):
        if keys == {group}:
            children = node[group]
            if not isinstance(children, list) or not children:
                raise InvalidRule(_now("A group needs at least one condition."), _place(path))
            return {group: [_clean(c, variables, (*path, group, i)) for i, c in enumerate(children)]}
    if keys == {"not"}:
        return {"not": _clean(node["not"], variables, (*path, "not"))}
    if keys != {"var", "op", "value"}:
        raise InvalidRule(_now("This is no condition."), _place(path))
    variable = variables.get(str(node["var"]))
    if variable is None:
        raise InvalidRule(_now("There is no variable “%s”.") % node["var"], _place(path))
    if node["op"] not in variable.operators:
        raise InvalidRule(_now("“%s” cannot be compared in this way.") % variable.label, _place(path))
    try:
        value = clean_value(variable, node["op"], node["value"])
    except InvalidRule as error:
        raise InvalidRule(str(error), _place(path)) from None
    return {"var": variable.name, "op": node["op"], "value": value}


def leaves(node: Node | None) -> Iterator[Node]:
    if not node:
        return
    if "var" in node:
        yield node
    elif "not" in node:
        yield from leaves(node["not"])
    else:
        for child in node.get("all") or node["any"]:
            yield from leaves(child)


# --- evaluation ------------------------------------------------------------------------------------------------------
# Kleene's logic in numbers: "all" is the least of its parts, "any" the greatest, "not" 2 − x.
NO, UNKNOWN, YES = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition, what it wanted and what was found; `passed` is None when the value is unknown."""

    var: str
    op: str
    value: Any
    actual: Any
    passed: bool | None
    negated: bool = False

    def as_json(self) -> dict[str, Any]:
        actual = float(self.actual) if isinstance(self.actual, Decimal) else self.actual
        return {
            "var": self.var,
            "op": self.op,
            "value": self.value,
            "actual": actual,
            "passed": self.passed,
            "negated": self.negated,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version's rules let through; if not, the first layer that did not and its findings."""

    passed: bool
    layer: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The conditions that stood in the way (under "not": those that held)."""
        return tuple(f for f in self.findings if f.passed is None or f.passed is f.negated)


PASSED = Verdict(True)


class Rules:
    """The rules of some versions, compiled. Every condition and every group of all of them is a place in one array, so
    that a call is held against a whole catalogue by some dozen operations on arrays.

    Trees are immutable: compile once per catalogue. A stored variable that code no longer declares counts as unknown.
    """

    def __init__(self, versions: Sequence[Mapping[str, Node | None]], variables: Variables) -> None:
        self._places = 1  # place 0 holds for certain: where a layer has no tree
        self._leaves: list[tuple[int, Node, bool]] = []  # place, condition, whether under "not"
        self._groups: dict[tuple[int, str], list[tuple[int, list[int]]]] = {}  # by height above the leaves
        self._layers = [[self._layer(rules.get(layer)) for layer in LAYERS] for rules in versions]
        self._roots = np.array([[root for root, _span in row] for row in self._layers], int).reshape(-1, len(LAYERS))
        alike: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        for place, leaf, _negated in self._leaves:
            alike.setdefault((leaf["var"], leaf["op"]), []).append((place, leaf["value"]))
        self._comparisons = [
            (variables[var], _at(place for place, _value in found), _comparison(op, [value for _place, value in found]))
            for (var, op), found in alike.items()
            if var in variables
        ]
        self._steps = [
            (kind, _at(place for place, _parts in found), *_joined([parts for _place, parts in found]))
            for (_height, kind), found in sorted(self._groups.items())
        ]

    def _layer(self, tree: Node | None) -> tuple[int, slice]:
        first = len(self._leaves)
        root = self._place(tree, negated=False)[0] if tree else 0
        return root, slice(first, len(self._leaves))

    def _place(self, node: Node, *, negated: bool) -> tuple[int, int]:
        """Where the node's value will stand, and its height above the leaves."""
        place = self._places
        self._places += 1
        if "var" in node:
            self._leaves.append((place, node, negated))
            return place, 0
        kind = next(iter(node))
        inner = [node["not"]] if kind == "not" else node[kind]
        parts = [self._place(child, negated=negated != (kind == "not")) for child in inner]
        height = 1 + max(height for _place, height in parts)
        self._groups.setdefault((height, kind), []).append((place, [part for part, _height in parts]))
        return place, height

    def _found(self, values: Mapping[str, Any]) -> NDArray[np.int8]:
        found = np.full(self._places, UNKNOWN, np.int8)
        found[0] = YES
        for variable, places, holds in self._comparisons:
            actual = values.get(variable.name)
            asked = variable.never if actual is None else actual
            if asked is not None:
                found[places] = np.where(holds(asked), YES, NO)
        for kind, places, parts, starts in self._steps:
            match kind:
                case "all":
                    found[places] = np.minimum.reduceat(found[parts], starts)
                case "any":
                    found[places] = np.maximum.reduceat(found[parts], starts)
                case "not":
                    found[places] = 2 - found[parts]
        return found

    def passed(self, values: Mapping[str, Any]) -> NDArray[np.bool_]:
        """Of each version, whether all its layers hold."""
        return self._passed(self._found(values))

    def _passed(self, found: NDArray[np.int8]) -> NDArray[np.bool_]:
        passed: NDArray[np.bool_] = (found[self._roots] == YES).all(-1)
        return passed

    def verdicts(self, values: Mapping[str, Any]) -> list[Verdict]:
        """Of each version; the trace is of the first layer that fails, each of its conditions in order."""
        found = self._found(values)
        passed = self._passed(found).tolist()
        return [PASSED if ok else self._failed(i, found, values) for i, ok in enumerate(passed)]

    def _failed(self, at: int, found: NDArray[np.int8], values: Mapping[str, Any]) -> Verdict:
        layer, span = next(
            (layer, span) for layer, (root, span) in zip(LAYERS, self._layers[at], strict=True) if found[root] != YES
        )
        findings = (
            Finding(
                leaf["var"],
                leaf["op"],
                leaf["value"],
                values.get(leaf["var"]),
                None if found[place] == UNKNOWN else bool(found[place] == YES),
                negated,
            )
            for place, leaf, negated in self._leaves[span]
        )
        return Verdict(False, layer, tuple(findings))


def _comparison(op: str, wanted: Sequence[Any]) -> Callable[[Any], NDArray[np.bool_]]:
    """Conditions with one variable and one operator, all at once: of a value found, which of them hold. Numbers of up
    to fifteen digits compare as floats as they do as decimals."""
    if op in ("in", "not_in"):
        listed = [frozenset(values) for values in wanted]
        return lambda actual: np.array([(actual in values) == (op == "in") for values in listed])
    if op == "is":
        said = np.array(wanted)
        return lambda actual: said == actual
    numbers = np.array([float(value) for value in wanted])
    return lambda actual: COMPARE[op](float(actual), numbers)


def _at(places: Iterable[int]) -> Places:
    return np.fromiter(places, np.intp)


def _joined(parts: Sequence[Sequence[int]]) -> tuple[Places, Places]:
    """One after the other, and where each begins."""
    return _at(place for each in parts for place in each), _at([0, *accumulate(map(len, parts))][:-1])


# --- words -----------------------------------------------------------------------------------------------------------
def say_value(variable: Variable | None, value: Any) -> str:
    """“6 months”, “€20.00”, “Price or Competitor”, “yes”; “unknown” for None."""
    from staff import formats  # formats read settings; the rest of this module does not need them

    if value is None:
        return _now("never") if variable and variable.never is not None else _now("unknown")
    if variable is None:
        return str(value)
    match variable.type:
        case "months":
            return str(_now("%s months") % value)
        case "days":
            return str(_now("%s days") % value)
        case "money":
            return formats.money(Decimal(str(value)))
        case "percent":
            return formats.percent(Decimal(str(value)) / 100)
        case "yes_no":
            return _now("yes") if value else _now("no")
        case "choice":
            labels = dict(variable.choices() if variable.choices else ())
            values = value if isinstance(value, list | tuple | frozenset) else [value]
            return _now(" or ").join(str(labels.get(v, v)) for v in values)
    return str(value)


def say_leaf(node: Node, variables: Variables) -> str:
    variable = variables.get(node["var"])
    label = variable.label if variable else node["var"]
    return f"{label} {WORDS[node['op']]} {say_value(variable, node['value'])}"


def sentence(node: Node | None, variables: Variables) -> str:
    """The tree as one sentence part: “tenure is at least 6 months and (segment is one of Plus or …)”."""
    if not node:
        return _now("always")
    return _sentence(node, variables, inside=False)


def _sentence(node: Node, variables: Variables, *, inside: bool) -> str:
    if "var" in node:
        return say_leaf(node, variables)
    if "not" in node:
        return _now("not (%s)") % _sentence(node["not"], variables, inside=False)
    group = "all" if "all" in node else "any"
    joined = (_now(" and ") if group == "all" else _now(" or ")).join(
        _sentence(child, variables, inside=True) for child in node[group]
    )
    return f"({joined})" if inside and len(node[group]) > 1 else joined


def say_finding(finding: Mapping[str, Any], variables: Variables) -> str:
    """Why it failed, in what was found: “Tenure 4 months < 6 months”, “Segment: Business, not Plus or Standard”."""
    variable = variables.get(finding["var"])
    label = variable.label if variable else finding["var"]
    actual = say_value(variable, finding["actual"])
    value = say_value(variable, finding["value"])
    if finding["passed"] is None:
        wanted = f"{WORDS[finding['op']]} {value}"
        if finding["negated"]:
            wanted = _now("not (%s)") % wanted
        return _now("%(what)s: not known (wanted: %(wanted)s)") % {"what": label, "wanted": wanted}
    if finding["op"] in SIGNS:
        sign = SIGNS[finding["op"]] if finding["passed"] else OPPOSITE[finding["op"]]
        return f"{label} {actual} {sign} {value}"
    if finding["op"] in ("in", "not_in") and (finding["op"] == "in") is not finding["passed"]:
        return _now("%(what)s: %(actual)s, not %(wanted)s") % {"what": label, "actual": actual, "wanted": value}
    return f"{label}: {actual}"
