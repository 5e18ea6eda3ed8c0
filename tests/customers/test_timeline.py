"""The merged timeline: nothing lost or shown twice between pages, whatever the sources do."""

from datetime import timedelta
from random import Random

import pytest

from customers import timeline
from customers.timeline import Entry
from tests.conftest import NOON


def source_of(entries):
    """A source as the contract has it, over entries whose own order among equals is not the key's."""
    newest_first = sorted(entries, key=lambda entry: entry.at, reverse=True)

    def source(customer_id, before, limit):
        return [entry for entry in newest_first if before is None or entry.at <= before][:limit]

    return source


def walk(size, kind=""):
    after, seen = None, []
    while True:
        entries, more = timeline.page(1, kind=kind, after=after, size=size)
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
def test_pages_hold_every_entry_once_in_order(registry, size, moments):
    random = Random(size * moments)
    entries = {
        name: [Entry(NOON - timedelta(hours=random.randrange(moments)), f"{name}-{n}", name, "") for n in range(count)]
        for name, count in {"notes": 60, "stamps": 41, "letters": 0}.items()
    }
    for name, rows in entries.items():
        random.shuffle(rows)
        registry.register(name, source_of(rows))
    everything = sorted(
        (entry for rows in entries.values() for entry in rows), key=lambda entry: (entry.at, entry.key), reverse=True
    )
    assert walk(size) == everything
    assert walk(size, kind="stamps") == [entry for entry in everything if entry.kind == "stamps"]


def test_an_unknown_kind_is_empty(registry):
    registry.register("notes", source_of([Entry(NOON, "note-1", "notes", "")]))
    assert timeline.page(1, kind="nothing", after=None, size=5) == ([], False)
