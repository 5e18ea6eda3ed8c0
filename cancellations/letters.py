"""What the customer gets in writing, in his or her own language: receipt, confirmation, reminder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says, in the customer's language already."""

    kind: str
    title: str
    intro: Sequence[str]
    rows: Rows
    closing: Sequence[str]


def receipt(case: CancellationCase, *, now: datetime) -> Document:
    """Kept and mailed; see `receipt_letter`."""
    return _write(case, receipt_letter(case, now=now), now=now)


def receipt_letter(case: CancellationCase, *, now: datetime) -> Letter:
    """The receipt of a registered cancellation: content, date and time of receipt, end date."""
    with translation.override(case.customer.language):
        return Letter(
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
        )


def stays(case: CancellationCase, *, now: datetime) -> Document:
    """Kept and mailed; see `stays_letter`."""
    return _write(case, stays_letter(case, now=now), now=now)


def stays_letter(case: CancellationCase, *, now: datetime) -> Letter:
    """In writing that the notice no longer holds and the subscription goes on as it was."""
    with translation.override(case.customer.language):
        return Letter(
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
        )


def confirm_offer(case: CancellationCase, offer: Offer, fulfilment: Fulfilment, *, now: datetime) -> Document:
    """Kept and mailed; see `confirmation_letter`."""
    return _write(case, confirmation_letter(case, offer, fulfilment, now=now), now=now)


def confirmation_letter(case: CancellationCase, offer: Offer, fulfilment: Fulfilment, *, now: datetime) -> Letter:
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
        return Letter(
            kind="offer_confirmation",
            title=_("What we agreed"),
            intro=[_("Thank you for staying with us. This is what we agreed.")],
            rows=rows,
            closing=closing,
        )


def remind(fulfilment: Fulfilment, *, now: datetime) -> Document:
    """Kept and mailed; see `reminder_letter`."""
    return _write(fulfilment.offer.case, reminder_letter(fulfilment), now=now)


def reminder_letter(fulfilment: Fulfilment) -> Letter:
    """Before an offer runs out: when, and what the price is then."""
    offer = fulfilment.offer
    case = offer.case
    with translation.override(case.customer.language):
        incentive = offer.incentive_version.incentive
        return Letter(
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
        )


def _subject(case: CancellationCase) -> list[tuple[str, str]]:
    return [
        (_("Customer"), f"{case.customer.name}, {case.customer.number}"),
        (_("Subscription"), case.subscription.plan.name),
        (_("Case number"), case.number),
    ]


def written(case: CancellationCase, letter: Letter, *, now: datetime) -> dict[str, Any]:
    """What a `customers.models.Document` of this letter holds; no query."""
    customer = case.customer
    place = " ".join(filter(None, (customer.postcode, customer.city)))
    return {
        "kind": letter.kind,
        "title": f"{letter.title} ({case.number})",
        "language": customer.language,
        "template": "cancellations/letter.typ",
        "facts": {
            "language": customer.language,
            "company": settings.KVAR_COMPANY,
            "address": [line for line in (customer.name, customer.street, place) if line],
            "title": letter.title,
            "intro": list(letter.intro),
            "rows": [list(row) for row in letter.rows],
            "closing": list(letter.closing),
            "footer": f"{settings.KVAR_COMPANY} · {formats.moment(now, customer.language)}",
            "number": case.number,
        },
    }


def _write(case: CancellationCase, letter: Letter, *, now: datetime) -> Document:
    """Keep it, and queue the e-mail after commit. Three queries."""
    document = letters.keep(case.customer, **written(case, letter, now=now), now=now)
    rows = [f"{label}: {value}" for label, value in letter.rows]
    body = "\n".join([*letter.intro, "", *rows, "", *letter.closing, "", settings.KVAR_COMPANY])
    letters.send(case.customer, subject=document.title, body=body, document=document, now=now)
    return document
