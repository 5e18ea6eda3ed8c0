"""The home page's contract: an app answers what this person should know or do first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from staff.models import User
from staff.registry import Registry


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    url: str
    detail: str = ""
    tone: str = ""  # "", "green", "amber", "red"


@dataclass(frozen=True, slots=True)
class Panel:
    title: str | Promise
    url: str
    lines: Sequence[Line] = field(default_factory=list)
    empty: str | Promise = ""


class Source(Protocol):
    def __call__(self, user: User, now: datetime) -> Panel | None:
        """This app's panel for `user`, or None when it has nothing for this role. At most two queries."""


home: Registry[Source] = Registry()
