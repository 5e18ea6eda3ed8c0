"""The living style guide: every component in every state, drawn by the same templates as the pages."""

from datetime import date

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from staff import charts, formats


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), max_length=20)
    email = forms.EmailField(label=_("E-mail"), required=False, help_text=_("Only for the receipt."))
    amount = forms.DecimalField(label=_("Amount"), min_value=0)
    on = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(label=_("Kind"), choices=[("a", _("Refund")), ("b", _("Voucher"))])
    channel = forms.ChoiceField(
        label=_("Channel"), widget=forms.RadioSelect, choices=[("phone", _("Phone")), ("mail", _("E-mail"))]
    )
    urgent = forms.BooleanField(label=_("Urgent"), required=False)
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    proof = forms.FileField(label=_("File"), required=False)


@require_safe
@permission_required("staff.view_styleguide", raise_exception=True)
def styleguide(request: HttpRequest) -> HttpResponse:
    if request.GET.get("toast"):
        messages.success(request, _("Saved."))
        messages.error(request, _("That did not work, and nothing was changed. Try again."))
    reasons = [(_("Price"), 512), (_("Competitor"), 388), (_("Service"), 171), (_("Moving"), 96), (_("Other"), 31)]
    context = {
        "form": SampleForm(initial={"name": "Åsa", "kind": "a", "channel": "phone"}, auto_id="sample_%s"),
        "wrong": SampleForm(
            {"name": "A name that is much too long for it", "email": "asa", "amount": "-3", "on": "31 Feb"},
            auto_id="wrong_%s",
        ),
        "charts": [
            charts.pareto(_("Reasons"), reasons, head=[_("Reason"), _("Cases")]),
            charts.funnel(
                _("From call to stay"),
                [(_("Calls"), 1204), (_("Offered"), 803), (_("Accepted"), 322), (_("Still here after 90 days"), 241)],
                head=[_("Step"), _("Cases")],
            ),
            charts.distribution(
                _("Time to decide"),
                [
                    (f"{s}–{s + 10}", n)
                    for s, n in zip(range(0, 100, 10), (4, 19, 42, 38, 22, 11, 6, 3, 1, 1), strict=True)
                ],
                head=[_("Seconds"), _("Decisions")],
                mark=2,
            ),
            charts.curves(
                _("Still a customer"),
                {
                    str(_("with an offer")): [(0, 1.0), (30, 0.93), (60, 0.88), (90, 0.84)],
                    str(_("without")): [(0, 1.0), (30, 0.85), (60, 0.74), (90, 0.69)],
                },
                head=_("Day"),
            ),
            charts.strip(
                _("Cost of each voucher"),
                [5, 10, 10, 12, 15, 20, 20, 25, 48],
                head=[_("Cost"), _("Cases")],
                write=formats.money,
            ),
            charts.bars(_("No figures"), [], head=[_("Reason"), _("Cases")]),
        ],
        "interval": charts.interval(0.41, 0.33, 0.49),
        "spark": charts.sparkline([4, 6, 5, 9, 8, 12, 11, 14], _("Rising from 4 to 14")),
        "tones": ["", "teal", "green", "amber", "red"],
        "day": formats.day(date(2027, 1, 31)),
        "money": formats.money(1204),
    }
    return render(request, "staff/styleguide.html", context)
