"""A letter to send, to open, to find on the timeline."""

from customers import letters
from customers.models import Customer, Document
from tests.conftest import NOON


def a_letter(customer: Customer, title: str = "Receipt") -> Document:
    words = {"language": "sv", "company": "Kvar", "title": title, "footer": "", "number": "X-1"}
    return letters.keep(
        customer,
        kind="receipt",
        title=title,
        language="sv",
        template="cancellations/letter.typ",
        facts=words | {name: [] for name in ("address", "intro", "rows", "closing")},
        now=NOON,
    )
