"""Whom campaigns reach, what they bring them, and what that may cost."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail

from customers.jobs import deliver
from customers.models import Customer, Delivery
from loyalty import jobs
from loyalty.actions import campaigns as actions
from loyalty.actions import outreach
from loyalty.models import Given, Message, Reach
from loyalty.queries import campaigns, spending
from loyalty.rules.mailings import birthdays
from staff.errors import DomainError
from tests.conftest import NOON
from tests.factories import CustomerFactory
from tests.loyalty.campaigns import TODAY, draft, gift, handle_all, mailing, reach_all, run
from tests.loyalty.factories import ProgrammeFactory, buy, member, members
from tests.threads import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


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
    members(60)
    campaign = draft(mark, hold_out=50)
    gift(campaign, mark)
    run(campaign, sofia)
    assert reach_all(campaign, limit=25) == 60
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


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_never_exceed_the_budget(mark, sofia):
    for _ in range(12):
        member(customer=CustomerFactory(may_be_contacted=True))
    campaign = draft(mark, budget=Decimal("1.10"))
    gift(campaign, mark, amount=2)  # 0.20 each: five of twelve
    run(campaign, sofia)
    outreach.draw(campaign.pk, now=NOON)
    at_once(*[lambda: handle_all(campaign, limit=3)] * 4)
    outreach.handle(campaign.pk, now=NOON)  # whoever found the lock taken went home
    assert Counter(Given.objects.values_list("why", flat=True)) == {"": 5, "budget": 7}
    assert spending.totals([campaign.pk])[campaign.pk] == Decimal("1.00")
