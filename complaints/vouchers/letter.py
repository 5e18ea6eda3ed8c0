"""The voucher on paper: letterhead, apology, code, QR, terms and last day, in the customer's language.

The PDF holds the code, so it is never stored: it goes to the printer or into one e-mail at the moment of issue.
"""

from collections.abc import Mapping
from datetime import date

import segno
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from complaints.models import Voucher
from complaints.models.vouchers import VoucherKind
from complaints.vouchers import codes
from customers.letters import typeset
from staff import formats


def qr_svg(code: str, *, scale: float = 4) -> str:
    """The written code as a QR (error correction Q: a quarter may be smudged), an inline SVG without a declaration."""
    symbol = segno.make(codes.written(code), error="q", boost_error=False, micro=False)
    return symbol.svg_inline(scale=scale, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)


def pdf(voucher: Voucher, code: str, *, apology: str = "", today: date) -> bytes:
    """The voucher as PDF, about 30 kB in some ten milliseconds; one query when the customer is not loaded."""
    customer = voucher.customer
    with translation.override(customer.language):
        return typeset("complaints/voucher.typ", _texts(voucher, code, apology, today))


def worth(voucher: Voucher) -> str:
    """“€50.00”, or the product's name."""
    return voucher.product if voucher.kind == VoucherKind.PRODUCT else formats.money(voucher.face)


def _texts(voucher: Voucher, code: str, apology: str, today: date) -> Mapping[str, object]:
    customer = voucher.customer
    is_product = voucher.kind == VoucherKind.PRODUCT
    sorry = _("We are sorry for what happened, and thank you for telling us. Please accept this voucher from us.")
    return {
        "language": customer.language,
        "company": settings.KVAR_COMPANY,
        "address": [
            line for line in (customer.name, customer.street, f"{customer.postcode} {customer.city}".strip()) if line
        ],
        "date": formats.day(today),
        "case": _("Our reference: %(number)s") % {"number": voucher.case.number} if voucher.case else "",
        "title": _("Your voucher"),
        "greeting": _("Dear %(name)s,") % {"name": customer.name},
        "apology": f"{sorry} {apology}".strip(),
        "worth_label": _("Good for") if is_product else _("Value"),
        "worth": worth(voucher),
        "code_label": _("Code"),
        "code": codes.written(code),
        "qr": qr_svg(code),
        "until_label": _("Valid until"),
        "until": formats.day(voucher.valid_until),
        "terms_label": _("Terms"),
        "terms": [
            _("Good for the product named above, once, in our shops.")
            if is_product
            else _("Use it in our shops at once or in parts, until its value is used up."),
            _("Valid to the end of the day printed above."),
            _("It is not paid out in cash. What the law gives you is not affected by it."),
            _("Keep it like money: whoever shows the code may use it. If you lose it, call us and we send a new one."),
        ],
        "closing": _("Kind regards"),
        "signed": settings.KVAR_COMPANY,
    }
