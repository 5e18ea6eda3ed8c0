"""Cancellation records for tests."""

from datetime import UTC, datetime
from decimal import Decimal

import factory

from cancellations import catalogue, learning, suggestions
from cancellations.models import (
    CancellationCase,
    Incentive,
    IncentiveVersion,
    Notice,
    Offer,
    Reason,
    ReasonCategory,
    Suggestion,
)
from tests.factories import SubscriptionFactory, UserFactory

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


class ReasonCategoryFactory(factory.django.DjangoModelFactory[ReasonCategory]):
    class Meta:
        model = ReasonCategory
        django_get_or_create = ("code",)

    code = "price"
    name = "Price"


class ReasonFactory(factory.django.DjangoModelFactory[Reason]):
    class Meta:
        model = Reason
        django_get_or_create = ("code",)

    category = factory.SubFactory(ReasonCategoryFactory)
    code = "price-cheaper-elsewhere"
    name = "Cheaper elsewhere"


class IncentiveFactory(factory.django.DjangoModelFactory[Incentive]):
    class Meta:
        model = Incentive
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"incentive-{n}")
    name = "Discount"
    kind = Incentive.Kind.PERCENT_OFF


class IncentiveVersionFactory(factory.django.DjangoModelFactory[IncentiveVersion]):
    """Published; `state="draft"` for one still written."""

    class Meta:
        model = IncentiveVersion

    incentive = factory.SubFactory(IncentiveFactory)
    number = 1
    state = IncentiveVersion.State.PUBLISHED
    terms = factory.LazyFunction(lambda: {"percent": "20.00", "months": 6})
    author = factory.SubFactory(UserFactory)
    publisher = factory.SubFactory(UserFactory)
    published_at = NOON


class CancellationCaseFactory(factory.django.DjangoModelFactory[CancellationCase]):
    """Opened at NOON; the state given is set as it is, without moves."""

    class Meta:
        model = CancellationCase
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"X-2026-{50_000 + n}")
    subscription = factory.SubFactory(SubscriptionFactory)
    customer = factory.SelfAttribute("subscription.customer")
    price_before = Decimal("49.90")
    opened_by = factory.SubFactory(UserFactory)
    agent = factory.SelfAttribute("opened_by")
    opened_at = NOON
    noticed_at = NOON
    touched_at = NOON

    @factory.post_generation
    def notice(self, create, extracted, **kwargs):
        if self.state != "opened":
            Notice.objects.create(case=self, received_at=self.noticed_at, by=self.agent)


class SuggestionFactory(factory.django.DjangoModelFactory[Suggestion]):
    class Meta:
        model = Suggestion

    case = factory.SubFactory(CancellationCaseFactory, state="offering")
    at = NOON


class OfferFactory(factory.django.DjangoModelFactory[Offer]):
    class Meta:
        model = Offer

    case = factory.SubFactory(CancellationCaseFactory, state="offering")
    incentive_version = factory.SubFactory(IncentiveVersionFactory)
    terms = factory.LazyFunction(lambda: {"percent": "20.00", "months": 6})
    cost = Decimal("30.00")
    gain = Decimal("21.00")
    customer_value = Decimal("200.00")
    created_at = NOON
    by = factory.SelfAttribute("case.agent")


def candidate(version, *, cost="0.00", gain="0.00", shown=True, refusals=()):
    """A row of `Suggestion.candidates` (see `cancellations.candidates`)."""
    return {
        "version": version.pk if version else None,
        "kind": version.incentive.kind if version else "none",
        "shown": shown,
        "score": float(gain),
        "gain": gain,
        "cost": cost,
        "value": "200.00",
        "accept": 0.41 if version else 0.0,
        "low": 0.33,
        "high": 0.49,
        "accepted": 39,
        "presented": 96,
        "stays": 0.75,
        "stays_without": 0.4,
        "probability": 0.5,
        "refusals": list(refusals),
    }


def fresh_process() -> None:
    """Versions, policies and models are kept in the process by key; a test's keys are not another's."""
    for kept in (catalogue._published, catalogue._policy, learning.believed, suggestions._seen):
        kept.cache_clear()
