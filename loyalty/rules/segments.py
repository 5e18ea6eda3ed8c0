"""Whom a campaign is for: typed conditions, all of which hold. Stored as a plain object, read back with a check."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

WHO = ("anyone", "members", "others")
MOST = 100_000


class SegmentError(ValueError):
    """The stored conditions are not well formed; `field` names the one."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Segment:
    """`who`: everybody, members of the campaign's programme (of any, without one), or those who are not. Days are days
    before the day of reading; `away_*` count from the last visit and, like `stamps_*`, speak of members only. Empty
    conditions hold for everybody."""

    who: str = "anyone"
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    customer_from: int | None = None
    customer_to: int | None = None
    away_from: int | None = None
    away_to: int | None = None
    stamps_from: int | None = None
    stamps_to: int | None = None
    has_contract: bool = False

    @property
    def asks_for_a_card(self) -> bool:
        """Whether some condition can hold for members only."""
        return any(v is not None for v in (self.away_from, self.away_to, self.stamps_from, self.stamps_to))

    @classmethod
    def read(cls, stored: Any) -> "Segment":
        """Raises SegmentError."""
        if not isinstance(stored, Mapping):
            raise SegmentError("who", _("must be an object."))
        known = {field.name for field in fields(cls)}
        if unknown := set(stored) - known:
            raise SegmentError("who", _("unknown word “%s”.") % sorted(unknown)[0])
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list | tuple) else value
            for name, value in stored.items()
            if value is not None
        }
        segment = cls(**given)
        segment._check()
        return segment

    def _check(self) -> None:
        if self.who not in WHO:
            raise SegmentError("who", _("must be one of %s.") % ", ".join(WHO))
        for name in ("kinds", "languages", "countries"):
            value = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(word, str) for word in value):
                raise SegmentError(name, _("must be a list of words."))
        for name in ("customer", "away", "stamps"):
            low, high = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            for end, value in (("from", low), ("to", high)):
                whole = isinstance(value, int) and not isinstance(value, bool)
                if value is not None and (not whole or not -MOST <= value <= MOST):
                    raise SegmentError(f"{name}_{end}", _("must be a whole number."))
            if low is not None and high is not None and low > high:
                raise SegmentError(f"{name}_to", _("must not be less than where it begins."))
        if not isinstance(self.has_contract, bool):
            raise SegmentError("has_contract", _("must be yes or no."))
        if self.who == "others" and self.asks_for_a_card:
            raise SegmentError("who", _("Who has no card has neither visits nor stamps: choose members."))

    def store(self) -> dict[str, Any]:
        """Only the conditions that say something."""
        empty = asdict(Segment())
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != empty[name]
        }

    def say(self, names: Mapping[str, str] | None = None) -> list[str]:
        """Each condition as a phrase, in the language in force; `names` writes codes (“plus”, “sv”) as people do."""
        written = names or {}

        def words(codes: tuple[str, ...]) -> str:
            return ", ".join(str(written.get(code, code)) for code in codes)

        said = {
            "anyone": _("every customer"),
            "members": _("members with a card"),
            "others": _("customers without a card"),
        }
        phrases = [_("members with a card") if self.asks_for_a_card else said[self.who]]
        if self.kinds:
            phrases.append(_("of segment %s") % words(self.kinds))
        if self.languages:
            phrases.append(_("who speak %s") % words(self.languages))
        if self.countries:
            phrases.append(_("in %s") % words(self.countries))
        phrases += [
            template % (ngettext("%d day", "%d days", value) % value)
            for template, value in (
                (_("customers for at least %s"), self.customer_from),
                (_("customers for at most %s"), self.customer_to),
                (_("not seen for at least %s"), self.away_from),
                (_("seen within %s"), self.away_to),
            )
            if value is not None
        ]
        phrases += [
            template % value
            for template, value in (
                (_("with %d stamps or more"), self.stamps_from),
                (_("with %d stamps or fewer"), self.stamps_to),
            )
            if value is not None
        ]
        if self.has_contract:
            phrases.append(_("with a running contract"))
        return phrases
