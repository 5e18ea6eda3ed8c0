"""What is done on a member's page: one form, one action, back to the page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from customers.models import Customer
from loyalty import actions
from loyalty.actions import books
from loyalty.errors import CardRefused
from loyalty.forms import desk as forms
from loyalty.models import CardToken, LedgerEntry, Membership, Merge, Reward
from loyalty.queries import members as queries
from loyalty.rules.facts import ReceiptFacts
from loyalty.rules.trace import say
from loyalty.views.desk import show
from staff import formats
from staff.errors import DomainError

View = Callable[..., HttpResponse]
Act = Callable[[HttpRequest, int, Form], str]


def deed(
    name: str, permission: str, form_class: type[Form], about: Callable[[int], dict[str, Any]] = lambda pk: {}
) -> Callable[[Act], View]:
    """A view from an act: `act(request, membership's pk, valid form)` returns the sentence that says what happened.
    A refusal comes back at its field, with all that was typed. `about`: what the form must know of the member."""

    def wrap(act: Act) -> View:
        @require_POST
        @permission_required(permission, raise_exception=True)
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            get_object_or_404(Membership, pk=pk)
            form = form_class(request.POST, auto_id=f"{name}_%s", **about(pk))
            if form.is_valid():
                try:
                    told = act(request, pk, form)
                except DomainError as error:
                    form.add_error(error.field if error.field in form.fields else None, str(error))
                else:
                    messages.success(request, told)
                    return redirect("loyalty:member", pk=pk)
            return show(request, pk, status=422, **{name: form})

        view.__doc__ = act.__doc__
        return view

    return wrap


def _live_card(pk: int) -> CardToken:
    card = queries.cards_of(pk).filter(status=CardToken.Status.ACTIVE).first()
    if card is None:
        raise CardRefused(_("This member has no card in use. Replace the lost one first."), code="no_card")
    return card


def _bought(pk: int) -> dict[str, Any]:
    return {"terms": queries.terms_of(pk, timezone.now())}


@deed("stamp", "loyalty.stamp_card", forms.StampForm, _bought)
def stamp(request: HttpRequest, pk: int, form: forms.StampForm) -> str:
    """Stamp what is bought now; the form's key makes a second press harmless."""
    now, data = timezone.now(), form.cleaned_data
    receipt = actions.record_receipt(
        ReceiptFacts(
            source="desk",
            store=data["store"].code,
            business_date=timezone.localdate(now),
            number=str(data["key"]),
            occurred_at=now,
            card=_live_card(pk).number,
            lines=(form.line,),
            total=form.line.amount,
            typed=True,
        ),
        by=request.user,
        now=now,
    )
    return " ".join(say(receipt.trace))


@deed("give", "loyalty.give_stamps", forms.GiveForm)
def give(request: HttpRequest, pk: int, form: Form) -> str:
    """Goodwill stamps, or a request for them."""
    data = form.cleaned_data
    done = actions.give_stamps(
        pk, count=data["count"], note=data["note"], by=request.user, now=timezone.now(), key=f"give-{data['key']}"
    )
    if isinstance(done, LedgerEntry):
        return _("The stamps are on the card.")
    return _("This is above your authority: a colleague has been asked.")


@deed("claim", "loyalty.stamp_card", forms.ClaimForm, _bought)
def claim(request: HttpRequest, pk: int, form: forms.ClaimForm) -> str:
    """A forgotten receipt."""
    data = form.cleaned_data
    receipt = actions.claim_receipt(
        pk,
        store=data["store"],
        business_date=data["business_date"],
        number=data["number"],
        lines=(form.line,),
        occurred_at=form.occurred_at,
        by=request.user,
        now=timezone.now(),
    )
    return " ".join(say(receipt.trace))


def _replaceable(pk: int) -> dict[str, Any]:
    return {"cards": queries.replaceable(pk)}


@deed("replace", "loyalty.replace_card", forms.CardForm, _replaceable)
def replace(request: HttpRequest, pk: int, form: Form) -> str:
    """The card is lost: a new one, the same stamps."""
    lost = form.cleaned_data.get("lost") or queries.cards_of(pk).values_list("pk", flat=True).first()
    if lost is None:
        raise CardRefused(_("This member has no card."), code="no_card")
    new = actions.replace_card(lost, number=form.cleaned_data["number"], by=request.user, now=timezone.now())
    return _("The old card is dead; all stamps are on %s.") % new.number


@deed("merge", "loyalty.merge_members", forms.MergeForm)
def merge(request: HttpRequest, pk: int, form: Form) -> str:
    """Another card of the same person comes here."""
    other = books.resolve(form.cleaned_data["card"])
    actions.merge(other, into_id=pk, by=request.user, now=timezone.now())
    return _("The two cards are one now.")


