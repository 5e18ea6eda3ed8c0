"""What forms of all rooms share."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db.models import Model
from django.forms.models import ModelChoiceIterator
from django.utils.functional import Promise, cached_property
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

Choice = tuple[Any, str | Promise]


def words(choices: Iterable[Choice]) -> Callable[[], tuple[tuple[str, str], ...]]:
    """Choices whose labels are translated once for each language, not once for each page that offers them."""
    choices = tuple(choices)

    @cache
    def said(language: str | None) -> tuple[tuple[str, str], ...]:
        return tuple((str(value), str(label)) for value, label in choices)

    return lambda: said(get_language())


class _AtOnce(ModelChoiceIterator):
    def __iter__(self) -> Iterator[Choice]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        if self.field.pairs:
            yield from self.field.pairs()
        else:
            yield from map(self.choice, self.field.rows)


class ShortSelect(forms.Select):
    """A select without groups that looks the same for everybody: drawn once for each answer and words."""

    def render(self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: Any = None) -> SafeString:
        options = tuple((str(key), str(label)) for key, label in self.choices)
        looks = tuple((self.attrs | dict(attrs or {})).items())
        return _select(name, "" if value is None else str(value), looks, options)


@lru_cache(maxsize=512)
def _select(
    name: str, value: str, looks: tuple[tuple[str, Any], ...], options: tuple[tuple[str, str], ...]
) -> SafeString:
    return forms.Select(dict(looks), options).render(name, value)


class ShortChoiceField(forms.ModelChoiceField):
    """A choice among a handful of rows, read once for each form: Django's own opens a cursor on the server for them,
    closes it again, and asks anew for the one that was chosen. `pairs` reads keys and labels in a quicker way than by
    the queryset."""

    iterator = _AtOnce
    widget = ShortSelect

    def __init__(self, *args: Any, pairs: Callable[[], Iterable[Choice]] | None = None, **kwargs: Any) -> None:
        self.pairs = pairs
        super().__init__(*args, **kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "ShortChoiceField":
        copied: ShortChoiceField = super().__deepcopy__(memo)
        copied.__dict__.pop("rows", None)  # of another form, perhaps of yesterday
        return copied

    @cached_property
    def rows(self) -> list[Model]:
        return list(self.queryset.all())

    def to_python(self, value: Any) -> Model | None:
        if self.pairs or value in self.empty_values:
            return super().to_python(value)
        chosen = value if isinstance(value, Model) else next((r for r in self.rows if str(r.pk) == str(value)), None)
        if chosen is None:
            raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": value})
        return chosen


class DayField(forms.DateField):
    """A day, picked from the browser's calendar. The very last is refused: reports reckon with the day after it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(validators=[MaxValueValidator(date(2999, 12, 31))], **kwargs)


class VerdictForm(forms.Form):
    """A second person's word on what a colleague asked for; the verdict is the button that was pressed."""

    note = forms.CharField(label=_("Note to your colleague"), max_length=500, required=False)
