"""What the customer gets in writing, in his or her own language: receipt, confirmation, reminder."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from cancellations import rules, terms
from cancellations.models import CancellationCase, Fulfilment, Offer
from customers import letters
from customers.models import Document
from staff import formats

WITHDRAWAL_DAYS = 14  # of consumers, for a contract made or extended at a distance (directive 2011/83/EU, art. 9)
Rows = Sequence[tuple[str, str]]


def receipt(case: CancellationCase, *, now: datetime) -> Document:
    """The receipt of a registered cancellation: content, date and time of receipt, end date; kept and mailed."""
    with translation.override(case.customer.language):
        return _write(
            case,
            kind="cancellation_receipt",
            title=_("Receipt of your cancellation"),
            intro=[
                _("We have received your cancellation. You need do nothing more."),
            ],
            rows=[
                *_subject(case),
                (_("Cancellation received"), formats.moment(case.noticed_at)),
                (_("Registered"), formats.moment(now)),
                (_("Ends on"), formats.day(case.ends_on)),
                (_("How it ends"), str(case.get_end_mode_display())),
                (_("Monthly price until then"), formats.money(case.subscription.monthly_price)),
            ],
            closing=[_("Keep this receipt. If anything in it is wrong, tell us and name the case number.")],
            now=now,
        )


def stays(case: CancellationCase, *, now: datetime) -> Document:
    """In writing that the notice no longer holds and the subscription goes on as it was."""
    with translation.override(case.customer.language):
        return _write(
            case,
            kind="cancellation_withdrawn",
            title=_("Your subscription goes on"),
            intro=[_("You told us that you want to stay. Your cancellation no longer holds; nothing changes for you.")],
            rows=[
                *_subject(case),
                *([(_("Cancellation received"), formats.moment(case.noticed_at))] if case.noticed_at else []),
                (_("Taken back"), formats.moment(now)),
                (_("Monthly price"), formats.money(case.subscription.monthly_price)),
            ],
            closing=[
                _("If this is not what you said, tell us and name the case number: the cancellation then counts.")
            ],
            now=now,
        )


def confirm_offer(case: CancellationCase, offer: Offer, fulfilment: Fulfilment, *, now: datetime) -> Document:
    """What was agreed: terms, price during and after, end date; for a longer contract the right of withdrawal."""
    with translation.override(case.customer.language):
        incentive = offer.incentive_version.incentive
        rows = [
            *_subject(case),
            (_("Agreed"), terms.headline(incentive.kind, offer.terms, incentive.label())),
            (_("Agreed on"), formats.moment(now)),
            (_("Price before, a month"), formats.money(fulfilment.price_before)),
            (_("Price during the offer, a month"), formats.money(fulfilment.price_during)),
            (_("Price afterwards, a month"), formats.money(fulfilment.price_after)),
        ]
        closing = [_("Your cancellation of %(moment)s no longer holds.") % {"moment": formats.moment(case.noticed_at)}]
        if fulfilment.ends_on:
            rows.append((_("The offer ends on"), formats.day(fulfilment.ends_on)))
            if fulfilment.remind_on:
                closing.append(
                    _("We remind you before it ends, on %(day)s.") % {"day": formats.day(fulfilment.remind_on)}
                )
        if incentive.kind in rules.EXTENDING:
            closing.append(
                _(
                    "You agreed to a longer contract on %(moment)s. You can withdraw from the extension within"
                    " %(days)d days of receiving this letter, without giving a reason."
                )
                % {"moment": formats.moment(offer.consent_at), "days": WITHDRAWAL_DAYS}
            )
        closing.append(_("This price was put together for you personally, with the help of an automated suggestion."))
        return _write(
            case,
            kind="offer_confirmation",
            title=_("What we agreed"),
            intro=[_("Thank you for staying with us. This is what we agreed.")],
            rows=rows,
            closing=closing,
            now=now,
        )


def remind(fulfilment: Fulfilment, *, now: datetime) -> Document:
    """Before an offer runs out: when, and what the price is then."""
    offer = fulfilment.offer
    case = offer.case
    with translation.override(case.customer.language):
        incentive = offer.incentive_version.incentive
        return _write(
            case,
            kind="offer_reminder",
            title=_("Your offer ends soon"),
            intro=[_("What we agreed with you runs out shortly. This is what changes.")],
            rows=[
                *_subject(case),
                (_("Agreed"), terms.headline(incentive.kind, offer.terms, incentive.label())),
                (_("The offer ends on"), formats.day(fulfilment.ends_on)),
                (_("Price until then, a month"), formats.money(fulfilment.price_during)),
                (_("Price afterwards, a month"), formats.money(fulfilment.price_after)),
            ],
            closing=[_("You need do nothing. If you have questions, tell us and name the case number.")],
            now=now,
        )


def _subject(case: CancellationCase) -> list[tuple[str, str]]:
    return [
        (_("Customer"), f"{case.customer.name}, {case.customer.number}"),
        (_("Subscription"), case.subscription.plan.name),
        (_("Case number"), case.number),
    ]


def _write(
    case: CancellationCase,
    *,
    kind: str,
    title: str,
    intro: Sequence[str],
    rows: Rows,
    closing: Sequence[str],
    now: datetime,
) -> Document:
    """Typeset, keep with its hash, queue the e-mail after commit. Three queries; some milliseconds of typesetting."""
    customer = case.customer
    place = " ".join(filter(None, (customer.postcode, customer.city)))
    pdf = letters.typeset(
        "cancellations/letter.typ",
        {
            "language": customer.language,
            "company": settings.KVAR_COMPANY,
            "address": [line for line in (customer.name, customer.street, place) if line],
            "title": title,
            "intro": list(intro),
            "rows": [list(row) for row in rows],
            "closing": list(closing),
            "footer": f"{settings.KVAR_COMPANY} · {formats.moment(now)}",
            "number": case.number,
        },
    )
    document = letters.keep(
        customer, kind=kind, title=f"{title} ({case.number})", language=customer.language, pdf=pdf, now=now
    )
    body = [*intro, "", *(f"{label}: {value}" for label, value in rows), "", *closing, "", settings.KVAR_COMPANY]
    letters.send(customer, subject=f"{title} ({case.number})", body="\n".join(body), document=document, now=now)
    return document
