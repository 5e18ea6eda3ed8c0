"""What is asked of people in casework."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from complaints.errors import FileRefused
from complaints.files import MOST, Checked, check
from complaints.models import Category, ComplaintCase, Message, RootCause, Template
from complaints.states import State
from customers.models import Customer
from staff.errors import DomainError
from staff.forms import DayField
from staff.models import Team, User

NO_CHOICE = [("", "–")]


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each opened before it is believed; gives a list of `Checked`."""

    widget = SeveralFiles

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("files"))
        kwargs.setdefault("help_text", _("Scanned letter, photo, receipt: PDF, JPEG or PNG, up to 15 MB each."))
        super().__init__(required=kwargs.pop("required", False), **kwargs)
        self.widget.attrs["accept"] = ".pdf,.jpg,.jpeg,.png,image/jpeg,image/png,application/pdf"

    def clean(self, data: Any, initial: Any = None) -> list[Checked]:
        uploads = data if isinstance(data, list | tuple) else [data] if data else []
        if not uploads and self.required:
            raise forms.ValidationError(_("Choose a file."))
        if len(uploads) > MOST:
            raise forms.ValidationError(_("At most %(most)d files at a time.") % {"most": MOST})
        checked, errors = [], []
        for upload in uploads:
            try:
                checked.append(check(upload.name, upload))
            except FileRefused as refused:
                errors.append(str(refused))
        if errors:
            raise forms.ValidationError(errors)
        return checked


class Choices(forms.RadioSelect):
    """A few answers side by side, one press each."""

    template_name = "complaints/choices.html"


class Labelled(forms.Form):
    """Labels are the models' words; a form begins them with a capital. What is not chosen is a dash."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if field.label:
                field.label = capfirst(field.label)
            if getattr(field, "empty_label", None) == "---------":
                field.empty_label = NO_CHOICE[0][1]


def _lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto"})


class Versioned(Labelled):
    """A form that knows the state of the case it was opened at."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, case: ComplaintCase, user: User, **kwargs: Any) -> None:
        self.case, self.user = case, user
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = case.version
        first = next((field for field in self.fields.values() if not field.widget.is_hidden), None)
        if first:
            first.widget.attrs["autofocus"] = True

    def refuse(self, error: DomainError) -> None:
        """Say the refusal at its field, or above all; what was typed stays."""
        self.add_error(error.field if error.field in self.fields else None, str(error))

    def catch_up(self, version: int) -> None:
        """Let the next press go through, now that the news was read."""
        self.data = self.data.copy()
        self.data["version"] = str(version)


def _causes() -> Any:
    return RootCause.objects.filter(is_active=True).order_by("order", "pk")


