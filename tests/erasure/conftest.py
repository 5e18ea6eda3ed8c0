"""The furnished customer."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import models

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
from complaints import models as c
from customers.actions import edit_customer, erase_customer
from customers.models import Customer, Delivery, Document, Household, Note
from loyalty import models as y
from staff.models import IdempotencyKey, SavedView, User
from staff.sealed import seal
from tests.cancellations.factories import OfferFactory, SuggestionFactory
from tests.complaints.factories import CategoryFactory, PolicyFactory, RootCauseFactory
from tests.complaints.vouchers import issued
from tests.conftest import NOON
from tests.erasure.tables import LATER, WORDS, free_texts
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory
from tests.loyalty.factories import ProgrammeFactory, StoreFactory, VersionFactory, member


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
