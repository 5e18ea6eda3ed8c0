"""The merged timeline: nothing lost or shown twice between pages, whatever the sources do."""

from datetime import timedelta
from random import Random

import pytest

from customers import timeline
from customers.models import Note
from customers.timeline import Entry, Strand
from tests.conftest import NOON
from tests.factories import CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db


def told(kind):
    return lambda at, pk, facts: Entry(at, f"{kind}-{pk}", kind, facts["text"])


def notes_about(word):
    return Strand(
        lambda customer: Note.objects.filter(customer=customer, text=word), "at", {"text": "text"}, told(word)
    )


@pytest.fixture
def customer():
    return CustomerFactory()


def walk(customer, size, kind=""):
    after, seen = None, []
    while True:
        entries, more = timeline.page(customer.pk, kind=kind, after=after, size=size)
        seen += entries
        if not more:
            return seen
        after = (entries[-1].at, entries[-1].key)


@pytest.fixture
def registry(monkeypatch):
    from staff.registry import Registry

    registry = Registry()
    monkeypatch.setattr(timeline, "timeline", registry)
    return registry


@pytest.mark.parametrize("size", [1, 2, 7, 50])
@pytest.mark.parametrize("moments", [1, 3, 200])
def test_pages_hold_every_entry_once_in_order(registry, customer, size, moments):
    random, by = Random(size * moments), UserFactory()
    for word, count in {"notes": 60, "stamps": 41, "letters": 0}.items():
        registry.register(word, [notes_about(word)])
        Note.objects.bulk_create(
            Note(customer=customer, by=by, text=word, at=NOON - timedelta(hours=random.randrange(moments)))
            for _ in range(count)
        )
    CustomerFactory().notes.create(by=by, text="notes", at=NOON)
    everything = sorted(((n.at, f"{n.text}-{n.pk}") for n in customer.notes.all()), reverse=True)
    assert [(entry.at, entry.key) for entry in walk(customer, size)] == everything
    stamps = [entry.key for entry in walk(customer, size, kind="stamps")]
    assert stamps == [key for _at, key in everything if key.startswith("stamps")]


def test_all_sources_are_read_in_one_query(registry, customer, django_assert_num_queries):
    by = UserFactory()
    for word in ("notes", "stamps", "letters"):
        registry.register(word, [notes_about(word), notes_about(f"{word} too")])
    for _ in range(2):
        with django_assert_num_queries(1):
            timeline.page(customer.pk, kind="", after=(NOON, "x"), size=5)
        customer.notes.create(by=by, text="stamps too", at=NOON)


def test_an_unknown_kind_is_empty(registry, customer):
    registry.register("notes", [notes_about("notes")])
    assert timeline.page(customer.pk, kind="nothing", after=None, size=5) == ([], False)


def test_an_author_is_told_by_name_or_nobody():
    said = {"first_name": "Åsa", "last_name": "Lind", "username": "asa"}
    assert timeline.said_by(said) == "Åsa L."
    assert timeline.said_by({**said, "last_name": ""}) == "Åsa"
    assert timeline.said_by({"first_name": "", "last_name": "", "username": "till"}) == "till"
    assert timeline.said_by(dict.fromkeys(said)) == ""
