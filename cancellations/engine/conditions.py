"""Marketing's rules: trees of all / any / not over typed variables, validated, traced, said as a sentence.

A tree is plain JSON, so that it is stored as data and edited in forms:

    {"all": [node, …]} · {"any": [node, …]} · {"not": node} · {"var": "tenure_months", "op": "ge", "value": 6}

Three layers per incentive: eligible (hard, legal), applicable (sensible now), suitable (in the customer's interest).
What is unknown is neither true nor false (Kleene's logic) and never lets an offer through, not under "not" either.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

Type = Literal["months", "days", "count", "money", "percent", "choice", "yes_no"]
Node = Mapping[str, Any]
Label = str | Promise

LAYERS: dict[str, Label] = {
    "eligible": _("Allowed"),
    "applicable": _("Sensible now"),
    "suitable": _("In the customer's interest"),
}
MAX_DEPTH = 6
MAX_CONDITIONS = 40
NUMBERS = ("months", "days", "count", "money", "percent")

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda actual, value: actual < value,
    "le": lambda actual, value: actual <= value,
    "eq": lambda actual, value: actual == value,
    "ne": lambda actual, value: actual != value,
    "ge": lambda actual, value: actual >= value,
    "gt": lambda actual, value: actual > value,
    "in": lambda actual, value: actual in value,
    "not_in": lambda actual, value: actual not in value,
    "is": lambda actual, value: actual is value,
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


Test = Callable[[Mapping[str, Any], list[Finding] | None], bool | None]


def compile_tree(node: Node | None, variables: Variables) -> Test:
    """A function of the case's values that says True, False or None (unknown) and, given a list, appends a finding for
    each condition. Compile once per version: the trees are immutable. A stored variable that code no longer
    declares counts as unknown."""
    if not node:
        return lambda values, trace: True
    return _compile(node, variables, negated=False)


def _compile(node: Node, variables: Variables, *, negated: bool) -> Test:
    if "var" in node:
        return _compile_leaf(node, variables, negated=negated)
    if "not" in node:
        inner = _compile(node["not"], variables, negated=not negated)

        def invert(values: Mapping[str, Any], trace: list[Finding] | None) -> bool | None:
            found = inner(values, trace)
            return None if found is None else not found

        return invert
    group = "all" if "all" in node else "any"
    parts = [_compile(child, variables, negated=negated) for child in node[group]]
    decisive = group == "any"  # one such value decides; without a trace the rest is not asked

    def combine(values: Mapping[str, Any], trace: list[Finding] | None) -> bool | None:
        unknown = decided = False
        for part in parts:
            found = part(values, trace)
            if found is None:
                unknown = True
            elif found is decisive:
                if trace is None:
                    return decisive
                decided = True
        if decided:
            return decisive
        return None if unknown else not decisive

    return combine


def _compile_leaf(node: Node, variables: Variables, *, negated: bool) -> Test:
    name, op = node["var"], node["op"]
    variable = variables.get(name)
    compare = COMPARE[op]
    number = variable is not None and variable.type in NUMBERS
    stored = node["value"]
    wanted: Any = stored
    if isinstance(stored, list):
        wanted = frozenset(stored)
    elif number and not isinstance(stored, int):
        wanted = Decimal(str(stored))
    never = variable.never if variable else None

    def test(values: Mapping[str, Any], trace: list[Finding] | None) -> bool | None:
        actual = values.get(name) if variable else None
        asked = never if actual is None else actual
        passed = None if asked is None else compare(asked, wanted)
        if trace is not None:
            trace.append(Finding(name, op, stored, actual, passed, negated))
        return passed

    return test


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule lets through; if not, the first layer that did not and its findings."""

    passed: bool
    layer: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The conditions that stood in the way (under "not": those that held)."""
        return tuple(f for f in self.findings if f.passed is None or f.passed is f.negated)


PASSED = Verdict(True)


class Rules:
    """The three layers of one version, compiled."""

    __slots__ = ("_layers",)

    def __init__(self, rules: Mapping[str, Node | None], variables: Variables) -> None:
        self._layers = [(layer, compile_tree(rules[layer], variables)) for layer in LAYERS if rules.get(layer)]

    def test(self, values: Mapping[str, Any]) -> Verdict:
        """Layer by layer; the trace is taken only of the layer that fails."""
        for layer, test in self._layers:
            if test(values, None) is not True:
                trace: list[Finding] = []
                test(values, trace)
                return Verdict(False, layer, tuple(trace))
        return PASSED

    def trace(self, values: Mapping[str, Any]) -> dict[str, tuple[bool | None, list[Finding]]]:
        """Every condition of every layer."""
        found = {}
        for layer, test in self._layers:
            trace: list[Finding] = []
            found[layer] = test(values, trace), trace
        return found


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
    """Why it failed, in what was found: “Tenure 4 months < 6 months”."""
    variable = variables.get(finding["var"])
    label = variable.label if variable else finding["var"]
    actual = say_value(variable, finding["actual"])
    value = say_value(variable, finding["value"])
    if finding["passed"] is None:
        return _now("%(what)s: not known (%(wanted)s wanted)") % {"what": label, "wanted": value}
    if finding["op"] in SIGNS:
        sign = SIGNS[finding["op"]] if finding["passed"] else OPPOSITE[finding["op"]]
        return f"{label} {actual} {sign} {value}"
    return f"{label}: {actual}"
