"""What each person chooses for him- or herself."""

from django.conf import settings
from django.contrib import messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from staff.models import User
from staff.views.back import back


class PreferencesForm(ModelForm):
    """The quick choices of the user menu."""

    class Meta:
        model = User
        fields = ["language", "theme", "density"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [
            (code, capfirst(translation.get_language_info(code)["name_local"])) for code, _name in settings.LANGUAGES
        ]
        for name in ("theme", "density"):
            self.fields[name].choices = [(value, capfirst(label)) for value, label in self.fields[name].choices]


class SettingsForm(PreferencesForm):
    """Names and addresses are the administrator's: a login from the company's directory is found by them."""

    class Meta(PreferencesForm.Meta):
        fields = ["language", "theme", "density", "shortcuts"]


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """The user menu: save and come back to the page one was on."""
    form = PreferencesForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if form.is_valid():
        form.save()
    else:
        messages.error(request, _("That choice is not offered. Open your settings to choose again."))
    return back(request, "settings")


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    form = SettingsForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        person = form.save()
        with translation.override(person.language):
            messages.success(request, _("Saved."))
        return redirect("settings")
    return render(request, "staff/settings.html", {"form": form})
