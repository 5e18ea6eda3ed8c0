"""What compensation adds to the shared pages and to casework: approvals, goodwill, the case's panel."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import QuerySet, Subquery
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from complaints import contributions
from complaints.compensation import pages, queries, worklist
from complaints.models import Award, AwardApproval, ComplaintCase, Remedy
from complaints.models.compensation import STANDING, AwardState, RemedyState
from customers.goodwill import goodwill
from customers.timeline import Entry, Facts, Strand, author, said_by, timeline
from staff import formats
from staff.approvals import Pending, approvals, pending_of, undecided
from staff.decisions import Verdict
from staff.models import User
from staff.navigation import Entrance, navigation
from staff.reports import Report, reports
from staff.statements import kept


def register() -> None:
    navigation.register(
        "guidance",
        Entrance(gettext_lazy("Guidance"), "complaints:matrices", "scale", "complaints.view_matrix", 42, inner=True),
    )
    navigation.register(
        "remedies",
        Entrance(
            gettext_lazy("Remedies"),
            "complaints:remedies",
            "list-todo",
            "complaints.propose_award",
            41,
            worklist.todo_count,
            inner=True,
        ),
    )
    approvals.register("compensation", waiting)
    timeline.register("compensation", history, gettext_lazy("Compensation"))
    goodwill.register("complaints", queries.goodwill_given)
    contributions.open_remedies.register("compensation", queries.open_remedies)
    contributions.panels.register("compensation", panel)
    contributions.letter_variables.register("compensation", letter_variables)
    reports.register(
        "compensation",
        Report(
            gettext_lazy("Compensation"),
            gettext_lazy("What complaints cost: agreed, expected, spent; and how it keeps to the guidance."),
            "complaints:compensation_report",
            "complaints.view_compensation_report",
        ),
    )


_TONES = {
    AwardState.PENDING: "amber",
    AwardState.APPROVED: "green",
    AwardState.DECLINED: "red",
    AwardState.WITHDRAWN: "",
    AwardState.DONE: "green",
}


def _proposed(at: datetime, pk: int, facts: Facts) -> Entry:
    """Compensation as it was proposed, with where it stands."""
    state = AwardState(facts["state"])
    return Entry(
        at=at,
        key=f"award-{pk}",
        kind="compensation",
        title=_("Compensation for %(number)s") % facts,
        detail=_("%(state)s; the customer reads: “%(sentence)s”")
        % {"state": state.label, "sentence": facts["sentence"]},
        by=said_by(facts),
        url=reverse("complaints:compensation", args=[facts["case"]]),
        tone=_TONES[state],
    )


def _decided(at: datetime, pk: int, facts: Facts) -> Entry:
    """A colleague's decision on it."""
    verdict = Verdict(facts["verdict"])
    return Entry(
        at=at,
        key=f"award-decision-{pk}",
        kind="compensation",
        title=_("Compensation for %(number)s: %(verdict)s") % {"number": facts["number"], "verdict": verdict.label},
        detail=facts["note"],
        by=said_by(facts),
        url=reverse("complaints:compensation", args=[facts["case"]]),
        tone="red" if verdict == Verdict.DECLINED else "green",
    )


history = [
    Strand(
        lambda customer: Award.objects.filter(case__customer=customer).exclude(state=AwardState.REPLACED),
        "proposed_at",
        {
            "case": "case_id",
            "number": "case__number",
            "sentence": "sentence",
            "state": "state",
            **author("proposed_by"),
        },
        _proposed,
    ),
    Strand(
        lambda customer: AwardApproval.objects.filter(award__case__customer=customer, decided_by__isnull=False),
        "decided_at",
        {
            "case": "award__case_id",
            "number": "award__case__number",
            "verdict": "verdict",
            "note": "note",
            **author("decided_by"),
        },
        _decided,
    ),
]


def waiting(user: User, limit: int) -> Sequence[Pending]:
    """Proposals that wait for a colleague of their agent. One query."""
    if not user.has_perm("complaints.approve_award"):
        return []
    return [
        pending_of(
            approval,
            user,
            key=f"award-{approval.pk}",
            url=reverse("complaints:award_decision", args=[approval.pk]),
            customer=approval.award.case.customer.name,
            asks_for=_("Compensation: %(title)s") % {"title": approval.award.case.title},
        )
        for approval in undecided(AwardApproval, user, "award__case__customer")[:limit]
    ]


def panel(case: ComplaintCase, user: User, now: datetime) -> contributions.Panel | None:
    """The remedies of the case's last award and the way to the compensation page; one query."""
    if not user.has_perm("complaints.propose_award"):
        return None
    remedies = _of_last_award(case.pk)
    award = remedies[0].award if remedies else None
    return contributions.Panel(
        "complaints/compensation/panel.html",
        {
            "award": award,
            "sentence": award.sentence if award and award.state in STANDING else "",
            "state": pages.award_state(award) if award else None,
            "remedies": [pages.remedy_row(remedy) for remedy in remedies],
        },
    )


@kept
def _of_last_award(case: int) -> QuerySet[Remedy]:
    last = Award.objects.filter(case=case).exclude(state=AwardState.REPLACED).order_by("-pk").values("pk")[:1]
    return Remedy.objects.filter(award=Subquery(last)).select_related("award", "voucher").order_by("pk")


def letter_variables(case: ComplaintCase, language: str) -> Mapping[str, str]:
    """“remedies”: what the standing award gives, one line each, ready to print. Two queries."""
    award = Award.objects.filter(case=case, state__in=[AwardState.APPROVED, AwardState.DONE]).order_by("-pk").first()
    if award is None:
        return {"remedies": ""}
    with translation.override(language):
        rows = award.remedies.exclude(state=RemedyState.CANCELLED).order_by("pk")
        lines = [
            " · ".join(
                filter(None, (str(r.get_kind_display()), r.what, formats.money(r.amount, language) if r.amount else ""))
            )
            for r in rows
        ]
    return {"remedies": "\n".join(lines)}
