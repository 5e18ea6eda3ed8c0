"""What forms of all rooms share."""

from collections.abc import Iterator

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class _AtOnce(ModelChoiceIterator):
    def __iter__(self) -> Iterator[tuple[object, str | Promise]]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        for row in self.queryset.all():
            yield self.choice(row)


class ShortChoiceField(forms.ModelChoiceField):
    """A choice among a handful of rows, read at once: Django's own opens a cursor on the server for them, and closes it
    again, three messages for one question."""

    iterator = _AtOnce


class VerdictForm(forms.Form):
    """A second person's word on what a colleague asked for; the verdict is the button that was pressed."""

    note = forms.CharField(label=_("Note to your colleague"), max_length=500, required=False)
