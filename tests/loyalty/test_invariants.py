"""The twelve invariants of the domain page: in any order of events, and with many hands at once."""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from loyalty import actions
from loyalty.models import CardToken, LedgerEntry, Membership, Receipt, Reward, RewardEvent
from loyalty.queries.ledger import balance_at, faults
from loyalty.rules.account import Account
from loyalty.rules.earning import Line
from staff.errors import DomainError
from tests.conftest import NOON
from tests.factories import AuthorityLimitFactory, UserFactory
from tests.loyalty.factories import ProductFactory, StoreFactory, VersionFactory, facts, member
from tests.threads import at_once

N = 3  # a short card, so that a few steps reach a reward
who = st.integers(0, 2)


class Shop(RuleBasedStateMachine):
    """Three cards, one till, one desk: buy, repeat, return, redeem, undo, give, move, merge, part, lose a card; and
    marketing, which changes the terms meanwhile."""

    terms = {"stamps_needed": N, "interim": [{"at": 2, "name": "a biscuit", "cost": "0.30"}]}

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = NOON
        self.agent = UserFactory(is_superuser=True)
        StoreFactory()
        ProductFactory()
        self.version = VersionFactory(**self.terms)
        self.members = [member(self.version.programme) for _ in range(3)]
        self.sales = []
        self.merges = []
        self.past = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def tick(self):
        self.now += timedelta(minutes=7)
        return self.now

    def card(self, who):
        return CardToken.objects.get(membership=self.members[who], status="active").number

    def attempt(self, act, *args, **kwargs):
        """A refusal of the trade is an answer too; it must leave nothing behind."""
        try:
            with transaction.atomic():
                return act(*args, **kwargs, by=self.agent, now=self.tick())
        except DomainError:
            return None

    @rule(who=who, items=st.integers(1, 5), back=st.integers(0, 3))
    def buy(self, who, items, back):
        told = facts(self.card(who), items, at=self.now - timedelta(days=back))
        if self.attempt(actions.record_receipt, told):
            self.sales.append((told, set(range(1, items + 1))))

    @rule(pick=st.integers(0, 50))
    def tell_again(self, pick):
        if self.sales:
            before = LedgerEntry.objects.count()
            self.attempt(actions.record_receipt, self.sales[pick % len(self.sales)][0])
            assert LedgerEntry.objects.count() == before  # (3)

    @rule(pick=st.integers(0, 50), items=st.integers(1, 5))
    def give_back(self, pick, items):
        if not self.sales:
            return
        told, left = self.sales[pick % len(self.sales)]
        lines = tuple(Line(n, "latte") for n in sorted(left)[:items])
        if lines and self.attempt(actions.record_receipt, facts(lines=lines, original=told, at=self.now)):
            left -= {line.number for line in lines}

    @rule(pick=st.integers(0, 50))
    def redeem(self, pick):
        rewards = list(Reward.objects.order_by("pk"))
        if rewards:
            self.attempt(actions.redeem, rewards[pick % len(rewards)].pk)

    @rule(pick=st.integers(0, 50))
    def undo(self, pick):
        rewards = list(Reward.objects.filter(state="redeemed").order_by("pk"))
        if rewards:
            self.attempt(actions.undo_redeem, rewards[pick % len(rewards)].pk)

    @rule(who=who, count=st.integers(1, 4))
    def give(self, who, count):
        self.attempt(actions.bonus, self.members[who].pk, count, note="thanks")

    @rule(source=who, into=who, stamps=st.integers(1, 3))
    def move(self, source, into, stamps):
        pks = self.members[source].pk, self.members[into].pk
        self.attempt(actions.transfer, pks[0], to_id=pks[1], stamps=stamps, note="wrong card")

    @rule(source=who, into=who)
    def merge(self, source, into):
        before = self.total()
        if made := self.attempt(actions.merge, self.members[source].pk, into_id=self.members[into].pk):
            self.merges.append(made)
        assert self.total() == before  # (9)

    @rule(pick=st.integers(0, 9))
    def part(self, pick):
        before = self.total()
        if self.merges:
            self.attempt(actions.unmerge, self.merges[pick % len(self.merges)].pk)
        assert self.total() == before

    @rule(source=who, into=who)
    def merge_and_part_is_nothing(self, source, into):
        before = self.picture()
        if made := self.attempt(actions.merge, self.members[source].pk, into_id=self.members[into].pk):
            assert self.attempt(actions.unmerge, made.pk) is not None
            assert self.picture() == before  # (9)

    @rule(who=who)
    def lose_card(self, who):
        before = self.picture()
        self.attempt(actions.replace_card, CardToken.objects.get(number=self.card(who)).pk)
        assert self.picture() == before

    @rule(needed=st.integers(3, 5))
    def publish_other_terms(self, needed):
        before = list(LedgerEntry.objects.order_by("pk").values_list("pk", "stamps", "balance", "version"))
        now, old = self.tick(), self.version
        old.valid_until = now
        old.save(update_fields=["valid_until"])
        self.version = VersionFactory(programme=old.programme, valid_from=now, **self.terms | {"stamps_needed": needed})
        assert list(LedgerEntry.objects.order_by("pk").values_list("pk", "stamps", "balance", "version")) == before

    def total(self):
        """Stamps and open rewards, in stamps, over all cards."""
        loose = Membership.objects.aggregate(n=Sum("balance"))["n"]
        return loose + (Reward.objects.filter(state="issued").aggregate(n=Sum("stamps"))["n"] or 0)

    def picture(self):
        return [
            (m.status, m.balance, m.rewards.filter(state="issued").count()) for m in Membership.objects.order_by("pk")
        ]

    @invariant()
    def the_books_agree(self):
        assert faults() == []  # (1)
        sums = {one.pk: dict.fromkeys(("convert", "unconvert"), 0) for one in self.members}
        for pk, kind, stamps in LedgerEntry.objects.values_list("membership_id", "kind").annotate(n=Sum("stamps")):
            sums[pk][kind] = stamps
        rows = list(Membership.objects.all())
        one = rows[len(self.past) % 3]
        assert one.balance == balance_at(one.pk, self.now.date(), self.now)  # (1)
        for one in rows:
            own = sums[one.pk]
            converted = own.pop("convert") + own.pop("unconvert")
            assert one.balance - converted == sum(own.values())  # (2), in stamps: N·(issued − revoked) = −converted
            if one.status == "active":
                self.is_below_its_goal(one)
        made = Reward.objects.exclude(state="revoked").aggregate(n=Sum("stamps"))["n"] or 0
        turned = LedgerEntry.objects.filter(kind__in=["convert", "unconvert"]).aggregate(n=Sum("stamps"))["n"] or 0
        assert made == -turned  # (2)

    def is_below_its_goal(self, one):
        assert one.balance < (one.cycle_needed or 1)  # (5)

    @invariant()
    def a_biscuit_is_eaten_once_a_card(self):
        """(7), for rewards on the way: returning and buying again never brings a second one."""
        eaten = Reward.objects.filter(level__isnull=False, state="redeemed").count()
        cards = LedgerEntry.objects.filter(kind="convert").count()
        assert eaten <= cards + len(self.members) * (1 + len(self.merges))

    @invariant()
    def a_debt_has_a_cause(self):
        """(5), (7): owed stamps never exceed what was redeemed, or moved to another card before a return."""
        owed = -sum(min(b, 0) for b in Membership.objects.values_list("balance", flat=True))
        eaten = Reward.objects.filter(state="redeemed").aggregate(n=Sum("stamps"))["n"] or 0
        moved = -(LedgerEntry.objects.filter(kind="transfer_out").aggregate(n=Sum("stamps"))["n"] or 0)
        assert owed <= eaten + moved

    @invariant()
    def nobody_gains(self):
        """(6), (7): what the cards hold, open and eaten, is what was bought and kept, plus what was given."""
        kept = sum(len(left) for _told, left in self.sales)
        given_ = LedgerEntry.objects.filter(kind="adjust").aggregate(n=Sum("stamps"))["n"] or 0
        eaten = Reward.objects.filter(state="redeemed").aggregate(n=Sum("stamps"))["n"] or 0
        assert self.total() + eaten == kept + given_

    @invariant()
    def redeemed_once(self):
        """(8): of a reward's events, redeemed and unredeemed take turns."""
        told = defaultdict(list)
        events = RewardEvent.objects.filter(kind__in=["redeemed", "unredeemed"]).order_by("pk")
        for reward, kind in events.values_list("reward", "kind"):
            told[reward].append(kind)
        for kinds in told.values():
            assert kinds == ["redeemed", "unredeemed"] * (len(kinds) // 2) + ["redeemed"] * (len(kinds) % 2)

    @invariant()
    def the_past_as_known_then_stays(self):
        """(1), (12)"""
        for pk, day, known_at, told in self.past[-4:]:
            assert balance_at(pk, day, known_at) == told
        pk, day = self.members[len(self.past) % 3].pk, (self.now - timedelta(days=1)).date()
        self.past.append((pk, day, self.now, balance_at(pk, day, self.now)))


class Club(Shop):
    """The same with points: nothing is free by itself, the member chooses."""

    terms = {"stamps_needed": N, "prices": [{"points": N, "name": "a coffee", "cost": "0.90"}]}

    @rule(who=who)
    def spend(self, who):
        self.attempt(actions.spend_points, self.members[who].pk, reward="a coffee")

    @rule(pick=st.integers(0, 50))
    def turn_back(self, pick):
        rewards = list(Reward.objects.order_by("pk"))
        if rewards:
            self.attempt(actions.turn_back, rewards[pick % len(rewards)].pk)

    def is_below_its_goal(self, one):
        assert one.cycle_needed is None


@pytest.mark.django_db
@pytest.mark.parametrize("shop", [Shop, Club])
def test_the_books_always_add_up(shop):
    run_state_machine_as_test(
        shop,
        settings=settings(
            max_examples=6,
            stateful_step_count=16,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking on a database would take minutes
        ),
    )


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 12), st.randoms())
def test_sales_only_make_the_floor_of_their_sum_in_any_order(items, needed, random):
    """(4)"""
    results = set()
    for _ in range(2):
        account = Account()
        results.add((sum(account.credit("earn", n, needed) for n in items), account.balance))
        random.shuffle(items)
    assert results == {divmod(sum(items), needed)}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 9), st.booleans())
