"""The decision log in forms that others read: CSV, and Vowpal Wabbit's contextual-bandit text.

One row or line per decision that was made (not per repetition when a customer calls back), newest last, streamed.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from cancellations.learning import YES
from cancellations.models import Suggestion

HEAD = (
    "decision",
    "at",
    "case",
    "reason",
    "segment",
    "hold_out",
    "overridden",
    "superseded",
    "model",
    "seed",
    "chosen",
    "propensity",
    "presented",
    "accepted",
    "cost",
    "value",
    "paying_on_day_90",
)


def decisions(*, since: datetime | None = None, until: datetime | None = None) -> QuerySet[Suggestion]:
    """Those made, in order; repetitions for callers who call again are left out."""
    rows = Suggestion.objects.filter(features__again__isnull=True).order_by("pk")
    if since:
        rows = rows.filter(at__gte=since)
    if until:
        rows = rows.filter(at__lt=until)
    return rows.select_related("case", "reason").prefetch_related("offers")


def _facts(s: Suggestion) -> dict[str, Any]:
    offers = list(s.offers.all())
    put = [o for o in offers if o.presented_at]
    taken = next((o for o in put if o.state in YES), None)
    return {
        "decision": s.pk,
        "at": s.at.isoformat(),
        "case": s.case.number,
        "reason": s.reason.code if s.reason else "",
        "segment": s.features.get("segment", ""),
        "hold_out": int(s.hold_out),
        "overridden": int(s.overridden),
        "superseded": int(s.superseded_at is not None),
        "model": s.model_version,
        "seed": s.seed,
        "chosen": s.chosen_id or 0,
        "propensity": s.propensity,
        "presented": " ".join(str(o.incentive_version_id) for o in put),
        "accepted": taken.incentive_version_id if taken else "",
        "cost": taken.cost if taken else "",
        "value": s.candidates[0]["value"] if s.candidates else "",
        "paying_on_day_90": "" if s.case.paying_on_day_90 is None else int(s.case.paying_on_day_90),
    }


def as_csv(rows: QuerySet[Suggestion]) -> Iterator[str]:
    """Lines of CSV, head first; two queries for each 500 decisions."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, HEAD)
    writer.writeheader()
    for suggestion in rows.iterator(chunk_size=500):
        writer.writerow(_facts(suggestion))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def as_vowpal(rows: QuerySet[Suggestion]) -> Iterator[str]:
    """`action:cost:probability | features`, one line per decision whose outcome is known; cost is minus the net value
    (value if paying on day 90, less what was given), so that less is better. Actions count from 1, which is no
    incentive; every other is its version's key and one.

    Left out are decisions that another took the place of within the call, since the outcome is the other's, and the
    hold-out: it was drawn by another lot than the logged one."""
    drawn = rows.filter(hold_out=False, superseded_at__isnull=True, seed__gt=0)
    for suggestion in drawn.iterator(chunk_size=500):
        facts = _facts(suggestion)
        if facts["paying_on_day_90"] == "":
            continue
        net = float(facts["value"] or 0) * facts["paying_on_day_90"] - float(facts["cost"] or 0)
        yield (
            f"{facts['chosen'] + 1}:{0 - net:.2f}:{suggestion.propensity:.9f} | "
            f"{features(suggestion.features.get('values', {}))}\n"
        )


def features(values: Mapping[str, Any]) -> str:
    """Numbers as name:value, words as name=value; what separates in the format is written as an underscore."""
    parts = []
    for name, value in sorted(values.items()):
        if value is None:
            continue
        if isinstance(value, bool):
            parts.append(f"{name}={int(value)}")
        elif isinstance(value, int | float):
            parts.append(f"{name}:{value:g}")
        else:
            parts.append(f"{name}=" + "".join("_" if c in " :|\t\n" else c for c in str(value)))
    return " ".join(parts)
