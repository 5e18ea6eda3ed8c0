"""What the customer app itself tells on the timeline: notes, letters, contracts, changed details."""

from datetime import datetime
from decimal import Decimal

from django.db.models import CharField, DateTimeField, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Change, Customer, Delivery, Document, Erasure, Note, Subscription
from customers.timeline import Entry, Facts, Strand, author, said_by
from staff import formats
from staff.erasure import ERASED


def _note(at: datetime, pk: int, facts: Facts) -> Entry:
    return Entry(at, f"note-{pk}", "notes", _("Note"), detail=facts["text"], by=said_by(facts))


notes = [Strand(lambda customer: Note.objects.filter(customer=customer), "at", {"text": "text", **author()}, _note)]


# --- letters: documents with how far their e-mail came, and e-mails without a document --------------------------------
_TONES = {Delivery.State.FAILED: "red", Delivery.State.UNADDRESSED: "amber", Delivery.State.SENT: "green"}


def _document(at: datetime, pk: int, facts: Facts) -> Entry:
    is_there = facts["title"] != ERASED
    return _letter(at, f"document-{pk}", facts, reverse("customers:document", args=[pk]) if is_there else "")


def _mail(at: datetime, pk: int, facts: Facts) -> Entry:
    return _letter(at, f"mail-{pk}", facts, "")


def _letter(at: datetime, key: str, facts: Facts, url: str) -> Entry:
    state = Delivery.State(facts["state"]) if facts["state"] else None
    detail = " · ".join(filter(None, (_("E-mail"), facts["to"], str(state.label)))) if state else ""
    title = _("A letter, erased") if facts["title"] == ERASED else facts["title"]
    return Entry(at, key, "letters", title, detail=detail, url=url, tone=_TONES.get(state, "") if state else "")


_newest = Delivery.objects.filter(document=OuterRef("pk")).order_by("-id")
letters = [
    Strand(
        lambda customer: Document.objects.filter(customer=customer),
        "created_at",
        {"title": "title", "state": Subquery(_newest.values("state")[:1]), "to": Subquery(_newest.values("to")[:1])},
        _document,
    ),
    Strand(
        lambda customer: Delivery.objects.filter(customer=customer, document=None),
        "created_at",
        {"title": "subject", "state": "state", "to": "to"},
        _mail,
    ),
]


# --- contracts: when each subscription began and ended; a handful -----------------------------------------------------
class Midnight(Func):
    """The local midnight a date begins with."""

    output_field = DateTimeField()

    def __init__(self, date: str) -> None:
        super().__init__(
            date, template=f"(%(expressions)s::timestamp AT TIME ZONE '{timezone.get_default_timezone_name()}')"
        )


def _subscriptions(customer: int) -> QuerySet[Subscription]:
    return Subscription.objects.filter(customer=customer)


def _ended(customer: int) -> QuerySet[Subscription]:
    return _subscriptions(customer).filter(status=Subscription.Status.ENDED, ends_on__isnull=False)


def _contract_began(at: datetime, pk: int, facts: Facts) -> Entry:
    title = _("%(plan)s began") % {"plan": facts["plan"]}
    return Entry(at, f"subscription-{pk}-start", "contracts", title, detail=_price(facts), tone="green")


def _contract_ended(at: datetime, pk: int, facts: Facts) -> Entry:
    title = _("%(plan)s ended") % {"plan": facts["plan"]}
    return Entry(at, f"subscription-{pk}-end", "contracts", title, detail=_price(facts), tone="red")


def _price(facts: Facts) -> str:
    return _("%(price)s a month") % {"price": formats.money(Decimal(facts["price"]))}


_contract = {"plan": "plan__name", "price": Cast("monthly_price", CharField())}
contracts = [
    Strand(_subscriptions, Midnight("started_on"), _contract, _contract_began),
    Strand(_ended, Midnight("ends_on"), _contract, _contract_ended),
]


# --- details ----------------------------------------------------------------------------------------------------------
def _change(at: datetime, pk: int, facts: Facts) -> Entry:
    title = _("Details changed") if facts["fields"] else _("Customer created")
    detail = " · ".join(_said(name, *values) for name, values in facts["fields"].items())
    return Entry(at, f"change-{pk}", "changes", title, detail=detail, by=said_by(facts))


def _said(name: str, old: object, new: object) -> str:
    """“City: Malmö → Lund”; a flag only by its new value, what was erased only by its name."""
    field = Customer._meta.get_field(name)
    label = str(field.verbose_name).capitalize()
    if new == ERASED:
        return label
    if isinstance(new, bool):
        return f"{label}: {_('yes') if new else _('no')}"
    choices = dict(field.flatchoices)
    return f"{label}: {choices.get(old, old) or '–'} → {choices.get(new, new) or '–'}"


def _erased(at: datetime, pk: int, facts: Facts) -> Entry:
    ground = str(Erasure.Ground(facts["ground"]).label)
    return Entry(at, f"erasure-{pk}", "changes", _("Erased"), detail=ground, by=said_by(facts))


changes = [
    Strand(lambda customer: Change.objects.filter(customer=customer), "at", {"fields": "fields", **author()}, _change),
    Strand(lambda customer: Erasure.objects.filter(customer=customer), "at", {"ground": "ground", **author()}, _erased),
]
