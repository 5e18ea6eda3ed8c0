"""Marketing's campaigns: their list, their page, what they consist of, cost and brought."""

import csv
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from loyalty.actions import campaigns as actions
from loyalty.forms.campaigns import CampaignFilter, CampaignForm, GiftForm, MailingForm, NoteForm, WindowForm
from loyalty.models import BonusWindow, Campaign, Gift, Mailing
from loyalty.models.campaigns import CampaignState
from loyalty.queries import audience
from loyalty.queries import campaigns as queries
from loyalty.rules.mailings import fill
from loyalty.rules.segments import Segment
from staff import formats, paging
from staff.errors import DomainError

VIEW, DESIGN, PUBLISH = "loyalty.view_campaign", "loyalty.design_campaign", "loyalty.publish_campaign"
PARTS: dict[str, tuple[type[Any], type[forms.ModelForm], Any]] = {
    "bonus": (BonusWindow, WindowForm, gettext_lazy("Bonus window")),
    "mailing": (Mailing, MailingForm, gettext_lazy("Mailing")),
    "gift": (Gift, GiftForm, gettext_lazy("Gift")),
}
SAMPLE = {"first_name": "Åsa", "name": "Åsa Öberg", "stamps": "7", "left": "2"}


@require_GET
@permission_required(VIEW, raise_exception=True)
def campaign_list(request: HttpRequest) -> HttpResponse:
    form = CampaignFilter(request.GET)
    asked = Campaign.objects.all()
    if form.is_valid():
        if state := form.cleaned_data["state"]:
            asked = asked.filter(state=state)
        if programme := form.cleaned_data["programme"]:
            asked = asked.filter(programme=programme)
        if form.cleaned_data["owner"]:
            asked = asked.filter(owner=request.user)
    found = queries.page(asked, request.GET.get("after"))
    context = {
        "rows": queries.listed(found.rows, timezone.now()),
        "more": paging.onward(request, found.next),
        "filter": form,
    }
    return render(request, paging.shown(request, "loyalty/campaigns/list.html"), context)


@require_http_methods(["GET", "POST"])
@permission_required(DESIGN, raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    form = CampaignForm(request.POST or None, initial={"owner": request.user})
    if request.method == "POST" and form.is_valid():
        try:
            campaign = actions.create_campaign(by=request.user, now=timezone.now(), **form.facts())
        except DomainError as error:
            form.add_error(error.field, str(error))
        else:
            return redirect("loyalty:campaign", pk=campaign.pk)
    return _form(request, form, None)


@require_http_methods(["GET", "POST"])
@permission_required(DESIGN, raise_exception=True)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, pk=pk)
    if request.method == "POST":
        form = CampaignForm(request.POST)
        if form.is_valid():
            try:
                actions.edit_campaign(
                    pk,
                    version=form.cleaned_data["version"] or 0,
                    by=request.user,
                    now=timezone.now(),
                    **form.facts(),
                )
            except DomainError as error:
                form.add_error(error.field, str(error))
            else:
                messages.success(request, _("Saved."))
                return redirect("loyalty:campaign", pk=pk)
    else:
        form = CampaignForm(instance=campaign)
    return _form(request, form, campaign)


def _form(request: HttpRequest, form: CampaignForm, campaign: Campaign | None) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, "loyalty/campaigns/form.html", {"form": form, "campaign": campaign}, status=status)


@require_GET
@permission_required(VIEW, raise_exception=True)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """What it is and consists of; figures are fetched once it stands on the screen."""
    rows = Campaign.objects.select_related("programme", "owner", "author", "publisher")
    campaign = get_object_or_404(rows, pk=pk)
    if request.htmx:
        return _panel(request, campaign)
    now = timezone.now()
    context = _terms(campaign) | {
        "is_draft": campaign.state == CampaignState.DRAFT,
        "is_waiting": campaign.state == CampaignState.WAITING,
        "is_running": campaign.state == CampaignState.RUNNING,
        "is_own": campaign.author_id == request.user.pk,
        "moves": [
            {
                "at": formats.when(m.at, now),
                "text": f"{_label(m.from_state)} → {_label(m.to_state)}",
                "by": m.by,
                "note": m.note,
            }
            for m in campaign.moves.select_related("by").order_by("-pk")
        ],
    }
    return render(request, "loyalty/campaigns/page.html", context)


def _terms(campaign: Campaign) -> dict[str, Any]:
    state, tone = queries.state_of(campaign, timezone.localdate())
    return {
        "campaign": campaign,
        "state": state,
        "tone": tone,
        "dates": queries.dates_of(campaign),
        "budget": formats.money(campaign.budget),
        "segment": queries.segment_words(campaign),
        "parts": queries.parts_of(campaign),
    }


