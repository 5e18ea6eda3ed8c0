"""The navigation's contract: an app registers where it can be entered and who may."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.functional import Promise

from staff.models import User
from staff.registry import Registry


@dataclass(frozen=True)
class Entrance:
    """A line in the navigation. `count` (one query, or none) gives the number in its badge; `order` its place."""

    label: str | Promise
    url_name: str
    icon: str  # a lucide icon
    permission: str
    order: int
    count: Callable[[User], int] | None = None

    @cached_property
    def url(self) -> str:
        return reverse(self.url_name)


navigation: Registry[Entrance] = Registry()


def entrances(user: User) -> list[Entrance]:
    """What this person may open, in order; no query beyond the cached permissions."""
    return sorted((e for e in navigation if user.has_perm(e.permission)), key=lambda e: e.order)
