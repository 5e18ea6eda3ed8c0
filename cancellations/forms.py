"""What the cancellation desk asks of people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cancellations import terms
from cancellations.models import CancellationCase, Offer, Reason, ReasonCategory
from staff.forms import ShortChoiceField, ShortSelect, VerdictForm, words
from staff.models import Team

Mode = CancellationCase.EndMode


class ReasonForm(forms.Form):
    """Why the customer leaves. Everything may be left out."""

    reason = forms.ModelChoiceField(Reason.objects.filter(is_active=True), required=False)
    category = forms.ModelChoiceField(ReasonCategory.objects.all(), required=False)
    own_reading = forms.ModelChoiceField(
        Reason.objects.filter(is_active=True), required=False, label=_("Your own reading")
    )
    note = forms.CharField(max_length=2000, required=False, label=_("In the customer's words"))
    competitor = forms.CharField(max_length=80, required=False, label=_("Competitor"))
    version = forms.IntegerField(required=False)

    def clean(self) -> dict[str, Any]:
        """A category without a reason is kept as just that: the first tap counts already."""
        cleaned = super().clean() or {}
        if (category := cleaned.get("category")) and not cleaned.get("reason"):
            cleaned["reason"] = category.unsaid()
        return cleaned


class EndForm(forms.Form):
    """How it ends. The date counts only for “on a date”."""

    mode = forms.ChoiceField(choices=Mode, required=False)
    ends_on = forms.DateField(required=False, label=_("End date"))
    version = forms.IntegerField(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("mode") != Mode.DATE:
            cleaned["ends_on"] = None
        return cleaned


class KeepForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Why does the customer stay?"),
        widget=forms.RadioSelect,
        choices=[
            (CancellationCase.State.SAVED_PENDING, _("Convinced in this call")),
            (CancellationCase.State.RATE_RENEGOTIATED, _("Only wanted a better price, and has it")),
            (CancellationCase.State.NOTICE_WITHDRAWN, _("Takes the notice back: a misunderstanding")),
        ],
        initial=CancellationCase.State.SAVED_PENDING,
    )
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Note"), max_length=2000, required=False)


class QueueFilter(forms.Form):
    """The queue's filters, all in the address bar."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        widget=ShortSelect,
        choices=words(
            [
                ("", _("all")),
                ("open", _("open calls")),
                ("leaving", _("about to leave")),
                ("left", _("left")),
                ("watched", _("staying, watched")),
                ("stayed", _("stayed")),
            ]
        ),
    )
    whose = forms.ChoiceField(
        label=_("Whose"),
        required=False,
        widget=ShortSelect,
        choices=words([("", _("everybody's")), ("mine", _("mine"))]),
    )
    category = ShortChoiceField(
        ReasonCategory.objects.order_by("order", "pk"), label=_("Reason"), required=False, empty_label=_("any")
    )
    team = ShortChoiceField(Team.objects.order_by("name"), label=_("Team"), required=False, empty_label=_("any"))


class DecisionForm(VerdictForm):
    """A manager's word, and the terms of the offer that may be changed."""

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.term_names: list[str] = []
        for field in terms.FIELDS[offer.incentive_version.incentive.kind]:
            if field.name in terms.CHANGEABLE:
                self.term_names.append(field.name)
                self.fields[field.name] = forms.CharField(
                    label=field.label,
                    required=False,
                    initial=offer.terms.get(field.name),
                    widget=forms.TextInput(attrs={"inputmode": "decimal"}),
                )

    @property
    def changed(self) -> dict[str, str]:
        """The terms as they were sent; those left empty stay as they are."""
        return {name: self.cleaned_data[name] for name in self.term_names if self.cleaned_data.get(name)}

    @property
    def term_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.term_names]
