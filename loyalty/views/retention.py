"""Members about to lapse: the list, one of them at work, what came of it."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.actions import retention as actions
from loyalty.models import Contact, Lapse, Programme
from loyalty.queries import retention as queries
from staff import formats, paging
from staff.errors import DomainError

WORK = "loyalty.work_retention"


class ListFilter(forms.Form):
    state = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[("", _("due now")), ("mine", _("in my hands")), ("later", _("later")), ("done", _("done"))],
    )
    programme = forms.ModelChoiceField(
        Programme.objects.order_by("name"), label=_("Programme"), required=False, empty_label=_("all")
    )


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(label=_("What came of it"), choices=Contact.Outcome.choices, widget=forms.RadioSelect)
    stamps = forms.IntegerField(
        label=_("Stamps given"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=_("Above your authority they wait for a colleague."),
    )
    again_on = forms.DateField(
        label=_("Call again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Nobody answered and nothing is said here: tomorrow."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_again_on(self) -> Any:
        day = self.cleaned_data["again_on"]
        if day and day <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day to come."))
        return day

    def facts(self) -> dict[str, Any]:
        day = self.cleaned_data["again_on"]
        return {
            "outcome": self.cleaned_data["outcome"],
            "note": self.cleaned_data["note"],
            "stamps": self.cleaned_data["stamps"] or 0,
            "again_on": timezone.make_aware(datetime.combine(day, time(9))) if day else None,
        }


@require_GET
@permission_required(WORK, raise_exception=True)
def lapsing(request: HttpRequest) -> HttpResponse:
    now, form = timezone.now(), ListFilter(request.GET)
    state, programme = "", None
    if form.is_valid():
        state = form.cleaned_data["state"]
        programme = form.cleaned_data["programme"] and form.cleaned_data["programme"].pk
    found = queries.page(queries.rows(state, programme, request.user, now), request.GET.get("after"))
    context = {"rows": queries.listed(found.rows, now), "more": paging.onward(request, found.next), "filter": form}
    template = paging.shown(request, "loyalty/lapsing.html")
    if not template.endswith("#rows"):
        context["effect"] = _effect(queries.effect(now))
    return render(request, template, context)


def _effect(found: queries.Effect) -> dict[str, str]:
    """The one sentence on top of the list."""
    called, held, difference = found.called, found.held, found.difference
    if difference.value is None:
        return {
            "tone": "",
            "text": gettext(
                "What the calls bring cannot be told yet: %(called)s called and %(held)s held out have been watched for"
                " thirty days, thirty of each are needed."
            )
            % {"called": called.n, "held": held.n},
        }
    told = {
        "called": formats.percent(called.share),
        "held": formats.percent(held.share),
        "low": formats.number(round(100 * (difference.low or 0), 1)),
        "high": formats.number(round(100 * (difference.high or 0), 1)),
    }
    text = gettext(
        "Came back within thirty days: %(called)s of those called, %(held)s of those held out;"
        " the difference lies between %(low)s and %(high)s points."
    )
    return {"tone": "green" if difference.is_clear and (difference.low or 0) > 0 else "", "text": text % told}


@require_POST
@permission_required(WORK, raise_exception=True)
def take_next(request: HttpRequest) -> HttpResponse:
    row = actions.take_next(by=request.user, now=timezone.now())
    if row is None:
        messages.info(request, gettext("Nobody is due now."))
        return redirect("loyalty:lapsing")
    return redirect("loyalty:lapse", pk=row.pk)


@require_http_methods(["GET", "POST"])
@permission_required(WORK, raise_exception=True)
def lapse(request: HttpRequest, pk: int) -> HttpResponse:
    """Who it is, what to say, what came of it. Opening it for work (“take”) is a press of its own."""
    rows = Lapse.objects.select_related("membership__customer", "membership__programme", "claimed_by")
    row = get_object_or_404(rows, pk=pk, arm=Lapse.Arm.CALLED)
    now = timezone.now()
    form, status = OutcomeForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.record(pk, by=request.user, now=now, **form.facts())
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
            else:
                messages.success(request, gettext("Noted."))
                return redirect("loyalty:lapsing")
    (told,) = queries.listed([row], now)
    customer = row.membership.customer
    context = {
        "row": told,
        "lapse": row,
        "customer": customer,
        "phone": customer.phone.as_international if customer and customer.phone else "",
        "reward": row.membership.programme.reward_name,
        "form": form,
        "tried": queries.tried(row),
        "is_open": row.state == Lapse.State.OPEN,
        "is_mine": row.holder(now) == request.user.pk,
        "is_taken": row.holder(now) not in (None, request.user.pk),
    }
    return render(request, "loyalty/lapse.html", context, status=status)


def _press(act: Any, target: str) -> Any:
    @require_POST
    @permission_required(WORK, raise_exception=True)
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(Lapse, pk=pk, arm=Lapse.Arm.CALLED)
        try:
            act(pk, by=request.user, now=timezone.now())
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("loyalty:lapsing")
        return redirect(target, pk=pk) if target == "loyalty:lapse" else redirect(target)

    return view


take = _press(actions.take, "loyalty:lapse")
put_back = _press(actions.put_back, "loyalty:lapsing")
