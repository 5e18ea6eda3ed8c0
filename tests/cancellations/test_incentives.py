"""Marketing's desk: drafts, rules step by step, four eyes, what a draft would have changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction
from django.urls import reverse

from cancellations import suggestions
from cancellations.actions import incentives as actions
from cancellations.models import EnginePolicy, IncentiveVersion
from cancellations.queries import incentives as queries
from staff.errors import DomainError, SelfApproval, Stale, WrongState
from tests.cancellations.factories import (
    CancellationCaseFactory,
    IncentiveFactory,
    IncentiveVersionFactory,
    ReasonFactory,
)
from tests.complaints.factories import CaseFactory as ComplaintFactory
from tests.conftest import NOON
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
TENURE = {"var": "tenure_months", "op": "ge", "value": 6}


def test_a_draft_copies_what_is_published_and_replaces_it_once_a_colleague_publishes():
    old = IncentiveVersionFactory(rules={"eligible": TENURE})
    author, colleague = UserFactory(), UserFactory()
    draft = actions.draft(old.incentive_id, by=author, now=NOON)
    assert (draft.number, draft.terms, draft.rules) == (2, old.terms, old.rules)
    assert actions.draft(old.incentive_id, by=colleague, now=NOON) == draft
    actions.write_terms(draft.pk, written={"percent": "15", "months": 3}, by=author, lever=Decimal("1.5"))
    actions.hand_in(draft.pk, by=author, now=NOON)
    with pytest.raises(SelfApproval):
        actions.publish(draft.pk, by=author, now=NOON)
    actions.publish(draft.pk, by=colleague, now=NOON)
    states = dict(IncentiveVersion.objects.values_list("number", "state"))
    assert states == {1: "retired", 2: "published"}
    with pytest.raises(WrongState):
        actions.write_terms(draft.pk, written={"percent": "50", "months": 3}, by=author)


def test_terms_are_refused_at_their_field():
    draft = actions.draft(IncentiveFactory().pk, by=UserFactory(), now=NOON)
    with pytest.raises(DomainError) as refusal:
        actions.write_terms(draft.pk, written={"percent": "120", "months": 3}, by=draft.author)
    assert refusal.value.field == "percent"
    with pytest.raises(DomainError, match="terms"):
        actions.hand_in(draft.pk, by=draft.author, now=NOON)


def test_rules_step_by_step():
    draft = actions.draft(IncentiveFactory().pk, by=UserFactory(), now=NOON)
    by = draft.author

    def step(step, path=(), node=None):
        actions.edit_rules(draft.pk, layer="eligible", path=path, step=step, by=by, node=node)
        return IncentiveVersion.objects.get(pk=draft.pk).rules["eligible"]

    debt = {"var": "in_debt", "op": "is", "value": True}
    assert step("add", node=TENURE) == TENURE
    assert step("add", node=debt) == {"all": [TENURE, debt]}
    assert step("not", (1,)) == {"all": [TENURE, {"not": debt}]}
    assert step("up", (1,)) == {"all": [{"not": debt}, TENURE]}
    assert step("switch") == {"any": [{"not": debt}, TENURE]}
    assert step("remove", (0, 0)) == {"any": [TENURE]}
    with pytest.raises(DomainError) as refusal:
        step("remove", (4,))
    assert refusal.value.code == "stale"
    with pytest.raises(DomainError) as refusal:
        step("add", node={"var": "age", "op": "ge", "value": 60})
    assert refusal.value.code == "bad_rule"


def test_a_dry_run_says_what_would_have_changed():
    EnginePolicy.objects.create(hold_out=0, created_at=NOON)
    published = IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    for tenure in (2019, 2019, 2026):
        case = CancellationCaseFactory(reason=ReasonFactory())
        case.customer.customer_since = case.customer.customer_since.replace(year=tenure)
        suggestions.suggest_for(case, by=None, now=NOON)
    draft = actions.draft(published.incentive_id, by=UserFactory(), now=NOON)
    actions.edit_rules(draft.pk, layer="eligible", path=(), step="add", by=draft.author, node={**TENURE, "value": 24})
    draft.refresh_from_db()
    tried = queries.dry_run(draft, now=NOON)
    assert (tried.cases, tried.before, tried.after, tried.gained, tried.lost) == (3, 3, 2, 0, 1)
    assert 0 < tried.cost_after < tried.cost_before


def test_a_dry_run_asks_today_for_what_no_published_rule_had_asked():
    """A decision keeps what the rules of its day asked for. Without the others' values as they are today a condition on
    them would be tried on nothing, and nobody would seem to have any complaint."""
    EnginePolicy.objects.create(hold_out=0, created_at=NOON)
    published = IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    cases = [CancellationCaseFactory(reason=ReasonFactory()) for _ in range(3)]
    for case in cases:
        suggestions.suggest_for(case, by=None, now=NOON)
    ComplaintFactory(customer=cases[0].customer, received_at=NOON - timedelta(days=40))
    draft = actions.draft(published.incentive_id, by=UserFactory(), now=NOON)
    wanted = {"var": "complaints_12m", "op": "ge", "value": 1}
    actions.edit_rules(draft.pk, layer="applicable", path=(), step="add", by=draft.author, node=wanted)
    draft.refresh_from_db()
    tried = queries.dry_run(draft, now=NOON)
    assert (tried.before, tried.after, tried.lost_cases) == (3, 1, [(c.pk, c.number) for c in reversed(cases[1:])])
    assert [str(label) for label in tried.as_of_today] == ["Complaints in 12 months"]


def test_the_editor_in_the_browser_of_a_marketer(client_as):
    client = client_as("marketing")
    made = client.post(reverse("cancellations:incentive_create"), {"name": "Pause", "code": "pause-2", "kind": "pause"})
    draft = IncentiveVersion.objects.get()
    assert made.url == reverse("cancellations:incentive_draft", args=[draft.pk])
    limits = {"lever": "1", "cooldown_days": "180", "max_accepted": "1"}
    wrong = client.post(made.url, {"term_months": "99", **limits})
    assert wrong.context["form"].errors["term_months"]
    assert client.post(made.url, {"term_months": "2", **limits}).status_code == 302
    args = [draft.pk, "eligible", "root", "add"]
    part = client.get(
        reverse("cancellations:rule_condition", args=args), {"var": "in_debt"}, headers={"HX-Request": "true"}
    )
    assert "id_value" in part.content.decode()
    refused = client.post(
        reverse("cancellations:rule_step", args=args),
        {"var": "tenure_months", "op": "ge", "value": "many"},
        headers={"HX-Request": "true"},
    )
    assert "many" in refused.content.decode()
    client.post(
        reverse("cancellations:rule_step", args=args),
        {"var": "tenure_months", "op": "ge", "value": "6"},
        headers={"HX-Request": "true"},
    )
    draft.refresh_from_db()
    assert (draft.terms, draft.rules["eligible"]) == ({"months": 2}, TENURE)
    client.post(reverse("cancellations:incentive_publish", args=[draft.pk]))
    draft.refresh_from_db()
    assert draft.state == "draft"


PAGES = [
    "incentives",
    "incentive_create",
    "beliefs",
    "budgets",
    "limits",
    "figures",
    "reasons",
    "experiment",
    "parity",
    "history",
]


@pytest.mark.parametrize("where", PAGES)
def test_every_page_opens_empty_and_filled(client_as, where):
    client = client_as("manager")
    url = reverse(f"cancellations:{where}")
    assert client.get(url).status_code == 200
    suggestions.suggest_for(CancellationCaseFactory(reason=ReasonFactory()), by=None, now=NOON)
    version = IncentiveVersionFactory()
    assert client.get(url, {"since": "2026-01-01", "until": "2026-12-01"}).status_code == 200
    for name in ("incentive", "incentive_words"):
        assert client.get(reverse(f"cancellations:{name}", args=[version.incentive_id])).status_code == 200
    assert client.get(reverse("cancellations:incentive_try", args=[version.pk])).status_code == 200


@pytest.mark.parametrize("where", ["figures", "reasons", "experiment", "budgets"])
def test_a_choice_left_open_says_what_that_means(client_as, where):
    page = client_as("manager").get(reverse(f"cancellations:{where}")).content.decode()
    assert "---------" not in page
    assert ("all teams" if where == "budgets" else "any") in page


def test_an_agent_sees_own_figures_only(client_as):
    client = client_as("agent")
    CancellationCaseFactory(reason=ReasonFactory())
    CancellationCaseFactory(reason=ReasonFactory(), agent=client.user)
    page = client.get(reverse("cancellations:my_figures"), {"since": "2026-01-01", "until": "2026-12-01", "team": ""})
    assert page.context["lines"][0].figure == "1"
    assert client.get(reverse("cancellations:figures")).status_code == 403


@pytest.mark.parametrize(
    "edit", [{"cooldown_days": 1}, {"max_accepted": 9}, {"monthly_budget": 5}, {"valid_to": "2027-01-01"}, {"lever": 2}]
)
def test_nothing_of_a_published_version_is_rewritten(edit):
    version = IncentiveVersionFactory()
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        IncentiveVersion.objects.filter(pk=version.pk).update(**edit)
    actions.retire(version.pk, by=UserFactory(), now=NOON)


def test_the_history_of_versions_says_what_changed(client_as):
    first = IncentiveVersionFactory(terms={"percent": "10.00", "months": 3})
    draft = actions.draft(first.incentive_id, by=UserFactory(), now=NOON)
    actions.edit_rules(draft.pk, layer="eligible", path=(), step="add", by=draft.author, node=TENURE)
    new, old = (
        client_as("manager").get(reverse("cancellations:incentive", args=[first.incentive_id])).context["versions"]
    )
    assert [label for label, _value, changed in new["facts"] if changed] == ["Allowed"]
    assert not any(changed for *_said, changed in old["facts"])
    assert ("Cool-down", "180 days", False) in new["facts"]


def test_limits_keep_the_salt_so_nobody_changes_arms(client_as):
    client = client_as("manager")
    first = EnginePolicy.objects.create(created_at=NOON)
    client.post(
        reverse("cancellations:limits"),
        {
            "margin_floor": "20",
            "share_of_value": "40",
            "household_days": "90",
            "accepted_in_year": "2",
            "hold_out": "12.5",
        },
    )
    newest = EnginePolicy.objects.order_by("-pk").first()
    assert newest != first
    assert (newest.salt, newest.margin_floor, newest.author) == (first.salt, Decimal("0.2"), client.user)
    assert newest.hold_out == Decimal("0.125")
    page = client.get(reverse("cancellations:limits")).content.decode()
    assert 'value="12.5"' in page
    wrong = client.post(reverse("cancellations:limits"), {"hold_out": "60"})
    assert wrong.context["form"].errors["hold_out"] == ["Write a percentage from 0 to 50."]
    assert 'value="60"' in wrong.content.decode()


def test_a_draft_is_published_once_it_is_handed_in_and_every_change_takes_it_back(client_as):
    draft = actions.draft(IncentiveVersionFactory().incentive_id, by=UserFactory(), now=NOON)
    author, colleague = draft.author, UserFactory()
    with pytest.raises(DomainError) as refusal:
        actions.publish(draft.pk, by=colleague, now=NOON)
    assert refusal.value.code == "unfinished"
    actions.hand_in(draft.pk, by=author, now=NOON)
    manager = client_as("manager")
    assert manager.get(reverse("cancellations:incentives")).context["rows"][0]["waits"] is True
    assert f"handed in by {author.short_name}" in manager.get("/").content.decode()
    actions.edit_rules(draft.pk, layer="eligible", path=(), step="add", by=author, node=TENURE)
    with pytest.raises(DomainError):
        actions.publish(draft.pk, by=colleague, now=NOON)
    actions.hand_in(draft.pk, by=author, now=NOON)
    assert actions.publish(draft.pk, by=colleague, now=NOON).state == "published"
    with pytest.raises(WrongState):
        actions.hand_in(draft.pk, by=author, now=NOON)


def test_nothing_is_overwritten_that_the_page_did_not_show():
    draft = actions.draft(IncentiveVersionFactory().incentive_id, by=UserFactory(), now=NOON)
    colleague = UserFactory(first_name="Sofia", last_name="Berg")
    terms, rules = actions.mark(draft), actions.mark(draft, "eligible")

    def write(seen):
        actions.write_terms(draft.pk, written={"percent": "15", "months": 3}, by=colleague, seen=seen)

    def add(seen):
        actions.edit_rules(draft.pk, layer="eligible", path=(), step="add", by=colleague, node=TENURE, seen=seen)

    for act, seen in ((write, terms), (add, rules)):
        act(seen)
        with pytest.raises(Stale, match=r"Sofia B\."):
            act(seen)
    draft.refresh_from_db()
    assert draft.rules["eligible"] == TENURE


def test_a_press_on_yesterdays_rules_is_refused_with_the_name_of_who_changed_them(client_as):
    client = client_as("marketing")
    draft = actions.draft(IncentiveVersionFactory(rules={"eligible": TENURE}).incentive_id, by=client.user, now=NOON)
    page = client.get(reverse("cancellations:incentive_draft", args=[draft.pk]))
    seen = page.context["layers"][0]["mark"]
    other = UserFactory(first_name="Sofia", last_name="Berg")
    debt = {"var": "in_debt", "op": "is", "value": True}
    actions.edit_rules(draft.pk, layer="eligible", path=(), step="replace", by=other, node=debt)
    pressed = client.post(
        reverse("cancellations:rule_step", args=[draft.pk, "eligible", "root", "remove"]),
        {"seen": seen},
        headers={"HX-Request": "true"},
    )
    assert "Sofia B. changed this meanwhile" in pressed.content.decode()
    draft.refresh_from_db()
    assert draft.rules["eligible"] == debt
    old = client.post(
        page.request["PATH_INFO"],
        {
            "seen": "0",
            "term_percent": "11",
            "term_months": "6",
            "lever": "1",
            "cooldown_days": "1",
            "max_accepted": "1",
        },
    )
    assert old.context["form"].non_field_errors()
    assert old.context["mark"] == "0"
