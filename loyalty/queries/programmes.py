"""Programmes, their versions and forecasts."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.models import Forecast, Programme, ProgrammeVersion, Reward
from loyalty.queries import outcome
from staff import formats

LINES = """
SELECT r.id, r.membership_id, r.occurred_at, s.code, r.total, l.number, l.sku, l.quantity, l.amount, l.kind, c.code
FROM loyalty_receipt r
JOIN loyalty_store s ON s.id = r.store_id
LEFT JOIN loyalty_receiptline l ON l.receipt_id = r.id
LEFT JOIN loyalty_product p ON p.id = l.product_id
LEFT JOIN loyalty_category c ON c.id = p.category_id
WHERE r.kind = 'sale' AND r.business_date BETWEEN %s AND %s
ORDER BY r.membership_id, r.occurred_at, r.id, l.number
"""


def sales_lines(since: date, until: date) -> Iterator[tuple[Any, ...]]:
    """The lines of all sales of these days in their local time, by member and time; one query, read in pieces."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(LINES, [since, until])
        while rows := cursor.fetchmany(2000):
            for row in rows:
                yield (*row[:2], timezone.localtime(row[2]), *row[3:])


def redemption(programme_id: int) -> Decimal | None:
    """The share of the programme's rewards that were redeemed; None below thirty."""
    issued = Reward.objects.filter(membership__programme=programme_id).exclude(state=Reward.State.REVOKED).count()
    if issued < 30:
        return None
    redeemed = Reward.objects.filter(membership__programme=programme_id, state=Reward.State.REDEEMED).count()
    return Decimal(redeemed) / issued


def programmes() -> list[dict[str, Any]]:
    """Programmes with their versions, the youngest first; two queries."""
    rows = Programme.objects.order_by("name").prefetch_related(
        Prefetch("versions", ProgrammeVersion.objects.select_related("author", "approver").order_by("-number"))
    )
    return [{"programme": row, "versions": [version_row(version) for version in row.versions.all()]} for row in rows]


TONES = {"published": "green", "waiting": "amber"}


def version_row(version: ProgrammeVersion) -> dict[str, Any]:
    until = formats.day(version.valid_until) if version.valid_until else ""
    return {
        "pk": version.pk,
        "number": version.number,
        "state": version.get_state_display(),
        "tone": TONES.get(version.state, ""),
        "needed": version.stamps_needed,
        "valid": f"{formats.day(version.valid_from)} – {until}",
        "author": version.author.short_name if version.author else _("import"),
        "approver": version.approver.short_name if version.approver else "–",
    }


def forecast_rows(version: ProgrammeVersion) -> dict[str, Any]:
    """The latest forecast of a version, written out, and what really came of it; up to four queries."""
    forecast = version.forecasts.order_by("-pk").first()
    if forecast is None:
        return {}
    told: dict[str, Any] = {
        "pk": forecast.pk,
        "state": forecast.state,
        "text": forecast.get_state_display(),
        "done": forecast.done,
        "total": forecast.total,
        "share": round(forecast.done * 100 / forecast.total) if forecast.total else 0,
        "is_stale": forecast.edits != version.edits,
        "is_running": forecast.state in (Forecast.State.QUEUED, Forecast.State.RUNNING),
    }
    if forecast.state != Forecast.State.DONE:
        return told
    result = forecast.result
    names = {"low": _("low"), "base": _("base"), "high": _("high")}
    told |= {
        "coverage": formats.percent(result["coverage"]),
        "receipts": formats.number(result["receipts"]),
        "members": formats.number(result["members"]),
        "reaching": formats.percent(result["reaching"] / result["members"]) if result["members"] else "–",
        "rows": [
            {
                "name": names[name],
                "stamps": formats.number(case["stamps"]),
                "rewards": formats.number(case["rewards"]),
                "cost": formats.money(Decimal(case["cost"])),
                "break_even": f"{Decimal(case['break_even']) * 100:.1f} %" if case["break_even"] else "–",
            }
            for name, case in result["cases"].items()
        ],
        "actual": next((_actual(line) for line in outcome.lines(None, timezone.now(), version=version.pk)), None),
        "budget": formats.money(version.budget) if version.budget else "",
        "over_budget": bool(version.budget) and Decimal(result["cases"]["base"]["cost"]) > (version.budget or 0),
    }
    return told


def _actual(line: outcome.Line) -> dict[str, Any]:
    """What came since publishing against the forecast's base case for as many days."""
    _stamps, (rewards, _range, came), (cost, _cost_range, paid) = line.cells
    return {"days": line.days, "rewards": came, "expected": rewards, "cost": paid, "expected_cost": cost}
