"""Every write to a customer's record: made here, changed here, remembered here."""

from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Field, Model
from django.utils.translation import gettext as _

from customers import erasure
from customers.models import Change, Customer, Erasure, Note
from staff import idempotency
from staff.errors import DomainError, Stale
from staff.models import User

JUST_WRITTEN = timedelta(minutes=10)
# What a colleague may change; the number stays as it was given.
EDITABLE = (
    "given_name",
    "family_name",
    "company",
    "email",
    "phone",
    "language",
    "street",
    "postcode",
    "city",
    "country",
    "birthday",
    "customer_since",
    "segment",
    "household",
    "is_vulnerable",
    "is_bereaved",
    "in_debt",
    "may_be_contacted",
)


@transaction.atomic
def create_customer(*, by: User, now: datetime, number: str = "", **fields: Any) -> Customer:
    """A new customer; without a number the next free one is drawn. Three queries."""
    customer = Customer.objects.create(number=number or next_number(), **fields)
    Change.objects.create(customer=customer, by=by, at=now, version=1, fields={})
    return customer


def next_number() -> str:
    """The next of the house's own customer numbers (“C-100001”) that nobody has."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('customers_number')")
            number = f"C-{cursor.fetchone()[0]}"
        if not Customer.objects.filter(number=number).exists():
            return number


@transaction.atomic
def edit_customer(pk: int, *, version: int, by: User, now: datetime, **fields: Any) -> Customer:
    """Change the details that differ and remember who did; nothing changes when nothing differs. Three queries.

    Raises Erased, and Stale, saying who changed what, when the customer is no longer at `version`.
    """
    customer = Customer.objects.select_for_update(of=("self",)).select_related("household").get(pk=pk)
    erasure.check_living(customer)
    if customer.version != version:
        raise Stale(stale(customer, version))
    changed = {
        name: [_plain(getattr(customer, name)), _plain(value)]
        for name, value in fields.items()
        if name in EDITABLE and getattr(customer, name) != value
    }
    if not changed:
        return customer
    for name in changed:
        setattr(customer, name, fields[name])
    if "may_be_contacted" in changed and customer.may_be_contacted:
        customer.unsubscribed_at = None  # told a colleague so: the word given last counts
    customer.version += 1
    customer.save(update_fields=[*changed, "unsubscribed_at", "version"])
    Change.objects.create(customer=customer, by=by, at=now, version=customer.version, fields=changed)
    return customer


@transaction.atomic
def unsubscribe(pk: int, *, now: datetime) -> Customer:
    """The customer's own word, by the link in a mail: no more marketing. Said again it changes nothing. Two queries."""
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=pk)
    if customer.unsubscribed_at is None and not customer.erased_at:
        customer.may_be_contacted, customer.unsubscribed_at = False, now
        customer.version += 1
        customer.save(update_fields=["may_be_contacted", "unsubscribed_at", "version"])
    return customer


def _plain(value: Any) -> Any:
    """A value as JSON keeps it and people read it."""
    if isinstance(value, Model):
        return str(value)
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def stale(customer: Customer, version: int) -> str:
    """Who changed what since `version`, in words; one query."""
    since = list(Change.objects.filter(customer=customer, version__gt=version).select_related("by").order_by("version"))
    names = {
        name: str(cast("Field[Any, Any]", Customer._meta.get_field(name)).verbose_name)
        for change in since
        for name in change.fields
    }
    return _(
        "%(who)s changed this customer while you were typing (%(what)s). Your text is still here: "
        "compare it with the record, then save again."
    ) % {
        "who": ", ".join(dict.fromkeys(str(change.by) for change in since)) or _("An import"),
        "what": ", ".join(names.values()) or _("details"),
    }


@transaction.atomic
def add_note(pk: int, *, text: str, by: User, now: datetime) -> Note:
    """Remember something about the customer; two queries. Raises Erased."""
    erasure.living(pk)
    return Note.objects.create(customer_id=pk, text=text, by=by, at=now)


def take_back_note(pk: int, *, by: User, now: datetime) -> Note:
    """Undo a note just written, by who wrote it; two queries. Raises DomainError after ten minutes."""
    note = Note.objects.get(pk=pk, by=by)
    if now - note.at > JUST_WRITTEN:
        raise DomainError(_("This note is older than ten minutes: it stays. Write another that corrects it."))
    Note.objects.filter(pk=pk).delete()
    return note


@transaction.atomic
def erase_customer(pk: int, *, ground: str, by: User, now: datetime) -> Customer:
    """Pseudonymise a customer for good: of who it was the number is left. Some fifty statements.

    The row's lock waits for whoever writes something new about the customer, and lets nobody begin. Raises Erased, and
    DomainError("still_open") saying what must end first.
    """
    customer = Customer.objects.select_for_update(of=("self",)).get(pk=pk)
    erasure.check_living(customer)
    if waiting := erasure.still_open(pk):
        raise DomainError(_("First end what is open: %(what)s.") % {"what": ", ".join(waiting)}, code="still_open")
    known_by = [number for part in erasure.erasures for number in part.forget(pk)]
    idempotency.forget(known_by)
    Customer.objects.filter(pk=pk).update(erased_at=now)
    Erasure.objects.create(customer=customer, by=by, at=now, ground=ground)
    customer.refresh_from_db()
    return customer
