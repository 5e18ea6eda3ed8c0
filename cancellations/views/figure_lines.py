"""The desk's figures as lines of a report: name, figure, its likely range, definition and trap."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cancellations.queries.figures import Figures
from staff import formats
from staff.rates import Rate


def rate(rate: Rate) -> tuple[str, str]:
    """ "34%", "29–40%, 41 of 118"."""
    if rate.share is None:
        return "–", _now("no cases")
    return formats.percent(rate.share), _now("%(low)s–%(high)s, %(k)s of %(n)s") % {
        "low": formats.percent(rate.low),
        "high": formats.percent(rate.high),
        "k": formats.number(rate.k),
        "n": formats.number(rate.n),
    }


def points(share: float | None) -> str:
    """A difference of shares in percentage points: “+7.3”."""
    return "–" if share is None else f"{'+' if share > 0 else ''}{formats.number(round(100 * share, 1))}"


Line = dict[str, Any]  # name, figure, its likely range, definition and trap; `grey` when the cohort is not mature


def lines(f: Figures) -> list[Line]:
    return [*outcomes(f), *uplift(f), *watched(f)]


def outcomes(f: Figures) -> list[Line]:
    share = {name: rate(getattr(f, name)) for name in ("contact_save", "confirmed_save", "boomerang", "take")}
    immature = f.mature < f.notices
    return [
        line(_("Notices"), formats.number(f.notices), "", _("Cancellations declared in the period.")),
        line(
            _("Contact save rate"),
            *share["contact_save"],
            _("Staying after the call ÷ notices. Never alone: who stays today may leave tomorrow."),
        ),
        line(
            _("Confirmed save rate"),
            *share["confirmed_save"],
            _("Saved, active and paying on day 90 ÷ notices at least 90 days old. Paused is not paying."),
            grey=immature,
        ),
        line(
            _("Boomerang rate"),
            *share["boomerang"],
            _("Saved, then cancelled within 90 days ÷ saved (mature). A discount may outlive the window."),
            grey=immature,
        ),
        line(_("Take rate"), *share["take"], _("Accepted ÷ presented. It says nothing of value.")),
        line(
            _("Gross saved a month"),
            formats.money(f.gross_mrr),
            "",
            _("Price before the notice of all confirmed saves. Includes those who would have stayed."),
            grey=immature,
        ),
        line(
            _("Net saved a month"),
            formats.money(f.net_mrr),
            "",
            _("What the confirmed saves pay now."),
            grey=immature,
        ),
        line(_("Cost of accepted offers"), formats.money(f.cost), "", _("Without the hold-out.")),
    ]


def uplift(f: Figures) -> list[Line]:
    """What the offers brought, against the hold-out."""
    u = f.uplift
    few = u.points is None
    grey = few or f.mature < f.notices
    spread = f"{points(u.low)} – {points(u.high)}"
    return [
        line(
            _("Uplift, points"),
            points(u.points),
            _now("no hold-out yet") if few else spread,
            _("Still paying on day 90: treated arm − hold-out arm, by what was assigned, never accepters alone."),
            grey=grey,
        ),
        line(
            _("Further cases until ± 5 points"),
            "–" if u.more is None else formats.number(u.more),
            "",
            _("Mature cases that the two arms still need, at their present ratio."),
        ),
        line(
            _("Incremental saves"),
            formats.number(round(f.incremental[0], 1)) if f.incremental else "–",
            f"{formats.number(round(f.incremental[1], 1))} – {formats.number(round(f.incremental[2], 1))}"
            if f.incremental
            else "",
            _("Uplift × treated mature notices."),
            grey=grey,
        ),
        line(
            _("Cost of an incremental save"),
            formats.money(cents(f.cost_per_save)),
            "" if f.cost_per_save is not None else _now("undefined: no uplift"),
            _("Cost of the offers accepted in mature cases ÷ incremental saves."),
            grey=grey,
        ),
        line(
            _("Net value"),
            formats.money(cents(f.net_value[0] if f.net_value else None)),
            f"{formats.money(cents(f.net_value[1]))} – {formats.money(cents(f.net_value[2]))}" if f.net_value else "",
            _("Incremental saves × V − cost. V is a model: the range is V ± 30 %."),
            grey=grey,
        ),
    ]


def watched(f: Figures) -> list[Line]:
    """What the law wants to be nought."""
    return [
        line(
            _("Offers after a refusal"),
            formats.number(f.offers_after_refusal),
            _now("must be 0"),
            _("The customer said no to offers and one was put all the same."),
            tone="red" if f.offers_after_refusal else "",
        ),
        line(
            _("Closed without a receipt"),
            formats.number(f.without_receipt),
            _now("must be 0"),
            _("Notices whose customer holds nothing in writing."),
            tone="red" if f.without_receipt else "",
        ),
        line(
            _("Receipts later than 10 minutes"),
            formats.number(f.slow_receipts),
            "",
            _("From the notice to its receipt."),
            tone="amber" if f.slow_receipts else "",
        ),
    ]


def cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.01"))


def line(name: Any, figure: str, spread: str, about: Any, *, grey: bool = False, tone: str = "") -> Line:
    return {"name": name, "figure": figure, "range": spread, "about": about, "grey": grey, "tone": tone}
