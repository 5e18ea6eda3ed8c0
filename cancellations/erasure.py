"""What cancellations do when a customer is erased."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cancellations.models import CancellationCase, CaseMove, Fulfilment, Offer, OfferDecision, OfferMove
from cancellations.models.cases import OPEN_STATES
from cancellations.models.offers import OfferState
from customers.erasure import Part, erasures
from staff.erasure import erase

What = CaseMove.What
TO_CARRY_OUT = (OfferState.ACCEPTED, OfferState.PENDING_FULFILMENT, OfferState.FAILED)


def still_open(customer: int) -> list[str]:
    """Calls that are not closed, and offers accepted that billing has not carried out."""
    cases = CancellationCase.objects.filter(customer=customer, state__in=OPEN_STATES).order_by("pk")
    calls = [_("call %(number)s") % {"number": number} for number in cases.values_list("number", flat=True)]
    offers = Offer.objects.filter(case__customer=customer, state__in=TO_CARRY_OUT).order_by("pk")
    return calls + [
        _("the offer accepted in %(number)s") % {"number": number}
        for number in offers.values_list("case__number", flat=True)
    ]


def forget(customer: int) -> list[str]:
    cases = CancellationCase.objects.filter(customer=customer)
    erase(cases, "reason_note")
    words = CaseMove.objects.filter(subject__customer=customer, what__in=[What.STATE, What.HARDSHIP])  # others: codes
    erase(words.exclude(note="call dropped"), "note")
    erase(OfferMove.objects.filter(subject__case__customer=customer), "note")
    erase(OfferDecision.objects.filter(offer__case__customer=customer), "reason", "note")
    erase(Fulfilment.objects.filter(offer__case__customer=customer), "note")
    return list(cases.values_list("number", flat=True))


def register() -> None:
    erasures.register(
        "cancellations",
        Part(
            still_open,
            forget,
            goes=gettext_lazy("What was noted in calls: the customer's words, remarks, receipts and confirmations."),
            stays=gettext_lazy(
                "Cancellations with their reason, competitor, steps and dates; suggestions, offers, decisions and what "
                "they cost and brought."
            ),
        ),
    )
