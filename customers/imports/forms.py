"""The two questions of an import in the admin: which file, and which column is which field."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.imports.mapping import (
    CUSTOMER_FIELDS,
    MAPPINGS,
    SUBSCRIPTION_FIELDS,
    Columns,
    bind,
    by_place,
    guess,
    known_mappings,
    read_mapping,
)
from customers.imports.reader import Table, Unreadable, open_table
from customers.models import Customer, Subscription

MEGABYTE = 1 << 20
LARGEST = 20 * MEGABYTE
MOST_COLUMNS = 200
BY_COLUMN = "columns"
_OWN_LABELS = {
    "full_name": _("full name"),
    "contract_months": _("contract in months"),
    "ended_on": _("ended on"),
}


def open_sent(file: BinaryIO) -> Table:
    """A table judged by its content: whatever it is called, what is packed like a spreadsheet is read as one."""
    packed = file.read(4) == b"PK\x03\x04"
    file.seek(0)
    return open_table(file, "table.xlsx" if packed else "table.csv")


def label(name: str) -> str:
    """What people call a field of ours."""
    if name in _OWN_LABELS:
        return capfirst(_OWN_LABELS[name])
    for model in (Customer, Subscription):
        try:
            return capfirst(model._meta.get_field(name).verbose_name)
        except FieldDoesNotExist:
            continue
    return name


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV (UTF-8, UTF-16, Windows-1252 or Latin-1; comma, semicolon or tab) or XLSX, with the columns' names in"
            " the first row; at most 20 MB. Nothing is changed before you have seen what would be."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )

    def clean_file(self) -> UploadedFile:
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST:
            raise forms.ValidationError(
                _("The file is larger than 20 MB. Part it, or have it imported by the command import_customers.")
            )
        try:
            table = open_sent(BytesIO(sent.read()))
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        if len(table.header) > MOST_COLUMNS:
            raise forms.ValidationError(_("The file has more than 200 columns."))
        sent.seek(0)
        return sent


class ColumnsForm(forms.Form):
    """Which column is which field. Valid, its `columns` are what `load` takes; unsent, it stands on the guess."""

    columns: Columns

    def __init__(self, data: Mapping[str, Any], header: Sequence[str], samples: Sequence[Sequence[str]]) -> None:
        self.header, self.samples = header, samples
        super().__init__(data if "mapping" in data else guessed(header))
        self.fields["mapping"] = forms.ChoiceField(
            label=_("Mapping"),
            choices=[(BY_COLUMN, _("Column by column, as chosen below")), *((name, name) for name in known_mappings())],
            help_text=_("A mapping that comes along knows all columns of its kind of file by itself."),
        )
        choices = [
            ("", _("(not imported)")),
            (_("Customer"), [(name, label(name)) for name in CUSTOMER_FIELDS]),
            (_("Subscription"), [(name, label(name)) for name in SUBSCRIPTION_FIELDS]),
        ]
        for place, column in enumerate(header):
            name = column or gettext("column %(place)s") % {"place": place + 1}
            self.fields[_at(place)] = forms.ChoiceField(label=name, choices=choices, required=False)
            self.fields[_at(place)].widget.attrs["aria-label"] = name

    def rows(self) -> Iterator[tuple[forms.BoundField, list[str]]]:
        """Each column's field, with the first rows' cells."""
        for place in range(len(self.header)):
            yield self[_at(place)], [row[place][:60] if place < len(row) else "" for row in self.samples]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if "mapping" not in said:
            return said
        try:
            if said["mapping"] == BY_COLUMN:
                self.columns = by_place(self.header, self._chosen(said))
            else:
                self.columns = bind(self.header, read_mapping(MAPPINGS / f"{said['mapping']}.toml"))
        except Unreadable as error:
            self.add_error("mapping", str(error))
        return said

    def _chosen(self, said: Mapping[str, str]) -> dict[int, str]:
        chosen: dict[int, str] = {}
        for place in range(len(self.header)):
            name = said.get(_at(place))
            if name and name in chosen.values():
                self.add_error(_at(place), _("Another column is this field already."))
            elif name:
                chosen[place] = name
        return chosen


def guessed(header: Sequence[str]) -> dict[str, str]:
    """A mapping that comes along and finds all its columns, else each column by its name."""
    by_name = {_at(place): name for place, name in guess(header).items()}
    for name in known_mappings():
        try:
            bind(header, read_mapping(MAPPINGS / f"{name}.toml"))
        except Unreadable:
            continue
        return by_name | {"mapping": name}
    return by_name | {"mapping": BY_COLUMN}


def _at(place: int) -> str:
    return f"column_{place}"
