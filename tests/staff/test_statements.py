"""A kept statement gives what its queryset gives, for whatever it is asked, on whichever connection."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import Count, F, Prefetch
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from customers.models import Subscription
from staff.models import Team, User
from staff.statements import kept, prepared
from tests.factories import SubscriptionFactory, UserFactory
from tests.threads import at_once, held_up

pytestmark = pytest.mark.django_db


def of_customer(customer):
    return Subscription.objects.select_related("customer", "plan").filter(customer=customer).order_by("pk")


def test_rows_are_those_of_the_queryset_whole_with_what_they_join(django_assert_num_queries):
    ask = kept(of_customer)
    first, second = SubscriptionFactory(), SubscriptionFactory()
    third = SubscriptionFactory(customer=second.customer)
    assert ask(first.customer_id) == [first]
    with django_assert_num_queries(1):
        found = ask(second.customer_id)
        assert [(one.pk, one.customer.name, one.plan.code) for one in found] == [
            (one.pk, one.customer.name, one.plan.code) for one in (second, third)
        ]
    assert ask(-5) == []


def test_tuples_of_keys_may_have_any_length():
    ask = kept(lambda keys: User.objects.filter(pk__in=keys).order_by("pk"))
    people = [UserFactory() for _ in range(3)]
    keys = tuple(one.pk for one in people)
    assert ask(keys) == people
    assert ask((keys[1],)) == [people[1]]
    assert ask((keys[2], keys[0], keys[2])) == [people[0], people[2]]


def test_the_sql_is_written_once(monkeypatch):
    ask, written = kept(of_customer), []
    as_sql = SQLCompiler.as_sql
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda self, *args: written.append(self) or as_sql(self, *args))
    for _ in range(3):
        ask(SubscriptionFactory().customer_id)
    assert len([one for one in written if one.query.model is Subscription and one.query.select_related]) == 1


def test_unions_values_annotations_and_prefetches():
    team = Team.objects.create(name="North")
    people = [UserFactory(team=team, username=f"u{n}") for n in range(3)]

    @kept
    def names(team, person):
        mine = User.objects.filter(team=team).values_list("pk", "username")
        return mine.union(User.objects.filter(pk=person).values_list("pk", "username"), all=True)

    @kept
    def teams(team):
        members = Prefetch("members", User.objects.order_by("-username"), to_attr="people")
        return Team.objects.filter(pk=team).annotate(size=Count("members")).prefetch_related(members)

    every = [(one.pk, one.username) for one in people]
    assert sorted(names(team.pk, -1)) == every
    assert sorted(names(-1, people[1].pk)) == [every[1]]
    (found,) = teams(team.pk)
    assert (found.size, found.people) == (3, people[::-1])


def test_moments_vary_and_other_arguments_make_another_statement():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    old, new = UserFactory(last_login=at), UserFactory(last_login=at + timedelta(days=2))

    @kept
    def seen(since, active):
        return User.objects.filter(last_login__gte=since, is_active=active).values_list("pk", flat=True).order_by("pk")

    assert seen(at, True) == [old.pk, new.pk]
    assert seen(at + timedelta(days=1), True) == [new.pk]
    assert seen(at, False) == []


@pytest.mark.parametrize(
    "build",
    [
        lambda n: User.objects.order_by("pk")[: abs(n)],
        lambda n: User.objects.filter(pk=n + 1),
        lambda n: User.objects.annotate(same=F("pk")),
    ],
)
def test_an_argument_that_does_not_reach_the_sql_is_refused(build):
    with pytest.raises(TypeError, match="value 1 does not reach the SQL as it is"):
        kept(build)(3)


@pytest.mark.django_db(transaction=True)
def test_threads_ask_on_their_own_connections():
    ask = kept(of_customer)
    wanted = [SubscriptionFactory() for _ in range(4)]

    def ask_often(one):
        return {row.pk for _ in range(20) for row in ask(one.customer_id)}

    assert at_once(*(partial(ask_often, one) for one in wanted)) == [{one.pk} for one in wanted]


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_and_nowhere_else():
    lock = kept(lambda pk: User.objects.select_for_update(of=("self",)).filter(pk=pk))
    person = UserFactory()
    with transaction.atomic():
        assert lock(person.pk) == [person]
        renamed = held_up(lambda: User.objects.filter(pk=person.pk).update(first_name="Later"))
    assert renamed.result() == 1
    with pytest.raises(TransactionManagementError):
        lock(person.pk)


def prepared_now():
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def test_only_within_are_statements_prepared():
    person = UserFactory()

    def ask(keys):
        return [User.objects.get(pk=key, username=person.username) for key in keys]

    with prepared():
        assert ask([person.pk] * 5) == [person] * 5
        with pytest.raises(User.DoesNotExist):  # the plan is for any value
            ask([-5])
    [statement] = prepared_now()
    assert '"staff_user"."username" = $2' in statement
    Team.objects.create(name="Night")
    for _ in range(5):
        Team.objects.get(name="Night")
    assert prepared_now() == [statement]
