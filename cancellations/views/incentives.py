"""The catalogue at marketing's desk: list, versions, editor, rules, dry run, publishing."""

from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cancellations import terms
from cancellations.actions import incentives as actions
from cancellations.engine import edit, values
from cancellations.engine.conditions import LAYERS, say_leaf, sentence
from cancellations.incentive_forms import ConditionForm, IncentiveForm, VersionForm
from cancellations.models import Incentive, IncentiveVersion
from cancellations.queries import incentives as queries
from cancellations.variables import registry
from staff import formats
from staff.errors import DomainError

State = IncentiveVersion.State
ABOUT = {
    "eligible": gettext_lazy("What law and contract ask: who may have it at all."),
    "applicable": gettext_lazy("When it makes sense in this call: reason, price, what is going on."),
    "suitable": gettext_lazy("When it truly helps the customer, not only us."),
}
Focus = tuple[str, edit.Path | None, str]  # the layer, the path there, the button


@require_safe
@permission_required("cancellations.view_incentive", raise_exception=True)
def catalogue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = [
        {
            "incentive": row.incentive,
            "kind": row.incentive.get_kind_display(),
            "published": row.published,
            "draft": row.draft,
            "offer": _headline(row.incentive, row.published or row.draft),
            "cost": formats.money(
                values.cost(row.incentive.kind, row.published.terms, queries.TYPICAL) if row.published else None
            ),
            "presented": formats.number(row.presented),
            "take": formats.percent(row.accepted / row.presented if row.presented else None),
            "waits": bool(row.draft and row.draft.handed_in_at and row.draft.author_id != request.user.pk),
        }
        for row in queries.catalogue(now)
    ]
    return render(request, "cancellations/incentives/list.html", {"rows": rows})


def _headline(incentive: Incentive, version: IncentiveVersion | None) -> str:
    if version is None:
        return ""
    try:
        return terms.headline(incentive.kind, version.terms, incentive.label())
    except KeyError:  # a draft whose terms are not filled in yet
        return ""


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.add_incentive", raise_exception=True)
def create(request: HttpRequest) -> HttpResponse:
    form = IncentiveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        incentive = form.save()
        version = actions.draft(incentive.pk, by=request.user, now=timezone.now())
        return redirect("cancellations:incentive_draft", version.pk)
    return render(request, "cancellations/incentives/words.html", {"form": form})


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.change_incentive", raise_exception=True)
def words(request: HttpRequest, pk: int) -> HttpResponse:
    """Names and what to say; not the terms, which are versioned."""
    incentive = get_object_or_404(Incentive, pk=pk)
    form = IncentiveForm(request.POST or None, instance=incentive)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("cancellations:incentive", incentive.pk)
    return render(request, "cancellations/incentives/words.html", {"form": form, "incentive": incentive})


@require_safe
@permission_required("cancellations.view_incentive", raise_exception=True)
def incentive(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Incentive, pk=pk)
    listed = list(found.versions.select_related("author", "publisher").order_by("-number"))
    versions = [
        {
            "version": version,
            "state": version.get_state_display(),
            "tone": {"published": "green", "draft": "amber"}.get(version.state, ""),
            "facts": _facts(version, before),
        }
        for version, before in zip_longest(listed, listed[1:])
    ]
    has_draft = any(row["version"].state == State.DRAFT for row in versions)
    return render(
        request,
        "cancellations/incentives/detail.html",
        {"incentive": found, "kind": found.get_kind_display(), "versions": versions, "has_draft": has_draft},
    )


def _facts(version: IncentiveVersion, before: IncentiveVersion | None) -> list[tuple[str, str, bool]]:
    """Label, value, and whether it is another than in the version before."""
    old = dict(_said(before)) if before else {}
    who = [(_("Written by"), f"{version.author}, {formats.moment(version.created_at)}")]
    if version.publisher:
        who.append((_("Published by"), f"{version.publisher}, {formats.moment(version.published_at)}"))
    if version.retired_at:
        who.append((_("Retired"), formats.moment(version.retired_at)))
    said = [(label, value, bool(before) and old.get(label) != value) for label, value in _said(version)]
    return [*said, *((label, value, False) for label, value in who)]


