"""Campaigns: written by one, published by another; whom they reach, what they give, what they cost and bring."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.db.utils import InternalError
from django.urls import reverse

from customers.jobs import deliver
from customers.models import Customer, Delivery
from loyalty import jobs
from loyalty.actions import campaigns as actions
from loyalty.actions import outreach
from loyalty.models import BonusWindow, Campaign, Gift, Given, Mailing, Message, ProgrammeVersion, Reach
from loyalty.models.campaigns import CAMPAIGN_MOVES, CampaignState
from loyalty.queries import audience, campaigns, spending
from loyalty.rules.mailings import birthdays, fill, unknown
from loyalty.rules.segments import Segment, SegmentError
from staff.approvals import waiting
from staff.errors import DomainError, SelfApproval, Stale, WrongState
from tests.conftest import NOON
from tests.factories import CustomerFactory, SubscriptionFactory, UserFactory
from tests.loyalty.factories import ProductFactory, ProgrammeFactory, StoreFactory, VersionFactory, buy, member

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 18)  # a Wednesday


@pytest.fixture(autouse=True)
def shop():
    StoreFactory()
    ProductFactory()
    return VersionFactory()


@pytest.fixture
def mark():
    return UserFactory(first_name="Mark")


@pytest.fixture
def sofia():
    return UserFactory(first_name="Sofia")


def draft(by, **fields):
    given = {
        "name": "Autumn",
        "starts_on": TODAY,
        "budget": Decimal(100),
        "programme": ProgrammeFactory(),
        "hold_out": 0,
    }
    return actions.create_campaign(by=by, now=NOON, **given | fields)


def mailing(campaign, by, occasion="start", **fields):
    texts = {f"subject_{c}": f"Hej {{first_name}} {c}" for c in ("en", "sv", "de")}
    texts |= {f"body_{c}": f"{{gift}}! {{left}} more to {{reward}}. {c}" for c in ("en", "sv", "de")}
    return actions.keep_part(campaign.pk, Mailing(occasion=occasion, **texts | fields), by=by, now=NOON)


def gift(campaign, by, occasion="start", amount=2, kind="stamps"):
    row = Gift(occasion=occasion, kind=kind, amount=Decimal(amount), note="Happy birthday")
    return actions.keep_part(campaign.pk, row, by=by, now=NOON)


def run(campaign, sofia, now=NOON):
    actions.hand_in(campaign.pk, by=campaign.author, now=now)
    return actions.publish_campaign(campaign.pk, by=sofia, now=now)


def reach_all(campaign, now=NOON):
    drawn = outreach.draw(campaign.pk, now=now)
    while outreach.handle(campaign.pk, now=now, limit=2):
        pass
    return drawn


# --- its life ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("before", "after"), list(product(CampaignState, CampaignState)))
def test_every_pair_of_states(before, after, mark, sofia):
    campaign = draft(mark)
    steps = {"waiting": ["waiting"], "running": ["waiting", "running"], "ended": ["waiting", "running", "ended"]}
    campaign.publisher, campaign.published_at = sofia, NOON
    campaign.save()
    for state in steps.get(before, []):
        campaign.move_to(state, by=mark, at=NOON)
    if after in CAMPAIGN_MOVES.get(before, ()):
        campaign.move_to(after, by=mark, at=NOON)
        assert campaign.moves.count() == len(steps.get(before, [])) + 1
        return
    with pytest.raises(WrongState):
        campaign.move_to(after, by=mark, at=NOON)
    if before != after:
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
            Campaign.objects.filter(pk=campaign.pk).update(state=after)


def test_four_eyes_and_final_terms(mark, sofia):
    campaign = draft(mark)
    actions.hand_in(campaign.pk, by=mark, now=NOON)
    with pytest.raises(SelfApproval):
        actions.publish_campaign(campaign.pk, by=mark, now=NOON)
    with pytest.raises(WrongState):
        actions.edit_campaign(campaign.pk, version=2, by=mark, now=NOON, budget=Decimal(1))
    campaign = actions.publish_campaign(campaign.pk, by=sofia, now=NOON)
    assert (campaign.state, campaign.publisher) == ("running", sofia)
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(budget=1_000_000)
    copy = actions.copy_campaign(campaign.pk, by=sofia, now=NOON)
    assert (copy.state, copy.author, copy.budget) == ("draft", sofia, Decimal(100))
    actions.discard_campaign(copy.pk, by=sofia, now=NOON)
    assert Campaign.objects.get() == campaign


def test_two_editors_and_what_cannot_be(mark, sofia):
    campaign = draft(mark)
    actions.edit_campaign(campaign.pk, version=1, by=sofia, now=NOON, name="Winter")
    with pytest.raises(Stale):
        actions.edit_campaign(campaign.pk, version=1, by=mark, now=NOON, name="Spring")
    for fields, at in (
        ({"segment": {"away_from": 9, "away_to": 3}}, "away_to"),
        ({"segment": {"who": "others", "stamps_from": 3}}, "who"),
        ({"segment": {"weather": "fine"}}, "who"),
        ({"starts_on": TODAY, "ends_on": TODAY - timedelta(days=1)}, "ends_on"),
    ):
        with pytest.raises(DomainError) as refusal:
            actions.edit_campaign(campaign.pk, version=2, by=sofia, now=NOON, **fields)
        assert refusal.value.field == at
    with pytest.raises(DomainError, match="no variable"):
        mailing(campaign, mark, body_sv="Hej {förnamn}")
    with pytest.raises(DomainError, match="whole number"):
        gift(campaign, mark, amount="1.5")


# --- bonus windows ----------------------------------------------------------------------------------------------------
def test_a_bonus_window_becomes_terms_counts_its_cost_and_closes(mark, sofia, shop):
    campaign = draft(mark, ends_on=TODAY + timedelta(days=7))
    window = BonusWindow(programme=shop.programme, times=2, weekdays=[2])
    actions.keep_part(campaign.pk, window, by=mark, now=NOON)
    jane = member()
    before = NOON - timedelta(hours=1)
    assert buy(jane, 3, now=before).stamps == 3
    run(campaign, sofia)
    version = ProgrammeVersion.objects.get(valid_until=None)
    assert (version.author, version.approver, version.number) == (mark, sofia, shop.number + 1)
    assert version.rules[-1] == {
        "key": f"campaign-{campaign.pk}-{window.pk}",
        "per": "bonus",
        "times": 2,
        "since": "2026-11-18",
        "to": "2026-11-25",
        "weekdays": [2],
    }
    assert buy(jane, 2, now=NOON + timedelta(hours=1)).stamps == 4
    assert buy(jane, 1, now=NOON + timedelta(days=1)).stamps == 1
    ((pk, day, cost),) = spending.bonus_windows([campaign.pk])
    assert (pk, day, cost) == (campaign.pk, TODAY, Decimal("0.2"))
    actions.end_campaign(campaign.pk, by=sofia, now=NOON + timedelta(days=2))
    assert buy(jane, 2, now=NOON + timedelta(days=7)).stamps == 2
    assert ProgrammeVersion.objects.filter(state="published").count() == 3
    assert ProgrammeVersion.objects.get(valid_until=None).rules == shop.rules


def test_terms_published_meanwhile_keep_the_running_window(mark, sofia, shop):
    from loyalty.actions import programmes

    campaign = draft(mark)
    actions.keep_part(campaign.pk, BonusWindow(programme=shop.programme, times=3), by=mark, now=NOON)
    run(campaign, sofia)
    new = VersionFactory(programme=shop.programme, number=9, state="waiting", author=mark, valid_from=NOON)
    programmes.publish(new.pk, by=sofia, now=NOON + timedelta(days=1))
    new.refresh_from_db()
    assert [rule.get("times") for rule in new.rules] == [None, 3]


# --- whom it reaches --------------------------------------------------------------------------------------------------
def test_a_mail_to_each_once_in_their_language_with_consent_and_a_way_out(mark, sofia, client):
    jane = member(customer=CustomerFactory(given_name="Jane", language="de", may_be_contacted=True))
    buy(jane, 7)
    member(customer=CustomerFactory(may_be_contacted=False))
    member(customer=CustomerFactory(may_be_contacted=True, is_bereaved=True))
    CustomerFactory(may_be_contacted=True)  # no member
    campaign = draft(mark, segment={"who": "members"})
    mailing(campaign, mark, unit_cost=Decimal("0.01"))
    run(campaign, sofia)
    assert [reach_all(campaign) for _ in range(3)] == [1, 0, 0]
    delivery = Delivery.objects.get()
    assert (delivery.subject, delivery.customer) == ("Hej Jane de", jane.customer)
    assert delivery.body.startswith("! 2 more to a free coffee. de")
    deliver(delivery_id=delivery.pk)
    deliver(delivery_id=delivery.pk)
    (sent,) = mail.outbox
    link = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert link in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = "/" + link.split("/", 3)[3]
    assert client.get(path).status_code == 200
    jane.customer.refresh_from_db()
    assert jane.customer.takes_marketing  # a scanner's look is not the customer's word
    assert "keine Werbemails" in client.post(path).content.decode()
    jane.customer.refresh_from_db()
    assert not jane.customer.takes_marketing
    assert client.get(path[:-3] + "xx/").status_code == 404
    assert campaigns.reached(campaign)["mails"] == [("sent", "1")]
    assert spending.totals([campaign.pk]) == {campaign.pk: Decimal("0.01")}


def test_consent_taken_back_between_drawing_and_sending_holds(mark, sofia):
    jane = member(customer=CustomerFactory(may_be_contacted=True))
    campaign = draft(mark)
    mailing(campaign, mark)
    run(campaign, sofia)
    assert outreach.draw(campaign.pk, now=NOON) == 1
    Customer.objects.filter(pk=jane.customer_id).update(may_be_contacted=False)
    assert outreach.handle(campaign.pk, now=NOON) == 1
    assert (Message.objects.get().why, Delivery.objects.count()) == ("no_consent", 0)


def test_who_is_held_out_is_drawn_by_lot_and_gets_nothing(mark, sofia):
    for _ in range(60):
        member()
    campaign = draft(mark, hold_out=50)
    gift(campaign, mark)
    run(campaign, sofia)
    assert reach_all(campaign) == 60
    arms = dict(Reach.objects.values_list("customer", "arm"))
    held = [pk for pk, arm in arms.items() if arm == "held"]
    assert 15 <= len(held) <= 45
    assert Given.objects.filter(reach__customer__in=held).count() == 0
    assert Given.objects.count() == 60 - len(held)
    assert {m.balance for m in ProgrammeFactory().memberships.filter(customer__in=held)} == {0}
    assert campaigns.reached(campaign) | {"gifts": 0} == {
        "treated": 60 - len(held),
        "held": len(held),
        "waiting": 0,
        "blocked": 0,
        "mails": [],
        "gifts": 0,
    }


def test_the_budget_is_never_overspent_and_a_refused_card_is_told(mark, sofia):
    people = [member() for _ in range(4)]
    people[0].status = "blocked"
    people[0].save()
    campaign = draft(mark, budget=Decimal("0.45"), programme=None, segment={"who": "anyone"})
    gift(campaign, mark, amount=2)  # 0.20 each
    run(campaign, sofia)
    assert reach_all(campaign) == 4
    assert sorted(Given.objects.values_list("why", "cost")) == [
        ("", Decimal("0.20")),
        ("", Decimal("0.20")),
        ("budget", Decimal("0.00")),
        ("refused", Decimal("0.00")),
    ]
    assert sorted(ProgrammeFactory().memberships.values_list("balance", flat=True)) == [0, 0, 2, 2]


def test_the_mail_that_tells_of_a_gift_is_within_the_budget_too(mark, sofia):
    for _ in range(2):
        member(customer=CustomerFactory(may_be_contacted=True))
    campaign = draft(mark, budget=Decimal("0.45"))
    gift(campaign, mark, amount=2)  # 0.20 each
    mailing(campaign, mark, unit_cost=Decimal("0.05"))
    run(campaign, sofia)
    reach_all(campaign)
    assert sorted(Given.objects.values_list("why", flat=True)) == ["", "budget"]
    assert spending.totals([campaign.pk])[campaign.pk] == Decimal("0.25")  # the second mail had nothing to tell


def test_one_person_s_fault_stops_nobody_else_s_turn(mark, sofia):
    """A subject longer than a delivery's stands for every fault nobody thought of."""
    first, second = (member(customer=CustomerFactory(may_be_contacted=True)) for _ in range(2))
    campaign = draft(mark)
    gift(campaign, mark)
    mailing(campaign, mark, subject_sv="{name}" * 3)
    Customer.objects.filter(pk=first.customer_id).update(language="sv", given_name="x" * 100)  # 300 > 200 of a subject
    run(campaign, sofia)
    assert reach_all(campaign) == 2
    assert (Reach.objects.filter(handled_at=None).count(), Delivery.objects.get().customer) == (0, second.customer)
    why = dict(Message.objects.values_list("reach__customer", "why"))
    assert why == {first.customer_id: "failed", second.customer_id: ""}
    assert dict(Given.objects.values_list("reach__customer", "why")) == why
    assert list(ProgrammeFactory().memberships.order_by("pk").values_list("balance", flat=True)) == [0, 2]


