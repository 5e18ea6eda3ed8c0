"""Records for tests: staff and customers here, each app's own in tests/<app>/factories.py."""

from datetime import date
from decimal import Decimal

import factory
from django.contrib.auth.models import Group

from config.roles import STAFF_ROLES
from customers.models import Customer, Household, Plan, Subscription
from staff.models import AuthorityLimit, Team, User


class TeamFactory(factory.django.DjangoModelFactory[Team]):
    class Meta:
        model = Team
        django_get_or_create = ("name",)

    name = "North"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """`UserFactory(role="agent")`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    first_name = "Åsa"
    last_name = factory.Sequence(lambda n: f"Lindqvist{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")

    @factory.post_generation
    def role(self, create, extracted, **kwargs):
        if extracted:
            self.groups.add(Group.objects.get(name=extracted))
            self.is_staff = extracted in STAFF_ROLES
            self.is_superuser = extracted == "administrator"
            self.save()


class AuthorityLimitFactory(factory.django.DjangoModelFactory[AuthorityLimit]):
    class Meta:
        model = AuthorityLimit

    per_case = Decimal(40)
    per_customer_year = Decimal(100)
    per_agent_day = Decimal(400)


class HouseholdFactory(factory.django.DjangoModelFactory[Household]):
    class Meta:
        model = Household


class CustomerFactory(factory.django.DjangoModelFactory[Customer]):
    class Meta:
        model = Customer

    number = factory.Sequence(lambda n: f"C-{100_000 + n}")
    given_name = "Henrik"
    family_name = "Svensson"
    email = factory.LazyAttribute(lambda customer: f"{customer.number.lower()}@example.com")
    phone = "+46701234567"
    language = "sv"
    city = "Göteborg"
    customer_since = date(2019, 3, 1)


class PlanFactory(factory.django.DjangoModelFactory[Plan]):
    class Meta:
        model = Plan
        django_get_or_create = ("code",)

    code = "fibre-500"
    name = "Fibre 500 + TV"
    monthly_price = Decimal("49.90")
    monthly_margin = Decimal("20.00")


class SubscriptionFactory(factory.django.DjangoModelFactory[Subscription]):
    class Meta:
        model = Subscription

    customer = factory.SubFactory(CustomerFactory)
    plan = factory.SubFactory(PlanFactory)
    monthly_price = Decimal("49.90")
    monthly_margin = Decimal("20.00")
    started_on = date(2019, 3, 1)
