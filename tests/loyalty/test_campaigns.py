"""Campaigns: written by one, published by another, what they open and bring, and their doors."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.db import ProgrammingError, transaction
from django.db.utils import InternalError
from django.urls import reverse

from loyalty.actions import campaigns as actions
from loyalty.models import BonusWindow, Campaign, ProgrammeVersion, Reach
from loyalty.models.campaigns import CAMPAIGN_MOVES, CampaignState
from loyalty.queries import campaigns, spending
from staff.approvals import waiting
from staff.errors import DomainError, SelfApproval, Stale, WrongState
from tests.conftest import NOON
from tests.loyalty.campaigns import TODAY, draft, gift, mailing, run
from tests.loyalty.factories import VersionFactory, buy, buy_all, facts, member, members

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


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


# --- what it brought --------------------------------------------------------------------------------------------------
def effect_of(campaign, came, now):
    """`came` maps an arm to how many of its forty came."""
    people = {arm: members(40) for arm in ("treated", "held")}
    Reach.objects.bulk_create(
        Reach(campaign=campaign, customer=one.customer, arm=arm, at=NOON, handled_at=NOON)
        for arm, own in people.items()
        for one in own
    )
    later = NOON + timedelta(days=3)
    cards = [one.cards.get().number for arm, count in came.items() for one in people[arm][:count]]
    buy_all([facts(card, 2, at=later) for card in cards], now=later)
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


# --- its doors --------------------------------------------------------------------------------------------------------
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
    assert "Nobody has been reached yet" in figures
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
