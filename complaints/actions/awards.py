"""Awarding compensation: propose, agree or decline with four eyes, withdraw.

Terms never change. Whoever wants other terms proposes again; the earlier proposal is replaced and what was asked or
agreed about it is void.

A case whose decision is drafted goes with the question: it waits for the approval, comes back returned when the answer
is no, and can be answered when nothing is asked any more. An answer never promises what nobody agreed to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.lists import format_list
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.compensation import queries, rules
from complaints.compensation.rules import Guidance, Situation, Terms, Wish
from complaints.models import Award, AwardApproval, ComplaintCase, Matrix, MatrixCell, Remedy
from complaints.models.compensation import AwardState, Basis, RemedyState
from complaints.models.guidance import RemedyKind
from complaints.states import ENDED, State
from customers.erasure import living
from customers.models import Customer
from staff import formats
from staff.authority import Authority, authority_of
from staff.decisions import Verdict
from staff.errors import AboveAuthority, AlreadyDecided, DomainError, SelfApproval, WrongState
from staff.models import User

ANSWER_WITHIN = timedelta(hours=4)


@transaction.atomic
def propose(case_pk: int, terms: Terms, *, by: User, now: datetime) -> Award:
    """Propose these remedies for the case. Within authority, guidance and guards they are agreed at once; else a
    colleague is asked, with the reasons. About thirty queries.

    Locks the case and the customer, so that limits hold when two propose at once. Raises WrongState for an ended case
    or remedies under way, SelfApproval when the proposer is the customer, DomainError for terms to be mended.
    """
    case = _lock(case_pk)
    check_can_compensate(case, by)
    earlier, matrix = _replaceable(case), queries.guidance_for(case, now)
    terms = rules.priced(terms, matrix[0])
    asked, reasons, guidance = _explain(case, terms, by, now, matrix=matrix, besides=earlier.pk if earlier else None)
    if earlier:
        _end(earlier, AwardState.REPLACED, by=by, now=now)
    award = _write(case, terms, asked, guidance, matrix[0], replaces=earlier, by=by, now=now)
    if reasons:
        AwardApproval.objects.create(
            award=award,
            amount=terms.total,
            requested_by=by,
            requested_at=now,
            reason=terms.deviation,
            due_at=min(now + ANSWER_WITHIN, case.due_at),
        )
        if case.state in (State.DECISION_DRAFTED, State.RETURNED):
            case.move_to(State.PENDING_APPROVAL, by=by, at=now)
    else:
        _agree(award, by=None, now=now, note="")
        if case.state in (State.PENDING_APPROVAL, State.RETURNED):
            case.move_to(State.DECISION_DRAFTED, by=by, at=now)
    return award


@transaction.atomic
def approve(
    approval_pk: int,
    *,
    by: User,
    now: datetime,
    note: str = "",
    amounts: Mapping[int, Decimal] | None = None,
) -> Award:
    """Agree to what a colleague proposed; `amounts` (remedy → money) agrees to that instead, as a new award.

    Raises SelfApproval, AlreadyDecided (saying who was first), AboveAuthority, DomainError for bad amounts.
    """
    approval, award = _lock_approval(approval_pk)
    _check_not_beneficiary(award.case.customer, by)
    terms = _terms_of(award)
    changed = _with_amounts(award, terms, amounts or {})
    final = changed or terms
    approval.decide(Verdict.CHANGED if changed else Verdict.APPROVED, by=by, at=now, note=note)
    _check_covers(award, final, by, now)
    if changed:
        matrix = queries.guidance_for(award.case, now)
        asked, _reasons, guidance = _explain(
            award.case, changed, award.proposed_by, now, matrix=matrix, besides=award.pk
        )
        asked["changed_by"] = by.pk
        _end(award, AwardState.REPLACED, by=by, now=now)
        award = _write(award.case, changed, asked, guidance, matrix[0], replaces=award, by=award.proposed_by, now=now)
    _agree(award, by=by, now=now, note=note)
    _let_go(award.case, State.DECISION_DRAFTED, by=by, now=now, note=note)
    return award


@transaction.atomic
def decline(approval_pk: int, *, by: User, now: datetime, note: str) -> Award:
    """Say no, and why. Raises SelfApproval, AlreadyDecided, DomainError without a reason."""
    if not note.strip():
        raise DomainError(_("Say why, so that the agent can propose something better."), field="note")
    approval, award = _lock_approval(approval_pk)
    approval.decide(Verdict.DECLINED, by=by, at=now, note=note)
    _end(award, AwardState.DECLINED, by=by, now=now, note=note)
    _let_go(award.case, State.RETURNED, by=by, now=now, note=note)
    return award


@transaction.atomic
def look(approval_pk: int, *, by: User) -> AwardApproval:
    """Tell the others that somebody is looking; one update, none when it is known. Requesters are not told of
    themselves."""
    approval = AwardApproval.objects.select_for_update(of=("self",)).get(pk=approval_pk)
    if approval.verdict == Verdict.PENDING and by.pk not in (approval.looked_at_by_id, approval.requested_by_id):
        approval.looked_at_by = by
        approval.save(update_fields=["looked_at_by"])
    return approval


@transaction.atomic
def withdraw(award_pk: int, *, by: User, now: datetime, note: str = "") -> Award:
    """Take a proposal back before anything of it was done. Raises WrongState."""
    case = _lock(Award.objects.values_list("case", flat=True).get(pk=award_pk))
    award = Award.objects.select_for_update().get(pk=award_pk)
    if _begun(award):
        raise WrongState(_("A remedy is under way or done. End the others one by one."))
    _end(award, AwardState.WITHDRAWN, by=by, now=now, note=note)
    _let_go(case, State.DECISION_DRAFTED, by=by, now=now, note=note)
    return award


def check_can_compensate(case: ComplaintCase, by: User) -> None:
    """Raises WrongState for a case that has ended, SelfApproval when `by` is the customer."""
    if case.state in ENDED - {State.RESOLVED_ON_CONTACT}:
        raise WrongState(_("This complaint has ended. Reopen it, then compensate."))
    _check_not_beneficiary(case.customer, by)


def settle(award: Award, *, by: User | None, now: datetime) -> None:
    """Once every remedy has ended the award is done, or withdrawn when none was. The award is locked."""
    if award.state != AwardState.APPROVED:
        return
    states = set(award.remedies.values_list("state", flat=True))
    if states <= {RemedyState.DONE, RemedyState.CANCELLED}:
        award.move_to(AwardState.DONE if RemedyState.DONE in states else AwardState.WITHDRAWN, by=by, at=now)


def _let_go(case: ComplaintCase, to: State, *, by: User, now: datetime, note: str) -> None:
    """The question about the case's compensation has ended; the case goes on if it waited for that."""
    if case.state == State.PENDING_APPROVAL:
        case.move_to(to, by=by, at=now, note=note)


