"""Pictures of numbers as SVG with numeric attributes only (the content security policy forbids inline styles).

Bars, funnels and Paretos are tables with a bar in a column; curves and distributions carry their table behind them.
`{% include "parts/chart.html" with chart=chart %}` draws them all; `interval` and `sparkline` stand in a line of text.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from statistics import median

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from staff import formats

Text = str | Promise
Number = int | float | Decimal
WIDTH, HEIGHT = 480, 200  # of a picture, in its own units; left and bottom of it belong to the axes
LEFT, RIGHT, TOP, BOTTOM = 44, 470, 12, 170


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar table: `share` of the widest bar in percent, and what is written beside it."""

    label: Text
    share: float
    cells: Sequence[str]
    tone: str = ""
    url: str = ""

    @property
    def svg(self) -> SafeString:
        return format_html(
            '<svg class="bar" height="10" width="100%" aria-hidden="true"><rect class="track" width="100%" height="10" '
            'rx="3"/><rect class="mark {}" width="{}%" height="10" rx="3"/></svg>',
            self.tone,
            _n(self.share),
        )


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture or a bar table. `head` names the columns, of the bar table's `bars` or of the `rows` behind `svg`."""

    title: Text
    head: Sequence[Text]
    bars: Sequence[Bar] = ()
    svg: str = ""
    rows: Sequence[Sequence[str]] = ()
    legend: Sequence[tuple[str, Text]] = field(default_factory=list)


def bars(
    title: Text,
    items: Sequence[tuple[Text, Number]],
    *,
    head: Sequence[Text],
    write: Callable[[Number], str] = formats.number,
    urls: Mapping[str, str] | None = None,
) -> Chart:
    """One bar an item, in the order given, on a scale from zero. `head`: the name of the items and of the figure."""
    top = max((value for _label, value in items), default=0)
    rows = [
        Bar(label, _share(value, top), [write(value)], url=(urls or {}).get(str(label), "")) for label, value in items
    ]
    return Chart(title, head, bars=rows)


def pareto(
    title: Text,
    items: Sequence[tuple[Text, Number]],
    *,
    head: Sequence[Text],
    write: Callable[[Number], str] = formats.number,
) -> Chart:
    """Bars from the largest down with the running share of the whole: which few causes make most of it."""
    ordered = sorted(items, key=lambda item: item[1], reverse=True)
    whole = sum((value for _label, value in ordered), start=0 * (ordered[0][1] if ordered else 0))
    top = ordered[0][1] if ordered else 0
    running = 0 * top
    rows = []
    for label, value in ordered:
        before, running = running, running + value
        vital = float(before) < 0.8 * float(whole)
        share = formats.percent(float(running) / float(whole)) if whole else formats.percent(None)
        rows.append(Bar(label, _share(value, top), [write(value), share], tone="" if vital else "rest"))
    return Chart(title, [*head, _("Running share")], bars=rows)


def funnel(title: Text, steps: Sequence[tuple[Text, int]], *, head: Sequence[Text]) -> Chart:
    """How many are left after each step, and which share of the step before that is."""
    top = max((count for _label, count in steps), default=0)
    before = None
    rows = []
    for label, count in steps:
        share = formats.percent(count / before if before else None) if before is not None else ""
        rows.append(Bar(label, _share(count, top), [formats.number(count), share]))
        before = count
    return Chart(title, [*head, _("Of the step before")], bars=rows)


def interval(share: float, low: float | None = None, high: float | None = None) -> SafeString:
    """A share of 1 as a bar, with the bounds of what it may truly be as whiskers. Write the figures beside it."""
    whiskers = format_html_join(
        "",
        '<line class="whisker" x1="{0}%" x2="{0}%" y1="-3" y2="11"/>',
        ((_n(100 * bound),) for bound in (low, high) if bound is not None),
    )
    return format_html(
        '<svg class="bar" height="8" width="100%" aria-hidden="true">'
        '<rect class="track" width="100%" height="8" rx="4"/>'
        '<rect class="mark" width="{}%" height="8" rx="4"/>{}</svg>',
        _n(100 * min(max(share, 0), 1)),
        whiskers,
    )


def sparkline(values: Sequence[Number], label: Text) -> SafeString:
    """The course of a figure in a line of text; `label` says in words what it shows."""
    if not values:
        return SafeString("")
    low, high = float(min(values)), float(max(values))
    spread = (high - low) or 1
    step = 96 / max(len(values) - 1, 1)
    points = [(i * step, 21 - 18 * (float(v) - low) / spread) for i, v in enumerate(values)]
    return format_html(
        '<svg class="spark" viewBox="0 0 96 24" role="img" aria-label="{}"><polyline class="stroke" points="{}"/>'
        '<circle class="mark" cx="{}" cy="{}" r="2.5"/></svg>',
        label,
        _points(points),
        _n(points[-1][0]),
        _n(points[-1][1]),
    )


