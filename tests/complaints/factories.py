"""Complaints for tests."""

from datetime import UTC, date, datetime, time
from io import BytesIO

import factory
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from complaints import actions
from complaints.models import (
    Calendar,
    CalendarInterval,
    Category,
    ComplaintCase,
    Policy,
    RootCause,
)
from tests.factories import CustomerFactory, UserFactory

RECEIVED = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Stockholm


class CategoryFactory(factory.django.DjangoModelFactory[Category]):
    class Meta:
        model = Category
        django_get_or_create = ("code",)

    code = "faulty-product"
    name = "Faulty product"


class RootCauseFactory(factory.django.DjangoModelFactory[RootCause]):
    class Meta:
        model = RootCause
        django_get_or_create = ("code",)

    code = "batch-defect"
    name = "Defective batch"


class CalendarFactory(factory.django.DjangoModelFactory[Calendar]):
    """Monday to Friday, 8–12 and 13–17, in Stockholm."""

    class Meta:
        model = Calendar
        django_get_or_create = ("name",)
        skip_postgeneration_save = True

    name = "Test desk"
    time_zone = "Europe/Stockholm"
    country = "SE"

    @factory.post_generation
    def intervals(self, create, extracted, **kwargs):
        for weekday in range(5):
            for opens, closes in ((time(8), time(12)), (time(13), time(17))):
                CalendarInterval.objects.get_or_create(
                    calendar=self, weekday=weekday, opens=opens, defaults={"closes": closes}
                )


class PolicyFactory(factory.django.DjangoModelFactory[Policy]):
    """First answer in 8 open hours, answer in 40, by law in 30 days."""

    class Meta:
        model = Policy
        django_get_or_create = ("category", "priority", "effective_from")

    name = "General"
    category = None
    priority = None
    calendar = factory.SubFactory(CalendarFactory)
    first_response_minutes = 8 * 60
    resolution_minutes = 40 * 60
    statutory_days = 30
    effective_from = date(2020, 1, 1)


class CaseFactory(factory.django.DjangoModelFactory[ComplaintCase]):
    """A bare row, as no action would leave it (no clocks): for tests of constraints and lists."""

    class Meta:
        model = ComplaintCase

    number = factory.Sequence(lambda n: f"K-2026-{10_000 + n}")
    customer = factory.SubFactory(CustomerFactory)
    channel = ComplaintCase.Channel.LETTER
    received_at = RECEIVED
    recorded_at = RECEIVED
    category = factory.SubFactory(CategoryFactory)
    title = "The box restarts every evening"
    happened = "Since Monday the TV box restarts at eight in the evening."
    due_at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def registered(**fields) -> ComplaintCase:
    """A complaint as the intake leaves it, received on Monday at ten."""
    PolicyFactory()
    customer = fields.pop("customer", None) or CustomerFactory()
    values = {
        "channel": "letter",
        "received_at": RECEIVED,
        "category_id": CategoryFactory().pk,
        "title": "The box restarts every evening",
        "happened": "Since Monday the TV box restarts at eight in the evening.",
        "wanted": "A new box.",
        "severity": 2,
        "by": None,
        "now": RECEIVED,
    }
    return actions.register(customer_id=customer.pk, **(values | fields))


def asked(case: ComplaintCase, **fields) -> ComplaintCase:
    """The customer is asked by letter which box it is."""
    values = {"kind": "letter", "subject": "Which box?", "body": "What does the label say?", "version": case.version}
    return actions.ask_customer(case.pk, **values | {"by": UserFactory()} | fields)


def put_right(case: ComplaintCase, **fields) -> ComplaintCase:
    """A new box is handed over at the counter."""
    values = {"outcome": "upheld", "root_cause": RootCauseFactory(), "fault": "ours", "note": "New box handed over."}
    return actions.resolve_on_contact(case.pk, **values | {"version": case.version, "by": UserFactory()} | fields)


def png() -> SimpleUploadedFile:
    """A scan."""
    picture = BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    return SimpleUploadedFile("brev ☂.png", picture.getvalue(), content_type="application/x-anything")