def test_birthdays_once_a_year_on_the_local_day_caught_up_and_the_leap_day(mark, sofia):
    born = {"a": date(1990, 11, 18), "b": date(1971, 11, 16), "c": date(1980, 11, 14), "d": date(1996, 2, 29)}
    people = {key: member(customer=CustomerFactory(birthday=day)) for key, day in born.items()}
    campaign = draft(mark, starts_on=date(2026, 11, 1))
    gift(campaign, mark, occasion="birthday", amount=3)
    run(campaign, sofia)

    def balances(now):
        reach_all(campaign, now)
        for one in people.values():
            one.refresh_from_db()
        return [one.balance for one in people.values()]

    assert balances(NOON) == [3, 3, 0, 0]  # the 14th is longer ago than a fault may last
    assert balances(NOON + timedelta(hours=5)) == [3, 3, 0, 0]
    assert balances(datetime(2027, 2, 27, 12, tzinfo=UTC)) == [3, 3, 0, 0]
    assert balances(datetime(2027, 2, 27, 23, 30, tzinfo=UTC)) == [3, 3, 0, 3]  # in Stockholm the 28th has begun
    assert balances(datetime(2027, 3, 1, 12, tzinfo=UTC)) == [3, 3, 0, 3]
    assert balances(datetime(2027, 11, 18, 12, tzinfo=UTC)) == [6, 6, 0, 3]
    assert birthdays([date(2028, 2, 28)]) == {(2, 28)}
    assert birthdays([date(2028, 2, 29)]) == {(2, 29)}


