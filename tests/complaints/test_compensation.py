"""Awards: what the guidance says, who must agree, what is frozen, and the way of each remedy to done."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, IntegrityError, transaction
from hypothesis import strategies as st

from complaints.actions import awards, remedies
from complaints.compensation import queries, rules
from complaints.compensation.rules import Terms, Wish
from complaints.models import Award, AwardApproval, Remedy
from complaints.models.compensation import AWARD_MOVES, REMEDY_MOVES, AwardState, RemedyState
from customers.goodwill import given as goodwill_given
from customers.letters import NotSent
from staff.approvals import approvals
from staff.errors import AboveAuthority, AlreadyDecided, DomainError, SelfApproval, WrongState
from staff.models import AuthorityLimit
from tests.complaints.awards import a_case, goodwill, propose
from tests.conftest import NOON
from tests.factories import CustomerFactory

D = Decimal
CENTS = st.decimals(min_value=0, max_value=1000, places=2)


pytestmark = pytest.mark.django_db


def states(award: Award) -> tuple[str, list[str]]:
    award.refresh_from_db()
    return award.state, list(award.remedies.order_by("pk").values_list("state", flat=True))


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


def test_the_sentence_names_each_remedy_and_what_it_is_for_in_the_customers_language():
    terms = Terms(
        [
            Wish("product_voucher", "goodwill", D("60.00"), "TV box"),
            Wish("stamps", "goodwill", D("4.00"), stamps=2),
            Wish("refund", "owed", D("24.95")),
            Wish("credit", "loss", D("9.90")),
            Wish("repair", "owed", D(0), "New socket"),
            Wish("apology", "apology"),
        ]
    )
    assert awards.sentence(terms, "en") == (
        "You receive €24.95 back and the work “New socket”, which you are entitled to, "
        "€9.90 as a credit on your account for your loss "
        "and a voucher for TV box and 2 bonus stamps as a sign of goodwill."
    )
    alone = Terms([Wish("product_voucher", "goodwill", D("60.00"), "TV-box")])
    assert awards.sentence(alone, "sv") == "Du får ett värdebevis för TV-box som en gest av välvilja."
    assert awards.sentence(alone, "de") == "Sie erhalten einen Gutschein für TV-box als Zeichen unserer Kulanz."
    sorry = Terms([Wish("apology", "apology")])
    assert awards.sentence(sorry, "en") == "We apologise and put right what went wrong."


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
    boss = user_as("manager", email="Boss@example.com")
    with pytest.raises(SelfApproval, match="own complaint"):
        awards.approve(asked(award).pk, by=boss, now=NOON)
    dear = propose(agent, goodwill("70.00", deviation="x"))
    with pytest.raises(AboveAuthority):
        awards.approve(asked(dear).pk, by=user_as("team lead"), now=NOON)
    with pytest.raises(SelfApproval):
        propose(boss, case=a_case(customer=customer))


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


@pytest.mark.parametrize("granted", ["39.00", "30.00"])
def test_an_award_counts_on_the_day_of_whose_word_it_was_given_on(agent, manager, granted):
    def on_the_day(now=NOON):
        return [queries.totals(a_case(), one, now)[0].agent_day for one in (agent, manager)]

    propose(agent, goodwill("12.00"))
    dear = propose(agent, goodwill("39.00"))
    assert on_the_day() == [D(12), D(0)]
    final = awards.approve(asked(dear).pk, by=manager, now=NOON, amounts={dear.remedies.get().pk: D(granted)})
    assert on_the_day() == [D(12), D(granted)]
    assert on_the_day(NOON + timedelta(days=1)) == [D(0), D(0)]
    awards.withdraw(final.pk, by=agent, now=NOON)
    assert on_the_day() == [D(12), D(0)]


def test_what_a_manager_approved_leaves_the_agents_day_free_and_fills_the_managers(agent, manager):
    AuthorityLimit.objects.filter(kind="goodwill").update(per_agent_day=D(45))
    awards.approve(asked(propose(agent, goodwill("39.00"))).pk, by=manager, now=NOON)
    assert states(propose(agent, goodwill("20.00")))[0] == "approved"
    with pytest.raises(AboveAuthority):
        awards.approve(asked(propose(agent, goodwill("39.00"))).pk, by=manager, now=NOON)


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
    with pytest.raises(NotSent, match="OSError"):
        remedies.issue_by_mail(remedy.pk, by=agent, now=NOON)
    remedy.refresh_from_db()
    assert (remedy.state, remedy.voucher) == ("ordered", None)
    assert not award.case.vouchers.exists()
    remedies.fail(remedy.pk, by=None, now=NOON, note="OSError")
    remedies.issue_voucher(remedy.pk, by=agent, now=NOON)
    assert states(award) == ("done", ["done"])


class Refusing(BaseEmailBackend):
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
    terms = Terms(terms.wishes, deviation="asked for stamps only")
    award = propose(agent, terms, case=case)
    assert award.goodwill == D("1.50")  # at what the guidance says a stamp costs, whatever was typed
    assert queries.goodwill_year(customer.pk, NOON) == D("1.50")
    remedies.give_stamps(award.remedies.get().pk, by=agent, now=NOON)
    membership.refresh_from_db()
    assert states(award) == ("done", ["done"])
    given = goodwill_given([customer.pk], NOON - timedelta(days=1), NOON + timedelta(days=1))[customer.pk]
    assert queries.goodwill_year(customer.pk, NOON + timedelta(hours=1)) == given > 0  # once, not by both rooms
    assert list(queries.goodwill_given([customer.pk], NOON - timedelta(days=1), NOON + timedelta(days=1))) == []


def test_no_number_of_stamps_slips_under_the_limit(agent, manager):
    from tests.loyalty.factories import VersionFactory, member

    VersionFactory()
    case = a_case()
    member(customer=case.customer)
    award = propose(agent, Terms([Wish("stamps", "goodwill", stamps=80)]), case=case)
    assert (award.state, award.goodwill) == ("pending", D(40))
    assert "limit_goodwill" in award.explanation["reasons"]
    with pytest.raises(DomainError, match="a number, not an amount"):
        awards.approve(asked(award).pk, by=manager, now=NOON, amounts={award.remedies.get().pk: D(30)})
    awards.approve(asked(award).pk, by=manager, now=NOON)
    assert states(award) == ("approved", ["agreed"])


def test_what_is_left_out_says_why_and_counts_no_more(agent):
    award = propose(agent, goodwill("20.00", "credit"))
    with pytest.raises(DomainError, match="Say why"):
        remedies.cancel(award.remedies.get().pk, by=agent, now=NOON, note=" ")
    assert queries.goodwill_year(award.case.customer_id, NOON) == D(20)
    remedies.cancel(award.remedies.get().pk, by=agent, now=NOON, note="Wants none")
    assert queries.goodwill_year(award.case.customer_id, NOON) == 0


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


def test_waiting_awards_stand_in_the_shared_queue_for_who_may_decide(agent, manager):
    award = propose(agent, goodwill("35.00"))
    source = approvals.get("compensation")
    [row] = source(manager, 10)
    assert (row.customer, row.cost, row.requested_by) == (award.case.customer.name, D(35), agent.short_name)
    assert list(source(agent, 10)) == []
