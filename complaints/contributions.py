"""What compensation adds to casework, without casework knowing it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from complaints.models import ComplaintCase
from staff.models import User
from staff.registry import Registry


class OpenRemedies(Protocol):
    def __call__(self, case_id: int) -> Sequence[str]:
        """The remedies of this case that have not ended, each in words; none lets it close. One query."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A card on the casework page: `template` is drawn with `context`."""

    template: str
    context: Mapping[str, Any]


class PanelSource(Protocol):
    def __call__(self, case: ComplaintCase, user: User, now: datetime) -> Panel | None:
        """This room's card for the case, None when `user` may not see it. At most three queries."""


class Variables(Protocol):
    def __call__(self, case: ComplaintCase, language: str) -> Mapping[str, str]:
        """Values of template variables this room knows, ready to print ("remedies": "a free router"). One query."""


open_remedies: Registry[OpenRemedies] = Registry()
panels: Registry[PanelSource] = Registry()
letter_variables: Registry[Variables] = Registry()
