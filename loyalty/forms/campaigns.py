"""What is asked of marketing about a campaign."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from loyalty.contracts import givers
from loyalty.forms.rows import DAYS
from loyalty.models import BonusWindow, Campaign, Category, Gift, Mailing, Programme, Store
from loyalty.models.campaigns import CampaignState
from loyalty.rules.mailings import VARIABLES, unknown
from staff.models import User

WHO = [
    ("anyone", _("every customer")),
    ("members", _("members with a card")),
    ("others", _("customers without a card")),
]
SEGMENT = (
    "who",
    "kinds",
    "languages",
    "countries",
    "customer_from",
    "customer_to",
    "away_from",
    "away_to",
    "stamps_from",
    "stamps_to",
    "has_contract",
)


def whole(label: Any, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=kwargs.pop("min_value", 0), max_value=36_500)


class CampaignForm(forms.ModelForm):
    """The campaign's facts, and its segment as typed conditions."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    who = forms.ChoiceField(label=_("Who"), choices=WHO, widget=forms.RadioSelect, initial="members")
    kinds = forms.MultipleChoiceField(
        label=_("Segments"), choices=Customer.Segment.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=settings.LANGUAGES, required=False, widget=forms.CheckboxSelectMultiple
    )
    countries = forms.CharField(
        label=_("Countries"), required=False, max_length=60, help_text=_("Two letters each: SE, DE.")
    )
    customer_from = whole(_("Customer for at least, days"))
    customer_to = whole(_("Customer for at most, days"))
    away_from = whole(_("Not seen for at least, days"))
    away_to = whole(_("Seen within, days"))
    stamps_from = whole(_("Stamps, at least"), min_value=-1000)
    stamps_to = whole(_("Stamps, at most"), min_value=-1000)
    has_contract = forms.BooleanField(label=_("Only with a running contract"), required=False)

    class Meta:
        model = Campaign
        fields = [
            "name",
            "about",
            "programme",
            "starts_on",
            "ends_on",
            "budget",
            "hold_out",
            "effect_days",
            "owner",
        ]
        widgets = {
            "about": forms.Textarea(attrs={"rows": 3}),
            "starts_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "ends_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is not None:
            stored = dict(instance.segment)
            stored["countries"] = ", ".join(stored.get("countries", []))
            kwargs["initial"] = {"version": instance.version} | stored | kwargs.get("initial", {})
        else:
            kwargs["initial"] = {"starts_on": timezone.localdate()} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = Programme.objects.order_by("name")
        self.fields["programme"].empty_label = _("every programme")
        self.fields["owner"].queryset = User.objects.filter(is_active=True).order_by("last_name", "username")
        if instance is not None and "who" not in instance.segment:
            self.initial["who"] = "anyone"

    def clean_countries(self) -> list[str]:
        codes = [code.upper() for code in self.cleaned_data["countries"].replace(",", " ").split()]
        if any(len(code) != 2 or not code.isalpha() for code in codes):
            raise forms.ValidationError(_("Write two letters for each country."))
        return codes

    def facts(self) -> dict[str, Any]:
        """The fields that the action takes."""
        own = {name: self.cleaned_data[name] for name in self._meta.fields}
        return own | {"segment": {name: self.cleaned_data[name] for name in SEGMENT}}


class WindowForm(forms.ModelForm):
    days = forms.MultipleChoiceField(
        label=_("On"),
        choices=DAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: every day."),
    )
    only_categories = forms.ModelMultipleChoiceField(
        Category.objects.order_by("name"),
        label=_("Only these categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    only_stores = forms.ModelMultipleChoiceField(
        Store.objects.order_by("name"),
        label=_("Only in these stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = BonusWindow
        fields = ["programme", "times", "begins", "ends"]
        widgets = {name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M") for name in ("begins", "ends")}

    field_order = ["programme", "times", "days", "begins", "ends"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial |= {
                "days": [str(day) for day in self.instance.weekdays],
                "only_categories": Category.objects.filter(code__in=self.instance.categories),
                "only_stores": Store.objects.filter(code__in=self.instance.stores),
            }

    def save(self, commit: bool = False) -> BonusWindow:
        window = super().save(commit=False)
        window.weekdays = sorted(int(day) for day in self.cleaned_data["days"])
        window.categories = sorted(category.code for category in self.cleaned_data["only_categories"])
        window.stores = sorted(store.code for store in self.cleaned_data["only_stores"])
        return window


class MailingForm(forms.ModelForm):
    class Meta:
        model = Mailing
        fields = [
            "occasion",
            "unit_cost",
            "subject_en",
            "body_en",
            "subject_sv",
            "body_sv",
            "subject_de",
            "body_de",
        ]
        widgets = {f"body_{code}": forms.Textarea(attrs={"rows": 7, "lang": code}) for code in ("en", "sv", "de")}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name, text in list(data.items()):
            if name.startswith(("subject", "body")) and text and (wrong := unknown(text)):
                self.add_error(name, _("{%s} is no variable.") % wrong[0])
        return data

    @property
    def variables(self) -> list[tuple[str, Any]]:
        return [(f"{{{name}}}", about) for name, about in VARIABLES.items()]

    def save(self, commit: bool = False) -> Mailing:
        return super().save(commit=False)


class GiftForm(forms.ModelForm):
    kind = forms.ChoiceField(label=_("Gift"))

    class Meta:
        model = Gift
        fields = ["occasion", "kind", "amount", "note", "valid_days"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(name, giver.label) for name, giver in givers.items()]

    def save(self, commit: bool = False) -> Gift:
        return super().save(commit=False)


class CampaignFilter(forms.Form):
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("all")), *CampaignState.choices])
    programme = forms.ModelChoiceField(
        Programme.objects.order_by("name"), label=_("Programme"), required=False, empty_label=_("all")
    )
    owner = forms.ChoiceField(label=_("Owner"), required=False, choices=[("", _("all")), ("me", _("me"))])


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Why"), max_length=400, required=False)
