"""The search field's contract: each app answers what it finds, and one list shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from django.utils.translation import gettext as _

from staff.models import User
from staff.navigation import entrances
from staff.registry import Registry

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of the search field. `exact` (a number typed in full) goes before all that is only similar."""

    title: str
    url: str
    detail: str = ""
    icon: str = "user"
    exact: bool = False


class SearchSource(Protocol):
    def __call__(self, user: User, text: str, limit: int) -> Sequence[Hit]:
        """What this app finds, best first, if `user` may see it. One indexed query, none when the text cannot fit."""


search: Registry[SearchSource] = Registry()


def found(user: User, text: str) -> list[Hit]:
    """At most SHOWN answers of all sources, exact ones first, else in the sources' order; one query a source."""
    text = " ".join(text.replace("\x00", "").split())
    if not text:
        return []
    hits = [hit for source in search for hit in islice(source(user, text, SHOWN), SHOWN)]
    return sorted(hits, key=lambda hit: not hit.exact)[:SHOWN]


def pages(user: User, text: str, limit: int) -> list[Hit]:
    """The pages in the navigation whose name begins with the text."""
    wanted = text.casefold()
    return [
        Hit(title=str(entrance.label), url=entrance.url, detail=_("Page"), icon=entrance.icon)
        for entrance in entrances(user)
        if len(wanted) > 1 and str(entrance.label).casefold().startswith(wanted)
    ][:limit]