def test_a_sale_and_its_full_return_are_nothing(sales, needed, eat):
    """(6), (7): with the free one eaten the debt is exactly what the eaten rewards were worth."""
    account, number = Account(), 0
    for items in sales:
        for _ in range(account.credit("earn", items, needed)):
            number += 1
            account.open_rewards.append((number, needed))
    eaten = account.open_rewards.pop() if eat and account.open_rewards else None
    for items in reversed(sales):
        account.debit("reverse", items, needed)
        made = [c for c in account.changes if c.kind == "convert"]
        assert len(made) <= number
    assert account.balance + sum(worth for _n, worth in account.open_rewards) == (-needed if eaten else 0)


@pytest.fixture
def counter(transactional_db):
    """A till open for real transactions."""
    StoreFactory()
    ProductFactory()
    return VersionFactory()


def test_threads_times_receipts_give_the_exact_sum(counter):
    """(11), and (3) under contention: every receipt is told by two tills."""
    jane = member(counter.programme)
    card = jane.cards.get().number
    told = [[facts(card, 2, number=f"T{t}-{m}") for m in range(4)] for t in range(4)]

    def till(t):
        return [actions.record_receipt(one, by=None, now=NOON) for one in (*told[t], *told[(t + 1) % 4])]

    answers = at_once(*(lambda t=t: till(t) for t in range(4)))
    assert not any(isinstance(answer, DomainError) for answer in answers)
    jane.refresh_from_db()
    assert (Receipt.objects.count(), jane.rewards.count(), jane.balance) == (16, 3, 5)
    assert faults() == []


