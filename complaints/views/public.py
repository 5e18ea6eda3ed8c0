"""Pages without a login: the customer's own door for a complaint, and the survey behind its signed link."""

import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from complaints import doors, surveys
from complaints.forms import Choices, FilesField, categories
from complaints.models import Category
from staff.addresses import client_address, network_of
from staff.errors import DomainError

SALT = "complaints.public"
QUICKEST, LONGEST = 4, 6 * 3600  # seconds between the page and its answer
MOST_AN_HOUR = 6  # from one address


class PublicForm(forms.Form):
    """`website` is a trap that people do not see; `opened` says when the page was drawn, signed."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    number = forms.CharField(label=_("Your customer number"), max_length=30, required=False)
    category = forms.ModelChoiceField(label=_("What is it about?"), queryset=Category.objects.none(), empty_label="–")
    title = forms.CharField(label=_("In one line"), max_length=160)
    happened = forms.CharField(label=_("What happened?"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 7}))
    wanted = forms.CharField(
        label=_("What should we do?"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    files = FilesField(label=_("Photos or papers"))
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    opened = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = categories()
        self.fields["opened"].initial = signing.TimestampSigner(salt=SALT).sign("web")

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Leave this field empty."))
        return ""

    def clean_opened(self) -> str:
        signer = signing.TimestampSigner(salt=SALT)
        try:
            signer.unsign(self.cleaned_data["opened"], max_age=LONGEST)
        except signing.BadSignature:
            self._renew()
            raise forms.ValidationError(_("This page has grown old. Send it once more.")) from None
        try:
            signer.unsign(self.cleaned_data["opened"], max_age=QUICKEST)
        except signing.SignatureExpired:
            return self.cleaned_data["opened"]
        raise forms.ValidationError(_("That was very quick. Wait a moment and send it once more."))

    def _renew(self) -> None:
        self.data = self.data.copy()
        self.data["opened"] = self.fields["opened"].initial

    def add_to_all(self, error: object) -> None:
        self.add_error(None, str(error))


def _too_many(request: HttpRequest) -> bool:
    """Whether this address has used up its hour. Each complaint takes a place that is free again an hour later; a place
    is taken once, whichever of our processes asks, because the cache's row is inserted or is not. Counted by a hash:
    nothing personal is kept."""
    address = network_of(client_address(request))
    key = "complaints-web-" + hashlib.sha256(f"{settings.SECRET_KEY}{address}".encode()).hexdigest()[:32]
    return not any(cache.add(f"{key}-{place}", 1, 3600) for place in range(MOST_AN_HOUR))


def _language(request: HttpRequest) -> str:
    chosen = request.GET.get("language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE


@login_not_required  # the customer's own door
@never_cache
@require_http_methods(["GET", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    language = _language(request)
    with translation.override(language):
        form = PublicForm(request.POST or None, request.FILES or None)
        status = 200
        if request.method == "POST":
            status = 422
            if form.is_valid():
                if _too_many(request):
                    form.add_to_all(_("Many complaints came from here within an hour. Ring us, or try again later."))
                    status = 429
                else:
                    _register(form, language)
                    response = redirect("complaints:thanks")
                    response["Location"] += f"?language={language}"
                    return response
        context = {"form": form, "language": language, "company": settings.KVAR_COMPANY}
        return render(request, "complaints/public/complain.html", context, status=status)


@transaction.atomic
def _register(form: PublicForm, language: str) -> None:
    values, now = form.cleaned_data, timezone.now()
    customer = doors.whose(
        name=values["name"], email=values["email"], number=values["number"], language=language, now=now
    )
    doors.take_in(
        customer=customer,
        channel="web",
        title=values["title"],
        happened=values["happened"],
        wanted=values["wanted"],
        category=values["category"],
        files=values["files"],
        now=now,
    )


@login_not_required  # the customer's own door
@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """Says neither a number nor a name: whoever owns the address gets both by e-mail."""
    language = _language(request)
    with translation.override(language):
        return render(
            request, "complaints/public/thanks.html", {"language": language, "company": settings.KVAR_COMPANY}
        )


MARKS = [(n, str(n)) for n in range(1, 6)]


class SurveyForm(forms.Form):
    outcome = forms.TypedChoiceField(
        label=_("How content are you with the outcome?"), choices=MARKS, coerce=int, widget=Choices
    )
    process = forms.TypedChoiceField(
        label=_("How content are you with how it was handled?"), choices=MARKS, coerce=int, widget=Choices
    )
    treatment = forms.TypedChoiceField(
        label=_("How content are you with how you were met?"), choices=MARKS, coerce=int, widget=Choices
    )
    comment = forms.CharField(
        label=_("Anything else?"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


@login_not_required  # opened from the customer's mailbox; the signed link is the key
@never_cache
@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    asked = surveys.survey_of(token)
    if asked is None:
        raise Http404
    language = asked.case.customer.language
    with translation.override(language):
        form, done = SurveyForm(request.POST or None), asked.answered_at is not None
        if request.method == "POST" and form.is_valid() and not done:
            try:
                surveys.answer(asked.pk, now=timezone.now(), **form.cleaned_data)
            except DomainError:
                done = True
            else:
                return redirect("complaints:survey", token)
        context = {
            "form": form,
            "done": done,
            "number": asked.case.number,
            "language": language,
            "company": settings.KVAR_COMPANY,
        }
        return render(request, "complaints/public/survey.html", context, status=422 if form.errors else 200)
