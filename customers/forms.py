"""What is asked of people about a customer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.actions import EDITABLE, stale
from customers.models import Customer, Erasure, Note
from staff.sealed import SealedInput


class Versioned(forms.ModelForm):
    """A form on a customer that carries the version it was opened at, in the field `carried`."""

    carried = "version"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.carried].initial = self.instance.version if self.instance.pk else None

    def catch_up(self, current: Customer) -> None:
        """Keep what was typed, say at each field what the record holds now, and let the next save go through."""
        for name in EDITABLE:
            now = getattr(current, name)
            if self.cleaned_data.get(name) != now:
                shown = _("yes") if now is True else _("no") if now is False else now or "–"
                self.add_error(name, _("The record holds now: %(value)s") % {"value": shown})
        self.data = self.data.copy()
        self.data[self.carried] = str(current.version)


class CustomerForm(Versioned):
    """A customer's details."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Customer
        fields = EDITABLE
        widgets = {
            "birthday": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "customer_since": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
            "household": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["household"].help_text = _("The number of the household, if it has one.")
        self.fields["phone"].help_text = _("With country code, or a number of this country.")

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(name) for name in ("given_name", "family_name", "company")):
            self.add_error("family_name", _("Give a name: a person's or a company's."))
        return cleaned

    def validate_constraints(self) -> None:
        """Not here: the one constraint, a name, is said at its field by `clean`."""

    @property
    def details(self) -> dict[str, Any]:
        """The cleaned fields that an action takes."""
        return {name: self.cleaned_data[name] for name in EDITABLE}


class AdminForm(Versioned):
    """The same in the admin: two people on one record, and the second is told before anything is saved."""

    carried = "seen_version"  # the model's own `version` may not stand in a form
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        version = cleaned.get(self.carried)
        current = Customer.objects.select_related("household").filter(pk=self.instance.pk).first()
        if current and version is not None and version != current.version:
            self.add_error(None, stale(current, version))
            self.catch_up(current)
        return cleaned


class NewCustomerForm(CustomerForm):
    number = forms.CharField(
        label=_("customer number"),
        max_length=30,
        required=False,
        help_text=_("Leave empty to draw the next free one."),
    )

    def clean_number(self) -> str:
        number = self.cleaned_data["number"].strip()
        if number and Customer.objects.filter(number=number).exists():
            raise forms.ValidationError(_("There is a customer with this number already."))
        return number


class NoteForm(forms.ModelForm):
    class Meta:
        model = Note
        fields = ["text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 5})}


class EraseForm(forms.Form):
    """What cannot be undone is asked for by typing whom it is about."""

    ground = forms.ChoiceField(label=_("Why"), choices=[("", "–"), *Erasure.Ground.choices])
    number = forms.CharField(max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = number
        self.fields["number"].label = _("Type the customer number, %(number)s") % {"number": number}

    def clean_number(self) -> str:
        number = self.cleaned_data["number"].strip()
        if number.casefold() != self.wanted.casefold():
            raise forms.ValidationError(_("This is another number. Nothing was erased."))
        return number


class CustomerFilter(forms.Form):
    """The list's filters, as they stand in the address."""

    q = forms.CharField(label=_("Find"), required=False, widget=SealedInput)
    segment = forms.ChoiceField(
        label=_("Segment"), required=False, choices=[("", _("every segment")), *Customer.Segment.choices]
    )
