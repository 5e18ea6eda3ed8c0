"""What loyalty does when a customer is erased."""

from django.db.models import CharField, Q, Value
from django.db.models.functions import Cast, Concat, Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.erasure import Part, erasures
from loyalty.models import (
    CardToken,
    Contact,
    Duplicate,
    Lapse,
    LedgerEntry,
    Membership,
    Reach,
    RewardEvent,
    SignalReview,
    StampRequest,
    StatusChange,
)
from staff.decisions import Verdict
from staff.erasure import erase


def still_open(customer: int) -> list[str]:
    """Requests for stamps that nobody has decided."""
    waiting = StampRequest.objects.filter(membership__customer=customer, verdict=Verdict.PENDING)
    return [_("a request for stamps")] if waiting.exists() else []


def forget(customer: int) -> list[str]:
    """The balance stays on the books, blocked; a card's number, which follows a person from purchase to purchase, is
    replaced: who shows the card is a stranger."""
    members = Membership.objects.filter(Q(customer=customer) | Q(merged_into__customer=customer))
    members.filter(status=Membership.Status.ACTIVE).update(status=Membership.Status.BLOCKED)
    cards = CardToken.objects.filter(membership__in=members)
    numbers = list(cards.values_list("number", flat=True))
    cards.filter(status=CardToken.Status.ACTIVE).update(status=CardToken.Status.BLOCKED)
    cards.update(number=Concat(Value("erased-"), Cast("pk", CharField())))
    erase(LedgerEntry.objects.filter(membership__in=members), "note")
    erase(RewardEvent.objects.filter(reward__membership__in=members), "note")
    erase(StampRequest.objects.filter(membership__in=members), "reason", "note")
    erase(StatusChange.objects.filter(membership__in=members), "note")
    erase(Duplicate.objects.filter(Q(first__in=members) | Q(second__in=members)), "note")
    erase(Contact.objects.filter(membership__in=members), "note")
    erase(SignalReview.objects.filter(membership__in=members), "note")
    Lapse.objects.filter(membership__in=members, state=Lapse.State.OPEN).update(
        state=Lapse.State.DONE, claimed_by=None, claimed_at=None
    )
    Reach.objects.filter(customer=customer, handled_at=None).update(handled_at=Now())
    return numbers


def register() -> None:
    erasures.register(
        "loyalty",
        Part(
            still_open,
            forget,
            goes=gettext_lazy(
                "The numbers of cards, which no till knows any more, and what was noted about the member. Stamps, "
                "points and rewards not used by now cannot be used any more."
            ),
            stays=gettext_lazy("The ledger of stamps and points, receipts, rewards and what they cost, blocked."),
        ),
    )