class IntakeForm(Labelled):
    channel = forms.ChoiceField(
        label=_("came by"), choices=ComplaintCase.Channel.choices, initial="phone", widget=Choices
    )
    received_at = forms.DateTimeField(
        label=_("received"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("When the letter or call came: the clocks start here."),
    )
    category = forms.ModelChoiceField(label=_("category"), queryset=Category.objects.none())
    severity = forms.TypedChoiceField(
        label=_("severity, by impact on the customer"),
        choices=ComplaintCase.Severity.choices,
        coerce=int,
        initial=2,
        widget=Choices,
    )
    title = forms.CharField(label=_("in one line"), max_length=160, widget=forms.TextInput(attrs={"dir": "auto"}))
    happened = forms.CharField(label=_("what happened"), max_length=20_000, widget=_lines(5))
    wanted = forms.CharField(label=_("what is asked for"), max_length=4000, required=False, widget=_lines(2))
    subscription = forms.ModelChoiceField(label=_("subscription"), queryset=None, required=False)
    product = forms.CharField(label=_("product"), max_length=120, required=False)
    item_price = forms.DecimalField(
        label=_("price of the item"), min_value=0, max_digits=10, decimal_places=2, required=False
    )
    reference = forms.CharField(
        label=_("purchase or receipt"), max_length=80, required=False, help_text=_("Receipt, order or loyalty receipt.")
    )
    files = FilesField()
    take = forms.BooleanField(label=_("I handle it"), required=False, initial=True)

    def __init__(self, *args: Any, customer: Customer, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = categories()
        self.fields["category"].widget.attrs["autofocus"] = True  # a call of just now: what stands above is right
        self.fields["subscription"].queryset = customer.subscriptions.select_related("plan").order_by("-pk")
        self.fields["subscription"].label_from_instance = lambda one: f"{one.plan} ({one.get_status_display()})"
        self.fields["received_at"].initial = timezone.localtime(now).replace(second=0, microsecond=0, tzinfo=None)
        if not customer.subscriptions.exists():
            del self.fields["subscription"]

    @property
    def details(self) -> dict[str, Any]:
        """As the action wants them."""
        values = dict(self.cleaned_data)
        values["category_id"] = values.pop("category").pk
        subscription = values.pop("subscription", None)
        values["subscription_id"] = subscription.pk if subscription else None
        return values


def categories() -> Any:
    return Category.objects.filter(is_active=True).order_by("order", "pk")


class NewCustomerForm(Labelled):
    """The least that a complaint needs of somebody we do not know yet."""

    given_name = forms.CharField(label=_("given name"), max_length=120, required=False)
    family_name = forms.CharField(label=_("family name or company"), max_length=120)
    phone = PhoneNumberField(
        label=_("phone"), required=False, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
    )
    email = forms.EmailField(label=_("e-mail"), required=False)
    street = forms.CharField(label=_("street"), max_length=160, required=False)
    postcode = forms.CharField(label=_("postcode"), max_length=16, required=False)
    city = forms.CharField(label=_("city"), max_length=80, required=False)
    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES, initial=settings.LANGUAGE_CODE)


class ComposeForm(Versioned):
    """A message to the customer: from a template or by hand, as e-mail or letter."""

    purpose: str = ""
    kind = forms.ChoiceField(
        label=_("send as"),
        choices=[(Message.Kind.EMAIL, _("e-mail")), (Message.Kind.LETTER, _("letter"))],
        widget=Choices,
    )
    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    template = forms.ModelChoiceField(label=_("template"), queryset=Template.objects.none(), required=False)
    subject = forms.CharField(label=_("subject"), max_length=180)
    body = forms.CharField(label=_("text"), max_length=20_000, widget=_lines(12))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].initial = "email" if self.case.customer.email else "letter"
        self.fields["language"].initial = self.case.customer.language
        templates = Template.objects.filter(is_active=True).order_by("purpose", "name", "language")
        if self.purpose:
            templates = templates.filter(purpose=self.purpose)
        self.fields["template"].queryset = templates

    @property
    def message(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("kind", "language", "subject", "body")}


class AcknowledgeForm(ComposeForm):
    purpose = Message.Purpose.ACKNOWLEDGEMENT


