"""What the database holds about a customer: texts that go, texts that stay and why, and the rest, which counts."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models
from psycopg.sql import SQL, Identifier

from complaints.models import Attachment
from customers.erasure import PERSONAL
from customers.models import Customer, Erasure, Household, Note
from tests.conftest import NOON

WORDS = "Zebedia Quistgard, Kastanjegatan 17, zebedia@quistgard.example, +46709998877"
# As written, as the search turns a phone number round, and as bytes are shown.
NEEDLES = ["zebedia", "quistgard", "kastanjegatan", "709998877", "7788999", b"Zebedia".hex()]
LATER = NOON + timedelta(days=1)

# Texts about a customer that stay as they are: codes, numbers and names of things, which no person writes freely.
KEPT = {
    "the company's own numbers and the names of what it sells and measures": {
        "customers.Customer": {"number", "country"},
        "customers.Document": {"kind", "language", "template", "sha256"},
        "cancellations.CancellationCase": {"number", "competitor", "referred_to"},
        "cancellations.Suggestion": {"features", "candidates", "parameters", "vector", "model_version"},
        "cancellations.Offer": {"terms", "explanation"},
        "cancellations.OfferDecision": {"terms_before", "terms_after"},
        "cancellations.PastOffer": {"offer"},
        "complaints.ComplaintCase": {"number", "product"},
        "complaints.CaseChange": {"field"},
        "complaints.Award": {"explanation"},
        "complaints.Message": {"language"},
        "complaints.Voucher": {"product", "fingerprint", "last_four"},
        "loyalty.Membership": {"tier"},
        "loyalty.TierChange": {"before", "after"},
        "loyalty.Merge": {"rewards"},
        "loyalty.Receipt": {"source", "number", "cashier", "trace", "body_hash", "original_key"},
        "loyalty.ReceiptLine": {"sku"},
        "loyalty.LedgerEntry": {"rule", "key"},
        "loyalty.Reward": {"name"},
        "loyalty.SignalReview": {"signal", "evidence"},
    },
    "what a till or a shop calls its own sale: the voucher's books": {
        "complaints.VoucherEntry": {"reference", "request_hash", "key"},
        "complaints.Reservation": {"reference"},
    },
    "states": {
        f"{app}.{name}": {"from_state", "to_state"}
        for app, name in [
            ("cancellations", "CaseMove"),
            ("cancellations", "OfferMove"),
            ("complaints", "CaseMove"),
            ("complaints", "AwardMove"),
            ("complaints", "RemedyMove"),
        ]
    },
}
LEFT = {
    label: {name for kept in KEPT.values() for name in kept.get(label, ())} for kept in KEPT.values() for label in kept
}
# What leads to a customer only by way of something that belongs to many.
SHARED = {"User", "Programme", "ProgrammeVersion", "Store", "Campaign", "Matrix", "Policy", "Category", "Budget"}


@cache
def about_customers() -> frozenset[type[models.Model]]:
    """Every model whose rows lead to one customer."""
    found: set[type[models.Model]] = {Customer, Household}
    while True:
        more = {
            model
            for model in apps.get_models()
            if model.__name__ not in SHARED
            and any(field.is_relation and field.related_model in found for field in model._meta.local_fields)
        }
        if more <= found:
            return frozenset(found)
        found |= more


def free_texts(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """The fields into which somebody may write anything."""
    text = (models.CharField, models.TextField, models.JSONField, models.FileField)
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, text) and not field.choices and field.name not in LEFT.get(model._meta.label, ())
    ]


def texts_in_the_database() -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t"
            " USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND"
            " data_type IN ('text', 'character varying', 'character', 'json', 'jsonb', 'tsvector', 'ARRAY', 'bytea')"
        )
        yield from cursor.fetchall()


def told() -> set[str]:
    """Every column of the database in which one of NEEDLES stands."""
    found = set()
    asked = SQL("SELECT EXISTS (SELECT FROM {} WHERE {}::text ILIKE ANY(%s))")
    for table, column in list(texts_in_the_database()):
        with connection.cursor() as cursor:
            cursor.execute(asked.format(Identifier(table), Identifier(column)), [[f"%{one}%" for one in NEEDLES]])
            if cursor.fetchone() == (True,):
                found.add(f"{table}.{column}")
    return found


CHANGES = {
    "customers.Customer": {*PERSONAL, "family_name", "version", "erased_at"},
    "customers.Document": {"pdf"},
    "complaints.ComplaintCase": {"version", "search"},
    "complaints.Message": {"search"},
    "loyalty.Membership": {"status"},
    "loyalty.CardToken": {"status"},
    "loyalty.Reach": {"handled_at"},
    "loyalty.Lapse": {"state"},
}
GOES = {Household, Note, Attachment}


def counted() -> dict[str, list[Any]]:
    """Every row about a customer, without the free texts and what CHANGES names."""
    rows = {}
    for model in about_customers() - GOES - {Erasure}:
        out = CHANGES.get(model._meta.label, set()) | {field.name for field in free_texts(model)}
        names = [field.name for field in model._meta.local_fields if field.name not in out]
        rows[model._meta.label] = list(model._default_manager.order_by("pk").values_list(*names))
    return rows
