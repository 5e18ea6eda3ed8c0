"""States written by hand: an enum, a table of moves, and a row for every move made."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from staff.erasure import append_only
from staff.errors import WrongState

if TYPE_CHECKING:
    from staff.models import User

Moves = Mapping[str, frozenset[str]]


class Stateful(models.Model):
    """A record with a `state`, its table `MOVES`, and its history under `moves` (a concrete `Move` model).

    `version` counts the moves and edits; a form carries it back, so that yesterday's form is refused.
    """

    MOVES: ClassVar[Moves] = {}

    state: Any
    moves: Any
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True

    def can_move_to(self, to: str) -> bool:
        return to in self.MOVES.get(self.state, frozenset())

    def move_to(self, *states: str, by: "User | None", at: datetime, note: str = "") -> Any:
        """Change the state, to each of `states` in turn, and append the moves; two queries, one more for each further
        state. Returns the last move. The caller holds the row's lock.

        Other fields changed on the instance are saved with it. `by` is None when the system moves.
        Raises WrongState when the table knows no such move.
        """
        moves = []
        for to in states:
            if not self.can_move_to(to):
                known = dict(self._meta.get_field("state").flatchoices)
                raise WrongState(
                    _("This is “%(state)s” now. Reload to see what happened.")
                    % {"state": known.get(self.state, self.state)}
                )
            before, self.state = self.state, to
            self.version += 1
            self.save(update_fields=["state", "version"] if moves else None)
            moves.append(self.moves.model(subject=self, from_state=before, to_state=to, by=by, at=at, note=note))
        return self.moves.bulk_create(moves)[-1]


class Move(models.Model):
    """One step in the life of a record. A concrete subclass adds `subject`, a foreign key with related_name="moves"."""

    from_state = models.CharField(_("from"), max_length=30)
    to_state = models.CharField(_("to"), max_length=30)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        abstract = True
        triggers = append_only("note")

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


def fsm(moves: Moves, name: str = "moves_only") -> pgtrigger.FSM:
    """The same table, held by the database: an UPDATE to a state it does not allow raises."""
    return pgtrigger.FSM(
        name=name,
        field="state",
        transitions=[(before, after) for before, afters in moves.items() for after in sorted(afters)],
    )