def test_one_receipt_on_two_cards_at_once_stamps_one(counter):
    jane, joe = member(counter.programme), member(counter.programme)
    cards = [one.cards.get().number for one in (jane, joe)]
    answers = at_once(
        *(lambda c=c: actions.record_receipt(facts(c, number="8817"), by=None, now=NOON) for c in cards * 2)
    )
    assert sum(isinstance(answer, DomainError) for answer in answers) == 2
    assert LedgerEntry.objects.count() == 1


def test_a_reward_is_redeemed_once_by_many_tills(counter):
    """(8)"""
    jane = member(counter.programme)
    actions.record_receipt(facts(jane.cards.get().number, 9), by=None, now=NOON)
    reward = jane.rewards.get()
    answers = at_once(*[lambda: actions.redeem(reward.pk, by=None, now=NOON)] * 6)
    assert sum(isinstance(answer, Reward) for answer in answers) == 1
    assert RewardEvent.objects.filter(kind="redeemed").count() == 1


def test_crossing_merges_and_moves_do_not_wait_in_a_ring(counter):
    """(9)"""
    agent = UserFactory()
    people = [member(counter.programme) for _ in range(3)]
    for one in people:
        actions.record_receipt(facts(one.cards.get().number, 4), by=None, now=NOON)
    a, b, c = (one.pk for one in people)
    at_once(
        lambda: actions.merge(a, into_id=b, by=agent, now=NOON),
        lambda: actions.merge(b, into_id=a, by=agent, now=NOON),
        lambda: actions.transfer(c, to_id=a, stamps=1, note="", by=agent, now=NOON),
        lambda: actions.transfer(b, to_id=c, stamps=1, note="", by=agent, now=NOON),
    )
    rewards = Reward.objects.exclude(state="revoked").count()
    assert Membership.objects.aggregate(n=Sum("balance"))["n"] + 9 * rewards == 12
    assert faults() == []


