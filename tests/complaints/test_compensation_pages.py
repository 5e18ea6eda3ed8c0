"""Compensation on the desk: proposing, the live answer, the manager's panel, carrying out, guidance, reports."""

import csv
import re
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from itertools import pairwise

import pytest
from django.urls import reverse

from complaints.actions import awards, redemption, remedies
from complaints.actions import vouchers as voucher_actions
from complaints.compensation.figures import costs
from complaints.models import Award, Matrix, Remedy, Voucher
from complaints.vouchers.liability import liability
from customers import timeline
from tests.complaints.awards import a_case, goodwill, guidance, limits, unlimited
from tests.complaints.factories import CategoryFactory
from tests.complaints.vouchers import a_voucher, teller
from tests.conftest import NOON
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)


@pytest.fixture
def desk(db):
    limits("agent", goodwill="30", redress="100")
    unlimited("manager")
    guidance()


def rows(*wishes: dict) -> dict:
    data = {"remedy-TOTAL_FORMS": 4, "remedy-INITIAL_FORMS": 0, "deviation": "", "consent": ""}
    for number, wish in enumerate(wishes):
        data |= {f"remedy-{number}-{name}": value for name, value in wish.items()}
    return data


VOUCHER = {"kind": "value_voucher", "basis": "goodwill", "amount": "20.00"}