def _said(version: IncentiveVersion) -> list[tuple[str, str]]:
    since, until = version.valid_from, version.valid_to
    return [
        (_("Terms"), _headline(version.incentive, version)),
        *((str(label), sentence(version.rules.get(layer), registry)) for layer, label in LAYERS.items()),
        (_("Lever"), formats.number(version.lever)),
        (_("Cool-down"), _("%s days") % version.cooldown_days),
        (_("Times in 12 months"), formats.number(version.max_accepted)),
        (_("Budget per month"), formats.money(version.monthly_budget) if version.monthly_budget else _("no bound")),
        (_("Offered"), f"{formats.day(since)} – {formats.day(until)}" if since or until else _("without end")),
    ]


@require_POST
@permission_required("cancellations.change_incentive", raise_exception=True)
def start_draft(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Incentive, pk=pk)
    version = actions.draft(pk, by=request.user, now=timezone.now())
    return redirect("cancellations:incentive_draft", version.pk)


def _draft(pk: int) -> IncentiveVersion:
    return get_object_or_404(IncentiveVersion.objects.select_related("incentive", "author"), pk=pk)


@require_http_methods(["GET", "POST"])
@permission_required("cancellations.change_incentive", raise_exception=True)
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Terms and limits in one form, the rules beside it step by step; by htmx the rules alone."""
    version = _draft(pk)
    if version.state != State.DRAFT:
        return redirect("cancellations:incentive", version.incentive_id)
    if request.htmx:
        return render(request, "cancellations/incentives/rules.html", _rules(version))
    mark = request.POST.get("seen") or actions.mark(version)  # before the form writes on the version
    form = VersionForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            seen = request.POST.get("seen")
            actions.write_terms(version.pk, written=form.written, by=request.user, seen=seen, **form.limits)
        except DomainError as error:
            form.add_error(f"term_{error.field}" if f"term_{error.field}" in form.fields else None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("cancellations:incentive_draft", version.pk)
    return render(
        request,
        "cancellations/incentives/draft.html",
        {"version": version, "incentive": version.incentive, "form": form, "mark": mark, **_rules(version)},
    )


def _rules(version: IncentiveVersion, focus: Focus | None = None, **more: Any) -> dict[str, Any]:
    """`focus`: the layer, path and button to which the keyboard goes back after a step."""
    layers = [
        {
            "name": layer,
            "label": label,
            "about": ABOUT[layer],
            "sentence": sentence(version.rules.get(layer), registry),
            "tree": _node(tree, (), focus if focus and focus[0] == layer else None)
            if (tree := version.rules.get(layer))
            else None,
            "focus": focus is not None and focus[:2] == (layer, None),
            "mark": actions.mark(version, layer),
        }
        for layer, label in LAYERS.items()
    ]
    return {"layers": layers, "version": version, "adding": None, **more}


def _node(tree: dict[str, Any], path: tuple[int, ...], focus: Focus | None) -> dict[str, Any]:
    node = edit.at(tree, path)
    kind = edit.group_of(node)
    inner = edit.children(node)
    moves = [way for way, by in (("up", -1), ("down", 1)) if edit.move(tree, path, by)[1] != path]
    moves += ["in"] if edit.into(tree, path)[1] != path else []
    return {
        "kind": kind,
        "path": "-".join(map(str, path)) or "root",
        "text": "" if kind else say_leaf(node, registry),
        "label": {"all": _("All of these"), "any": _("Any of these"), "not": _("Not")}.get(kind, ""),
        "children": [_node(tree, (*path, i), focus) for i in range(len(inner))],
        "single": len(inner) == 1,
        "moves": moves,
        "focus": "" if focus is None or focus[1] != path else focus[2] if focus[2] in moves else "first",
    }


def _path(text: str) -> tuple[int, ...]:
    """ "root", "0-1-2"."""
    if text == "root":
        return ()
    try:
        return tuple(int(step) for step in text.split("-"))[:20]
    except ValueError as error:
        raise Http404 from error


@require_POST
@permission_required("cancellations.change_incentive", raise_exception=True)
def rule_step(request: HttpRequest, pk: int, layer: str, path: str, step: str) -> HttpResponse:
    """One press in the editor: add, replace, remove, nest, take out, move. Answers with the rules part."""
    version = _draft(pk)
    if layer not in LAYERS:
        raise Http404
    context: dict[str, Any] = {}
    focus = node = None
    if step in ("add", "replace"):
        form = ConditionForm(request.POST)
        node = form.node()
        if node is None:
            context = {"adding": {"layer": layer, "path": path, "step": step, "form": form}}
    if not context:
        try:
            stands = actions.edit_rules(
                version.pk,
                layer=layer,
                path=_path(path),
                step=step,
                by=request.user,
                node=node,
                seen=request.POST.get("seen"),
            )
        except DomainError as error:
            context = {"refusal": str(error)}
        else:
            focus = layer, stands, step if step in ("up", "down", "in") else "first"
        version = _draft(pk)
    if not request.htmx:
        return redirect("cancellations:incentive_draft", version.pk)
    return render(request, "cancellations/incentives/rules.html", _rules(version, focus, **context))


@require_safe
@permission_required("cancellations.change_incentive", raise_exception=True)
def condition(request: HttpRequest, pk: int, layer: str, path: str, step: str) -> HttpResponse:
    """The small form of one condition; with `var` chosen it asks for what that variable is compared with."""
    version = _draft(pk)
    if layer not in LAYERS or step not in ("add", "replace"):
        raise Http404
    initial: dict[str, Any] = {}
    if step == "replace" and version.rules.get(layer):
        try:
            initial = edit.at(version.rules[layer], _path(path))
        except LookupError as error:
            raise Http404 from error
    name = request.GET.get("var") or initial.get("var") or next(iter(registry))
    if name not in registry:
        raise Http404
    form = ConditionForm(initial={**(initial if initial.get("var") == name else {}), "var": name})
    return render(
        request,
        "cancellations/incentives/rules.html",
        _rules(version, adding={"layer": layer, "path": path, "step": step, "form": form}),
    )


@require_safe
@permission_required("cancellations.view_incentive", raise_exception=True)
def dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    version = _draft(pk)
    tried = queries.dry_run(version, now=timezone.now())
    steps = [
        (_("see what is published"), tried.before, ""),
        (_("would see the draft"), tried.after, ""),
        (_("see both"), tried.both, ""),
        (_("see it only with the draft"), tried.gained, "green" if tried.gained else ""),
        (_("see it no longer"), tried.lost, "amber" if tried.lost else ""),
    ]
    return render(
        request,
        "cancellations/incentives/dry_run.html",
        {
            "version": version,
            "incentive": version.incentive,
            "tried": tried,
            "cases": formats.number(tried.cases),
            "steps": [(label, formats.number(count), tone) for label, count, tone in steps],
            "as_of_today": ", ".join(f"“{label}”" for label in tried.as_of_today),
            "cost_before": formats.money(tried.cost_before),
            "cost_after": formats.money(tried.cost_after),
            "is_author": version.author_id == request.user.pk,
        },
    )


@require_POST
@permission_required("cancellations.change_incentive", raise_exception=True)
def hand_in(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, _draft(pk), actions.hand_in, _("Handed in. A colleague can publish it now."))


@require_POST
@permission_required("cancellations.publish_incentive", raise_exception=True)
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    version = _draft(pk)
    return _done(request, version, actions.publish, _("Published. It is offered from now on."))


@require_POST
@permission_required("cancellations.publish_incentive", raise_exception=True)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    return _done(request, _draft(pk), actions.retire, _("Retired. It is not offered any more."))


@require_POST
@permission_required("cancellations.change_incentive", raise_exception=True)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    version = _draft(pk)
    try:
        actions.discard(version.pk, by=request.user)
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("cancellations:incentive", version.incentive_id)


def _done(request: HttpRequest, version: IncentiveVersion, act: Any, said: str) -> HttpResponse:
    try:
        act(version.pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("cancellations:incentive", version.incentive_id)