def _panel(request: HttpRequest, campaign: Campaign, error: str = "") -> HttpResponse:
    """What the approvals queue shows of a campaign."""
    context = _terms(campaign) | {
        "error": error,
        "is_open": campaign.state == CampaignState.WAITING and campaign.author_id != request.user.pk,
    }
    return render(request, "loyalty/campaigns/page.html#panel", context, status=422 if error else 200)


def _label(state: str) -> str:
    return str(CampaignState(state).label)


@require_GET
@permission_required(VIEW, raise_exception=True)
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """How many the segment holds now, and how many of them may be written to."""
    campaign = get_object_or_404(Campaign, pk=pk)
    now = timezone.now()
    rows = audience.customers(Segment.read(campaign.segment), campaign.programme_id, now)
    context = {"count": formats.number(rows.count()), "writable": formats.number(audience.writable(rows).count())}
    return render(request, "loyalty/campaigns/page.html#people", context)


@require_GET
@permission_required(VIEW, raise_exception=True)
def figures(request: HttpRequest, pk: int) -> HttpResponse:
    """What it cost so far, whom it reached, what that brought."""
    campaign = get_object_or_404(Campaign, pk=pk)
    now = timezone.now()
    cost = queries.cost(campaign, now)
    effect = queries.effect(campaign, now, cost.total)
    context = {
        "campaign": campaign,
        "cost": {
            "rows": [(name, formats.money(amount)) for name, amount in cost.rows],
            "total": formats.money(cost.total),
            "left": formats.money(cost.left),
            "tone": "red" if cost.left < 0 else "amber" if cost.left < campaign.budget / 10 else "",
            "chart": cost.chart,
        },
        "reached": queries.reached(campaign),
        "effect": _effect(effect),
        "least": queries.LEAST,
        "days": campaign.effect_days,
    }
    return render(request, "loyalty/campaigns/page.html#figures", context)


def _effect(found: queries.Effect) -> dict[str, Any]:
    treated, held, _difference = found.visits
    rows = [
        _share_line(_("Came to a shop"), found.visits),
        {
            "name": _("Spent per customer"),
            "treated": _euros(found.spent[0].mean, found.spent[0].n),
            "held": _euros(found.spent[1].mean, found.spent[1].n),
            "difference": _signed(found.spent[2].value),
            "interval": f"{_signed(found.spent[2].low)} – {_signed(found.spent[2].high)}",
            "is_told": found.spent[2].value is not None,
            "is_clear": found.spent[2].is_clear,
        },
        _share_line(_("Still a customer, of those with a contract"), found.stays),
    ]
    return {
        "rows": rows,
        "treated": formats.number(treated.n),
        "held": formats.number(held.n),
        "is_empty": not treated.n and not held.n and not found.immature,
        "is_told": found.is_told,
        "immature": formats.number(found.immature) if found.immature else "",
        "more": formats.number(found.more),
        "net": [formats.money(amount) for amount in found.net] if found.net else None,
    }


def _share_line(name: str, told: Any) -> dict[str, Any]:
    one, other, difference = told
    return {
        "name": name,
        "treated": formats.percent(one.share),
        "held": formats.percent(other.share),
        "difference": _points(difference.value),
        "interval": f"{_bare(difference.low)} – {_bare(difference.high)}",
        "is_told": difference.value is not None,
        "is_clear": difference.is_clear,
    }


def _points(share: float | None) -> str:
    return "–" if share is None else _("%s points") % _bare(share)


def _bare(share: float | None) -> str:
    if share is None:
        return "–"
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return f"{sign}{formats.number(abs(round(100 * share, 1)))}"


def _euros(mean: float, n: int) -> str:
    return formats.money(queries.cents(Decimal(str(mean)))) if n else "–"


def _signed(amount: float | None) -> str:
    if amount is None:
        return "–"
    sign = "+" if amount > 0 else "−" if amount < 0 else ""
    return f"{sign}{formats.money(queries.cents(Decimal(str(abs(amount)))))}"


@require_GET
@permission_required(VIEW, raise_exception=True)
def figures_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """What it cost, by source and day."""
    campaign = get_object_or_404(Campaign, pk=pk)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="campaign-{campaign.pk}.csv"'
    writer = csv.writer(response)
    writer.writerow(["source", "day", "amount"])
    for name, days in queries.spent.by_source([campaign.pk]).items():
        writer.writerows([name, day.isoformat(), f"{amount:.4f}"] for _pk, day, amount in days)
    return response


