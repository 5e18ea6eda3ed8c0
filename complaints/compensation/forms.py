"""What is asked of people who propose, decide on and carry out compensation, and who write the guidance."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.actions import matrix
from complaints.compensation.rules import Terms, Wish
from complaints.models import Award, Category, ComplaintCase, Matrix, MatrixCell, Remedy
from complaints.models.compensation import Basis
from complaints.models.guidance import RemedyKind
from staff.forms import DayField, ShortSelect, VerdictForm, words

ROWS = 4


def money(label: Any, **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=10,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 8}),
        **kwargs,
    )


class WishForm(forms.Form):
    """One remedy of the proposal; a row without a kind is left out."""

    kind = forms.ChoiceField(
        label=_("Remedy"), choices=words([("", "–"), *RemedyKind.choices]), required=False, widget=ShortSelect
    )
    basis = forms.ChoiceField(
        label=_("For"), choices=words([("", "–"), *Basis.choices]), required=False, widget=ShortSelect
    )
    amount = money(_("Amount"), required=False)
    what = forms.CharField(label=_("What exactly"), max_length=120, required=False)
    stamps = forms.IntegerField(label=_("Stamps"), min_value=1, max_value=100, required=False)

    @property
    def is_further(self) -> bool:
        """Beyond what a proposal starts with: folded until it is wanted."""
        return not self.initial

    def wish(self) -> Wish | None:
        data = self.cleaned_data
        if not data.get("kind"):
            return None
        is_apology = data["kind"] == RemedyKind.APOLOGY
        return Wish(
            data["kind"],
            data.get("basis") or (Basis.APOLOGY if is_apology else Basis.GOODWILL),
            data.get("amount") or Decimal(0),
            data.get("what", ""),
            data.get("stamps"),
        )


WishFormSet = forms.formset_factory(WishForm, extra=0, min_num=ROWS, max_num=ROWS, absolute_max=ROWS)


Start = tuple[tuple[tuple[str, Any], ...], ...]  # of each row its fields with their values; hashable


def start(guided: Decimal | None, preferred: Sequence[str], product: str) -> Start:
    """The rows a proposal starts with: the preferred kind with the guided goodwill, and an apology."""
    first = preferred[0] if preferred else RemedyKind.VALUE_VOUCHER
    rows: list[dict[str, Any]] = []
    if guided and first != RemedyKind.APOLOGY:
        what = product if first == RemedyKind.PRODUCT_VOUCHER else ""
        rows.append({"kind": first, "basis": Basis.GOODWILL, "amount": guided, "what": what})
    rows.append({"kind": RemedyKind.APOLOGY, "basis": Basis.APOLOGY})
    return tuple(tuple(row.items()) for row in rows + [{}] * (ROWS - len(rows)))


def wishes(start: Start, data: Mapping[str, Any] | None = None) -> forms.BaseFormSet:
    return WishFormSet(data, prefix="remedy", initial=[dict(row) for row in start])


class ProposalForm(forms.Form):
    deviation = forms.CharField(
        label=_("Why other than the guidance"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    voucher_for_owed = forms.BooleanField(
        label=_("The customer agreed to a voucher, stamps or a gift for what is owed"), required=False
    )
    consent = forms.CharField(
        label=_("How the customer agreed"), max_length=200, required=False, help_text=_("“On the phone, 18 November.”")
    )

    def terms(self, rows: Sequence[WishForm]) -> Terms:
        return Terms(
            [wish for row in rows if (wish := row.wish())],
            self.cleaned_data["voucher_for_owed"],
            self.cleaned_data["consent"],
            self.cleaned_data["deviation"],
        )


class DecisionForm(VerdictForm):
    """Approve, approve other amounts, or decline. A field for each goodwill remedy."""

    def __init__(self, *args: Any, award: Award, remedies: Sequence[Remedy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changeable = {
            f"amount_{r.pk}": r for r in remedies if r.basis == Basis.GOODWILL and r.kind != RemedyKind.STAMPS
        }
        for name, remedy in self.changeable.items():
            self.fields[name] = money(remedy.get_kind_display(), initial=remedy.amount, required=False, min_value=0)

    def amounts(self) -> dict[int, Decimal]:
        return {
            remedy.pk: self.cleaned_data[name]
            for name, remedy in self.changeable.items()
            if self.cleaned_data.get(name) is not None
        }

    def amount_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.changeable]


class StepForm(forms.Form):
    """What goes with a step of a remedy: billing's reference, or why it failed."""

    reference = forms.CharField(label=_("Reference"), max_length=80, required=False)
    note = forms.CharField(label=_("Why"), max_length=400, required=False)


class NewMatrixForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    valid_from = DayField(label=_("Valid from"))


class MatrixForm(forms.ModelForm):
    class Meta:
        model = Matrix
        fields = ["name", "valid_from", *matrix.SETTINGS]
        field_classes = {"valid_from": DayField}

    def settings(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class CellForm(forms.ModelForm):
    """A cell; all three amounts empty leaves it out."""

    low = money(_("Low"), required=False, min_value=0)
    mid = money(_("Middle"), required=False, min_value=0)
    high = money(_("High"), required=False, min_value=0)
    preferred = forms.MultipleChoiceField(
        label=_("Preferred"),
        choices=RemedyKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = MatrixCell
        fields = ["low", "mid", "high", "preferred"]

    def __init__(self, *args: Any, category: Category, severity: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.category, self.instance.severity = category, severity
        self.severity = ComplaintCase.Severity(severity).label

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        amounts = [data.get(name) for name in ("low", "mid", "high")]
        if any(amount is not None for amount in amounts):
            if None in amounts:
                self.add_error("mid", _("Fill in all three amounts, or none."))
            elif not amounts[0] <= amounts[1] <= amounts[2]:
                self.add_error("mid", _("Low, middle and high in rising order, please."))
        return data

    @property
    def chosen(self) -> str:
        """The kinds preferred as the form stands, in words."""
        kinds = self["preferred"].value() or []
        return " · ".join(str(label) for kind, label in RemedyKind.choices if kind in kinds)

    @property
    def is_filled(self) -> bool:
        return self.cleaned_data.get("mid") is not None
