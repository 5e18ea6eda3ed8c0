"""The card as people see it: stamps drawn for the screen, a picture for the phone, a PDF for the wallet."""

from collections.abc import Collection
from datetime import date

import segno
from django.conf import settings
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.letters import typeset
from loyalty.models import CardToken, Programme
from loyalty.rules.cards import grouped
from loyalty.terms import Terms
from staff import formats

COLUMNS = 5
DRAWN = 20  # beyond this a card is a bar, not a row of stamps


def face(terms: Terms | None, balance: int, *, needed: int | None = None) -> SafeString:
    """The card's face under its terms: stamps, or for points a bar towards the next reward."""
    goal = needed or (goal_of(terms, balance) if terms else 1)
    points = bool(terms and terms.prices)
    label = says(balance, goal, Programme.Unit.POINT if points else Programme.Unit.STAMP)
    return stamps_svg(balance, goal, label, terms.levels if terms else (), bar=points)


def goal_of(terms: Terms, balance: int) -> int:
    """What a card works towards: the stamps of the terms, or the next reward that points cannot buy yet (the dearest
    when they buy all)."""
    if not terms.prices:
        return terms.stamps_needed
    return min((p.points for p in terms.prices if p.points > balance), default=max(p.points for p in terms.prices))


def stamps_svg(balance: int, needed: int, label: str, levels: Collection[int] = (), *, bar: bool = False) -> SafeString:
    """Filled rings for stamps, dashed ones for those to come, a small gift where `levels` bring something on the way,
    a cup for the free one. Coloured by the page's style sheet through classes, sized by its box."""
    if bar or needed > DRAWN:
        share = max(min(balance / needed, 1), 0) * 300
        return format_html(
            '<svg class="stampcard" viewBox="0 0 300 34" role="img" aria-label="{}"><rect class="track" width="300" '
            'height="14" y="10" rx="7"/><rect class="mark" width="{}" height="14" y="10" rx="7"/></svg>',
            label,
            f"{share:.1f}",
        )
    places = range(needed + 1)
    rows = -(-(needed + 1) // COLUMNS)
    return format_html(
        '<svg class="stampcard" viewBox="0 0 300 {}" role="img" aria-label="{}">{}</svg>',
        rows * 58 + 6,
        label,
        format_html_join("", "{}", ((_place(i, balance, needed, i + 1 in levels),) for i in places)),
    )


def _place(i: int, balance: int, needed: int, has_gift: bool) -> SafeString:
    x, y = i % COLUMNS * 58 + 34, i // COLUMNS * 58 + 32
    if i == needed:
        return format_html(
            '<g class="free"><rect x="{}" y="{}" width="48" height="48" rx="14"/><path d="M{} {}h16v9a8 8 0 0 1-16 0z'
            'm16 2h3a3.5 3.5 0 0 1 0 7h-3.4" /></g>',
            x - 24,
            y - 24,
            x - 10,
            y - 8,
        )
    kind = "y" if i < balance else "owed" if balance < 0 and i < -balance else ""
    ring = format_html('<circle class="{}" cx="{}" cy="{}" r="23"/>', kind, x, y)
    if has_gift:
        ring = format_html(
            '{}<g class="gift"><circle cx="{}" cy="{}" r="9"/><path d="M{} {}h10v6h-10zm5 0v6m-5-3h10"/></g>',
            ring,
            x + 17,
            y - 17,
            x + 12,
            y - 20,
        )
    if kind == "y":
        return format_html('{}<path class="tick" d="M{} {}l6 6 11-12"/>', ring, x - 8, y + 1)
    return format_html('{}<text x="{}" y="{}" text-anchor="middle">{}</text>', ring, x, y + 5, i + 1)


def says(balance: int, needed: int, unit: str = Programme.Unit.STAMP) -> str:
    """“7 of 9 stamps”, or what is owed."""
    if balance < 0:
        return ngettext("owes %d stamp", "owes %d stamps", -balance) % -balance
    if unit == Programme.Unit.POINT:
        return _("%(balance)s of %(needed)s points") % {"balance": balance, "needed": needed}
    return _("%(balance)s of %(needed)s stamps") % {"balance": balance, "needed": needed}


def qr_svg(number: str, *, scale: float = 4) -> SafeString:
    """The number alone: a keyboard-wedge scanner types it."""
    symbol = segno.make(number, error="q", boost_error=False, micro=False)
    return mark_safe(symbol.svg_inline(scale=scale, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None))  # noqa: S308 drawn here


def picture(card: CardToken, programme: Programme, language: str) -> bytes:
    """A phone-sized SVG (360 × 640) that stands alone: name, what is promised, QR, number."""
    symbol = segno.make(card.number, error="q", boost_error=False, micro=False)
    side = symbol.symbol_size(scale=1, border=4)[0]
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(symbol.matrix_iter(border=4)) for x, dark in enumerate(row) if dark
    )
    with translation.override(language):
        text = format_html(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 640" '
            'font-family="system-ui, sans-serif"><title>{title}</title><rect width="360" height="640" rx="28" '
            'fill="#0d6b5b"/><text x="28" y="52" font-size="17" fill="#cfe7e0">{company}</text><text x="28" y="92" '
            'font-size="29" font-weight="700" fill="#fff">{title}</text><text x="28" y="124" font-size="16" '
            'fill="#cfe7e0">{promise}</text><rect x="40" y="160" width="280" height="280" rx="18" fill="#fff"/>'
            '<g transform="translate(52 172) scale({scale})"><path d="{path}"/></g><text x="180" y="494" '
            'font-size="26" font-weight="600" letter-spacing="1" fill="#fff" text-anchor="middle">{number}</text>'
            '<text x="180" y="580" font-size="15" fill="#cfe7e0" text-anchor="middle">{hint}</text></svg>',
            company=settings.KVAR_COMPANY,
            title=programme.name[:22],
            promise=programme.reward_name[:42],
            scale=f"{256 / side:.4f}",
            path=path,
            number=grouped(card.number)[:24],
            hint=_("Show this at the till"),
        )
    return text.encode()


def pdf(
    card: CardToken,
    programme: Programme,
    *,
    terms: Terms | None,
    needed: int | None,
    name: str,
    language: str,
    today: date,
) -> bytes:
    """The card on paper, credit-card sized with cutting marks, two sides; no query. `needed`: what the card's cycle
    began with, where it has begun."""
    goal = needed or (goal_of(terms, 0) if terms else 1)
    with translation.override(language):
        promise = _("%(needed)s stamps: %(reward)s") % {"needed": goal, "reward": programme.reward_name}
        if terms and terms.prices:
            first = min(terms.prices, key=lambda price: price.points)
            promise = _("%(needed)s points: %(reward)s") % {"needed": first.points, "reward": first.name}
        return typeset(
            "loyalty/card.typ",
            {
                "language": language,
                "company": settings.KVAR_COMPANY,
                "title": programme.name,
                "promise": promise,
                "name": name,
                "number": grouped(card.number),
                "qr": str(qr_svg(card.number)),
                "hint": _("Show this card or its picture on your phone whenever you buy."),
                "lost": _("Lost it? Call us: nothing on it is lost, you get a new card."),
                "cut": _("Cut along the line and fold in the middle."),
                "date": formats.day(today),
            },
        )