# --- what it consists of ----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@permission_required(DESIGN, raise_exception=True)
def part(request: HttpRequest, pk: int, kind: str, part: int | None = None) -> HttpResponse:
    """Add or change a bonus window, a mailing, a gift of a draft."""
    campaign = get_object_or_404(Campaign.objects.select_related("programme"), pk=pk)
    model, form_class, title = _kind(kind)
    instance = get_object_or_404(model, pk=part, campaign=campaign) if part else model(campaign=campaign)
    initial = {"programme": campaign.programme_id} if kind == "bonus" and not part else {}
    form = form_class(request.POST or None, instance=instance, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.keep_part(pk, form.save(commit=False), by=request.user, now=timezone.now())
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("loyalty:campaign", pk=pk)
    context = {
        "form": form,
        "campaign": campaign,
        "kind": kind,
        "title": title,
        "part": part,
        "previews": _previews(campaign, instance, _gift_said(campaign)) if kind == "mailing" else [],
    }
    return render(request, "loyalty/campaigns/part.html", context, status=422 if form.is_bound else 200)


def _kind(kind: str) -> tuple[type[Any], type[forms.ModelForm], Any]:
    if kind not in PARTS:
        raise Http404
    return PARTS[kind]


def _gift_said(campaign: Campaign) -> str:
    return ", ".join(queries.gift_words(gift) for gift in campaign.gifts.order_by("pk"))


def _previews(campaign: Campaign, mailing: Mailing, gift: str) -> list[dict[str, str]]:
    """The mail in each language as a made-up customer would get it."""
    values = SAMPLE | {"company": settings.KVAR_COMPANY, "gift": gift or "–"}
    if campaign.programme:
        values |= {"programme": campaign.programme.name, "reward": campaign.programme.reward_name}
    return [
        {
            "language": code,
            "name": str(name),
            "subject": fill(getattr(mailing, f"subject_{code}") or "", values),
            "body": fill(getattr(mailing, f"body_{code}") or "", values),
        }
        for code, name in settings.LANGUAGES
    ]


@require_POST
@permission_required(DESIGN, raise_exception=True)
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail as it is typed."""
    campaign = get_object_or_404(Campaign.objects.select_related("programme"), pk=pk)
    typed = {name: request.POST.get(name, "")[:5000] for name in MailingForm.Meta.fields[2:]}
    context = {"previews": _previews(campaign, Mailing(**typed), _gift_said(campaign))}
    return render(request, "loyalty/campaigns/part.html#previews", context)


@require_POST
@permission_required(DESIGN, raise_exception=True)
def drop(request: HttpRequest, pk: int, kind: str, part: int) -> HttpResponse:
    model, _form_class, _title = _kind(kind)
    row = get_object_or_404(model, pk=part, campaign=pk)
    try:
        actions.drop_part(pk, row, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken out."))
    return redirect("loyalty:campaign", pk=pk)


# --- its life ---------------------------------------------------------------------------------------------------------
def _step(
    permission: str,
    act: Callable[..., Any],
    told: Any,
    noted: Callable[[HttpRequest], dict[str, str]] = lambda request: {},
) -> Callable[..., HttpResponse]:
    """`noted` reads from the form what the action keeps as its reason."""

    @require_POST
    @permission_required(permission, raise_exception=True)
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        campaign = get_object_or_404(Campaign, pk=pk)
        try:
            answer = act(pk, by=request.user, now=timezone.now(), **noted(request))
        except DomainError as error:
            if request.htmx:
                return _panel(request, campaign, error=str(error))
            messages.error(request, str(error))
        else:
            if request.htmx:
                response = _panel(request, answer)
                response["HX-Trigger"] = "decided"
                return response
            messages.success(request, told)
            if answer is None:
                return redirect("loyalty:campaigns")
            return redirect("loyalty:campaign", pk=answer.pk)
        return redirect("loyalty:campaign", pk=pk)

    return view


def _note(request: HttpRequest) -> dict[str, str]:
    form = NoteForm(request.POST)
    return {"note": form.cleaned_data["note"]} if form.is_valid() else {}


hand_in = _step(DESIGN, actions.hand_in, gettext_lazy("Handed in: a second person publishes it."))
send_back = _step(PUBLISH, actions.send_back, gettext_lazy("A draft again."), _note)
publish = _step(PUBLISH, actions.publish_campaign, gettext_lazy("Published. The worker goes on from here."))
end = _step(PUBLISH, actions.end_campaign, gettext_lazy("Ended. Nothing more goes out."))
copy = _step(DESIGN, actions.copy_campaign, gettext_lazy("Copied into a new draft."))
discard = _step(DESIGN, actions.discard_campaign, gettext_lazy("Thrown away."))