def test_from_proposal_over_the_colleagues_answer_to_the_printed_voucher(desk, client_as):
    agent, manager, case = client_as("agent"), client_as("manager"), a_case()
    page = reverse("complaints:compensation", args=[case.pk])
    assert "€20.00" in agent.get(page).content.decode()
    response = agent.post(page, rows(VOUCHER | {"amount": "35.00"}, {"kind": "apology", "basis": "apology"}))
    assert response["Location"] == page
    award = Award.objects.get()
    live = reverse("complaints:award_live", args=[award.pk])
    shown = agent.get(live).content.decode()
    seen = shown.split("seen=")[1].split('"')[0]
    assert agent.get(f"{live}?seen={seen}").status_code == 204
    decision = reverse("complaints:award_decision", args=[award.approvals.get().pk])
    panel = manager.get(decision, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in panel
    assert "€35.00" in panel
    assert "is looking" in agent.get(f"{live}?seen={seen}").content.decode()
    answer = manager.post(decision, {"verdict": "approve", "note": "ok"}, headers={"HX-Request": "true"})
    assert (answer["HX-Trigger"], "Approved" in answer.content.decode()) == ("decided", True)
    assert agent.get(f"{live}?seen={seen}")["HX-Refresh"] == "true"
    remedy = Remedy.objects.get(kind="value_voucher")
    issued = agent.post(reverse("complaints:remedy_issue", args=[remedy.pk]))
    assert issued.status_code == 200
    assert Voucher.objects.get().face == 35
    assert agent.post(reverse("complaints:remedy_issue", args=[remedy.pk])).status_code == 302
    assert Voucher.objects.count() == 1


def test_a_proposal_to_be_mended_keeps_what_was_typed(desk, client_as):
    case, client = a_case(), client_as("agent")
    page = reverse("complaints:compensation", args=[case.pk])
    response = client.post(page, rows(VOUCHER | {"amount": "5.00", "what": "keep me"}))
    assert response.status_code == 409
    assert list(response.context["form"].errors) == ["deviation"]
    assert "keep me" in response.content.decode()
    assert client.post(page, rows(VOUCHER | {"amount": "abc"})).status_code == 422
    assert client.post(page, rows()).status_code == 409
    assert not Award.objects.exists()


def test_each_person_is_asked_in_the_own_language_and_each_case_starts_with_its_own_amount(desk, client_as):
    agent, swede, case = client_as("agent"), client_as("agent"), a_case()
    swede.user.language = "sv"
    swede.user.save()

    def asked(client, case):
        page = client.get(reverse("complaints:compensation", args=[case.pk])).content.decode()
        return "One more remedy" in page, re.search(r'name="remedy-0-amount" value="([^"]*)"', page)[1]

    assert [asked(one, case) for one in (agent, swede)] == [(True, "20.00"), (False, "20,00")]
    vulnerable = a_case(customer=CustomerFactory(is_vulnerable=True))
    assert [asked(agent, one) for one in (vulnerable, case)] == [(True, "22.00"), (True, "20.00")]


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_with_one_award_and_with_three(desk, client_as, django_assert_num_queries, count):
    case, client = a_case(), client_as("agent")
    for _ in range(count):
        award = awards.propose(case.pk, goodwill("10.00"), by=client.user, now=NOON)
        remedies.issue_voucher(award.remedies.get().pk, by=client.user, now=NOON)
    page = reverse("complaints:compensation", args=[case.pk])
    with django_assert_num_queries(13):
        client.get(page)


def test_a_manager_declines_with_a_reason_and_changes_an_amount(desk, client_as):
    agent, manager = client_as("agent"), client_as("manager")
    first = awards.propose(a_case().pk, goodwill("35.00"), by=agent.user, now=NOON)
    url = reverse("complaints:award_decision", args=[first.approvals.get().pk])
    assert manager.post(url, {"verdict": "decline", "note": ""}).status_code == 409
    manager.post(url, {"verdict": "decline", "note": "no"})
    assert Award.objects.get(pk=first.pk).state == "declined"
    second = awards.propose(a_case().pk, goodwill("36.00"), by=agent.user, now=NOON)
    url = reverse("complaints:award_decision", args=[second.approvals.get().pk])
    manager.post(url, {"verdict": "approve", "note": "", f"amount_{second.remedies.get().pk}": "31.00"})
    assert Award.objects.get(replaces=second).goodwill == 31


def test_guidance_is_drafted_by_marketing_and_published_by_a_manager(desk, client_as):
    writer, manager = client_as("marketing"), client_as("manager")
    made = writer.post(reverse("complaints:matrix_new"), {"name": "Winter", "valid_from": "2026-12-01"})
    page = made["Location"]
    draft = Matrix.objects.get(name="Winter")
    form = writer.get(page).context["form"]
    cell = f"cell-{CategoryFactory().pk}-2"
    data = {name: form.initial[name] for name in form.fields if form.initial[name] is not None}
    data |= {f"{cell}-low": "1", f"{cell}-mid": "2", f"{cell}-high": "1.50"}
    assert writer.post(page, data).status_code == 422
    assert writer.post(page, data | {f"{cell}-high": "3", f"{cell}-preferred": ["gift"]}).status_code == 302
    assert list(draft.cells.values_list("low", "mid", "high", "preferred")) == [(D(1), D(2), D(3), ["gift"])]
    publish = reverse("complaints:matrix_publish", args=[draft.pk])
    assert writer.post(publish).status_code == 403
    assert "Publish" in manager.get(page).content.decode()
    manager.post(publish)
    assert Matrix.objects.get(pk=draft.pk).is_published
    assert "Winter" in writer.get(reverse("complaints:matrices")).content.decode()


def test_a_published_version_tells_its_cells_by_category_and_what_moves_them(desk, client_as):
    matrix = guidance(repeat=D("0.200"), contributory=D("-0.250"), cap_item=None)
    page = client_as("marketing").get(reverse("complaints:matrix", args=[matrix.pk])).content.decode()
    read = re.sub(r"(\s|<[^>]*>)+", " ", page)
    assert "Faulty product moderate €10.00 €20.00 €40.00 free replacement by voucher · value voucher" in read
    assert "Same failure within 90 days 20%" in read
    assert "The customer&#x27;s share in the fault -25%" in read
    assert "above it a manager decides –" in read


# --- liability ------------------------------------------------------------------------------------------------------
def test_the_liability_closes_to_the_cent_as_of_any_day():
    by, day = teller(), timedelta(days=1)
    old = a_voucher("40.00", now=NOON - 40 * day, valid_until=date(2026, 11, 16))
    new, other = a_voucher("25.00", now=NOON - 3 * day), a_voucher("89.00", now=NOON, product="Router")
    redemption.redeem(old.pk, amount=D("12.34"), by=by, now=NOON - 35 * day)
    voucher_actions.expire_due(now=NOON - day)
    entry = redemption.redeem(new.pk, amount=D("25.00"), by=by, now=NOON - 2 * day)
    redemption.reverse(entry.pk, amount=D("5.55"), by=by, now=NOON)
    voucher_actions.extend(old.pk, valid_until=date(2027, 1, 1), by=by, now=NOON, note="ill")
    voucher_actions.void(other.pk, by=by, now=NOON, note="wrong product")
    days = [(NOON - back * day).date() for back in range(44, -1, -1)]
    alone, since_the_first = [liability(one, one) for one in days], [liability(days[0], one) for one in days]
    for found in (*alone, *since_the_first):
        assert all(line.movement.closes for line in found.lines)
    for before, after in pairwise(alone):  # so any period is the sum of its days
        assert before.total().closing == after.total().opening
    assert [found.total().closing for found in alone] == [found.total().closing for found in since_the_first]
    total = liability(date(2026, 11, 15), NOON.date()).total()
    assert [*total] == [D(x) for x in ("27.66", "114.00", "25.00", "5.55", "27.66", "89.00", "27.66", "33.21")]
    balances = sum(Voucher.objects.values_list("balance", flat=True))
    assert total.closing == balances == D("33.21")
    assert [*liability(date(2026, 11, 17), date(2026, 11, 17)).total()][4] == D("27.66")


def test_the_liability_page_and_its_csv_say_the_same(client_as):
    a_voucher("40.00")
    client = client_as("manager")
    url = reverse("complaints:liability")
    assert "closes to the cent" in client.get(url).content.decode()
    [head, line] = csv.reader(StringIO(client.get(f"{url}?format=csv").content.decode()))
    assert (head[:2], line) == (
        ["kind", "issue_month"],
        ["value", "2026-11", "0", "40.00", "0", "0", "0", "0", "0", "40.00"],
    )
    assert client.get(f"{url}?first=nonsense&last=2026-99-99").status_code == 200


def test_what_compensation_costs_on_three_bases(desk, client_as):
    agent, by = client_as("agent").user, teller()
    for _ in range(2):
        award = awards.propose(a_case().pk, goodwill("30.00", "product_voucher"), by=agent, now=NOON)
        issued = remedies.issue_voucher(award.remedies.get().pk, by=agent, now=NOON)
    redemption.redeem(issued.voucher.pk, by=by, now=NOON)
    found = costs(NOON - timedelta(days=1), NOON + timedelta(days=1))
    assert found.cases == 2
    [kind] = found.kinds
    assert (kind.n, kind.committed, kind.expected, kind.realised) == (2, D(60), D("28.80"), D("18.00"))
    assert found.per_case("committed") == D("30.00")
    page = client_as("manager").get(reverse("complaints:compensation_report")).content.decode()
    assert "€14.40" in page


def test_the_customers_history_tells_what_was_proposed_and_decided(desk, client_as):
    agent, manager = client_as("agent").user, client_as("manager").user
    award = awards.propose(a_case().pk, goodwill("35.00"), by=agent, now=NOON)
    awards.approve(award.approvals.get().pk, by=manager, now=NOON + timedelta(minutes=1), note="Fine.")
    told, _more = timeline.page(award.case.customer_id, kind="compensation", after=None, size=10)
    number = award.case.number
    assert [(entry.title, entry.detail, entry.by) for entry in told] == [
        (f"Compensation for {number}: approved", "Fine.", manager.short_name),
        (f"Compensation for {number}", f"agreed; the customer reads: “{award.sentence}”", agent.short_name),
    ]
