"""What the guidance says about a case, what it is moved by, what others got, and who must then be asked."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from complaints.actions import matrix, remedies
from complaints.compensation import queries, rules
from complaints.compensation.rules import Situation, Terms, Wish
from complaints.models import Matrix, MatrixCell, Message, Remedy
from staff.authority import Authority
from staff.errors import DomainError, SelfApproval, WrongState
from tests.complaints.awards import a_case, goodwill, propose
from tests.complaints.factories import CaseFactory, CategoryFactory
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory

pytestmark = pytest.mark.django_db
D = Decimal
CENTS = st.decimals(min_value=0, max_value=1000, places=2)


# --- guidance, pure -------------------------------------------------------------------------------------------------
def cell(low="10", mid="20", high="40"):
    return MatrixCell(low=D(low), mid=D(mid), high=D(high), preferred=["value_voucher"])


def test_the_middle_moves_with_every_circumstance_and_each_is_shown_in_money():
    facts = Situation(weeks_open=2, contacts=3, is_repeat=True, is_breached=True, yearly_margin=D(240))
    found = rules.guide(Matrix(), cell(), facts)
    assert {m.code: (m.count, m.amount) for m in found.modifiers} == {
        "per_week": (2, D("2.00")),
        "per_contact": (2, D("4.00")),
        "repeat": (1, D("4.00")),
        "breach": (1, D("3.00")),
    }
    assert (found.unclamped, found.goodwill) == (D("33.00"), D("33.00"))


@given(
    st.tuples(CENTS, CENTS, CENTS).map(sorted),
    st.integers(0, 60),
    st.integers(1, 60),
    st.booleans(),
    st.decimals(min_value=0, max_value=100_000, places=2),
)
def test_goodwill_always_stays_in_the_band_and_says_how_it_came(bounds, weeks, contacts, contributory, margin):
    low, mid, high = bounds
    facts = Situation(weeks_open=weeks, contacts=contacts, is_contributory=contributory, yearly_margin=margin)
    found = rules.guide(Matrix(), MatrixCell(low=low, mid=mid, high=high, preferred=[]), facts)
    assert low <= found.goodwill <= high
    assert abs(found.unclamped - mid - sum(m.amount for m in found.modifiers)) <= D("0.04")
    value = next((m for m in found.modifiers if m.code == "customer_value"), None)
    assert value is None or abs(value.share) <= D("0.15")


def test_customer_value_can_be_switched_off():
    rich = Situation(yearly_margin=D(9999))
    assert rules.guide(Matrix(), cell(), rich).goodwill == D("23.00")
    assert rules.guide(Matrix(customer_value=D(0)), cell(), rich).goodwill == D("20.00")


ANY = (Authority(None, None, None), rules.Totals())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"claims_year": 4, "peers_claims": 1.2}, "many_claims"),
        ({"yearly_revenue": D(70)}, "goodwill_of_revenue"),
        ({"evidence_missing": True}, "evidence_missing"),
        ({"neighbours_awarded": 1}, "same_address"),
        ({"split_awards": 1}, "splitting"),
        ({"item_price": D("19.99")}, "cap_item"),
        ({"goodwill_year": D("80.01")}, "cap_customer_year"),
    ],
)
def test_each_signal_and_cap_asks_for_a_second_look_at_goodwill_and_never_at_what_is_owed(change, code):
    facts = replace(Situation(yearly_revenue=D(600)), **change)
    found = rules.guide(Matrix(), cell(), facts)
    version = Matrix(cap_customer_year=D(100))
    ask = {"matrix": version, "goodwill": ANY, "redress": ANY}
    assert code in rules.reasons_to_ask(goodwill("20.00"), found, facts, **ask)
    owed = Terms([Wish("refund", "owed", D("500.00"))])
    assert rules.reasons_to_ask(owed, found, facts, **ask) == []


@pytest.mark.parametrize("field", ["case", "customer_year", "agent_day"])
def test_each_limit_counts_what_was_given_before(field):
    authority = Authority(D(30), D(30), D(30))
    totals = rules.Totals(**{field: D("10.01")})
    facts = Situation()
    found = rules.guide(Matrix(customer_value=D(0)), cell(), facts)
    for terms, expected in ((goodwill("20.00"), ["limit_goodwill"]), (goodwill("19.99"), [])):
        reasons = rules.reasons_to_ask(
            terms, found, facts, matrix=None, goodwill=(authority, totals), redress=(authority, rules.Totals())
        )
        assert reasons == expected


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish("value_voucher", "goodwill", D(0)), "how much"),
        (Wish("value_voucher", "goodwill", D("-1")), "below zero"),
        (Wish("value_voucher", "goodwill", D("1.001")), "two decimals"),
        (Wish("product_voucher", "goodwill", D(5)), "which product"),
        (Wish("stamps", "goodwill", D(1)), "how many stamps"),
        (Wish("refund", "goodwill", D(1), stamps=3), "Only bonus stamps"),
        (Wish("apology", "apology", D(5)), "no amount"),
        (Wish("refund", "apology", D(5)), "what “refund” is for"),
        (Wish("value_voucher", "owed", D(5)), "paid in money"),
    ],
)
def test_terms_that_do_not_hold_together_say_what_to_mend(wish, message):
    with pytest.raises(DomainError, match=message):
        rules.check_terms(Terms([wish]), None, has_card=True)


def test_what_is_owed_becomes_a_voucher_with_recorded_consent_only():
    wish = Wish("value_voucher", "owed", D(5))
    rules.check_terms(Terms([wish], voucher_for_owed=True, consent="on the phone"), None, has_card=False)


# --- comparables, guidance versions ---------------------------------------------------------------------------------
def past_awards(agent, count: int, **fields) -> None:
    for number in range(count):
        case = CaseFactory(
            customer=CustomerFactory(), severity=2, outcome="upheld", reopened_count=number % 3 == 0, **fields
        )
        propose(agent, goodwill(f"{10 + number % 20}.00"), case=case, now=NOON - timedelta(days=60 + number))


def test_comparables_drop_channel_then_product_until_twenty_and_show_nothing_below_eight(agent):
    case = a_case(channel="phone", product="TV box")
    past_awards(agent, 7, channel="phone", product="TV box")
    assert queries.comparables(case, NOON) is None
    past_awards(agent, 13, channel="letter", product="TV box")
    found = queries.comparables(case, NOON)
    assert (found.n, list(found.alike)) == (20, ["product"])
    past_awards(agent, 5, channel="letter", product="Router")
    assert queries.comparables(case, NOON).n == 20
    assert [third.n for third in found.thirds] == [6, 7, 7]
    assert [(third.accepted, third.stayed) for third in found.thirds] == [(0, 0)] * 3
    newest = Remedy.objects.order_by("pk").first()
    remedies.issue_voucher(newest.pk, by=agent, now=NOON)
    assert [third.accepted for third in queries.comparables(case, NOON).thirds] == [1, 0, 0]
    assert queries.comparables(case, NOON + timedelta(days=900)) is None


def test_comparables_let_the_subcategory_go_last(agent):
    family = CategoryFactory()
    case = a_case(category=CategoryFactory(code="router", parent=family))
    past_awards(agent, 8, category=CategoryFactory(code="tv-box", parent=family))
    past_awards(agent, 8, category=CategoryFactory(code="router"))
    found = queries.comparables(case, NOON)
    assert (found.n, list(found.alike)) == (16, [])
    past_awards(agent, 12, category=CategoryFactory(code="router"), product="Router X2")
    found = queries.comparables(case, NOON)
    assert (found.n, list(found.alike)) == (20, ["subcategory"])


def test_the_version_in_force_is_the_last_to_begin_and_published_cells_stand(desk, user_as):
    first = Matrix.objects.get()
    writer, other = user_as("marketing"), user_as("manager")
    draft = matrix.draft(name="Spring", valid_from=date(2026, 12, 1), by=writer, now=NOON)
    assert list(draft.cells.values_list("mid", flat=True)) == [D(20)]
    with pytest.raises(SelfApproval):
        matrix.publish(draft.pk, by=writer, now=NOON)
    matrix.change(
        draft.pk,
        settings={"repeat": D("0.3")},
        cells=[MatrixCell(category=CategoryFactory(), severity=2, low=1, mid=2, high=3)],
        by=writer,
    )
    matrix.publish(draft.pk, by=other, now=NOON)
    assert Matrix.objects.in_force(date(2026, 11, 30)) == first
    assert Matrix.objects.in_force(date(2026, 12, 1)) == draft
    with pytest.raises(WrongState):
        matrix.change(draft.pk, settings={}, cells=[], by=writer)
    for act in (
        lambda: draft.cells.update(mid=3),
        lambda: draft.cells.all().delete(),
        lambda: MatrixCell.objects.create(matrix=draft, category=CategoryFactory(), severity=1, low=1, mid=2, high=3),
        lambda: Matrix.objects.filter(pk=draft.pk).update(repeat=0),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_a_version_cannot_begin_in_the_past(desk, user_as):
    draft = matrix.draft(name="Late", valid_from=NOON.date() - timedelta(days=1), by=UserFactory(), now=NOON)
    with pytest.raises(DomainError, match="first day has passed"):
        matrix.publish(draft.pk, by=user_as("manager"), now=NOON)


def test_the_situation_reads_the_facts_of_the_case(agent):
    customer = CustomerFactory(is_vulnerable=True, street="Storgatan 1", postcode="411 01")
    SubscriptionFactory(customer=customer)
    neighbour = CustomerFactory(street="storgatan 1", postcode="411 01")
    propose(agent, case=a_case(customer=neighbour))
    CaseFactory(customer=customer, category=CategoryFactory(), received_at=NOON - timedelta(days=50))
    CaseFactory(customer=customer, category=CategoryFactory(), state="not_a_complaint")
    case = a_case(
        customer=customer,
        category=CategoryFactory(code="evidence", needs_evidence=True),
        fault="shared",
        item_price=D("89.00"),
        received_at=NOON - timedelta(days=15),
        recorded_at=NOON,
    )
    facts = queries.situation(case, agent, NOON)
    assert facts == Situation(
        weeks_open=2,
        contacts=1,
        is_vulnerable=True,
        is_contributory=True,
        yearly_margin=D("240.00"),
        yearly_revenue=D("598.80"),
        claims_year=2,
        evidence_missing=True,
        item_price=D("89.00"),
        neighbours_awarded=1,
    )


def test_neither_a_duplicate_nor_the_opening_mail_moves_an_award(agent):
    case = a_case()
    CaseFactory(
        customer=case.customer, duplicate_of=case, state="duplicate", received_at=case.received_at - timedelta(days=1)
    )
    incoming = {"case": case, "kind": "email", "direction": "in", "body": "…"}
    Message.objects.create(at=case.recorded_at, **incoming)
    facts = queries.situation(case, agent, NOON)
    assert (facts.is_repeat, facts.claims_year, facts.contacts) == (False, 1, 1)
    Message.objects.create(at=case.recorded_at + timedelta(hours=1), **incoming)
    CaseFactory(customer=case.customer, received_at=case.received_at - timedelta(days=80))
    facts = queries.situation(case, agent, NOON)
    assert (facts.is_repeat, facts.claims_year, facts.contacts) == (True, 2, 2)
