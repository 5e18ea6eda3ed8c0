"""The pages, as an agent, a manager and billing press them."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cancellations import actions
from cancellations.models import CancellationCase, Offer, Reason
from customers.models import Document
from tests.cancellations.factories import (
    NOON,
    CancellationCaseFactory,
    IncentiveVersionFactory,
    OfferFactory,
    ReasonFactory,
    candidate,
)
from tests.factories import SubscriptionFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def noon(time_machine):
    time_machine.move_to(NOON + timedelta(seconds=14))


@pytest.fixture
def desk(agent):
    client = Client()
    client.force_login(agent)
    return client


@pytest.fixture
def office(manager):
    client = Client()
    client.force_login(manager)
    return client


def url(name, *args):
    return reverse(f"cancellations:{name}", args=args)


def test_one_press_begins_and_the_same_press_finds_the_call_again(desk):
    subscription = SubscriptionFactory()
    for _ in range(2):
        response = desk.post(url("begin", subscription.customer_id))
        case = CancellationCase.objects.get()
        assert response["Location"] == url("call", case.pk)
    assert case.state == "notice_recorded"


def test_with_two_subscriptions_it_asks_which(desk):
    one = SubscriptionFactory()
    other = SubscriptionFactory(customer=one.customer)
    page = desk.post(url("begin", one.customer_id))
    assert page.content.count(b'name="subscription"') == 2
    assert CancellationCase.objects.count() == 0
    desk.post(url("begin", one.customer_id), {"subscription": other.pk})
    assert CancellationCase.objects.get().subscription == other


@pytest.mark.parametrize("state", ["opened", "notice_recorded", "offering", "awaiting_approval"])
@pytest.mark.parametrize("permission", ["unasked", "granted", "refused"])
def test_register_stands_on_every_screen_of_the_case(desk, state, permission):
    case = CancellationCaseFactory(state=state, permission=permission)
    page = desk.get(url("call", case.pk)).content.decode()
    assert 'data-dialog="register" data-key="r"' in page
    assert "disabled" not in page[page.index('class="foot ') :]
    assert desk.post(url("register", case.pk))["Location"] == url("case", case.pk)
    case.refresh_from_db()
    assert case.state == "cancelled_scheduled"


def test_the_call_page_says_what_to_offer_and_why(desk, case, suggestion):
    page = desk.get(url("call", case.pk)).content.decode()
    for part in (
        "Premium TV free for 4 months",
        "39 of 96 callers accepted (41%, likely 33%–49%). 75% of those who accept are still here after 90 days",
        "€18.00",
        "€52.00",
        "Evidence: medium",
        "20% off for 6 months",
        "Above your limit of €40.00.",
        "Ask a manager",
    ):
        assert part in page, part


def test_reason_in_two_taps(desk, case, reasons):
    reason = Reason.objects.get(code="competitor-offer")
    tapped = desk.post(url("reason", case.pk), {"category": reason.category_id}, headers=HTMX).content.decode()
    assert f'name="reason" value="{reason.pk}"' in tapped
    case.refresh_from_db()
    assert case.reason.code == "competitor-not-told"  # the first tap counts already
    page = desk.post(url("reason", case.pk), {"reason": reason.pk, "version": 1}, headers=HTMX)
    assert page.status_code == 200
    assert "Which competitor?" in page.content.decode()
    case.refresh_from_db()
    assert case.reason == reason


def test_yesterdays_form_is_refused_with_words_and_loses_nothing(desk, user_as, case, reasons):
    colleague = user_as("agent", first_name="Jonas", last_name="Berg")
    actions.set_reason(case.pk, reason=None, note="hers", by=colleague, now=NOON)
    page = desk.post(url("reason", case.pk), {"note": "mine", "version": 1}, headers=HTMX)
    assert page.status_code == 409
    assert "Jonas B. changed this at 12:00 (reason)" in page.content.decode()
    case.refresh_from_db()
    assert case.reason_note == "hers"


def test_the_card_turns_by_itself(desk, office, case, suggestion, dear, manager):
    desk.post(url("ask", case.pk), {"incentive": dear.pk}, headers=HTMX)
    offer = Offer.objects.get()
    drawn = desk.get(url("offers", case.pk))
    seen = re.search(r"seen=(\w+)", drawn.content.decode())[1]
    assert "Waiting for a manager" in drawn.content.decode()
    assert 'hx-trigger="every 1s"' in drawn.content.decode()
    assert desk.get(url("offers", case.pk), {"seen": seen}).status_code == 204
    panel = office.get(url("decision", offer.pk), headers=HTMX).content.decode()
    assert "Instead, within the agent&#x27;s limit: Premium TV free for 4 months, gains €52.00." in panel
    assert "Sofia is looking" in desk.get(url("offers", case.pk), {"seen": seen}).content.decode()
    answer = office.post(url("decision", offer.pk), {"verdict": "approve", "note": "Do it"}, headers=HTMX)
    assert answer["HX-Trigger"].startswith("decided")
    turned = desk.get(url("offers", case.pk), {"seen": seen}).content.decode()
    assert "Approved by Sofia B." in turned
    assert "Do it" in turned


def test_what_the_customer_has_refused_is_no_offer_instead(office, case, suggestion, cheap, dear, agent, limits):
    refused = actions.present(case.pk, version_id=cheap.pk, by=agent, now=NOON)
    actions.refuse(refused.pk, by=agent, now=NOON)
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    panel = office.get(url("decision", offer.pk), headers=HTMX).content.decode()
    assert "Nothing else is suggested within the agent&#x27;s limit." in panel


def test_the_second_manager_is_told(office, user_as, case, suggestion, dear, agent, limits):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    second = Client()
    second.force_login(user_as("manager"))
    office.post(url("decision", offer.pk), {"verdict": "decline", "note": "Too dear"}, headers=HTMX)
    late = second.post(url("decision", offer.pk), {"verdict": "approve"}, headers=HTMX)
    assert late.status_code == 409
    assert "Sofia Berg was first: declined." in late.content.decode()


def test_change_needs_sense_and_an_error_stands_at_its_field(office, case, suggestion, dear, agent):
    offer = actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    wrong = office.post(url("decision", offer.pk), {"verdict": "change", "percent": "300"}, headers=HTMX)
    assert "Write a number from 0.01 to 100." in wrong.content.decode()
    office.post(url("decision", offer.pk), {"verdict": "change", "percent": "10", "months": "3"})
    offer.refresh_from_db()
    assert (offer.state, offer.terms["percent"]) == ("approved_with_change", "10.00")


def test_after_two_minutes_the_best_within_authority_leads(desk, case, suggestion, dear, cheap, agent, time_machine):
    suggestion.chosen = dear
    suggestion.save()
    assert [card.version for card in desk.get(url("call", case.pk)).context["panel"].cards] == [dear.pk, cheap.pk]
    actions.request_approval(case.pk, version_id=dear.pk, by=agent, now=NOON)
    time_machine.move_to(NOON + timedelta(seconds=121))
    panel = desk.get(url("call", case.pk)).context["panel"]
    assert [(card.version, card.lead) for card in panel.cards] == [(cheap.pk, True)]
    assert [card.state for card in panel.past] == ["approval_expired"]


def test_present_accept_receipt_timeline(desk, case, suggestion, cheap):
    desk.post(url("present", case.pk), {"incentive": cheap.pk}, headers=HTMX)
    offer = Offer.objects.get()
    done = desk.post(url("accept", offer.pk))
    assert done["Location"] == url("case", case.pk)
    page = desk.get(url("case", case.pk)).content.decode()
    document = Document.objects.get()
    assert reverse("customers:document", args=[document.pk]) in page
    assert desk.get(reverse("customers:document", args=[document.pk]))["Content-Type"] == "application/pdf"
    customer = desk.get(reverse("customers:detail", args=[case.customer_id])).content.decode()
    assert "Offer: accepted" in customer
    assert "Cancellation: staying, watched" in customer


def test_keep_and_drop_and_refuse(desk, case, suggestion, cheap):
    desk.post(url("present", case.pk), {"incentive": cheap.pk}, headers=HTMX)
    refused = desk.post(url("refuse", Offer.objects.get().pk), headers=HTMX)
    assert "refused by the customer" in refused.content.decode()
    assert desk.post(url("keep", case.pk), {"outcome": "nonsense"}).status_code == 409
    desk.post(url("keep", case.pk), {"outcome": "notice_withdrawn"})
    case.refresh_from_db()
    assert case.state == "notice_withdrawn"
    other = CancellationCaseFactory(state="notice_recorded")
    desk.post(url("dropped", other.pk))
    other.refresh_from_db()
    assert other.state == "cancelled_scheduled"
    assert desk.post(url("reinstate", other.pk))["Location"] == url("case", other.pk)
    other.refresh_from_db()
    assert other.state == "reinstated"


def test_a_wrong_date_stands_at_the_date(desk, case):
    page = desk.post(url("register", case.pk), {"mode": "date", "ends_on": "2020-01-01"})
    assert page.status_code == 409
    assert 'id="register" aria-labelledby="register-title" data-open' in page.content.decode()


def test_billing_carries_out(case, suggestion, dear, user_as, limits, agent):
    offer = OfferFactory(case=case, incentive_version=dear, state="presented", presented_at=NOON)
    actions.accept(offer.pk, by=agent, now=NOON)
    billing = Client()
    billing.force_login(user_as("team lead"))
    assert case.number in billing.get(url("fulfilment")).content.decode()
    billing.post(url("fail", offer.pk), {"note": ""})
    offer.refresh_from_db()
    assert offer.state == "pending_fulfilment"
    billing.post(url("apply", offer.pk), {"note": "done in billing"})
    offer.refresh_from_db()
    assert (offer.state, offer.fulfilment.note) == ("applied", "done in billing")
    assert case.number in billing.get(url("fulfilment"), {"show": "running"}).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_query_counts(desk, case, suggestion, agent, rows, django_assert_num_queries):
    for number in range(rows):
        CancellationCaseFactory(state="notice_recorded", agent=agent, opened_at=NOON - timedelta(days=number))
    desk.get(url("queue"))  # permissions and content types are warm
    with django_assert_num_queries(6):
        assert desk.get(url("queue")).status_code == 200
    with django_assert_num_queries(6):
        assert desk.get(url("queue"), {"show": "open", "whose": "mine"}).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_the_call_page(desk, case, suggestion, rows, django_assert_num_queries):
    """The customer's other cases and the offers made in this one cost nothing more."""
    for _number in range(rows):
        version = IncentiveVersionFactory()
        OfferFactory(case=case, incentive_version=version, state="withdrawn", explanation=candidate(version))
    for number in range(1, rows):
        other = CancellationCaseFactory(subscription__customer=case.customer, opened_at=NOON - timedelta(days=number))
        OfferFactory(case=other, state="withdrawn")
    desk.get(url("call", case.pk))
    with django_assert_num_queries(12):
        assert desk.get(url("call", case.pk)).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_a_closed_case(desk, case, agent, rows, django_assert_num_queries):
    actions.set_reason(case.pk, reason=Reason.objects.first(), by=agent, now=NOON)
    actions.register_cancellation(case.pk, mode=None, ends_on=None, by=agent, now=NOON)
    for number in range(1, rows):
        other = CancellationCaseFactory(subscription__customer=case.customer, opened_at=NOON - timedelta(days=number))
        OfferFactory(case=other, state="withdrawn")
        OfferFactory(case=case, state="withdrawn")
    desk.get(url("case", case.pk))
    with django_assert_num_queries(12):
        assert desk.get(url("case", case.pk)).status_code == 200