def test_the_worker_ends_what_is_over_and_sleeps_at_night(mark, sofia, time_machine):
    over = draft(mark, name="Over", starts_on=TODAY - timedelta(days=9), ends_on=TODAY)
    run(over, sofia)
    running = draft(mark)
    member()
    gift(running, mark)
    run(running, sofia)
    time_machine.move_to(datetime(2026, 11, 19, 3, tzinfo=UTC), tick=False)
    jobs.tick_campaigns(0)
    over.refresh_from_db()
    assert (over.state, over.moves.last().by) == ("ended", None)
    jobs.reach_out(campaign_id=running.pk)
    assert (Reach.objects.count(), Given.objects.count()) == (1, 0)
    time_machine.move_to(datetime(2026, 11, 19, 9, tzinfo=UTC), tick=False)
    jobs.reach_out(campaign_id=running.pk)
    assert Given.objects.count() == 1


# --- segments and texts -----------------------------------------------------------------------------------------------
def test_segments_say_what_they_hold_and_hold_what_they_say():
    jane, joe = member(customer=CustomerFactory(segment="plus")), member(customer=CustomerFactory(language="de"))
    buy(jane, 7, now=NOON - timedelta(days=40))
    buy(joe, 2, now=NOON - timedelta(days=3))
    stranger = CustomerFactory(country="DE", customer_since=TODAY - timedelta(days=10))
    SubscriptionFactory(customer=stranger)
    programme = ProgrammeFactory().pk

    def held(**conditions):
        segment = Segment.read(conditions)
        assert Segment.read(segment.store()) == segment
        return set(audience.customers(segment, programme, NOON)), segment.say({"plus": "Plus"})

    assert held() == ({jane.customer, joe.customer, stranger}, ["every customer"])
    assert held(who="others") == ({stranger}, ["customers without a card"])
    assert held(kinds=["plus"]) == ({jane.customer}, ["every customer", "of segment Plus"])
    assert held(who="members", languages=["de"])[0] == {joe.customer}
    assert held(away_from=30)[0] == {jane.customer}
    assert held(away_to=30)[0] == {joe.customer}
    assert held(stamps_from=3, stamps_to=8)[0] == {jane.customer}
    assert held(countries=["DE"], has_contract=True)[0] == {stranger}
    assert held(customer_to=30) == ({stranger}, ["every customer", "customers for at most 30 days"])
    for wrong in ({"who": "dogs"}, {"kinds": "plus"}, {"away_from": True}, {"has_contract": 1}, [], {"x": 1}):
        with pytest.raises(SegmentError):
            Segment.read(wrong)


