"""What is asked of people at the voucher desk."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.models.vouchers import VoucherState
from staff.forms import DayField


class CodeForm(forms.Form):
    """A code, typed or scanned (a scanner types and presses Enter)."""

    code = forms.CharField(
        label=_("Voucher code"),
        max_length=80,
        strip=True,
        help_text=_("Scan the QR or type the twelve characters. Large or small, with or without hyphens."),
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
                "class": "mono",
                "placeholder": "K7WP-3MXD-9TRQ",
                "data-key": "v",
            }
        ),
    )


class Keyed(forms.Form):
    """A form that has one effect however often it is sent: it carries a key drawn when it was shown."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=10,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


class RedeemForm(Keyed):
    amount = _amount(_("Amount"))
    reference = forms.CharField(
        label=_("Receipt"), max_length=80, required=False, help_text=_("The till's receipt number, if there is one.")
    )


class RedeemProductForm(Keyed):
    """A product voucher is handed in as a whole."""

    reference = RedeemForm.base_fields["reference"]


class ReverseForm(Keyed):
    amount = _amount(_("Amount to take back"))
    note = forms.CharField(label=_("Why"), max_length=400)


class ReasonForm(forms.Form):
    note = forms.CharField(label=_("Why"), max_length=400)


class ExtendForm(ReasonForm):
    valid_until = DayField(label=_("Valid until"))
    field_order = ["valid_until", "note"]


class FilterForm(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=[("", _("every state")), *VoucherState.choices], required=False)
    last_four = forms.CharField(
        label=_("Last four characters"),
        max_length=4,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 6}),
    )


class PeriodForm(forms.Form):
    """From the beginning of the first day to the end of the last."""

    first = DayField(label=_("From"))
    last = DayField(label=_("To the end of"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            self.add_error("last", _("Choose a day on or after the first."))
        return data