def distribution(
    title: Text, bins: Sequence[tuple[Text, int]], *, head: Sequence[Text], mark: int | None = None
) -> Chart:
    """A histogram: how many fall into each bin, in the bins' order. `mark` is the bin to point out."""
    top = max((count for _label, count in bins), default=0) or 1
    width = (RIGHT - LEFT) / max(len(bins), 1)
    every = max(1, -(-len(bins) // 8))  # at most eight labels fit under the axis
    parts = []
    for i, (label, count) in enumerate(bins):
        x, height = LEFT + i * width, (BOTTOM - TOP) * count / top
        parts.append(
            format_html(
                '<rect class="mark{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
                " second" if i == mark else "",
                _n(x + 1),
                _n(BOTTOM - height),
                _n(width - 2),
                _n(height),
                label,
                formats.number(count),
            )
        )
        if i % every == 0:
            parts.append(_text(x + width / 2, BOTTOM + 16, label))
    rows = [(str(label), formats.number(count)) for label, count in bins]
    return Chart(title, head, svg=_picture(title, parts, formats.number(top)), rows=rows)


def strip(
    title: Text,
    values: Sequence[Number],
    *,
    head: Sequence[Text],
    write: Callable[[Number], str] = formats.number,
    mark: Number | None = None,
    mark_label: Text = "",
) -> Chart:
    """Every value as a dot on one line, the middle one marked: for few values, where bins would hide them. The more
    have the same, the darker it is. `mark` is a value to be seen among them (a proposal), drawn as a diamond and named
    below the line. `head` names the value and how many have it."""
    if not values:
        return Chart(title, head)
    ordered, counted = sorted(values), sorted(Counter(values).items())
    everything = [*values] if mark is None else [*values, mark]
    low, high = float(min(everything)), float(max(everything))
    spread = (high - low) or 1
    place = [(LEFT + (RIGHT - LEFT) * (float(v) - low) / spread, 1 - 0.55**count) for v, count in counted]
    middle = median(ordered)
    at = LEFT + (RIGHT - LEFT) * (float(middle) - low) / spread
    dots = format_html_join(
        "", '<circle class="mark" cx="{}" cy="36" r="5" fill-opacity="{}"/>', ((_n(x), _n(dark)) for x, dark in place)
    )
    pointed: SafeString | str = ""
    if mark is not None:
        x = LEFT + (RIGHT - LEFT) * (float(mark) - low) / spread
        pointed = format_html(
            '<path class="mark second" d="M{} 27l9 9-9 9-9-9z"/>{}',
            _n(x),
            _text(x, 62, f"{mark_label} {write(mark)}", "value"),
        )
    svg = format_html(
        '<svg viewBox="0 0 480 90" role="img" aria-label="{}"><line class="axis" x1="{}" x2="{}" y1="36" y2="36"/>{}'
        '<line class="whisker" x1="{}" x2="{}" y1="24" y2="48"/>{}{}{}{}</svg>',
        title,
        LEFT,
        RIGHT,
        dots,
        _n(at),
        _n(at),
        _text(at, 16, f"{_('middle')} {write(middle)}", "value"),
        pointed,
        _text(LEFT, 82, write(min(everything))),
        _text(RIGHT, 82, write(max(everything))),
    )
    rows = [(write(value), formats.number(count)) for value, count in counted]
    return Chart(title, head, svg=svg, rows=rows)


def curves(
    title: Text,
    series: Mapping[str, Sequence[tuple[Number, float]]],
    *,
    head: Text,
    write: Callable[[Number], str] = formats.number,
    top: float = 1.0,
    says: Callable[[float | None], str] = formats.percent,
) -> Chart:
    """Step curves over the same axis, of shares of 1: a cohort's survival, takings of two arms. At most three.

    `series`: name → points (x, share) in the order of x; `head` names x. A share holds until the next point. Other
    figures than shares say what stands on `top` of the picture and how they are written (`says`).
    """
    strokes = ("", "second", "third")
    every = [x for points in series.values() for x, _share_ in points]
    first, last = float(min(every, default=0)), float(max(every, default=1))
    spread = (last - first) or 1

    def place(x: Number, share: float) -> tuple[float, float]:
        return LEFT + (RIGHT - LEFT) * (float(x) - first) / spread, BOTTOM - (BOTTOM - TOP) * share / (top or 1.0)

    parts = [
        _text(LEFT, BOTTOM + 16, write(min(every, default=0))),
        _text(RIGHT, BOTTOM + 16, write(max(every, default=1))),
    ]
    for points, stroke in zip(series.values(), strokes, strict=False):
        placed = [place(x, share) for x, share in points]
        stepped = placed[:1] + [p for (_x, y), (x2, y2) in pairwise(placed) for p in ((x2, y), (x2, y2))]
        parts.append(format_html('<polyline class="stroke {}" points="{}"/>', stroke, _points(stepped)))
    by_x = {x: {} for x in sorted(set(every))}
    for name, points in series.items():
        for x, share in points:
            by_x[x][name] = share
    rows = [(write(x), *(says(found.get(name)) for name in series)) for x, found in by_x.items()]
    legend = list(zip(strokes, series, strict=False))
    return Chart(title, [head, *series], svg=_picture(title, parts, says(top)), rows=rows, legend=legend)


def _picture(title: Text, parts: Sequence[SafeString], top: str) -> SafeString:
    return format_html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><line class="axis" x1="{l}" x2="{r}" y1="{t}" y2="{t}"/>'
        '<line class="axis" x1="{l}" x2="{r}" y1="{m}" y2="{m}"/>'
        '<line class="axis" x1="{l}" x2="{r}" y1="{b}" y2="{b}"/>'
        "{}{}{}</svg>",
        WIDTH,
        HEIGHT,
        title,
        _text(LEFT - 6, TOP + 4, top, anchor="end"),
        _text(LEFT - 6, BOTTOM + 4, "0", anchor="end"),
        format_html_join("", "{}", ((part,) for part in parts)),
        l=LEFT,
        r=RIGHT,
        t=TOP,
        m=(TOP + BOTTOM) // 2,
        b=BOTTOM,
    )


def _text(x: float, y: float, text: Text, kind: str = "", anchor: str = "") -> SafeString:
    anchor = anchor or ("start" if x < LEFT + 20 else "end" if x > RIGHT - 20 else "middle")
    return format_html('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', kind, _n(x), _n(y), anchor, text)


def _share(value: Number, top: Number) -> float:
    return 100 * float(value) / float(top) if top and value > 0 else 0.0


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """A number for an SVG attribute, whatever the language writes for a decimal point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
