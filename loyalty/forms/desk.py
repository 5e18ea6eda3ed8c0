"""What is asked at the counter and at the desk."""

import uuid
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models import Membership, Product, Programme, Store
from loyalty.rules.earning import Line
from loyalty.terms import Terms


class Keyed(forms.Form):
    """A form with one effect however often it is sent: it carries a key drawn when it was shown."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4


def scanner(label: Any, **kwargs: Any) -> forms.CharField:
    """A card number, typed or scanned (a scanner types and presses Enter)."""
    attrs = {"autocomplete": "off", "spellcheck": "false", "class": "mono", "inputmode": "numeric"}
    return forms.CharField(
        label=label, max_length=80, widget=forms.TextInput(attrs=attrs | kwargs.pop("attrs", {})), **kwargs
    )


class FindForm(forms.Form):
    card = scanner(
        _("Card number"), help_text=_("Scan the code or type the number."), attrs={"autofocus": True, "data-key": "v"}
    )


class EnrolForm(forms.Form):
    programme = forms.ModelChoiceField(Programme.objects.none(), label=_("Programme"), empty_label=None)
    card = scanner(
        _("Card number"),
        required=False,
        help_text=_("Scan a printed card. Left empty, a new number is drawn."),
        attrs={"autofocus": True},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = Programme.objects.filter(is_open=True).order_by("name")


class Bought(forms.Form):
    """What was bought, as a person tells it: asked as far as the terms make something of it."""

    count = forms.IntegerField(label=_("Items"), min_value=1, max_value=99, initial=1)
    product = forms.ModelChoiceField(
        Product.objects.order_by("name"), label=_("Product"), required=False, empty_label=_("any")
    )
    amount = forms.DecimalField(
        label=_("Amount paid"),
        min_value=0,
        max_digits=8,
        decimal_places=2,
        required=False,
        help_text=_("Left empty: what the product costs."),
    )

    def __init__(self, *args: Any, terms: Terms | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.counts_money = terms is not None and terms.counts_money
        if not self.counts_money:
            del self.fields["amount"]
        if terms and (only := terms.counts_only):
            products, categories = only
            field = self.fields["product"]
            field.queryset = field.queryset.filter(Q(sku__in=products) | Q(category__code__in=categories))
            field.required, field.empty_label = True, None

    @property
    def line(self) -> Line:
        data = self.cleaned_data
        product, amount = data["product"], data.get("amount")
        if amount is None:
            amount = (product.price if product else 0) * data["count"]
        return Line(1, product.sku if product else "", data["count"], amount)


class StampForm(Bought, Keyed):
    store = forms.ModelChoiceField(Store.objects.filter(is_open=True).order_by("name"), label=_("Store"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["store"]
        field.choices = [(store.pk, store.name) for store in field.queryset]
        if field.choices:
            field.initial = field.choices[0][0]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        nothing_told = not data.get("product") and data.get("amount") is None
        if self.counts_money and nothing_told and "amount" not in self.errors:
            self.add_error("amount", _("Type what was paid, or choose the product."))
        return data


class SpendForm(Keyed):
    reward = forms.CharField(widget=forms.HiddenInput, max_length=120)


class GiveForm(Keyed):
    count = forms.IntegerField(label=_("Stamps"), min_value=1, max_value=100, initial=1)
    note = forms.CharField(label=_("Why"), max_length=400)


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Why"), max_length=400)


class ClaimForm(Bought):
    field_order = ("store", "business_date", "number", "count", "product", "amount")

    store = forms.ModelChoiceField(Store.objects.order_by("name"), label=_("Store"))
    business_date = forms.DateField(label=_("Day on the receipt"), widget=forms.DateInput(attrs={"type": "date"}))
    number = forms.CharField(label=_("Receipt number"), max_length=80)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["count"].label = _("Items on it")
        self.fields["count"].help_text = _("This and what follows: for a receipt that the till has not told yet.")

    def clean_business_date(self) -> Any:
        day = self.cleaned_data["business_date"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day is still to come."))
        return day

    @property
    def occurred_at(self) -> datetime:
        """Noon of the receipt's day, or now on the same day."""
        noon = timezone.make_aware(datetime.combine(self.cleaned_data["business_date"], time(12)))
        return min(noon, timezone.now())


class CardForm(forms.Form):
    lost = forms.TypedChoiceField(label=_("Which is lost"), coerce=int)
    number = scanner(_("New card number"), required=False, help_text=_("Left empty, a new number is drawn."))

    def __init__(self, *args: Any, cards: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        """`cards`: number of the record and of the card, of those that are not replaced yet."""
        super().__init__(*args, **kwargs)
        self.fields["lost"].choices = cards
        if len(cards) < 2:  # nothing to choose from
            del self.fields["lost"]


class MergeForm(forms.Form):
    card = scanner(_("The other card"), help_text=_("Its stamps, rewards and cards come here."))


class TransferForm(forms.Form):
    card = scanner(_("The right card"))
    stamps = forms.IntegerField(label=_("Stamps"), min_value=1, max_value=99, initial=1)
    note = forms.CharField(label=_("Why"), max_length=400)


class NameForm(forms.Form):
    customer = forms.CharField(label=_("Customer number"), max_length=30)


class ExtendForm(forms.Form):
    reward = forms.TypedChoiceField(label=_("Which reward"), coerce=int)
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=365, initial=14)
    note = forms.CharField(label=_("Why"), max_length=400)

    def __init__(self, *args: Any, rewards: Sequence[tuple[int, str]] = (), **kwargs: Any) -> None:
        """`rewards`: number and words of those that can be extended."""
        super().__init__(*args, **kwargs)
        self.fields["reward"].choices = rewards


class FilterForm(forms.Form):
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("all")), *Membership.Status.choices],
    )
    programme = forms.ModelChoiceField(
        Programme.objects.order_by("name"), label=_("Programme"), required=False, empty_label=_("all")
    )
