"""A customer is erased: nothing anywhere tells who it was, and everything that counts is counted as before.

`furnished` writes name, address and phone into every free text of every table that leads to a customer. A table or a
text that it does not know fails here, until it is erased with the others, or stands in `KEPT` with a reason.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from threading import Thread
from time import sleep
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import Error, connection, models, transaction
from django.urls import reverse
from psycopg.sql import SQL, Identifier

from cancellations.models import (
    Budget,
    BudgetUse,
    CancellationCase,
    Fulfilment,
    Notice,
    OfferDecision,
    OfferMove,
    PastOffer,
)
from cancellations.models import CaseMove as CallMove
from complaints import actions as complaints
from complaints import mail, surveys
from complaints import models as c
from complaints.actions.redemption import redeem
from complaints.actions.vouchers import reissue
from customers.actions import add_note, edit_customer, erase_customer
from customers.erasure import PERSONAL, Erased
from customers.models import Customer, Delivery, Document, Erasure, Household, Note
from customers.search import find
from loyalty import models as y
from loyalty.actions import enrol
from loyalty.actions.closing import set_blocked
from loyalty.actions.members import name_card, replace_card
from staff.errors import DomainError
from staff.idempotency import once
from staff.models import IdempotencyKey, SavedView, User
from staff.reports import reports
from staff.sealed import seal
from tests.cancellations.factories import CancellationCaseFactory, OfferFactory, SuggestionFactory
from tests.complaints.factories import CaseFactory, CategoryFactory, PolicyFactory, RootCauseFactory, registered
from tests.complaints.vouchers import issued
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory
from tests.loyalty.factories import ProgrammeFactory, StoreFactory, VersionFactory, member

pytestmark = pytest.mark.django_db

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


def said(model: type[models.Model], **fields: Any) -> Any:
    """A row with WORDS in every free text, and NOON at every time, that is not given."""
    words = {
        field.name: {"said": WORDS} if isinstance(field, models.JSONField) else WORDS[: field.max_length]
        for field in free_texts(model)
    }
    times = {
        field.name: NOON
        for field in model._meta.local_fields
        if isinstance(field, models.DateTimeField) and not field.null and not field.has_default()
    }
    return model._default_manager.create(**words | times | fields)


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


@pytest.fixture
def furnished(settings, tmp_path) -> Customer:
    """Somebody about whom every table has something to say, and with whom everything is settled."""
    settings.MEDIA_ROOT = tmp_path
    by, other = UserFactory(), UserFactory()
    when = {"by": by, "at": NOON}
    customer = CustomerFactory(
        given_name="Zebedia",
        family_name="Quistgard",
        company="Quistgard AB",
        email="zebedia@quistgard.example",
        phone="+46709998877",
        street="Kastanjegatan 17",
        postcode="Quistgard",
        city="Quistgard",
        birthday=date(1971, 4, 5),
        household=said(Household),
        is_vulnerable=True,
        in_debt=True,
        may_be_contacted=True,
    )
    owner = {"customer": customer}
    subscription = SubscriptionFactory(customer=customer, status="ended", ends_on=date(2026, 11, 1))
    said(Note, **owner, **when)
    edit_customer(customer.pk, version=1, given_name="Zebedia K", by=by, now=NOON)
    document = said(Document, **owner, kind="letter", pdf=b"Zebedia")
    delivery = said(Delivery, **owner, document=document, to=customer.email, state="sent")
    _calls(customer, subscription, by, other, document)
    _complaint(customer, by, other, document, delivery)
    _card(customer, by, other, delivery)
    SavedView.objects.create(user=by, page="customers", name="Mine", query=f"q={seal('Zebedia K Quistgard')}")
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Customer),
        object_id=customer.pk,
        object_repr=customer.name,
        action_flag=CHANGE,
    )
    body = {"customer": customer.number, "said": WORDS}
    said(IdempotencyKey, client=by, key="k", request_hash="h", status=201, body=body)
    customer.refresh_from_db()
    return customer


def _calls(customer: Customer, subscription: Any, by: User, other: User, document: Document) -> None:
    when = {"by": by, "at": NOON}
    call = said(
        CancellationCase,
        customer=customer,
        subscription=subscription,
        number="X-2025-00001",
        state="cancelled_effective",
        ends_on=subscription.ends_on,
        price_before=49,
        agent=by,
        noticed_at=NOON,
        closed_at=NOON,
        window_until=NOON.date(),
    )
    said(CallMove, subject=call, from_state="offering", to_state="cancelled_scheduled", **when)
    said(Notice, case=call, receipt=document)
    SuggestionFactory(case=call)
    offer = OfferFactory(case=call, by=by, state="applied", presented_at=NOON)
    said(OfferMove, subject=offer, from_state="suggested", to_state="presented", **when)
    said(
        OfferDecision,
        offer=offer,
        verdict="approved",
        amount=30,
        requested_by=by,
        decided_by=other,
        decided_at=NOON,
    )
    said(Fulfilment, offer=offer, price_before=49, price_during=39, price_after=49, starts_on=NOON.date())
    said(
        BudgetUse,
        budget=Budget.objects.create(month=date(2026, 11, 1), amount=1000),
        offer=offer,
        amount=1,
        state="consumed",
    )
    said(PastOffer, customer=customer, offered_on=date(2025, 1, 1), accepted=True, still_customer=False)


def _complaint(customer: Customer, by: User, other: User, document: Document, delivery: Delivery) -> None:
    when = {"by": by, "at": NOON}
    case = said(
        c.ComplaintCase,
        customer=customer,
        number="K-2025-00001",
        channel="letter",
        category=CategoryFactory(),
        state="closed",
        outcome="upheld",
        root_cause=RootCauseFactory(),
        responded_at=NOON,
        closed_at=NOON,
    )
    said(c.CaseMove, subject=case, from_state="responded", to_state="closed", **when)
    said(c.CaseChange, case=case, field="title", **when)
    said(c.Presence, case=case, user=by)
    said(c.Pause, case=case, ended_at=NOON)
    cycle = said(c.Cycle, case=case, number=1, ended_at=NOON)
    policy = PolicyFactory()
    clock = said(c.Clock, case=case, cycle=cycle, kind="resolution", policy=policy, target=60, met_at=LATER)
    said(c.Breach, clock=clock, policy=policy, noticed_at=LATER)
    message = said(c.Message, case=case, kind="email", direction="out", document=document, delivery=delivery, **when)
    paper = said(c.Attachment, case=case, message=message, file="", size=7)
    paper.file.save("Zebedia.png", ContentFile(b"Zebedia"))
    marks = {"outcome": 5, "process": 4, "treatment": 3}
    said(c.Survey, case=case, cycle_number=1, answered_at=NOON, **marks)
    award = said(
        c.Award,
        case=case,
        state="done",
        owed=0,
        loss=0,
        goodwill=20,
        band="within",
        explanation={"category": "faulty-product", "severity": 2, "reasons": []},
        proposed_by=by,
    )
    said(c.AwardMove, subject=award, from_state="approved", to_state="done", **when)
    asked = {"requested_by": by, "decided_by": other, "decided_at": NOON}
    said(c.AwardApproval, award=award, verdict="approved", amount=20, **asked)
    voucher = issued("20.00", customer=customer, case_pk=case.pk, by=by, note=WORDS).voucher
    remedy = said(
        c.Remedy,
        award=award,
        kind="value_voucher",
        basis="goodwill",
        state="done",
        amount=20,
        voucher=voucher,
        done_at=NOON,
    )
    said(c.RemedyMove, subject=remedy, from_state="ordered", to_state="done", **when)
    said(c.VoucherExtension, voucher=voucher, before=NOON.date(), after=LATER.date(), **when)
    said(c.Reservation, voucher=voucher, amount=5, state="released", by=by, ended_at=NOON)


def _card(customer: Customer, by: User, other: User, delivery: Delivery) -> None:
    when = {"by": by, "at": NOON}
    programme = ProgrammeFactory()
    VersionFactory(programme=programme)
    membership = member(programme, customer=customer)
    own = {"membership": membership}
    away = member(programme, customer=None)
    card = said(y.CardToken, **own, number="QUISTGARD1")
    said(y.TierChange, **own, after="Gold", rose=True)
    said(y.StatusChange, **own, after="active", by=by)
    first, second = sorted((membership, away), key=lambda one: one.pk)
    said(y.Duplicate, first=first, second=second, signs=["phone"], verdict="dismissed", by=by, at=NOON)
    said(y.Merge, source=away, target=membership, stamps=0, by=by)
    receipt = said(y.Receipt, store=StoreFactory(), business_date=NOON.date(), state="counted", **own, card=card)
    said(y.ReceiptLine, receipt=receipt, number=1)
    entry = said(y.LedgerEntry, **own, seq=1, kind="convert", stamps=-9, balance=0, key=None)
    reward = said(y.Reward, **own, convert=entry, stamps=9)
    said(y.RewardEvent, reward=reward, kind="issued", **when)
    said(y.SignalReview, **own, signal="at_once", verdict="dismissed", **when)
    asked = {"requested_by": by, "decided_by": other, "decided_at": NOON}
    said(y.StampRequest, **own, kind="goodwill", verdict="approved", amount=2, **asked)
    lapse = said(y.Lapse, **own, visits=4, gap=timedelta(7), arm="called")
    said(y.Contact, **own, lapse=lapse, outcome="reached", **when)
    campaign = y.Campaign.objects.create(
        name="Autumn", programme=programme, starts_on=NOON.date(), owner=by, author=by, budget=9, created_at=NOON
    )
    reach = said(y.Reach, campaign=campaign, customer=customer, arm="treated")
    mailing = y.Mailing.objects.create(campaign=campaign, occasion="start")
    said(y.Message, mailing=mailing, reach=reach, delivery=delivery)
    gift = y.Gift.objects.create(campaign=campaign, occasion="start", kind="stamps", amount=1)
    said(y.Given, gift=gift, reach=reach)


def erased(customer: Customer) -> Customer:
    return erase_customer(customer.pk, ground="asked", by=UserFactory(), now=LATER)


def test_every_table_about_a_customer_is_furnished(furnished):
    empty = {model._meta.label for model in about_customers() if not model._default_manager.exists()}
    assert empty == {"customers.Erasure"}
    written = told()
    silent = {
        f"{model._meta.label}.{field.name}"
        for model in about_customers()
        for field in free_texts(model)
        if f"{model._meta.db_table}.{field.column}" not in written
    }
    assert silent == {"complaints.Attachment.file"}  # a drawn name


def test_nothing_anywhere_tells_who_an_erased_customer_was(furnished, django_capture_on_commit_callbacks):
    (file,) = c.Attachment.objects.values_list("file", flat=True)
    assert default_storage.exists(file)
    with django_capture_on_commit_callbacks(execute=True):
        erased(furnished)
    assert told() == set()
    assert not SavedView.objects.exists()  # a search for the name, sealed
    assert not default_storage.exists(file)
    assert find("Zebedia Quistgard", 5) == []
    assert [one.pk for one in find(furnished.number, 5)] == [furnished.pk]
    with pytest.raises(Erased):
        erased(furnished)


def _main(page: Any) -> str:
    return page.content.decode().partition("<main")[2].partition("</main>")[0]


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
GOES = {Household, Note, c.Attachment}


def counted() -> dict[str, list[Any]]:
    """Every row about a customer, without the free texts and what CHANGES names."""
    rows = {}
    for model in about_customers() - GOES - {Erasure}:
        out = CHANGES.get(model._meta.label, set()) | {field.name for field in free_texts(model)}
        names = [field.name for field in model._meta.local_fields if field.name not in out]
        rows[model._meta.label] = list(model._default_manager.order_by("pk").values_list(*names))
    return rows


def test_what_counts_is_counted_as_before(furnished, client_as, time_machine):
    """Entries, amounts, states, dates, decisions; and every report, but that one open member is fewer."""
    time_machine.move_to(LATER, tick=False)
    client = client_as("administrator")

    def figures() -> dict[str, str]:
        pages = {report.url_name: client.get(reverse(report.url_name)) for report in reports}
        assert {page.status_code for page in pages.values()} == {200}
        return {name: re.sub(r"(\s|<[^>]*>)+", " ", _main(page)) for name, page in pages.items()}

    rows, pages = counted(), figures()
    erased(furnished)
    assert counted() == rows
    fewer = re.sub(r"(Open members \? [\w ,]+\.) 2 ", r"\1 1 ", pages["loyalty:report"])
    assert fewer != pages["loyalty:report"]
    assert figures() == pages | {"loyalty:report": fewer}
    assert y.Membership.objects.get(customer=furnished).status == "blocked"
    assert {card.status for card in y.CardToken.objects.filter(membership__customer=furnished)} == {"blocked"}
    assert y.Lapse.objects.get().state == "done"


def a_call(customer: Customer, **fields: Any) -> CancellationCase:
    subscription = SubscriptionFactory(customer=customer, status="ended", ends_on=NOON.date())
    return CancellationCaseFactory(subscription=subscription, number="X-2026-77777", **fields)


OPEN = {
    "a contract that runs (Fibre 500 + TV)": lambda customer: SubscriptionFactory(customer=customer),
    "a letter on its way": lambda customer: said(Delivery, customer=customer, to="a@example.com", state="queued"),
    "complaint K-2026-77777": lambda customer: CaseFactory(customer=customer, number="K-2026-77777"),
    "call X-2026-77777": a_call,
    "the offer accepted in X-2026-77777": lambda customer: OfferFactory(
        case=a_call(customer, state="saved_confirmed", closed_at=NOON, window_until=NOON.date(), ends_on=NOON.date()),
        state="pending_fulfilment",
        presented_at=NOON,
    ),
    "a request for stamps": lambda customer: said(
        y.StampRequest,
        membership=y.Membership.objects.get(customer=customer),
        kind="waiver",
        amount=1,
        requested_by=UserFactory(),
    ),
}


@pytest.mark.parametrize("words", OPEN)
def test_what_is_open_ends_first(furnished, words):
    OPEN[words](furnished)
    before = told()
    with pytest.raises(DomainError, match=re.escape(f"First end what is open: {words}.")):
        erased(furnished)
    assert told() == before


def test_a_voucher_stays_what_it_is_worth(db):
    """It belongs to whoever shows the code, which nobody but he or she knows."""
    customer = CustomerFactory()
    voucher = issued("20.00", customer=customer).voucher
    erased(customer)
    assert redeem(voucher.pk, amount=Decimal(5), by=UserFactory(), now=LATER).amount == -5
    voucher.refresh_from_db()
    assert (voucher.balance, voucher.state) == (15, "active")


def test_nothing_new_is_written_about_an_erased_customer(furnished):
    card, by = y.Membership.objects.get(customer=furnished), UserFactory()
    (voucher,), (case,) = c.Voucher.objects.all(), c.ComplaintCase.objects.all()
    nameless = member(ProgrammeFactory(), customer=None)
    gone, who = erased(furnished), {"by": by, "now": LATER}
    for act in (
        lambda: edit_customer(gone.pk, version=gone.version, given_name="Zebedia", **who),
        lambda: add_note(gone.pk, text=WORDS, **who),
        lambda: registered(customer=gone),
        lambda: complaints.reopen(case.pk, note=WORDS, **who),
        lambda: surveys.answer(c.Survey.objects.get().pk, outcome=1, process=1, treatment=1, comment=WORDS, now=LATER),
        lambda: issued(customer=gone),
        lambda: reissue(voucher.pk, note=WORDS, **who),
        lambda: set_blocked(card.pk, False, **who),
        lambda: replace_card(card.cards.all()[0].pk, **who),
        lambda: name_card(nameless.pk, customer_id=gone.pk, **who),
        lambda: enrol(card.programme_id, customer_id=gone.pk, **who),
    ):
        with pytest.raises(Erased):
            act()
    assert told() == set()


def test_a_file_does_not_bring_an_erased_customer_back(furnished, tmp_path):
    erased(furnished)
    file = tmp_path / "customers.csv"
    file.write_text(f"number,given_name,family_name\n{furnished.number},Zebedia,Quistgard\nC-1,Ada,Holm\n")
    call_command("import_customers", file, rejects=tmp_path / "left-out.csv")
    assert told() == set()
    assert Customer.objects.get(number="C-1").name == "Ada Holm"
    assert "erased" in (tmp_path / "left-out.csv").read_text()


def test_a_mail_from_an_erased_customer_is_a_stranger_s(furnished):
    (known,) = c.Message.objects.values_list("message_id", flat=True)
    erased(furnished)
    raw = f"From: Zebedia <zebedia@quistgard.example>\nSubject: Again\nIn-Reply-To: {known}\n\nIt is broken."
    case = mail.take(raw.encode(), now=LATER)
    assert isinstance(case, c.ComplaintCase)
    assert case.customer_id != furnished.pk


def test_words_can_be_taken_out_of_the_books_and_never_be_put_in():
    entry = issued("20.00", note="Told on the phone").voucher.entries.get()
    rows = c.VoucherEntry.objects.filter(pk=entry.pk)
    for change in ({"note": "Something else"}, {"note": ""}, {"note": "–", "amount": 30}, {"reference": "–"}):
        with pytest.raises(Error), transaction.atomic():
            rows.update(**change)
    rows.update(note="–")
    with pytest.raises(Error), transaction.atomic():
        rows.update(note="Told on the phone")
    with pytest.raises(Error), transaction.atomic():
        rows.delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second", "code"), [("write", "erase", "still_open"), ("erase", "write", "erased")])
def test_who_writes_and_who_erases_at_one_moment_wait_for_each_other(first, second, code):
    customer, refusals = CustomerFactory(), []
    acts = {"write": lambda: registered(customer=customer), "erase": lambda: erased(customer)}

    def come_second() -> None:
        try:
            acts[second]()
        except DomainError as error:
            refusals.append(error.code)
        finally:
            connection.close()

    with transaction.atomic():
        acts[first]()
        thread = Thread(target=come_second)
        thread.start()
        _until_somebody_waits()
    thread.join()
    assert refusals == [code]
    customer.refresh_from_db()
    assert (customer.erased_at is None) == (first == "write")
    assert c.ComplaintCase.objects.exists() == (first == "write")


def _until_somebody_waits() -> None:
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() is not None:
                return
        sleep(0.01)
    raise AssertionError("nobody waited")


def test_the_page_asks_for_the_number_and_says_what_goes(client_as):
    customer, client = CustomerFactory(), client_as("administrator")
    address = reverse("customers:erase", args=[customer.pk])
    page = client.get(address).content.decode()
    assert "Goes for good" in page
    wrong = client.post(address, {"ground": "asked", "number": "C-1"})
    assert wrong.status_code == 422
    assert "Nothing was erased" in wrong.content.decode()
    case = CaseFactory(customer=customer)
    refused = client.post(address, {"ground": "asked", "number": customer.number})
    assert (refused.status_code, case.number in refused.content.decode()) == (409, True)
    c.ComplaintCase.objects.update(state="withdrawn")
    done = client.post(address, {"ground": "asked", "number": f" {customer.number.lower()} "}, follow=True)
    page = done.content.decode()
    assert done.redirect_chain == [(reverse("customers:detail", args=[customer.pk]), 302)]
    assert "Erased on" in page
    assert "the customer asked for it" in page
    assert 'data-key="c"' not in page
    assert client.get(address).status_code == 409
    assert Erasure.objects.get().by == client.user


def test_pages_about_an_erased_customer_open_and_offer_nothing(furnished, client_as):
    (letter,), (case,) = Document.objects.all(), c.ComplaintCase.objects.all()
    (call,), client = CancellationCase.objects.all(), client_as("administrator")
    erased(furnished)
    for name, pk in (
        ("customers:detail", furnished.pk),
        ("complaints:case", case.pk),
        ("cancellations:case", call.pk),
        ("loyalty:member", y.Membership.objects.get(customer=furnished).pk),
        ("complaints:voucher", c.Voucher.objects.get().pk),
        ("admin:customers_customer_change", furnished.pk),
    ):
        page = client.get(reverse(name, args=[pk]))
        assert page.status_code == 200, name
        assert b"Quistgard" not in page.content
    assert client.get(reverse("customers:document", args=[letter.pk])).status_code == 404
    assert client.get(reverse("complaints:letter", args=[c.Message.objects.get().pk])).status_code == 404


def test_a_repeated_request_learns_that_its_answer_is_gone(furnished):
    body = {"complaint": "K-2025-00001", "body": WORDS}
    shop = UserFactory()
    once(shop, "k1", {}, lambda: (201, body), now=NOON)
    once(shop, "k2", {}, lambda: (201, {"complaint": "K-2"}), now=NOON)
    erased(furnished)
    status, answer = once(shop, "k1", {}, lambda: (201, "again"), now=LATER)
    assert (status, answer["code"]) == (410, "erased")
    assert once(shop, "k2", {}, lambda: (201, "again"), now=LATER) == (201, {"complaint": "K-2"})