def test_texts_are_filled_and_never_steered_by_names():
    values = {"first_name": "{gift}", "gift": "<b>3 stamps</b>", "left": ""}
    assert fill("Hej {first_name}! You get {gift}. {left} more", values) == "Hej {gift}! You get <b>3 stamps</b>. more"
    assert unknown("{first_name} {vorname} {x}") == ["vorname", "x"]


# --- what it brought --------------------------------------------------------------------------------------------------
def effect_of(campaign, came, now):
    """`came` maps an arm to how many of its forty came."""
    rows = [
        Reach(campaign=campaign, customer=member().customer, arm=arm, at=NOON, handled_at=NOON)
        for arm in ("treated", "held")
        for _ in range(40)
    ]
    Reach.objects.bulk_create(rows)
    for arm, count in came.items():
        for row in [row for row in rows if row.arm == arm][:count]:
            buy(row.customer.memberships.get(), 2, now=NOON + timedelta(days=3))
    return campaigns.effect(campaign, now, Decimal(10))


def test_the_effect_is_told_with_its_interval_and_only_when_due(mark, sofia):
    campaign = run(draft(mark), sofia)
    later = NOON + timedelta(days=31)
    early = effect_of(campaign, {"treated": 30, "held": 10}, NOON + timedelta(days=29))
    assert (early.immature, early.is_told, early.net) == (80, False, None)
    found = campaigns.effect(campaign, later, Decimal(10))
    one, other, difference = found.visits
    assert ((one.k, one.n), (other.k, other.n), difference.value) == ((30, 40), (10, 40), 0.5)
    assert difference.low > 0.2
    assert difference.is_clear
    assert found.spent[2].value == pytest.approx(4.5)  # 9.00 × (3/4 − 1/4)
    assert found.net[0] == Decimal("98.00")  # 0.6 × 4.50 × 40 − 10
    assert found.stays[2].value is None  # nobody has a contract
    Reach.objects.filter(arm="held").delete()
    assert not campaigns.effect(campaign, later, Decimal(10)).is_told


