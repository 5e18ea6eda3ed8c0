"""What forms of all rooms share."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.forms.models import ModelChoiceIterator
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


class _AtOnce(ModelChoiceIterator):
    def __iter__(self) -> Iterator[tuple[object, str | Promise]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for row in self.queryset.all():
            yield self.choice(row)


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
    """A choice among a handful of rows, read at once: Django's own opens a cursor on the server for them, and closes it
    again, three messages for one question."""

    iterator = _AtOnce
    widget = ShortSelect


class DayField(forms.DateField):
    """A day, picked from the browser's calendar. The very last is refused: reports reckon with the day after it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(validators=[MaxValueValidator(date(2999, 12, 31))], **kwargs)


class VerdictForm(forms.Form):
    """A second person's word on what a colleague asked for; the verdict is the button that was pressed."""

    note = forms.CharField(label=_("Note to your colleague"), max_length=500, required=False)