class QuestionForm(ComposeForm):
    purpose = Message.Purpose.QUESTION
    chase_on = DayField(label=_("chase on"), help_text=_("Without an answer the case comes up again on this day."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chase_on"].initial = timezone.localdate() + timedelta(days=7)


class Deciding(Versioned):
    outcome = forms.ChoiceField(label=_("outcome"), choices=ComplaintCase.Outcome.choices, widget=Choices)
    root_cause = forms.ModelChoiceField(label=_("root cause"), queryset=RootCause.objects.none())
    fault = forms.ChoiceField(label=_("whose fault"), choices=NO_CHOICE + ComplaintCase.Fault.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["root_cause"].queryset = _causes()
        for name in ("outcome", "root_cause", "fault"):
            self.fields[name].initial = getattr(self.case, name)


class DraftForm(Deciding):
    template = forms.ModelChoiceField(label=_("template"), queryset=Template.objects.none(), required=False)
    subject = forms.CharField(label=_("subject"), max_length=180)
    body = forms.CharField(label=_("answer"), max_length=20_000, widget=_lines(12))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].queryset = Template.objects.filter(
            is_active=True, purpose=Message.Purpose.ANSWER
        ).order_by("name", "language")
        self.fields["subject"].initial, self.fields["body"].initial = self.case.draft_subject, self.case.draft_body


class RespondForm(ComposeForm):
    purpose = Message.Purpose.ANSWER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].initial, self.fields["body"].initial = self.case.draft_subject, self.case.draft_body


class ResolveForm(Deciding):
    note = forms.CharField(label=_("what was said and done"), max_length=20_000, widget=_lines(4))


class ThirdPartyForm(Versioned):
    note = forms.CharField(label=_("who must do what"), max_length=2000, widget=_lines(3))
    chase_on = DayField(label=_("chase on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chase_on"].initial = timezone.localdate() + timedelta(days=7)


class BackForm(Versioned):
    note = forms.CharField(label=_("why"), max_length=2000, required=False, widget=_lines(2))


class ReasonForm(Versioned):
    note = forms.CharField(label=_("why"), max_length=2000, widget=_lines(3))


class LeaveForm(ReasonForm):
    to = forms.ChoiceField(
        label=_("how it ends"),
        choices=[(s.value, s.label) for s in (State.WITHDRAWN, State.NOT_A_COMPLAINT, State.REFERRED_EXTERNAL)],
        widget=Choices,
    )
    field_order = ["to", "note"]


class PlainForm(Versioned):
    """A step that needs no words."""


class MergeForm(Versioned):
    into = forms.ModelChoiceField(label=_("the same matter as"), queryset=ComplaintCase.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        customer = self.case.customer
        whose = {"customer__household": customer.household_id} if customer.household_id else {"customer": customer}
        self.fields["into"].queryset = (
            ComplaintCase.objects.filter(**whose)
            .exclude(pk=self.case.pk)
            .exclude(state=State.DUPLICATE)
            .order_by("-received_at", "-pk")
        )


class AssignForm(Versioned):
    to = forms.ModelChoiceField(
        label=_("handled by"), queryset=User.objects.none(), required=False, empty_label=_("nobody: back to the queue")
    )
    team = forms.ModelChoiceField(label=_("team"), queryset=Team.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = workers()
        self.fields["to"].initial = self.case.assignee_id
        self.fields["team"].queryset = Team.objects.order_by("name")
        self.fields["team"].initial = self.case.team_id


def workers() -> Any:
    """Who works on complaints, by permission."""
    return (
        User.objects.with_perm(
            "complaints.work_complaint", backend="django.contrib.auth.backends.ModelBackend", include_superusers=False
        )
        .filter(is_active=True)
        .order_by("first_name", "last_name", "pk")
    )


class CorrectForm(Versioned):
    title = forms.CharField(label=_("in one line"), max_length=160)
    category = forms.ModelChoiceField(label=_("category"), queryset=Category.objects.none())
    severity = forms.TypedChoiceField(label=_("severity"), choices=ComplaintCase.Severity.choices, coerce=int)
    priority = forms.TypedChoiceField(label=_("priority"), choices=ComplaintCase.Priority.choices, coerce=int)
    wanted = forms.CharField(label=_("what is asked for"), max_length=4000, required=False, widget=_lines(2))
    subscription = forms.ModelChoiceField(label=_("subscription"), queryset=None, required=False)
    product = forms.CharField(label=_("product"), max_length=120, required=False)
    item_price = forms.DecimalField(
        label=_("price of the item"), min_value=0, max_digits=10, decimal_places=2, required=False
    )
    reference = forms.CharField(label=_("purchase or receipt"), max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = categories() | Category.objects.filter(pk=self.case.category_id)
        self.fields["subscription"].queryset = self.case.customer.subscriptions.select_related("plan").order_by("-pk")
        for name in self.fields:
            if name != "version":
                self.fields[name].initial = getattr(self.case, name)

    @property
    def details(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class ChaseForm(Versioned):
    chase_on = DayField(label=_("chase on"), required=False)


class NoteForm(Versioned):
    text = forms.CharField(label=_("note"), max_length=20_000, widget=_lines(3))


class CallForm(Versioned):
    outgoing = forms.TypedChoiceField(
        label=_("who rang"),
        choices=[("yes", _("we rang the customer")), ("no", _("the customer rang"))],
        coerce=lambda value: value == "yes",
        initial="yes",
        widget=Choices,
    )
    text = forms.CharField(label=_("what was said"), max_length=20_000, widget=_lines(4))


class FilesForm(Versioned):
    files = FilesField(required=True)


class IncomingForm(Versioned):
    """Something the customer wrote, that reached the desk on paper or in somebody's own mailbox."""

    kind = forms.ChoiceField(
        label=_("what came"),
        choices=[(Message.Kind.LETTER, _("letter")), (Message.Kind.EMAIL, _("e-mail"))],
        initial=Message.Kind.LETTER,
        widget=Choices,
    )
    text = forms.CharField(label=_("what it says"), max_length=20_000, required=False, widget=_lines(4))
    files = FilesField()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("text") and not cleaned.get("files") and not self.errors:
            self.add_error("text", _("Write down what it says, or attach the scan."))
        return cleaned