def test_incentives_and_vouchers_come_from_their_own_rooms(mark, sofia, django_capture_on_commit_callbacks):
    from cancellations.incentive_forms import IncentiveForm
    from complaints.models import Voucher
    from tests.cancellations.factories import IncentiveVersionFactory, OfferFactory

    campaign = draft(mark, ends_on=TODAY + timedelta(days=5))
    version = IncentiveVersionFactory()
    version.incentive.campaigns.add(campaign)
    for at, state in ((NOON, "applied"), (NOON, "refused"), (NOON + timedelta(days=9), "applied")):
        OfferFactory(incentive_version=version, state=state, cost=Decimal(30), presented_at=at, answered_at=at)
    assert spending.totals([campaign.pk]) == {campaign.pk: Decimal(30)}
    (tied,) = campaigns.parts_of(campaign)["tied"]
    assert (tied["text"], tied["what"]) == (version.incentive.label(), "Incentives")
    twice = draft(mark, starts_on=TODAY + timedelta(days=5))
    form = IncentiveForm({"campaigns": [campaign.pk, twice.pk]}, instance=version.incentive)
    assert "count twice" in str(form.errors["campaigns"])

    told, mute = (CustomerFactory(may_be_contacted=yes, language="en") for yes in (True, False))
    gift(twice, mark, kind="voucher", amount=5)
    with pytest.raises(DomainError, match="nobody hears"):
        actions.hand_in(twice.pk, by=mark, now=NOON)
    text = mailing(twice, mark, body_de="Hallo")
    with pytest.raises(DomainError, match="nobody hears"):
        actions.hand_in(twice.pk, by=mark, now=NOON)
    text.body_de = text.body_en
    actions.keep_part(twice.pk, text, by=mark, now=NOON)
    run(twice, sofia)
    later = NOON + timedelta(days=5)
    assert reach_all(twice, later) == 5  # three more have cancelled above
    voucher = Voucher.objects.get()
    assert (voucher.customer, voucher.face) == (told, Decimal("5.00"))
    (sent,), stored = mail.outbox, Delivery.objects.get(customer=told)
    assert (sent.to, stored.state) == ([told.email], "sent")
    assert voucher.last_four in sent.body
    assert voucher.last_four not in stored.subject + stored.body
    assert "a voucher of €5.00, good until" in stored.body
    assert Given.objects.get(reach__customer=mute).why == "untold"


