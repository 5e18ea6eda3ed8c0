"""Erasing a customer: every app says what of his or hers is still open, and takes out of its rows what people wrote.

What stays (entries, amounts, states, dates, decisions) leads to nobody but by the customer number, which the company's
books keep as long as the law asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Change, Customer, Delivery, Document, Household, Note, Subscription
from staff import formats
from staff.erasure import ERASED
from staff.errors import DomainError
from staff.models import SavedView
from staff.registry import Registry
from staff.sealed import seal


class Erased(DomainError):
    """Nothing more is written about a customer who was erased."""

    code = "erased"


@dataclass(frozen=True)
class Part:
    """What one app does when a customer is erased.

    `still_open(customer)` names what must end before, in words; one query a kind. `forget(customer)` erases, under the
    customer's lock, and returns the numbers by which stored answers of the API are known to be about him or her.
    `goes` and `stays` tell both on the page.
    """

    still_open: Callable[[int], Sequence[str]]
    forget: Callable[[int], Sequence[str]]
    goes: str | Promise
    stays: str | Promise


erasures: Registry[Part] = Registry()


def living(pk: int) -> Customer:
    """The customer, under a lock that keeps an erasure waiting until what is written now is committed; one query.

    Raises Erased.
    """
    customer = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    check_living(customer)
    return customer


def check_living(customer: Customer) -> None:
    if customer.erased_at:
        raise Erased(
            _("This customer was erased on %(day)s. Nothing more is written here.")
            % {"day": formats.day(customer.erased_at)}
        )


def still_open(pk: int) -> list[str]:
    """What must end before the customer can be erased, in words."""
    return [words for part in erasures for words in part.still_open(pk)]


PERSONAL = {
    **dict.fromkeys(("given_name", "company", "email", "phone", "street", "postcode", "city"), ""),
    **dict.fromkeys(("birthday", "household", "unsubscribed_at")),
    **dict.fromkeys(("in_debt", "is_bereaved", "may_be_contacted"), False),
}


def _still_open(pk: int) -> list[str]:
    running = Subscription.objects.filter(customer=pk).exclude(status=Subscription.Status.ENDED)
    plans = [_("a contract that runs (%(plan)s)") % {"plan": one.plan} for one in running.select_related("plan")]
    on_its_way = Delivery.objects.filter(customer=pk, state=Delivery.State.QUEUED).exists()
    return plans + ([_("a letter on its way")] if on_its_way else [])


def _forget(pk: int) -> list[str]:
    customer = Customer.objects.get(pk=pk)
    for value in filter(None, (customer.name, customer.email)):
        SavedView.objects.filter(query__contains=seal(value)).delete()
    LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Customer), object_id=str(pk)).update(
        object_repr=customer.number
    )
    Customer.objects.filter(pk=pk).update(**PERSONAL, family_name=customer.number, version=F("version") + 1)
    Household.objects.filter(pk=customer.household_id, members=None).delete()
    Note.objects.filter(customer=pk).delete()
    changes = list(Change.objects.filter(customer=pk))
    for change in changes:
        change.fields = {name: [ERASED, ERASED] for name in change.fields}
    Change.objects.bulk_update(changes, ["fields"])
    Document.objects.filter(customer=pk).update(title=ERASED, facts={}, pdf=b"")
    Delivery.objects.filter(customer=pk).update(to="", subject=ERASED, body="", headers={}, error="")
    return [customer.number, customer.email, str(customer.phone)]


def register() -> None:
    erasures.register(
        "customers",
        Part(
            _still_open,
            _forget,
            goes=gettext_lazy(
                "Name, company, e-mail, phone, address, birthday, household and consent; every note, every letter and "
                "e-mail as it was written, and what earlier versions of the details said."
            ),
            stays=gettext_lazy(
                "The customer number, since when, country, language, segment, and whether agents take special care; "
                "contracts with their prices; who wrote or changed something when."
            ),
        ),
    )
