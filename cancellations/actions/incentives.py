"""What marketing does to the catalogue: write, rule, try, hand over to a colleague who publishes."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from cancellations import terms
from cancellations.engine import edit
from cancellations.engine.conditions import LAYERS, InvalidRule, clean
from cancellations.models import Budget, EnginePolicy, Incentive, IncentiveVersion
from cancellations.variables import registry
from staff import formats
from staff.errors import DomainError, SelfApproval, Stale, WrongState
from staff.models import User

State = IncentiveVersion.State
FIELDS = ("lever", "valid_from", "valid_to", "max_accepted", "cooldown_days", "monthly_budget")


@transaction.atomic
def draft(incentive_pk: int, *, by: User, now: datetime) -> IncentiveVersion:
    """The draft to write on: the one that is there, else a copy of what is published, else an empty one."""
    incentive = Incentive.objects.select_for_update().get(pk=incentive_pk)
    versions = {v.state: v for v in incentive.versions.exclude(state=State.RETIRED)}
    if State.DRAFT in versions:
        return versions[State.DRAFT]
    last = versions.get(State.PUBLISHED) or incentive.versions.order_by("-number").first()
    number = (incentive.versions.aggregate(last=Max("number"))["last"] or 0) + 1
    copied = {name: getattr(last, name) for name in ("terms", "rules", *FIELDS)} if last else {}
    return IncentiveVersion.objects.create(incentive=incentive, number=number, author=by, **copied)


def mark(version: IncentiveVersion, layer: str = "") -> str:
    """A short word for the terms and limits as they are, or for one layer's rules: what a page shows it sends back, so
    that nothing a colleague wrote meanwhile is overwritten unseen."""
    shown = version.rules.get(layer) if layer else [version.terms, *(getattr(version, name) for name in FIELDS)]
    return sha256(json.dumps(shown, default=str, sort_keys=True).encode()).hexdigest()[:16]


def _check_seen(version: IncentiveVersion, seen: str | None, layer: str = "") -> None:
    if seen is not None and seen != mark(version, layer):
        raise Stale(
            _("%(who)s changed this meanwhile. Look at it again before you go on.") % {"who": version.author.short_name}
        )


def _locked(pk: int) -> IncentiveVersion:
    """Raises WrongState when it is no draft any more."""
    version = IncentiveVersion.objects.select_for_update(of=("self",)).select_related("incentive", "author").get(pk=pk)
    if version.state != State.DRAFT:
        raise WrongState(_("This version has been published: its terms and rules never change. Start a new draft."))
    return version


@transaction.atomic
def write_terms(
    version_pk: int, *, written: Mapping[str, Any], by: User, seen: str | None = None, **fields: Any
) -> IncentiveVersion:
    """Terms and limits of a draft; who wrote last is its author, and hands it in anew. `seen`: the mark of what the
    page showed. Raises DomainError at the field of a term, Stale."""
    version = _locked(version_pk)
    _check_seen(version, seen)
    try:
        version.terms = terms.clean(version.incentive.kind, written)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise DomainError(messages[0], code="bad_terms", field=field) from error
    for name in FIELDS:
        if name in fields:
            setattr(version, name, fields[name])
    version.author, version.handed_in_at = by, None
    version.save()
    return version


@transaction.atomic
def edit_rules(
    version_pk: int, *, layer: str, path: edit.Path, step: str, by: User, node: Any = None, seen: str | None = None
) -> edit.Path | None:
    """One step of the rule editor on one layer: "add", "replace", "remove", "not", "all", "any", "unwrap", "switch",
    "up", "down", "in". Where the node now stands; None when it was removed. `seen`: the mark of the layer that the page
    showed. Raises DomainError with the sentence for the field, and Stale."""
    version = _locked(version_pk)
    if layer not in LAYERS:
        raise DomainError(_("There is no such layer."), code="bad_rule")
    _check_seen(version, seen, layer)
    tree = version.rules.get(layer)
    stands: edit.Path | None = path
    try:
        match step:
            case "add":
                changed, stands = edit.add(tree, path, node)
            case "replace":
                changed = edit.replace(tree, path, node)
            case "remove":
                changed, stands = edit.remove(tree, path), None
            case "not" | "all" | "any":
                changed = edit.wrap(tree, path, step)
            case "unwrap":
                changed = edit.unwrap(tree, path)
            case "switch":
                changed = edit.switch(tree, path)
            case "up" | "down":
                changed, stands = edit.move(tree, path, -1 if step == "up" else 1)
            case "in":
                changed, stands = edit.into(tree, path)
            case _:
                raise DomainError(_("There is no such step."), code="bad_rule")
        version.rules = {**version.rules, layer: clean(changed, registry)}
    except LookupError as error:
        raise Stale(_("Somebody changed these rules meanwhile. Look at them again.")) from error
    except InvalidRule as error:
        raise DomainError(str(error), code="bad_rule", field="value") from error
    version.author, version.handed_in_at = by, None
    version.save(update_fields=["rules", "author", "handed_in_at"])
    return stands


@transaction.atomic
def hand_in(version_pk: int, *, by: User, now: datetime) -> IncentiveVersion:
    """The draft is done: a colleague may publish it. Raises WrongState, and DomainError when its terms are not
    complete."""
    version = _locked(version_pk)
    _check_complete(version)
    version.handed_in_at = now
    version.save(update_fields=["handed_in_at"])
    return version


def _check_complete(version: IncentiveVersion) -> None:
    try:
        terms.clean(version.incentive.kind, version.terms)
    except ValidationError as error:
        raise DomainError(_("Fill in the terms first."), code="bad_terms") from error


@transaction.atomic
def publish(version_pk: int, *, by: User, now: datetime) -> IncentiveVersion:
    """From now on this version is offered, and the one before no more. Raises SelfApproval, WrongState, and
    DomainError when it has not been handed in or its terms are not complete."""
    incentive_pk = IncentiveVersion.objects.values_list("incentive_id", flat=True).get(pk=version_pk)
    Incentive.objects.select_for_update().get(pk=incentive_pk)
    version = _locked(version_pk)
    if version.author_id == by.pk:
        raise SelfApproval(_("Ask a colleague to publish what you wrote."))
    if version.handed_in_at is None:
        raise DomainError(
            _("Its author is still writing. It can be published once it is handed in."), code="unfinished"
        )
    _check_complete(version)
    version.incentive.versions.filter(state=State.PUBLISHED).update(state=State.RETIRED, retired_at=now)
    version.state, version.publisher, version.published_at = State.PUBLISHED, by, now
    version.save(update_fields=["state", "publisher", "published_at"])
    return version


@transaction.atomic
def retire(version_pk: int, *, by: User, now: datetime) -> IncentiveVersion:
    """Offer it no more; what was accepted stays as it is. Raises WrongState."""
    version = IncentiveVersion.objects.select_for_update().get(pk=version_pk)
    if version.state != State.PUBLISHED:
        raise WrongState(_("Only a published version can be retired."))
    version.state, version.retired_at = State.RETIRED, now
    version.save(update_fields=["state", "retired_at"])
    return version


@transaction.atomic
def discard(version_pk: int, *, by: User) -> None:
    """Throw a draft away. Raises WrongState."""
    _locked(version_pk).delete()


@transaction.atomic
def set_budget(pk: int | None, *, amount: Decimal, **place: Any) -> Budget:
    """A month's money anew (`place`: month, incentive, team), or another amount of one that is there. What is reserved
    and consumed meanwhile stays. Raises DomainError at "amount" when that is more already."""
    if pk is None:
        return Budget.objects.create(amount=amount, **place)
    budget = Budget.objects.select_for_update(of=("self",)).get(pk=pk)
    if amount < budget.reserved + budget.consumed:
        raise DomainError(
            _("%(taken)s of it is reserved and consumed already.")
            % {"taken": formats.money(budget.reserved + budget.consumed)},
            code="taken",
            field="amount",
        )
    budget.amount = amount
    budget.save(update_fields=["amount"])
    return budget


def set_limits(*, by: User, now: datetime, **fields: Any) -> EnginePolicy:
    """The company's limits from now on, as a new row; the hold-out keeps its salt, so nobody changes arms by it."""
    last = EnginePolicy.objects.order_by("-pk").first()
    salt = {"salt": last.salt} if last else {}
    return EnginePolicy.objects.create(author=by, created_at=now, **salt, **fields)