def test_a_voucher_whose_mail_is_not_taken_was_never_issued_and_comes_later(mark, sofia, settings):
    from complaints.models import Voucher

    customer = CustomerFactory(may_be_contacted=True)
    campaign = draft(mark)
    gift(campaign, mark, kind="voucher", amount=5)
    mailing(campaign, mark)
    run(campaign, sofia)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    assert reach_all(campaign) == 1
    assert (Voucher.objects.count(), Given.objects.count(), Delivery.objects.count()) == (0, 0, 0)
    settings.EMAIL_BACKEND = working
    assert reach_all(campaign) == 0  # drawn once
    assert Voucher.objects.get().customer == customer


def test_no_mail_tells_of_a_gift_that_the_budget_held_back(mark, sofia):
    for _ in range(2):
        member(customer=CustomerFactory(may_be_contacted=True))
    campaign = draft(mark, budget=Decimal("0.30"))
    gift(campaign, mark, amount=2)  # 0.20 each
    mailing(campaign, mark)
    run(campaign, sofia)
    reach_all(campaign)
    assert sorted(Message.objects.values_list("why", flat=True)) == ["", "budget"]
    assert Delivery.objects.count() == 1
    assert campaigns.reached(campaign)["blocked"] == 2


def test_a_campaign_ends_with_its_budget_and_its_windows_close(mark, sofia, shop):
    campaign = draft(mark, budget=Decimal("0.15"))
    actions.keep_part(campaign.pk, BonusWindow(programme=shop.programme, times=2), by=mark, now=NOON)
    run(campaign, sofia)
    jane = member()
    buy(jane, 1, now=NOON)
    assert actions.end_spent(now=NOON) == 0  # 0.10 of 0.15
    buy(jane, 1, now=NOON)
    later = NOON + timedelta(hours=1)
    assert (actions.end_spent(now=later), actions.end_spent(now=later)) == (1, 0)
    assert campaign.moves.order_by("-pk").first().note == "The budget is used up."
    assert buy(jane, 1, now=later + timedelta(minutes=1)).stamps == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_never_exceed_the_budget(mark, sofia):
    for _ in range(12):
        member(customer=CustomerFactory(may_be_contacted=True))
    campaign = draft(mark, budget=Decimal("1.10"))
    gift(campaign, mark, amount=2)  # 0.20 each: five of twelve
    run(campaign, sofia)
    outreach.draw(campaign.pk, now=NOON)
    start = threading.Barrier(4)

    def work():
        start.wait()
        while outreach.handle(campaign.pk, now=NOON, limit=3):
            pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    outreach.handle(campaign.pk, now=NOON)  # whoever found the lock taken went home
    assert Counter(Given.objects.values_list("why", flat=True)) == {"": 5, "budget": 7}
    assert spending.totals([campaign.pk])[campaign.pk] == Decimal("1.00")


