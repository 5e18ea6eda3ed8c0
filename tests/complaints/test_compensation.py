"""Awards: what the guidance says, who must agree, what is frozen, and the way of each remedy to done."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from complaints.actions import awards, matrix, remedies
from complaints.compensation import queries, rules
from complaints.compensation.rules import Situation, Terms, Wish
from complaints.models import Award, AwardApproval, Matrix, MatrixCell, Message, Remedy
from complaints.models.compensation import AWARD_MOVES, REMEDY_MOVES, AwardState, RemedyState
from customers.goodwill import given as goodwill_given
from staff.approvals import approvals
from staff.authority import Authority
from staff.errors import AboveAuthority, AlreadyDecided, DomainError, SelfApproval, WrongState
from tests.complaints.awards import a_case, goodwill, guidance, limits, unlimited
from tests.complaints.factories import CaseFactory, CategoryFactory
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory

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


# --- proposing ------------------------------------------------------------------------------------------------------
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(user_as):
    limits("agent", goodwill="30", redress="100")
    limits("team lead", goodwill="60", redress="200")
    unlimited("manager")
    guidance()


@pytest.fixture
def agent(desk, user_as):
    return user_as("agent")


@pytest.fixture
def manager(desk, user_as):
    return user_as("manager")


def states(award: Award) -> tuple[str, list[str]]:
    award.refresh_from_db()
    return award.state, list(award.remedies.order_by("pk").values_list("state", flat=True))


def propose(by, terms=None, *, case=None, now=NOON) -> Award:
    return awards.propose((case or a_case()).pk, terms or goodwill("20.00"), by=by, now=now)


def asked(award: Award) -> AwardApproval:
    return award.approvals.get(verdict="pending")


def test_within_authority_and_guidance_it_is_agreed_at_once_and_explained(agent):
    award = propose(agent)
    assert states(award) == ("approved", ["agreed"])
    assert not award.approvals.exists()
    assert "20,00" in award.sentence
    kept = award.explanation
    assert kept["guidance"]["goodwill"] == "20.00"
    assert kept["split"] == {"owed": "0", "loss": "0", "goodwill": "20.00", "apology": "0"}
    assert (kept["reasons"], award.band, award.guided) == ([], "within", D(20))


def test_above_the_limit_a_colleague_is_asked_and_nothing_is_done_before(agent, manager):
    award = propose(agent, goodwill("35.00"))
    assert states(award) == ("pending", ["proposed"])
    assert award.explanation["reasons"] == ["limit_goodwill"]
    with pytest.raises(WrongState):
        remedies.issue_voucher(award.remedies.get().pk, by=agent, now=NOON)
    with pytest.raises(SelfApproval):
        awards.approve(asked(award).pk, by=agent, now=NOON)
    awards.approve(asked(award).pk, by=manager, now=NOON, note="fine")
    assert states(award) == ("approved", ["agreed"])
    with pytest.raises(AlreadyDecided, match="was first"):
        awards.decline(award.approvals.get().pk, by=manager, now=NOON, note="too late")


def test_off_the_guidance_needs_a_reason_and_above_it_a_colleague(agent):
    with pytest.raises(DomainError, match="why this case is different") as refusal:
        propose(agent, goodwill("5.00"))
    assert refusal.value.field == "deviation"
    assert propose(agent, goodwill("5.00", deviation="asked for little")).state == "approved"
    limits_free = propose(agent, goodwill("41.00", deviation="weeks of trouble"))
    assert limits_free.explanation["reasons"] == ["limit_goodwill", "above_band"]


def test_an_approver_needs_the_authority_too_and_may_not_be_the_customer(agent, desk, user_as):
    customer = CustomerFactory(email="boss@example.com")
    award = propose(agent, goodwill("35.00"), case=a_case(customer=customer))
    with pytest.raises(SelfApproval, match="own complaint"):
        awards.approve(asked(award).pk, by=user_as("manager", email="Boss@example.com"), now=NOON)
    dear = propose(agent, goodwill("70.00", deviation="x"))
    with pytest.raises(AboveAuthority):
        awards.approve(asked(dear).pk, by=user_as("team lead"), now=NOON)
    with pytest.raises(SelfApproval):
        propose(user_as("agent", email="boss@example.com"), case=a_case(customer=customer))


def test_other_terms_void_what_was_asked_and_what_was_agreed(agent, manager):
    case = a_case()
    first = propose(agent, goodwill("35.00"), case=case)
    question = asked(first)
    second = propose(agent, goodwill("36.00"), case=case)
    question.refresh_from_db()
    assert (states(first), question.verdict) == (("replaced", ["cancelled"]), "void")
    assert second.replaces == first
    with pytest.raises(AlreadyDecided, match="terms changed"):
        awards.approve(question.pk, by=manager, now=NOON)
    awards.approve(asked(second).pk, by=manager, now=NOON)
    third = propose(agent, goodwill("37.00"), case=case)
    assert (states(second)[0], third.state) == ("replaced", "pending")


def test_approving_with_a_change_is_a_new_award_by_the_same_agent(agent, manager):
    award = propose(agent, goodwill("39.00"))
    changed = awards.approve(
        asked(award).pk, by=manager, now=NOON, note="a bit less", amounts={award.remedies.get().pk: D("30.00")}
    )
    assert states(award) == ("replaced", ["cancelled"])
    assert states(changed) == ("approved", ["agreed"])
    assert (changed.goodwill, changed.proposed_by, changed.replaces) == (D(30), agent, award)
    assert award.approvals.get().verdict == "approved_with_change"


def test_an_approver_cannot_cut_what_is_owed(agent, manager):
    award = propose(agent, Terms([Wish("refund", "owed", D("150.00"))]))
    with pytest.raises(DomainError, match="Only goodwill"):
        awards.approve(asked(award).pk, by=manager, now=NOON, amounts={award.remedies.get().pk: D("10.00")})
    assert award.approvals.get().verdict == "pending"


def test_declining_says_why(agent, manager):
    award = propose(agent, goodwill("35.00"))
    with pytest.raises(DomainError, match="Say why"):
        awards.decline(asked(award).pk, by=manager, now=NOON, note=" ")
    awards.decline(asked(award).pk, by=manager, now=NOON, note="no proof")
    assert states(award) == ("declined", ["cancelled"])


def test_limits_hold_over_linked_duplicates_the_year_and_the_day(agent):
    customer = CustomerFactory()
    original = a_case(customer=customer)
    double = a_case(customer=customer, state="duplicate", duplicate_of=original)
    propose(agent, goodwill("20.00"), case=original)
    assert queries.totals(double, agent, NOON)[0].case == D(20)
    other = a_case(customer=customer)
    assert queries.totals(other, agent, NOON)[0] == rules.Totals(D(0), D(20), D(20))
    assert queries.totals(other, agent, NOON + timedelta(days=1))[0].agent_day == D(0)
    assert "splitting" in propose(agent, goodwill("20.00"), case=other).explanation["reasons"]


def test_the_terms_and_the_explanation_never_change(agent):
    award = propose(agent)
    for change in ({"goodwill": 1}, {"explanation": {}}, {"sentence": "x"}, {"consent": "x"}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Award.objects.filter(pk=award.pk).update(**change)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Remedy.objects.filter(award=award).update(amount=1)


def test_nobody_decides_on_their_own_request_in_the_database_either(agent):
    question = asked(propose(agent, goodwill("35.00")))
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        AwardApproval.objects.filter(pk=question.pk).update(verdict="approved", decided_by=agent)


def test_an_ended_case_is_not_compensated(agent):
    case = a_case(state="withdrawn")
    with pytest.raises(WrongState, match="Reopen"):
        propose(agent, case=case)


# --- remedies -------------------------------------------------------------------------------------------------------
def test_a_voucher_remedy_is_done_when_it_is_issued_and_then_counts_as_goodwill(agent):
    award = propose(agent, goodwill("20.00", "product_voucher"))
    customer = award.case.customer_id
    window = (NOON - timedelta(days=365), NOON + timedelta(seconds=1))
    assert dict(goodwill_given([customer], *window))[customer] == 0
    assert queries.open_remedies(award.case_id) == ["free replacement by voucher (to be done)"]
    issued = remedies.issue_voucher(award.remedies.get().pk, by=agent, now=NOON)
    assert (issued.voucher.product, issued.voucher.face, issued.voucher.case) == ("Router X2", D(20), award.case)
    assert states(award) == ("done", ["done"])
    assert dict(goodwill_given([customer], *window))[customer] == D(20)
    assert queries.open_remedies(award.case_id) == []
    with pytest.raises(WrongState):
        remedies.issue_voucher(award.remedies.get().pk, by=agent, now=NOON)


def test_a_voucher_by_mail_exists_only_once_it_is_sent(agent):
    award = propose(agent)
    remedy = award.remedies.get()
    remedies.send_voucher(remedy.pk, by=agent, now=NOON)
    remedy.refresh_from_db()
    assert (remedy.state, remedy.voucher) == ("ordered", None)
    with pytest.raises(WrongState, match="sending"):
        remedies.issue_voucher(remedy.pk, by=agent, now=NOON)
    voucher = remedies.issue_by_mail(remedy.pk, by=agent, now=NOON)
    assert remedies.issue_by_mail(remedy.pk, by=agent, now=NOON) is None
    [message] = mail.outbox
    assert (message.to, message.attachments[0][0]) == ([award.case.customer.email], "voucher.pdf")
    assert states(award) == ("done", ["done"])
    assert voucher.face == D(20)


def test_when_the_mail_server_refuses_nothing_was_issued(agent, settings):
    settings.EMAIL_BACKEND = "tests.complaints.test_compensation.Refusing"
    award = propose(agent)
    remedy = award.remedies.get()
    remedies.send_voucher(remedy.pk, by=agent, now=NOON)
    with pytest.raises(OSError, match="greylisted"):
        remedies.issue_by_mail(remedy.pk, by=agent, now=NOON)
    remedy.refresh_from_db()
    assert (remedy.state, remedy.voucher) == ("ordered", None)
    assert not award.case.vouchers.exists()
    remedies.fail(remedy.pk, by=None, now=NOON, note="OSError")
    remedies.issue_voucher(remedy.pk, by=agent, now=NOON)
    assert states(award) == ("done", ["done"])


class Refusing:
    def __init__(self, **kwargs):
        pass

    def send_messages(self, messages):
        raise OSError("greylisted")


def test_several_remedies_each_have_their_own_state_and_the_last_ends_the_award(agent):
    award = propose(
        agent,
        Terms(
            [
                Wish("refund", "owed", D("49.90")),
                Wish("repair", "owed", D(0), "New socket"),
                Wish("value_voucher", "goodwill", D("20.00")),
                Wish("apology", "apology"),
            ]
        ),
    )
    refund, repair, voucher, apology = award.remedies.order_by("pk")
    remedies.complete(apology.pk, by=agent, now=NOON)
    remedies.order(refund.pk, by=agent, now=NOON, reference="B-77")
    remedies.fail(refund.pk, by=agent, now=NOON, note="wrong account")
    remedies.complete(refund.pk, by=agent, now=NOON, reference="B-78")
    remedies.cancel(repair.pk, by=agent, now=NOON, note="customer moved")
    assert states(award) == ("approved", ["done", "cancelled", "agreed", "done"])
    with pytest.raises(WrongState, match="under way"):
        propose(agent, case=award.case)
    with pytest.raises(WrongState, match="another way"):
        remedies.complete(voucher.pk, by=agent, now=NOON)
    remedies.issue_voucher(voucher.pk, by=agent, now=NOON)
    assert states(award)[0] == "done"
    addition = propose(agent, goodwill("10.00"), case=award.case)
    assert addition.state in ("approved", "pending")


def test_stamps_are_given_by_loyalty_once_and_counted_there(agent):
    from tests.loyalty.factories import VersionFactory, member

    customer = CustomerFactory()
    case = a_case(customer=customer)
    terms = Terms([Wish("stamps", "goodwill", D("15.00"), stamps=3)])
    with pytest.raises(DomainError, match="no loyalty card"):
        propose(agent, terms, case=case)
    VersionFactory()
    membership = member(customer=customer)
    award = propose(agent, terms, case=case)
    remedies.give_stamps(award.remedies.get().pk, by=agent, now=NOON)
    membership.refresh_from_db()
    assert states(award) == ("done", ["done"])
    assert list(queries.goodwill_given([customer.pk], NOON - timedelta(days=1), NOON + timedelta(days=1))) == []


def test_every_pair_of_award_states(agent):
    assert_pairs(Award, propose(agent, goodwill("35.00")).pk, AwardState, AWARD_MOVES)


def test_every_pair_of_remedy_states(agent):
    remedy = propose(agent, Terms([Wish("refund", "owed", D("500.00"))])).remedies.get()
    assert_pairs(Remedy, remedy.pk, RemedyState, REMEDY_MOVES)


def assert_pairs(model, pk, states, moves) -> None:
    """From the first state walk to each by allowed steps, then try every other: table and database agree."""
    start = model.objects.get(pk=pk).state
    for before, after in product(states, states):
        with transaction.atomic():
            for state in path(moves, start, before):
                set_state(model, pk, state)
            assert model.objects.get(pk=pk).can_move_to(after) == (after in moves[before])
            if before == after or after in moves[before]:
                set_state(model, pk, after)
            else:
                with pytest.raises(DatabaseError, match="transition"), transaction.atomic():
                    set_state(model, pk, after)
            transaction.set_rollback(True)


def path(moves, start, end) -> list[str]:
    ways = [[start]]
    for way in ways:
        if way[-1] == end:
            return way[1:]
        ways += [[*way, step] for step in sorted(moves[way[-1]]) if step not in way]
    raise AssertionError(f"{end} cannot be reached")


def set_state(model, pk, state) -> None:
    done = {"done_at": NOON if state == "done" else None} if model is Remedy else {}
    model.objects.filter(pk=pk).update(state=state, **done)


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
    assert sum(third.stayed for third in found.thirds) == 0
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
    assert replace(facts, peers_claims=0) == Situation(
        weeks_open=2,
        contacts=1,
        is_vulnerable=True,
        is_contributory=True,
        yearly_margin=D("240.00"),
        yearly_revenue=D("598.80"),
        claims_year=2,
        peers_claims=0,
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


def test_waiting_awards_stand_in_the_shared_queue_for_who_may_decide(agent, manager):
    award = propose(agent, goodwill("35.00"))
    source = approvals.get("compensation")
    [row] = source(manager, 10)
    assert (row.customer, row.cost, row.requested_by) == (award.case.customer.name, D(35), agent.short_name)
    assert list(source(agent, 10)) == []
