"""Sales, rewards, returns, debts: what the domain page promises, one by one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import translation

from loyalty import actions
from loyalty.errors import CardRefused, ReceiptConflict
from loyalty.models import LedgerEntry, Programme, Receipt, StampRequest
from loyalty.queries.ledger import faults
from loyalty.rules.earning import Line
from loyalty.rules.trace import say
from staff.errors import DomainError
from tests.conftest import NOON
from tests.loyalty.factories import ANY_ITEM, StoreFactory, VersionFactory, buy, facts, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def ledger(membership):
    return list(membership.entries.order_by("seq").values_list("kind", "stamps", "balance"))


def test_nine_bought_the_tenth_free():
    jane = member()
    for _ in range(8):
        buy(jane)
    jane.refresh_from_db()
    assert (jane.balance, jane.rewards.count()) == (8, 0)
    receipt = buy(jane, 2)
    jane.refresh_from_db()
    assert (jane.balance, jane.cycle_needed) == (1, 9)
    reward = jane.rewards.get()
    assert (reward.state, reward.stamps, reward.cost) == ("issued", 9, Decimal("0.90"))
    assert say(receipt.trace) == ["2 stamps: every item counted.", "The card was full: 1 reward."]
    assert ledger(jane)[-3:] == [("earn", 1, 9), ("convert", -9, 0), ("earn", 1, 1)]
    assert list(reward.events.values_list("kind", flat=True)) == ["issued"]


def test_the_trace_can_be_read_aloud_in_three_languages():
    jane = member()
    lines = (Line(1, "latte", 2), Line(2, "latte", 1, kind="reward"), Line(3, "card", 1, kind="gift_card"))
    receipt = buy(jane, lines=lines)
    assert say(receipt.trace) == [
        "2 stamps: 2 of 4 items.",
        "“latte” was the free one; it earns nothing.",
        "“card” is a gift card; it earns when it is spent.",
    ]
    assert receipt.stamps == 2
    for language in ("sv", "de"):
        with translation.override(language):
            assert len(say(receipt.trace)) == 3


def test_the_same_receipt_again_gives_the_stored_one_and_another_under_its_number_is_refused():
    jane = member()
    card = jane.cards.get().number
    told = facts(card, 2, number="8817")
    first = actions.record_receipt(told, by=None, now=NOON)
    for _ in range(3):
        assert actions.record_receipt(told, by=None, now=NOON + timedelta(hours=1)).pk == first.pk
    with pytest.raises(ReceiptConflict):
        actions.record_receipt(facts(card, 3, number="8817"), by=None, now=NOON)
    other = member()
    with pytest.raises(ReceiptConflict):
        actions.record_receipt(replace(told, card=other.cards.get().number), by=None, now=NOON)
    assert ledger(jane) == [("earn", 1, 1), ("earn", 1, 2)]
    assert ledger(other) == []


@pytest.mark.parametrize(
    ("status", "code"), [("lost", "card_lost"), ("blocked", "card_blocked"), ("replaced", "card_replaced")]
)
def test_a_dead_card_is_refused_with_the_reason(status, code, user_as):
    jane = member()
    card = jane.cards.get()
    by = user_as("agent")
    if status == "replaced":
        actions.replace_card(card.pk, by=by, now=NOON)
    else:
        actions.set_card_status(card.pk, status, by=by, now=NOON)
    with pytest.raises(CardRefused) as refusal:
        actions.record_receipt(facts(card.number), by=None, now=NOON)
    assert refusal.value.code == code
    assert Receipt.objects.count() == 0


def test_an_unknown_card_and_a_blocked_membership_are_refused(user_as):
    with pytest.raises(CardRefused) as refusal:
        actions.record_receipt(facts("999"), by=None, now=NOON)
    assert refusal.value.code == "card_unknown"
    jane = member()
    actions.set_blocked(jane.pk, True, by=user_as("team lead"), now=NOON)
    with pytest.raises(CardRefused):
        buy(jane)
    actions.set_blocked(jane.pk, False, by=user_as("team lead"), now=NOON)
    assert buy(jane).stamps == 1


def test_a_lost_card_at_eight_of_nine_moves_no_stamp(user_as):
    jane = member()
    buy(jane, 8)
    old = jane.cards.get()
    new = actions.replace_card(old.pk, by=user_as("agent"), now=NOON)
    actions.record_receipt(facts(new.number), by=None, now=NOON)
    jane.refresh_from_db()
    assert (jane.balance, jane.rewards.count()) == (0, 1)
    assert [kind for kind, _, _ in ledger(jane)] == ["earn"] * 9 + ["convert"]


def test_caps_cut_and_the_trace_says_so(shop):
    VersionFactory._meta.model.objects.filter(pk=shop.pk)
    jane = member(VersionFactory(programme__code="capped", cap_receipt=3, cap_day=4).programme)
    first, second = buy(jane, 5), buy(jane, 3)
    assert (first.stamps, second.stamps) == (3, 1)
    assert say(second.trace)[-1] == "At most 4 a day: 2 not given."
    assert buy(jane, 1, at=NOON - timedelta(days=1)).stamps == 1


def test_cool_down_gives_nothing_too_soon():
    jane = member(VersionFactory(programme__code="slow", cooldown_minutes=60).programme)
    assert buy(jane, now=NOON).stamps == 1
    soon = buy(jane, now=NOON + timedelta(minutes=30))
    assert (soon.stamps, say(soon.trace)) == (0, ["No stamps: less than 60 minutes after the visit before."])
    assert buy(jane, now=NOON + timedelta(minutes=61)).stamps == 1


def test_the_version_of_the_day_counts_and_a_cycle_keeps_its_goal(shop):
    shop.valid_until = NOON
    shop.save(update_fields=["valid_until"])
    VersionFactory(programme=shop.programme, stamps_needed=5, valid_from=NOON)
    jane = member(shop.programme)
    buy(jane, 6, at=NOON - timedelta(hours=1))
    buy(jane, 3, at=NOON + timedelta(minutes=5), now=NOON + timedelta(minutes=5))
    jane.refresh_from_db()
    assert (jane.balance, [r.stamps for r in jane.rewards.all()]) == (0, [9])
    buy(jane, 5, now=NOON + timedelta(hours=1))
    assert [r.stamps for r in jane.rewards.order_by("pk")] == [9, 5]


def test_two_published_versions_never_overlap(shop):
    with pytest.raises(Exception, match="loyalty_versions_do_not_overlap"), transaction.atomic():
        VersionFactory(programme=shop.programme, valid_from=NOON)


def test_a_published_version_is_final(shop):
    shop.stamps_needed = 5
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        shop.save()
    with pytest.raises(ProgrammingError, match="Cannot delete"), transaction.atomic():
        shop.delete()


@pytest.mark.parametrize("statement", ["UPDATE loyalty_ledgerentry SET stamps = 9", "DELETE FROM loyalty_ledgerentry"])
def test_the_ledger_is_append_only_in_the_database(statement):
    buy(member())
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def give_back(sale, items, *, now=NOON, **extra):
    lines = tuple(Line(n, "latte", 1, Decimal("4.50")) for n in items)
    return actions.record_receipt(facts(lines=lines, original=sale, at=now, **extra), by=None, now=now)


def test_a_return_takes_back_what_the_kept_lines_would_not_have_earned():
    jane = member(VersionFactory(programme__code="capped", cap_receipt=3).programme)
    sale = facts(jane.cards.get().number, 5)
    actions.record_receipt(sale, by=None, now=NOON)
    assert give_back(sale, [1, 2]).stamps == 0  # three kept are still worth the three of the cap
    back = give_back(sale, [3])
    assert (back.stamps, say(back.trace)) == (1, ["1 stamp taken back."])
    with pytest.raises(DomainError) as refusal:
        give_back(sale, [3])
    assert refusal.value.code == "more_than_sold"
    jane.refresh_from_db()
    assert jane.balance == 2


def test_a_return_turns_an_open_reward_back():
    jane = member()
    sale = facts(jane.cards.get().number, 9)
    actions.record_receipt(sale, by=None, now=NOON)
    back = give_back(sale, [1, 2])
    jane.refresh_from_db()
    assert (jane.balance, jane.cycle_needed) == (7, 9)
    assert jane.rewards.get().state == "revoked"
    assert say(back.trace) == ["2 stamps taken back.", "1 open reward turned back."]
    buy(jane, 2)
    assert jane.rewards.filter(state="issued").count() == 1


def test_a_return_after_the_free_one_was_drunk_leaves_a_debt_that_later_stamps_repay():
    jane = member()
    sale = facts(jane.cards.get().number, 9)
    actions.record_receipt(sale, by=None, now=NOON)
    actions.redeem(jane.rewards.get().pk, by=None, now=NOON)
    back = give_back(sale, range(1, 10))
    jane.refresh_from_db()
    assert (jane.balance, jane.cycle_needed, jane.rewards.get().state) == (-9, None, "redeemed")
    assert say(back.trace)[-1].startswith("The free one was already used: the card owes 9 stamps")
    buy(jane, 9)
    jane.refresh_from_db()
    assert (jane.balance, jane.rewards.count()) == (0, 1)
    buy(jane, 9)
    assert jane.rewards.count() == 2


def test_a_return_before_its_sale_waits_for_it():
    jane = member()
    sale = facts(jane.cards.get().number, 3)
    back = give_back(sale, [2, 3])
    assert (back.state, say(back.trace)) == ("parked", ["The sale it returns is not known yet; it waits."])
    actions.record_receipt(sale, by=None, now=NOON)
    back.refresh_from_db()
    jane.refresh_from_db()
    assert (back.state, back.stamps, jane.balance) == ("counted", 2, 1)


def test_a_return_told_at_the_same_moment_as_its_sale_is_counted_by_the_worker():
    jane = member()
    told = facts(jane.cards.get().number, 3)
    back = give_back(told, [2, 3])
    other = give_back(facts(number="nobody's"), [1])
    sale = actions.record_receipt(replace(told, number="8818"), by=None, now=NOON)
    assert actions.match_parked_returns(now=NOON) == 0
    Receipt.objects.filter(pk=sale.pk).update(number=told.number)  # as if neither had seen the other
    assert [actions.match_parked_returns(now=NOON) for _ in range(2)] == [1, 0]
    for row in (back, other, jane):
        row.refresh_from_db()
    assert (back.state, back.original, back.stamps, jane.balance) == ("counted", sale, 2, 1)
    assert other.state == "parked"


def test_a_parked_return_that_does_not_fit_is_refused_not_its_sale():
    jane = member()
    sale = facts(jane.cards.get().number, 1)
    back = give_back(sale, [1, 2])
    assert actions.record_receipt(sale, by=None, now=NOON).stamps == 1
    back.refresh_from_db()
    assert (back.state, say(back.trace)) == ("refused", ["Line 2 is not on the sale."])


def test_a_sale_without_a_card_can_be_claimed_once():
    told = facts(items=3, number="77")
    sale = actions.record_receipt(told, by=None, now=NOON)
    assert (sale.state, say(sale.trace)) == ("unidentified", ["No stamps: no card was shown. It can be claimed later."])
    give_back(told, [1])
    jane, joe = member(), member()
    details = {"store": StoreFactory(), "business_date": NOON.date(), "number": "77", "lines": (), "occurred_at": NOON}
    claimed = actions.claim_receipt(jane.pk, **details, by=None, now=NOON)
    assert (claimed.state, claimed.stamps) == ("counted", 2)
    with pytest.raises(DomainError) as refusal:
        actions.claim_receipt(joe.pk, **details, by=None, now=NOON)
    assert refusal.value.code == "receipt_taken"
    assert actions.record_receipt(told, by=None, now=NOON).pk == sale.pk


def test_a_receipt_claimed_from_paper_is_not_stamped_again_by_the_till():
    jane = member()
    lines = (Line(1, "latte", 2, Decimal(9)),)
    details = {"store": StoreFactory(), "business_date": NOON.date(), "number": "78", "occurred_at": NOON}
    claimed = actions.claim_receipt(jane.pk, lines=lines, **details, by=None, now=NOON)
    assert claimed.stamps == 2
    assert actions.record_receipt(facts(items=2, number="78"), by=None, now=NOON).pk == claimed.pk
    jane.refresh_from_db()
    assert jane.balance == 2


@pytest.mark.parametrize("verdict", ["approved", "declined"])
def test_a_receipt_past_the_limit_waits_for_a_second_person(verdict, user_as):
    from tests.factories import AuthorityLimitFactory

    agent, lead = user_as("agent"), user_as("team lead")
    AuthorityLimitFactory(role=lead.groups.get(), kind="stamps")
    jane = member()
    told = facts(jane.cards.get().number, at=NOON - timedelta(days=91))
    receipt = actions.record_receipt(told, by=agent, now=NOON)
    assert (receipt.state, receipt.stamps) == ("held", 0)
    request = StampRequest.objects.get()
    with pytest.raises(DomainError):
        actions.decide_request(request.pk, verdict, by=agent, now=NOON)
    actions.decide_request(request.pk, verdict, by=lead, now=NOON)
    receipt.refresh_from_db()
    jane.refresh_from_db()
    expected = ("counted", 1) if verdict == "approved" else ("refused", 0)
    assert (receipt.state, jane.balance) == expected


def test_an_adjustment_must_say_why():
    jane = member()
    with pytest.raises(Exception, match="loyalty_adjustment_says_why"), transaction.atomic():
        LedgerEntry.objects.create(
            membership=jane, seq=1, kind="adjust", stamps=1, balance=1, occurred_at=NOON, recorded_at=NOON
        )


def test_one_stamp_costs_a_constant_number_of_queries(django_assert_num_queries):
    jane, joe = member(), member()
    buy(jane)
    for items in (1, 3):
        with django_assert_num_queries(5):
            actions.record_receipt(facts(joe.cards.get().number, items), by=None, now=NOON)


def test_a_bonus_says_what_it_gave_beyond_the_plain_terms():
    window = {"key": "campaign-7", "per": "bonus", "times": 3, "weekdays": [2]}  # NOON is a Wednesday
    VersionFactory(programme__code="double", rules=[*ANY_ITEM, window], cap_receipt=5, stamps_needed=20)
    jane = member(Programme.objects.get(code="double"))
    receipt = buy(jane, 2)
    assert (receipt.stamps, receipt.trace[-1]) == (5, {"say": "cap_receipt", "cap": 5, "cut": 1})
    (bonus,) = (sentence for sentence in receipt.trace if sentence["say"] == "bonus")
    assert bonus == {"say": "bonus", "times": 3, "rule": "campaign-7", "extra": 3}


def test_a_quantity_mistyped_brings_ten_full_cards_at_most_and_its_return_takes_them_back(shop):
    jane = member()
    sale = facts(jane.cards.get().number, lines=(Line(1, "latte", 999, Decimal("4495.50")),))
    receipt = actions.record_receipt(sale, by=None, now=NOON)
    jane.refresh_from_db()
    assert (receipt.stamps, jane.rewards.count(), jane.balance) == (90, 10, 0)
    assert "At most 90 a receipt: 909 not given." in say(receipt.trace)
    back = facts(original=sale, lines=(Line(1, "latte", 999, Decimal("4495.50")),))
    actions.record_receipt(back, by=None, now=NOON)
    jane.refresh_from_db()
    assert (jane.balance, jane.rewards.filter(state="issued").count()) == (0, 0)
    assert faults() == []


def test_terms_that_say_more_a_receipt_give_more():
    many = VersionFactory(programme__code="bulk", cap_receipt=500)
    jane = member(many.programme)
    assert buy(jane, lines=(Line(1, "latte", 200, Decimal(900)),)).stamps == 200