@deed("transfer", "loyalty.merge_members", forms.TransferForm)
def transfer(request: HttpRequest, pk: int, form: Form) -> str:
    """Stamps that went onto this card by mistake."""
    data = form.cleaned_data
    actions.transfer(
        pk,
        to_id=books.resolve(data["card"]),
        stamps=data["stamps"],
        note=data["note"],
        by=request.user,
        now=timezone.now(),
    )
    return _("The stamps are on the right card.")


@deed("spend", "loyalty.redeem_reward", forms.SpendForm)
def spend(request: HttpRequest, pk: int, form: Form) -> str:
    """Points for a reward; the form's key makes a second press harmless."""
    data = form.cleaned_data
    reward = actions.spend_points(
        pk, reward=data["reward"], by=request.user, now=timezone.now(), key=f"spend-{data['key']}"
    )
    return _("“%s” is the member's now: redeem it as it is handed over.") % reward.name


@deed("waive", "loyalty.give_stamps", forms.NoteForm)
def waive(request: HttpRequest, pk: int, form: Form) -> str:
    """Ask that the debt be forgotten."""
    actions.ask_for_waiver(pk, note=form.cleaned_data["note"], by=request.user, now=timezone.now())
    return _("A colleague has been asked.")


@deed("name", "loyalty.enrol_member", forms.NameForm)
def name(request: HttpRequest, pk: int, form: Form) -> str:
    """A nameless card gets its customer."""
    customer = Customer.objects.filter(number__iexact=form.cleaned_data["customer"].strip()).first()
    if customer is None:
        raise DomainError(_("No customer has this number."), code="customer_unknown", field="customer")
    actions.name_card(pk, customer_id=customer.pk, by=request.user, now=timezone.now())
    return _("The card belongs to %s now.") % customer.name


def _extendable(pk: int) -> dict[str, Any]:
    return {"rewards": queries.extendable(pk)}


@deed("extend", "loyalty.decide_stamps", forms.ExtendForm, _extendable)
def extend(request: HttpRequest, pk: int, form: Form) -> str:
    """A reward that expired yesterday."""
    data = form.cleaned_data
    reward = actions.extend_reward(
        data["reward"], days=data["days"], note=data["note"], by=request.user, now=timezone.now()
    )
    return _("The reward is open until %s.") % formats.day(reward.expires_at)


@deed("close", "loyalty.enrol_member", forms.NoteForm)
def close(request: HttpRequest, pk: int, form: Form) -> str:
    """The member wishes to take part no longer."""
    actions.close(pk, by=request.user, now=timezone.now(), note=form.cleaned_data["note"])
    return _("The membership is closed.")


@deed("reopen", "loyalty.enrol_member", Form)
def reopen(request: HttpRequest, pk: int, form: Form) -> str:
    """The member thought better of it."""
    actions.reopen(pk, by=request.user, now=timezone.now())
    return _("The membership is open again.")


@deed("block", "loyalty.replace_card", Form)
def block(request: HttpRequest, pk: int, form: Form) -> str:
    """Stop or allow stamping and redeeming."""
    member = get_object_or_404(Membership, pk=pk)
    blocked = member.status == Membership.Status.ACTIVE
    actions.set_blocked(pk, blocked, by=request.user, now=timezone.now())
    return _("The membership is blocked.") if blocked else _("The membership is open again.")


def _on_reward(permission: str, act: Callable[[HttpRequest, int], Reward], told: Callable[[Reward], str]) -> View:
    @require_POST
    @permission_required(permission, raise_exception=True)
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        reward = get_object_or_404(Reward, pk=pk)
        try:
            done = act(request, pk)
        except DomainError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, told(done))
        return redirect("loyalty:member", pk=reward.membership_id)

    return view


redeem = _on_reward(
    "loyalty.redeem_reward",
    lambda request, pk: actions.redeem(pk, by=request.user, now=timezone.now()),
    lambda reward: _("Redeemed: hand over the free one."),
)
undo_redeem = _on_reward(
    "loyalty.redeem_reward",
    lambda request, pk: actions.undo_redeem(pk, by=request.user, now=timezone.now()),
    lambda reward: (
        _("Undone: the reward repaid what the card owed.")
        if reward.state == Reward.State.REVOKED
        else _("Undone: the reward is open again.")
    ),
)
turn_back = _on_reward(
    "loyalty.redeem_reward",
    lambda request, pk: actions.turn_back(pk, by=request.user, now=timezone.now()),
    lambda reward: _("Turned back: the points are on the card again."),
)


@require_POST
@permission_required("loyalty.merge_members", raise_exception=True)
def unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    record = get_object_or_404(Merge, pk=pk)
    try:
        actions.unmerge(pk, by=request.user, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The two cards are apart again."))
    return redirect("loyalty:member", pk=record.target_id)