def test_the_days_authority_is_not_overdrawn_by_two_windows(counter):
    agent = UserFactory(role="agent")
    AuthorityLimitFactory(role=agent.groups.get(), kind="stamps", per_case=3, per_customer_year=9, per_agent_day=6)
    people = [member(counter.programme) for _ in range(4)]
    answers = at_once(
        *(lambda p=p: actions.give_stamps(p.pk, count=3, note="late coffee", by=agent, now=NOON) for p in people)
    )
    assert sum(isinstance(answer, LedgerEntry) for answer in answers) == 2
    assert LedgerEntry.objects.filter(reason="goodwill").aggregate(n=Sum("stamps"))["n"] == 6


def test_a_reward_for_points_is_chosen_once_by_many_tills(counter):
    """(8), (11): points are never spent twice, and the last ones go to one till."""
    club = VersionFactory(programme__code="club", stamps_needed=5, prices=[{"points": 5, "name": "tea", "cost": "1"}])
    jane = member(club.programme)
    actions.record_receipt(facts(jane.cards.get().number, 12), by=None, now=NOON)
    wishes = [f"wish-{n % 4}" for n in range(8)]  # each wish is pressed twice
    answers = at_once(
        *(lambda k=k: actions.spend_points(jane.pk, reward="tea", by=None, now=NOON, key=k) for k in wishes)
    )
    jane.refresh_from_db()
    assert (jane.balance, Reward.objects.count()) == (2, 2)
    assert sum(isinstance(answer, Reward) for answer in answers) == 4
    assert faults() == []
