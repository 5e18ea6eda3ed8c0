"""The navigation's contract: an app registers where it can be entered and who may."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Protocol

from django.urls import reverse
from django.utils.functional import Promise

from staff.models import User
from staff.registry import Registry


@dataclass(frozen=True)
class Entrance:
    """A line in the navigation. `count` (one query, or none) gives the number in its badge; `order` its place.

    An empty permission means: every member of staff. An `inner` one stands below the
    main entrance of its app, or for itself where that is closed to a person.
    """

    label: str | Promise
    url_name: str
    icon: str  # a lucide icon
    permission: str
    order: int
    count: Callable[[User], int] | None = None
    inner: bool = False

    @property
    def counts(self) -> bool:
        return self.count is not None

    @property
    def app(self) -> str:
        return self.url_name.partition(":")[0]

    @cached_property
    def outer(self) -> "Entrance":
        return replace(self, inner=False)

    @cached_property
    def url(self) -> str:
        return reverse(self.url_name)


navigation: Registry[Entrance] = Registry()


def entrances(user: User) -> tuple[Entrance, ...]:
    """What this person may open, in order; no query beyond the cached permissions."""
    offered = [e for e in navigation if not e.permission or user.has_perm(e.permission)]
    main = {e.app for e in offered if not e.inner}
    return tuple(sorted((e if e.app in main else e.outer for e in offered), key=lambda e: e.order))


def current(path: str, offered: Sequence[Entrance]) -> Entrance | None:
    """The entrance this address lies behind: the longest that it begins with."""
    home = reverse("home")
    behind = [e for e in offered if path == e.url or (e.url != home and path.startswith(e.url))]
    return max(behind, key=lambda e: len(e.url), default=None)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A piece of work this person left in the middle: shown on top of every page until it is finished."""

    label: str | Promise
    name: str
    url: str
    since: datetime


class UnfinishedSource(Protocol):
    def __call__(self, user: User) -> Unfinished | None:
        """The latest unfinished work of `user` in this app. One query."""


unfinished: Registry[UnfinishedSource] = Registry()