def _lock(case_pk: int) -> ComplaintCase:
    case = ComplaintCase.objects.select_for_update(of=("self",)).select_related("category", "customer").get(pk=case_pk)
    living(case.customer_id)
    return case


def _lock_approval(pk: int) -> tuple[AwardApproval, Award]:
    case_pk = AwardApproval.objects.values_list("award__case", flat=True).get(pk=pk)
    case = _lock(case_pk)
    approval = AwardApproval.objects.select_for_update(of=("self",)).select_related("decided_by").get(pk=pk)
    award = Award.objects.select_for_update(of=("self",)).select_related("proposed_by").get(pk=approval.award_id)
    award.case = case
    if approval.verdict == Verdict.VOID:
        raise AlreadyDecided(_("The terms changed meanwhile. The new proposal has its own line in the queue."))
    return approval, award


def _replaceable(case: ComplaintCase) -> Award | None:
    """The standing proposal that a new one replaces; None when the last is done. Raises WrongState when begun."""
    award = (
        Award.objects.select_for_update()
        .filter(case=case, state__in=[AwardState.PENDING, AwardState.APPROVED])
        .order_by("-pk")
        .first()
    )
    if award and _begun(award):
        raise WrongState(_("Remedies agreed earlier are under way. Finish them, then propose what is to be added."))
    return award


def _begun(award: Award) -> bool:
    return award.remedies.exclude(state__in=[RemedyState.PROPOSED, RemedyState.AGREED, RemedyState.CANCELLED]).exists()


