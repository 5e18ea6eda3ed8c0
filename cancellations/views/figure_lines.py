"""The desk's figures as lines of a report: name, figure, its likely range, definition and trap."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from cancellations.queries.figures import Figures
from staff import formats
from staff.rates import Rate

Text = str | Promise


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


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, its likely range, definition and trap; `grey` when not all it is of is mature, `maturity` says how much
    is. `raw` is the same for a file: value, low, high, k, n."""

    name: Text
    figure: str
    range: str
    about: Text = ""
    maturity: str = ""
    tone: str = ""
    raw: Sequence[object] = ()

    @property
    def grey(self) -> bool:
        return bool(self.maturity)


HEAD = ("figure", "value", "low", "high", "k", "n")


def rows(lines: Sequence[Line]) -> list[list[object]]:
    """For a file: numbers as they are, in any language; what there is none of at the end is not there."""
    return [[line.name, *(round(each, 4) if isinstance(each, float) else each for each in line.raw)] for line in lines]


def lines(f: Figures) -> list[Line]:
    return [*outcomes(f), *uplift(f), *watched(f)]


def of_rate(name: Text, found: Rate, about: Text = "", maturity: str = "") -> Line:
    return Line(name, *rate(found), about, maturity, raw=(found.share, found.low, found.high, found.k, found.n))


def _counted(name: Text, number: int | Decimal, about: Text, maturity: str = "", *, tone: str = "") -> Line:
    """A sum of what has happened: there is nothing to estimate."""
    figure = formats.number(number) if isinstance(number, int) else formats.money(number)
    return Line(name, figure, _now("counted"), about, maturity, tone, raw=(number,))


def _maturity(f: Figures) -> str:
    if not f.immature:
        return ""
    return _now("%(mature)s of %(all)s mature") % {
        "mature": formats.number(f.mature),
        "all": formats.number(f.notices),
    }


def outcomes(f: Figures) -> list[Line]:
    mature = _maturity(f)
    return [
        _counted(_("Notices"), f.notices, _("Cancellations declared in the period.")),
        of_rate(
            _("Contact save rate"),
            f.contact_save,
            _("Staying after the call ÷ notices. Never alone: who stays today may leave tomorrow."),
        ),
        of_rate(
            _("Confirmed save rate"),
            f.confirmed_save,
            _("Saved, active and paying on day 90 ÷ notices at least 90 days old. Paused is not paying."),
            mature,
        ),
        of_rate(
            _("Boomerang rate"),
            f.boomerang,
            _("Saved, then cancelled within 90 days ÷ saved (mature). A discount may outlive the window."),
            mature,
        ),
        of_rate(_("Take rate"), f.take, _("Accepted ÷ presented. It says nothing of value.")),
        _counted(
            _("Gross saved a month"),
            f.gross_mrr,
            _("Price before the notice of all confirmed saves. Includes those who would have stayed."),
            mature,
        ),
        _counted(
            _("Net saved a month"),
            f.net_mrr,
            _("What the confirmed saves pay now: nothing if they pause or have left since."),
            mature,
        ),
        _counted(
            _("Cost of accepted offers"), f.cost, _("Without the hold-out, and without what was never carried out.")
        ),
    ]


def uplift(f: Figures) -> list[Line]:
    """What the offers brought, against the hold-out."""
    u = f.uplift
    few = u.points is None
    mature = _maturity(f) or (_now("no hold-out yet") if few else "")
    saves, price, net = f.incremental, f.cost_per_save, f.net_value
    return [
        Line(
            _("Uplift, points"),
            points(u.points),
            _now("no hold-out yet") if few else f"{points(u.low)} – {points(u.high)}",
            _("Still paying on day 90: treated arm − hold-out arm, by what was assigned, never accepters alone."),
            mature,
            raw=(u.points, u.low, u.high),
        ),
        Line(
            _("Further cases until ± 5 points"),
            "–" if u.more is None else formats.number(u.more),
            "",
            _("Mature cases that the two arms still need, at their present ratio."),
            raw=(u.more,),
        ),
        Line(
            _("Incremental saves"),
            formats.number(round(saves[0], 1)) if saves else "–",
            f"{formats.number(round(saves[1], 1))} – {formats.number(round(saves[2], 1))}" if saves else "",
            _("Uplift × treated mature notices."),
            mature,
            raw=saves or (),
        ),
        Line(
            _("Cost of an incremental save"),
            formats.money(cents(price[0] if price else None)),
            _per_save(price),
            _("Cost of the offers accepted in mature cases ÷ incremental saves."),
            mature,
            raw=[cents(each) for each in price or ()],
        ),
        Line(
            _("Net value"),
            formats.money(cents(net[0] if net else None)),
            _span(net[1:]) if net else "",
            _("Incremental saves × V − cost. V is a model: the range is V ± 30 %, the uplift taken as it is."),
            mature,
            raw=[cents(each) for each in net or ()],
        ),
        Line(
            _("Net value, all doubts"),
            "",
            _span(f.net_range) if f.net_range else "–",
            _("The same with both ends of the uplift's range. Below zero: they may have cost more than they kept."),
            mature,
            raw=("", *(cents(each) for each in f.net_range or ())),
        ),
    ]


def _per_save(price: tuple[Decimal, Decimal, Decimal | None] | None) -> str:
    if price is None:
        return _now("undefined: no uplift")
    low = formats.money(cents(price[1]))
    if price[2] is None:
        return _now("from %(low)s, without bound: there may be no uplift") % {"low": low}
    return f"{low} – {formats.money(cents(price[2]))}"


def _span(bounds: Sequence[Decimal]) -> str:
    return " – ".join(formats.money(cents(bound)) for bound in bounds)


def watched(f: Figures) -> list[Line]:
    """What the law wants to be nought."""
    return [
        Line(
            _("Offers after a refusal"),
            formats.number(f.offers_after_refusal),
            _now("must be 0"),
            _("The customer said no to offers and one was put all the same."),
            tone="red" if f.offers_after_refusal else "",
            raw=(f.offers_after_refusal,),
        ),
        Line(
            _("Closed without a receipt"),
            formats.number(f.without_receipt),
            _now("must be 0"),
            _("Notices whose customer holds nothing in writing."),
            tone="red" if f.without_receipt else "",
            raw=(f.without_receipt,),
        ),
        _counted(
            _("Receipts later than 10 minutes"),
            f.slow_receipts,
            _("From the notice to its receipt."),
            tone="amber" if f.slow_receipts else "",
        ),
    ]


def cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.01"))
