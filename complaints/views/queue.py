"""The queue, and taking the next case from it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from complaints import actions
from complaints.forms import Labelled, categories, workers
from complaints.models import Category, ComplaintCase
from complaints.queries import queue as queries
from complaints.queries.queue import SORTS, VIEWS
from complaints.states import State
from staff import paging
from staff.errors import DomainError
from staff.forms import ShortChoiceField, ShortSelect, words
from staff.models import User
from staff.sealed import SealedInput, filters_by_post
from staff.statements import kept

ANY = ("", gettext_lazy("any"))


def _categories() -> list[tuple[int, str]]:
    """(key, name) of the categories in use. One query."""
    return [(category.pk, str(category)) for category in _in_use()]


@kept
def _in_use() -> QuerySet[Category]:
    return categories()


def _workers() -> list[tuple[int, str]]:
    """(key, name) of who works on complaints. One query."""
    return [(pk, f"{first} {last}".strip() or username) for pk, first, last, username in _people()]


@kept
def _people() -> QuerySet[User, tuple[int, str, str, str]]:
    return workers().values_list("pk", "first_name", "last_name", "username")


class QueueFilter(Labelled):
    """The queue's filters, as they stand in the address."""

    SELDOM = ("priority", "channel", "assignee", "outcome")

    q = forms.CharField(label=gettext_lazy("Find in the text"), required=False, max_length=200, widget=SealedInput)
    category = ShortChoiceField(
        label=gettext_lazy("category"), queryset=categories(), pairs=_categories, required=False, empty_label=ANY[1]
    )
    state = forms.ChoiceField(
        label=gettext_lazy("state"), choices=words([ANY, *State.choices]), required=False, widget=ShortSelect
    )
    severity = forms.TypedChoiceField(
        label=gettext_lazy("severity"),
        choices=words([ANY, *queries.SEVERITY_SHORT.items()]),
        coerce=int,
        required=False,
        empty_value=None,
        widget=ShortSelect,
    )
    priority = forms.TypedChoiceField(
        label=gettext_lazy("priority"),
        choices=words([ANY, *ComplaintCase.Priority.choices]),
        coerce=int,
        required=False,
        empty_value=None,
        widget=ShortSelect,
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("came by"),
        choices=words([ANY, *ComplaintCase.Channel.choices]),
        required=False,
        widget=ShortSelect,
    )
    assignee = ShortChoiceField(
        label=gettext_lazy("handled by"), queryset=workers(), pairs=_workers, required=False, empty_label=ANY[1]
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("outcome"),
        choices=words([ANY, *ComplaintCase.Outcome.choices]),
        required=False,
        widget=ShortSelect,
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("order"),
        choices=words((k, label) for k, (label, _order) in SORTS.items()),
        required=False,
        widget=ShortSelect,
    )

    @property
    def often(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in self.SELDOM]

    @property
    def seldom(self) -> list[forms.BoundField]:
        """Folded away, unless one of them narrows what is shown."""
        return [self[name] for name in self.SELDOM]

    @property
    def seldom_used(self) -> bool:
        return any(self.cleaned_data.get(name) not in (None, "") for name in self.SELDOM)

    @property
    def narrowing(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "sort"}


@permission_required("complaints.view_complaintcase", raise_exception=True)
@filters_by_post
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = QueueFilter(request.GET)
    form.is_valid()
    view = request.GET.get("view", "open")
    view = view if view in VIEWS else "open"
    page = queries.queue_page(
        request.user,
        view=view,
        sort=form.cleaned_data.get("sort") or "due",
        cursor=request.GET.get("after"),
        now=now,
        **form.narrowing,
    )
    template = paging.shown(request, "complaints/queue.html")
    context = {"rows": page.rows, "more": paging.onward(request, page.next)}
    if template.endswith("#rows"):
        return render(request, template, context)
    counts = queries.counts(request.user, now)
    kept = request.GET.copy()
    kept.pop("after", None)
    tabs = []
    for key, label in VIEWS.items():
        kept["view"] = key
        tabs.append({"label": label, "url": f"?{kept.urlencode()}", "count": counts.get(key), "current": key == view})
    context |= {
        "form": form,
        "view": view,
        "tabs": tabs,
        "narrowed": any(value not in (None, "") for value in form.narrowing.values()),
    }
    return render(request, template, context)


@require_POST
@permission_required("complaints.work_complaint", raise_exception=True)
def take_next(request: HttpRequest) -> HttpResponse:
    try:
        case = actions.take_next(by=request.user, now=timezone.now())
    except DomainError as error:
        messages.info(request, str(error))
        return redirect("complaints:queue")
    return redirect("complaints:case", case.pk)


@require_POST
@permission_required("complaints.assign_complaint", raise_exception=True)
def share_out(request: HttpRequest) -> HttpResponse:
    """Give the waiting cases of one's own team to its members."""
    try:
        count = actions.share_out(request.user.team, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, ngettext("%d complaint shared out.", "%d complaints shared out.", count) % count)
    return redirect("complaints:queue")