def test_a_campaign_waits_in_the_queue_of_who_may_publish_it(client_as, mark, sofia):
    campaign = draft(mark)
    gift(campaign, mark)
    actions.hand_in(campaign.pk, by=mark, now=NOON)
    manager = client_as("manager")
    (row,) = [row for row in waiting(manager.user) if row.key == f"campaign-{campaign.pk}"]
    assert (row.url, row.cost, row.requested_at) == (
        reverse("loyalty:campaign", args=[campaign.pk]),
        campaign.budget,
        NOON,
    )
    assert [row for row in waiting(mark) if row.key.startswith("campaign-")] == []
    panel = manager.get(row.url, headers={"HX-Request": "true"}).content.decode()
    assert ("<html" in panel, 'data-key="a"' in panel) == (False, True)
    back = reverse("loyalty:campaign_back", args=[campaign.pk])
    answer = manager.post(back, {"note": "Too dear"}, headers={"HX-Request": "true"})
    assert answer["HX-Trigger"] == "decided"
    assert campaign.moves.order_by("-pk").first().note == "Too dear"
    actions.hand_in(campaign.pk, by=mark, now=NOON)
    manager.post(reverse("loyalty:campaign_publish", args=[campaign.pk]), headers={"HX-Request": "true"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.publisher) == ("running", manager.user)
    again = manager.post(reverse("loyalty:campaign_publish", args=[campaign.pk]), headers={"HX-Request": "true"})
    assert again.status_code == 422


# --- its doors --------------------------------------------------------------------------------------------------------
FORM = {
    "name": "Double Tuesday",
    "starts_on": "2026-11-18",
    "budget": "500",
    "hold_out": "10",
    "effect_days": "30",
    "who": "members",
    "kinds": ["plus"],
    "countries": "se, de",
}


def test_a_campaign_is_made_at_the_desk_and_published_by_a_colleague(client_as, shop):
    marketer, manager = client_as("marketing"), client_as("manager")
    form = FORM | {"owner": marketer.user.pk, "programme": shop.programme.pk}
    assert ">every programme</option>" in marketer.get(reverse("loyalty:new_campaign")).content.decode()
    wrong = marketer.post(reverse("loyalty:new_campaign"), form | {"stamps_from": 9, "stamps_to": 2})
    assert (wrong.status_code, "Double Tuesday" in wrong.content.decode()) == (422, True)
    made = marketer.post(reverse("loyalty:new_campaign"), form)
    campaign = Campaign.objects.get()
    assert made["Location"] == reverse("loyalty:campaign", args=[campaign.pk])
    assert campaign.segment == {"who": "members", "kinds": ["plus"], "countries": ["SE", "DE"]}

    def add(what, **data):
        return marketer.post(reverse("loyalty:new_campaign_part", args=[campaign.pk, what]), data)

    assert (
        add("bonus", programme=shop.programme.pk, times=2, days=["1"], begins="14:00", ends="17:00").status_code == 302
    )
    assert add("gift", occasion="birthday", kind="stamps", amount=2, note="Hooray", valid_days=90).status_code == 302
    again = add("gift", occasion="birthday", kind="stamps", amount=5, note="Hooray", valid_days=90)
    assert "There is one for this occasion already" in again.content.decode()
    texts = {f"{part}_{code}": "Hej {first_name}" for part in ("subject", "body") for code in ("en", "sv", "de")}
    assert "is no variable" in add("mailing", **texts | {"body_de": "{vorname}"}).content.decode()
    assert add("mailing", occasion="start", unit_cost="0", **texts).status_code == 302
    shown = marketer.post(reverse("loyalty:mailing_preview", args=[campaign.pk]), texts).content.decode()
    assert shown.count("Hej Åsa") == 6
    page = marketer.get(reverse("loyalty:campaign", args=[campaign.pk])).content.decode()
    for words in ("members with a card", "of segment Plus", "Tuesday", "14:00–17:00", "stamps: 2", "Hooray"):
        assert words in page
    dropped = reverse("loyalty:campaign_drop", args=[campaign.pk, "gift", campaign.gifts.get().pk])
    marketer.post(dropped)
    assert not campaign.gifts.exists()
    edited = marketer.post(
        reverse("loyalty:edit_campaign", args=[campaign.pk]), form | {"version": 1, "name": "Yesterday's form"}
    )
    assert "Somebody changed this campaign meanwhile" in edited.content.decode()
    marketer.post(reverse("loyalty:campaign_hand_in", args=[campaign.pk]))
    marketer.post(reverse("loyalty:campaign_publish", args=[campaign.pk]))
    campaign.refresh_from_db()
    assert campaign.state == "waiting"
    assert "Double Tuesday" in manager.get(reverse("home")).content.decode()
    manager.post(reverse("loyalty:campaign_publish", args=[campaign.pk]))
    campaign.refresh_from_db()
    assert (campaign.state, campaign.publisher) == ("running", manager.user)
    figures = manager.get(reverse("loyalty:campaign_figures", args=[campaign.pk])).content.decode()
    assert "Nobody was held out" in figures
    assert "Customers today" in manager.get(reverse("loyalty:campaign_people", args=[campaign.pk])).content.decode()
    assert manager.get(reverse("loyalty:campaign_csv", args=[campaign.pk])).content == b"source,day,amount\r\n"
    manager.post(reverse("loyalty:campaign_end", args=[campaign.pk]))
    campaign.refresh_from_db()
    assert campaign.state == "ended"


def test_the_api_goes_through_the_same_door(client_as, shop):
    marketer, manager = client_as("marketing"), client_as("manager")
    body = {"name": "By API", "starts_on": "2026-11-18", "budget": "50.00", "segment": {"who": "dogs"}}

    def post(client, path, data=None):
        return client.post(f"/api/v1/loyalty/campaigns/{path}", data or {}, content_type="application/json")

    refused = post(marketer, "", body)
    assert (refused.status_code, refused.json()["field"]) == (409, "who")
    made = post(marketer, "", body | {"segment": {"who": "members"}, "programme": shop.programme.code})
    assert (made.status_code, made.json()["state"], made.json()["segment"]) == (201, "draft", {"who": "members"})
    pk = made.json()["id"]
    told = {f"subject_{code}": "Hej" for code in ("en", "sv", "de")} | {
        f"body_{code}": "{gift}" for code in ("en", "sv", "de")
    }
    assert post(marketer, f"{pk}/mailings/", told | {"body_de": "{vorname}"}).json()["field"] == "body_de"
    assert post(marketer, f"{pk}/mailings/", told | {"occasion": "birthday"}).status_code == 201
    assert post(marketer, f"{pk}/mailings/", told | {"occasion": "birthday"}).json()["code"] == "occasion_taken"
    given = post(
        marketer, f"{pk}/gifts/", {"occasion": "birthday", "kind": "stamps", "amount": "2", "note": "Hurra"}
    ).json()
    window = {"programme": shop.programme.code, "times": 2, "weekdays": [1], "begins": "14:00"}
    assert post(marketer, f"{pk}/windows/", window | {"weekdays": [7]}).status_code == 400
    assert "code “moon”" in str(post(marketer, f"{pk}/windows/", window | {"stores": ["moon"]}).json())
    opened = post(marketer, f"{pk}/windows/", window | {"stores": ["gotgatan"]}).json()

    def change(path, data):
        return marketer.patch(f"/api/v1/loyalty/campaigns/{path}", data, content_type="application/json")

    assert change(f"{pk}/gifts/{given['id']}/", {"amount": "2.5"}).json()["field"] == "amount"
    assert change(f"{pk}/gifts/{given['id']}/", {"amount": "3"}).json()["amount"] == "3.00"
    version = marketer.get(f"/api/v1/loyalty/campaigns/{pk}/").json()["version"]
    assert change(f"{pk}/", {"budget": "60"}).status_code == 400
    assert change(f"{pk}/", {"budget": "60", "version": version - 1}).json()["code"] == "stale"
    assert change(f"{pk}/", {"ends_on": "2026-11-01", "version": version}).json()["field"] == "ends_on"
    whole = change(f"{pk}/", {"budget": "50", "version": version}).json()
    assert [len(whole[name]) for name in ("windows", "mailings", "gifts")] == [1, 1, 1]
    assert marketer.delete(f"/api/v1/loyalty/campaigns/{pk}/windows/{opened['id']}/").status_code == 204
    assert post(marketer, f"{pk}/hand-in/").json()["state"] == "waiting"
    assert post(marketer, f"{pk}/gifts/", {"kind": "stamps", "amount": "2", "note": "Hurra"}).status_code == 409
    assert marketer.delete(f"/api/v1/loyalty/campaigns/{pk}/").status_code == 409
    assert post(marketer, f"{pk}/publish/").json()["code"] == "self_approval"
    assert post(manager, f"{pk}/publish/").json()["state"] == "running"
    figures = manager.get(f"/api/v1/loyalty/campaigns/{pk}/figures/").json()
    assert (figures["spent"], figures["left"], figures["visits_difference"]) == ("0.00", "50.00", None)
    assert post(manager, f"{pk}/end/").json()["state"] == "ended"
    listed = manager.get("/api/v1/loyalty/campaigns/?state=ended").json()["results"]
    assert [row["name"] for row in listed] == ["By API"]


def test_pages_take_a_constant_number_of_queries(client_as, mark, django_assert_num_queries):
    manager = client_as("manager")
    manager.get(reverse("loyalty:campaigns"))
    for more in (1, 2):
        for _ in range(more):
            campaign = draft(mark)
            gift(campaign, mark)
            mailing(campaign, mark)
        with django_assert_num_queries(8):
            manager.get(reverse("loyalty:campaigns"))
        with django_assert_num_queries(8):
            manager.get(reverse("loyalty:campaign", args=[campaign.pk]))