def _explain(
    case: ComplaintCase,
    terms: Terms,
    by: User,
    now: datetime,
    *,
    matrix: tuple[Matrix | None, MatrixCell | None],
    besides: int | None,
) -> tuple[dict[str, Any], list[str], Guidance | None]:
    """The frozen explanation, the reasons to ask a colleague, and what the guidance says."""
    version, cell = matrix
    facts = replace(queries.situation(case, by, now, besides=besides), peers_claims=queries.peers_claims(now))
    guidance = rules.guide(version, cell, facts) if version and cell else None
    rules.check_terms(terms, guidance, has_card=queries.has_card(case.customer))
    for_goodwill, for_redress = queries.totals(case, by, now, besides=besides)
    authority = authority_of(by, rules.AUTHORITY_GOODWILL), authority_of(by, rules.AUTHORITY_REDRESS)
    reasons = rules.reasons_to_ask(
        terms,
        guidance,
        facts,
        matrix=version,
        goodwill=(authority[0], for_goodwill),
        redress=(authority[1], for_redress),
    )
    snapshot = _snapshot(case, terms, guidance, facts, reasons, authority[0], queries.comparables(case, now))
    return snapshot, reasons, guidance


def _snapshot(
    case: ComplaintCase,
    terms: Terms,
    guidance: Guidance | None,
    facts: Situation,
    reasons: Sequence[str],
    authority: Authority,
    like: queries.Comparables | None,
) -> dict[str, Any]:
    """Everything the decision rested on, as plain values; amounts as text, so that no cent is lost in JSON."""
    return {
        "category": case.category.code,
        "severity": case.severity,
        "facts": {name: _plain(getattr(facts, name)) for name in facts.__dataclass_fields__},
        "guidance": guidance
        and {
            "low": str(guidance.low),
            "mid": str(guidance.mid),
            "high": str(guidance.high),
            "modifiers": [
                {"code": m.code, "count": m.count, "share": str(m.share), "amount": str(m.amount)}
                for m in guidance.modifiers
            ],
            "unclamped": str(guidance.unclamped),
            "goodwill": str(guidance.goodwill),
            "preferred": list(guidance.preferred),
        },
        "comparables": like
        and {"n": like.n, "alike": list(like.alike), "quartiles": [str(cents) for cents in like.quartiles]},
        "split": {basis: str(amount) for basis, amount in terms.split.items()},
        "limit": None if authority.per_case is None else str(authority.per_case),
        "reasons": list(reasons),
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def sentence(terms: Terms, language: str) -> str:
    """What is given and what for, in one sentence fit to print, in the customer's language."""
    with translation.override(language):
        reasons = {
            Basis.OWED: _("%(things)s, which you are entitled to"),
            Basis.LOSS: _("%(things)s for your loss"),
            Basis.GOODWILL: _("%(things)s as a sign of goodwill"),
        }
        parts = [
            reason % {"things": _list([_given(wish) for wish in terms.wishes if wish.basis == basis])}
            for basis, reason in reasons.items()
            if any(wish.basis == basis for wish in terms.wishes)
        ]
        if not parts:
            return _("We apologise and put right what went wrong.")
        return _("You receive %(parts)s.") % {"parts": _list(parts)}


def _list(parts: list[str]) -> str:
    return format_list(parts, locale=formats.locale())


def _given(wish: Wish) -> str:
    """One remedy as the customer reads of it, in the language in force."""
    texts = {
        RemedyKind.REFUND: _("%(amount)s back"),
        RemedyKind.CREDIT: _("%(amount)s as a credit on your account"),
        RemedyKind.VALUE_VOUCHER: _("a voucher worth %(amount)s"),
        RemedyKind.PRODUCT_VOUCHER: _("a voucher for %(what)s"),
        RemedyKind.REPAIR: _("the work “%(what)s”"),
        RemedyKind.GIFT: _("%(what)s as a gift"),
        RemedyKind.STAMPS: ngettext("%(stamps)d bonus stamp", "%(stamps)d bonus stamps", wish.stamps or 0),
    }
    return texts[RemedyKind(wish.kind)] % {
        "amount": formats.money(wish.amount),
        "what": wish.what,
        "stamps": wish.stamps or 0,
    }


def _write(
    case: ComplaintCase,
    terms: Terms,
    explanation: dict[str, Any],
    guidance: Guidance | None,
    matrix: Matrix | None,
    *,
    replaces: Award | None,
    by: User,
    now: datetime,
) -> Award:
    award = Award.objects.create(
        case=case,
        state=AwardState.PENDING,
        matrix=matrix,
        owed=terms.split[Basis.OWED],
        loss=terms.split[Basis.LOSS],
        goodwill=terms.goodwill,
        guided=guidance.goodwill if guidance else None,
        band=guidance.band(terms.goodwill) if guidance else "none",
        voucher_for_owed=terms.voucher_for_owed,
        consent=terms.consent,
        deviation=terms.deviation,
        explanation=explanation,
        sentence=sentence(terms, case.customer.language),
        proposed_by=by,
        proposed_at=now,
        replaces=replaces,
    )
    Remedy.objects.bulk_create(
        Remedy(
            award=award,
            kind=wish.kind,
            basis=wish.basis,
            state=RemedyState.PROPOSED,
            amount=wish.amount,
            what=wish.what,
            stamps=wish.stamps,
        )
        for wish in terms.wishes
    )
    return award


def _agree(award: Award, *, by: User | None, now: datetime, note: str) -> None:
    award.move_to(AwardState.APPROVED, by=by, at=now, note=note)
    for remedy in award.remedies.select_for_update().order_by("pk"):
        remedy.move_to(RemedyState.AGREED, by=by, at=now)


def _end(award: Award, state: AwardState, *, by: User, now: datetime, note: str = "") -> None:
    """End a proposal nothing of which was done: its remedies are cancelled, a pending question about it is void."""
    for approval in award.approvals.select_for_update().filter(verdict=Verdict.PENDING):
        approval.decide(Verdict.VOID, by=None, at=now)
    award.move_to(state, by=by, at=now, note=note)
    for remedy in award.remedies.select_for_update().exclude(state=RemedyState.CANCELLED).order_by("pk"):
        remedy.move_to(RemedyState.CANCELLED, by=by, at=now)


def _terms_of(award: Award) -> Terms:
    return Terms(
        [
            Wish(remedy.kind, remedy.basis, remedy.amount, remedy.what, remedy.stamps)
            for remedy in award.remedies.order_by("pk")
        ],
        award.voucher_for_owed,
        award.consent,
        award.deviation,
    )


def _with_amounts(award: Award, terms: Terms, amounts: Mapping[int, Decimal]) -> Terms | None:
    """The terms with other amounts; None when none differs. What is owed or lost is not scaled by an approver."""
    remedies = list(award.remedies.order_by("pk"))
    wishes = list(terms.wishes)
    for position, remedy in enumerate(remedies):
        wanted = amounts.get(remedy.pk, remedy.amount)
        if wanted == remedy.amount:
            continue
        if remedy.basis != Basis.GOODWILL:
            raise DomainError(_("Only goodwill can be changed here: the rest is owed or proven."), field="amount")
        if remedy.kind == RemedyKind.STAMPS:
            raise DomainError(_("Stamps are a number, not an amount: decline, and say how many."), field="amount")
        wishes[position] = replace(wishes[position], amount=wanted)
    if wishes == list(terms.wishes):
        return None
    return Terms(wishes, terms.voucher_for_owed, terms.consent, terms.deviation or _("Changed by the approver."))


def _check_covers(award: Award, terms: Terms, by: User, now: datetime) -> None:
    """The approver's own limits must hold what he or she agrees to."""
    totals = queries.totals(award.case, by, now, besides=award.pk)
    for amount, kind, total in zip(
        (terms.goodwill, terms.redress), (rules.AUTHORITY_GOODWILL, rules.AUTHORITY_REDRESS), totals, strict=True
    ):
        if amount and not rules.covers(authority_of(by, kind), total, amount):
            raise AboveAuthority(_("This is above your own limit too. Ask somebody with a wider one."))


def _check_not_beneficiary(customer: Customer, by: User) -> None:
    if customer.email and customer.email.casefold() == by.email.casefold():
        raise SelfApproval(_("This is your own complaint. A colleague handles it."))