def test_what_is_not_shown_is_told_when_its_fold_is_opened(desk, case, suggestion):
    version = IncentiveVersionFactory()
    refused = {**candidate(version), "shown": False, "refusals": [{"layer": "guard", "code": "stacking"}]}
    suggestion.candidates.append(refused)
    suggestion.save(update_fields=["candidates"])
    html = desk.get(url("call", case.pk)).content.decode()
    assert f'hx-get="{url("not_shown", case.pk)}"' in html
    assert "1 not shown, and why" in html
    assert "another one still runs" not in html
    told = desk.get(url("not_shown", case.pk)).content.decode()
    assert told.count("<li>") == 1
    assert "another one still runs" in told


def test_queue_filters_live_in_the_address(desk, agent, reasons):
    reason = Reason.objects.get(code="moving-abroad")
    mine = CancellationCaseFactory(state="offering", agent=agent, reason=reason)
    other = CancellationCaseFactory(
        state="cancelled_scheduled", closed_at=NOON, window_until=date(2027, 2, 1), ends_on=date(2027, 1, 1)
    )

    def numbers(**filters):
        return [row.number for row in desk.get(url("queue"), filters).context["rows"]]

    assert set(numbers()) == {mine.number, other.number}
    assert numbers(show="open") == [mine.number]
    assert numbers(show="leaving") == [other.number]
    assert numbers(whose="mine") == [mine.number]
    assert numbers(category=reason.category_id) == [mine.number]
    assert set(numbers(category="nonsense", after="garbage")) == {mine.number, other.number}


def test_an_unfinished_call_is_found_again(desk, agent):
    case = CancellationCaseFactory(state="offering", agent=agent, opened_at=timezone.now() - timedelta(minutes=3))
    link = url("call", case.pk)
    assert link in desk.get("/frame/").content.decode()
    assert link in desk.get("/").content.decode()
    hits = desk.get("/search/", {"q": case.number.lower()}, headers=HTMX).content.decode()
    assert url("case", case.pk) in hits


def test_a_choice_of_the_queue_is_read_once_and_an_unknown_one_said(client_as, reasons, django_assert_num_queries):
    client = client_as("agent")
    case = CancellationCaseFactory(reason=ReasonFactory())
    client.get("/cancellations/")
    with django_assert_num_queries(6):
        page = client.get("/cancellations/", {"category": case.reason.category_id})
    assert [row.number for row in page.context["rows"]] == [case.number]
    unknown = client.get("/cancellations/", {"category": "999999"})
    assert unknown.context["form"].errors["category"]
