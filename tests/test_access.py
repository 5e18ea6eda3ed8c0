"""Who may open what: every address of the project × every role, and strangers.

`ACCESS` is the one table. An address that it does not name fails, so nothing is opened by forgetting.
"""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from config.roles import STAFF_ROLES

ANYONE = "anyone"  # strangers too
STAFF = "staff"  # whoever is logged in

ACCESS: dict[str, str] = {
    "GET healthz": ANYONE,
    "GET readyz": ANYONE,
    # the frame
    "GET ": STAFF,
    "GET frame/": STAFF,
    "GET search/": STAFF,
    "GET approvals/": "staff.view_approvals",
    "GET approvals/queue/": "staff.view_approvals",
    "POST views/": STAFF,
    "POST views/<int:pk>/": STAFF,
    "POST views/<int:pk>/remove/": STAFF,
    "POST views/<int:pk>/restore/": STAFF,
    "GET reports/": "staff.view_reports",
    "GET settings/": STAFF,
    "POST settings/menu/": STAFF,
    "GET styleguide/": "staff.view_styleguide",
    "GET accounts/email/": STAFF,
    # customers
    "GET customers/": "customers.view_customer",
    "GET customers/new/": "customers.add_customer",
    "GET customers/<int:pk>/": "customers.view_customer",
    "GET customers/<int:pk>/timeline/": "customers.view_customer",
    "GET customers/<int:pk>/edit/": "customers.change_customer",
    "GET customers/<int:pk>/note/": "customers.add_note",
    "GET customers/<int:pk>/erase/": "customers.erase_customer",
    "POST customers/notes/<int:pk>/undo/": "customers.add_note",
    "GET customers/documents/<int:pk>/": "customers.view_document",
    # cancellations
    "GET cancellations/": "cancellations.view_cancellationcase",
    "GET cancellations/fulfilment/": "cancellations.fulfil_offer",
    "POST cancellations/begin/<int:customer_pk>/": "cancellations.register_cancellation",
    "GET cancellations/<int:pk>/": "cancellations.view_cancellationcase",
    "POST cancellations/<int:pk>/reinstate/": "cancellations.win_back",
    "POST cancellations/<int:pk>/win-back/": "cancellations.win_back",
    "GET cancellations/<int:pk>/call/": "cancellations.register_cancellation",
    "GET cancellations/<int:pk>/not-shown/": "cancellations.register_cancellation",
    "GET cancellations/<int:pk>/offers/": "cancellations.register_cancellation",
    "POST cancellations/<int:pk>/resume/": "cancellations.take_cancellation",
    "POST cancellations/<int:pk>/reason/": "cancellations.take_cancellation",
    "POST cancellations/<int:pk>/permission/": "cancellations.take_cancellation",
    "POST cancellations/<int:pk>/end/": "cancellations.register_cancellation",
    "POST cancellations/<int:pk>/refer/": "cancellations.take_cancellation",
    "POST cancellations/<int:pk>/hardship/": "cancellations.present_offer",
    "POST cancellations/<int:pk>/present/": "cancellations.present_offer",
    "POST cancellations/<int:pk>/ask/": "cancellations.present_offer",
    "POST cancellations/<int:pk>/register/": "cancellations.register_cancellation",
    "POST cancellations/<int:pk>/dropped/": "cancellations.register_cancellation",
    "POST cancellations/<int:pk>/keep/": "cancellations.take_cancellation",
    "GET cancellations/offers/<int:pk>/decision/": "cancellations.decide_offer",
    "POST cancellations/offers/<int:pk>/accept/": "cancellations.present_offer",
    "POST cancellations/offers/<int:pk>/refuse/": "cancellations.present_offer",
    "POST cancellations/offers/<int:pk>/withdraw/": "cancellations.present_offer",
    "POST cancellations/offers/<int:pk>/apply/": "cancellations.fulfil_offer",
    "POST cancellations/offers/<int:pk>/fail/": "cancellations.fulfil_offer",
    "POST cancellations/offers/<int:pk>/revoke/": "cancellations.fulfil_offer",
    "GET cancellations/incentives/": "cancellations.view_incentive",
    "GET cancellations/incentives/new/": "cancellations.add_incentive",
    "GET cancellations/incentives/<int:pk>/": "cancellations.view_incentive",
    "GET cancellations/incentives/<int:pk>/words/": "cancellations.change_incentive",
    "POST cancellations/incentives/<int:pk>/draft/": "cancellations.change_incentive",
    "GET cancellations/versions/<int:pk>/": "cancellations.change_incentive",
    "GET cancellations/versions/<int:pk>/try/": "cancellations.view_incentive",
    "POST cancellations/versions/<int:pk>/hand-in/": "cancellations.change_incentive",
    "POST cancellations/versions/<int:pk>/publish/": "cancellations.publish_incentive",
    "POST cancellations/versions/<int:pk>/retire/": "cancellations.publish_incentive",
    "POST cancellations/versions/<int:pk>/discard/": "cancellations.change_incentive",
    "POST cancellations/rules/<int:pk>/<slug:layer>/<slug:path>/<slug:step>/": "cancellations.change_incentive",
    "GET cancellations/rules/<int:pk>/<slug:layer>/<slug:path>/<slug:step>/form/": "cancellations.change_incentive",
    "GET cancellations/beliefs/": "cancellations.view_beliefs",
    "GET cancellations/budgets/": "cancellations.view_budget",
    "GET cancellations/budgets/<int:pk>/": "cancellations.view_budget",
    "GET cancellations/limits/": "cancellations.change_limits",
    "GET cancellations/figures/mine/": "cancellations.take_cancellation",
    "GET cancellations/figures/": "staff.view_reports",
    "GET cancellations/reasons/": "staff.view_reports",
    "GET cancellations/experiment/": "staff.view_reports",
    "GET cancellations/parity/": "staff.view_reports",
    "GET cancellations/history/": "staff.view_reports",
    "GET cancellations/decisions.<slug:form>": "staff.view_reports",
    # complaints
    "GET complaints/vouchers/": "complaints.view_voucher",
    "GET complaints/vouchers/liability/": "complaints.view_liability",
    "GET complaints/<int:pk>/compensation/": "complaints.propose_award",
    "GET complaints/compensation/report/": "complaints.view_compensation_report",
    "GET complaints/guidance/": "complaints.view_matrix",
    "POST complaints/guidance/new/": "complaints.change_matrix",
    "GET complaints/guidance/<int:pk>/": "complaints.view_matrix",
    "POST complaints/guidance/<int:pk>/publish/": "complaints.publish_matrix",
    "GET complaints/awards/<int:pk>/live/": "complaints.propose_award",
    "POST complaints/awards/<int:pk>/withdraw/": "complaints.propose_award",
    "GET complaints/awards/decisions/<int:pk>/": "complaints.approve_award",
    "GET complaints/remedies/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/issue/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/send/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/stamps/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/order/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/complete/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/fail/": "complaints.propose_award",
    "POST complaints/remedies/<int:pk>/cancel/": "complaints.propose_award",
    "POST complaints/vouchers/find/": "complaints.redeem_voucher",
    "GET complaints/vouchers/<int:pk>/": "complaints.view_voucher",
    "POST complaints/vouchers/<int:pk>/redeem/": "complaints.redeem_voucher",
    "POST complaints/vouchers/<int:pk>/void/": "complaints.void_voucher",
    "POST complaints/vouchers/<int:pk>/extend/": "complaints.extend_voucher",
    "POST complaints/vouchers/<int:pk>/reissue/": "complaints.issue_voucher",
    "GET complaints/vouchers/entries/<int:pk>/reverse/": "complaints.reverse_redemption",
    "POST complaints/vouchers/reservations/<int:pk>/release/": "complaints.redeem_voucher",
    "GET complaints/": "complaints.view_complaintcase",
    "POST complaints/next/": "complaints.work_complaint",
    "POST complaints/share-out/": "complaints.assign_complaint",
    "GET complaints/new/": "complaints.register_complaint",
    "GET complaints/new/<int:customer_pk>/": "complaints.register_complaint",
    "POST complaints/new/<int:customer_pk>/similar/": "complaints.register_complaint",
    "GET complaints/write-to-us/": ANYONE,
    "GET complaints/write-to-us/thanks/": ANYONE,
    "GET complaints/opinion/<str:token>/": ANYONE,
    "GET complaints/<int:pk>/": "complaints.view_complaintcase",
    "GET complaints/<int:pk>/live/": "complaints.view_complaintcase",
    "POST complaints/<int:pk>/template/": "complaints.work_complaint",
    "POST complaints/<int:pk>/preview/": "complaints.work_complaint",
    "GET complaints/<int:pk>/<slug:verb>/": "complaints.view_complaintcase",
    "GET complaints/files/<int:pk>/": "complaints.view_complaintcase",
    "GET complaints/letters/<int:pk>/": "complaints.view_complaintcase",
    "GET complaints/deadlines/<int:pk>/": "complaints.view_complaintcase",
    "GET complaints/reports/": "complaints.view_complaint_reports",
    # loyalty
    "GET loyalty/": "loyalty.view_membership",
    "POST loyalty/find/": "loyalty.view_membership",
    "GET loyalty/enrol/": "loyalty.enrol_member",
    "GET loyalty/customers/<int:customer_pk>/": "loyalty.view_membership",
    "GET loyalty/members/<int:pk>/": "loyalty.view_membership",
    "GET loyalty/members/<int:pk>/ledger/": "loyalty.view_membership",
    "GET loyalty/members/<int:pk>/forms/<slug:name>/": "loyalty.view_membership",
    "POST loyalty/members/<int:pk>/stamp/": "loyalty.stamp_card",
    "POST loyalty/members/<int:pk>/spend/": "loyalty.redeem_reward",
    "POST loyalty/members/<int:pk>/give/": "loyalty.give_stamps",
    "POST loyalty/members/<int:pk>/claim/": "loyalty.stamp_card",
    "POST loyalty/members/<int:pk>/replace/": "loyalty.replace_card",
    "POST loyalty/members/<int:pk>/merge/": "loyalty.merge_members",
    "POST loyalty/members/<int:pk>/transfer/": "loyalty.merge_members",
    "POST loyalty/members/<int:pk>/waive/": "loyalty.give_stamps",
    "POST loyalty/members/<int:pk>/name/": "loyalty.enrol_member",
    "POST loyalty/members/<int:pk>/block/": "loyalty.replace_card",
    "POST loyalty/members/<int:pk>/close/": "loyalty.enrol_member",
    "POST loyalty/members/<int:pk>/reopen/": "loyalty.enrol_member",
    "POST loyalty/rewards/<int:pk>/redeem/": "loyalty.redeem_reward",
    "POST loyalty/rewards/<int:pk>/undo/": "loyalty.redeem_reward",
    "POST loyalty/rewards/<int:pk>/back/": "loyalty.redeem_reward",
    "POST loyalty/members/<int:pk>/extend/": "loyalty.decide_stamps",
    "POST loyalty/merges/<int:pk>/undo/": "loyalty.merge_members",
    "GET loyalty/cards/<int:pk>/card.pdf": "loyalty.view_membership",
    "GET loyalty/cards/<int:pk>/card.svg": "loyalty.view_membership",
    "GET loyalty/requests/<int:pk>/": "loyalty.decide_stamps",
    "GET loyalty/programmes/": "loyalty.design_programme",
    "GET loyalty/programmes/new/": "loyalty.design_programme",
    "GET loyalty/programmes/<int:pk>/new/": "loyalty.design_programme",
    "POST loyalty/programmes/<int:pk>/preview/": "loyalty.design_programme",
    "GET loyalty/versions/<int:pk>/": "loyalty.design_programme",
    "POST loyalty/versions/<int:pk>/forecast/": "loyalty.design_programme",
    "GET loyalty/versions/<int:pk>/forecast/now/": "loyalty.design_programme",
    "POST loyalty/versions/<int:pk>/submit/": "loyalty.design_programme",
    "POST loyalty/versions/<int:pk>/publish/": "loyalty.publish_programme",
    "POST loyalty/versions/<int:pk>/back/": "loyalty.publish_programme",
    "GET loyalty/campaigns/": "loyalty.view_campaign",
    "GET loyalty/campaigns/new/": "loyalty.design_campaign",
    "GET loyalty/campaigns/<int:pk>/": "loyalty.view_campaign",
    "GET loyalty/campaigns/<int:pk>/edit/": "loyalty.design_campaign",
    "GET loyalty/campaigns/<int:pk>/people/": "loyalty.view_campaign",
    "GET loyalty/campaigns/<int:pk>/figures/": "loyalty.view_campaign",
    "GET loyalty/campaigns/<int:pk>/figures.csv": "loyalty.view_campaign",
    "POST loyalty/campaigns/<int:pk>/preview/": "loyalty.design_campaign",
    "POST loyalty/campaigns/<int:pk>/hand-in/": "loyalty.design_campaign",
    "POST loyalty/campaigns/<int:pk>/back/": "loyalty.publish_campaign",
    "POST loyalty/campaigns/<int:pk>/publish/": "loyalty.publish_campaign",
    "POST loyalty/campaigns/<int:pk>/end/": "loyalty.publish_campaign",
    "POST loyalty/campaigns/<int:pk>/copy/": "loyalty.design_campaign",
    "POST loyalty/campaigns/<int:pk>/discard/": "loyalty.design_campaign",
    "GET loyalty/campaigns/<int:pk>/with/<slug:kind>/": "loyalty.design_campaign",
    "GET loyalty/campaigns/<int:pk>/with/<slug:kind>/<int:part>/": "loyalty.design_campaign",
    "POST loyalty/campaigns/<int:pk>/with/<slug:kind>/<int:part>/drop/": "loyalty.design_campaign",
    "GET loyalty/no-more-mail/<str:token>/": ANYONE,
    "GET loyalty/lapsing/": "loyalty.work_retention",
    "POST loyalty/lapsing/next/": "loyalty.work_retention",
    "GET loyalty/lapsing/<int:pk>/": "loyalty.work_retention",
    "POST loyalty/lapsing/<int:pk>/take/": "loyalty.work_retention",
    "POST loyalty/lapsing/<int:pk>/put-back/": "loyalty.work_retention",
    "GET loyalty/signals/": "loyalty.review_signals",
    "POST loyalty/signals/<int:pk>/": "loyalty.review_signals",
    "GET loyalty/duplicates/": "loyalty.merge_members",
    "POST loyalty/duplicates/<int:pk>/": "loyalty.merge_members",
    "GET loyalty/figures/": "loyalty.view_loyalty_reports",
    "GET loyalty/figures/lift/": "loyalty.view_loyalty_reports",
    "GET loyalty/figures.csv": "loyalty.view_loyalty_reports",
    # the API
    "GET api/v1/schema/": STAFF,
    "GET api/v1/docs/": STAFF,
    "GET api/v1/cancellations/": "cancellations.view_cancellationcase",
    "POST api/v1/cancellations/": "cancellations.register_cancellation",
    "GET api/v1/cancellations/<int:pk>/": "cancellations.view_cancellationcase",
    "POST api/v1/cancellations/<int:pk>/reason/": "cancellations.take_cancellation",
    "POST api/v1/cancellations/<int:pk>/permission/": "cancellations.take_cancellation",
    "POST api/v1/cancellations/<int:pk>/end/": "cancellations.register_cancellation",
    "POST api/v1/cancellations/<int:pk>/suggest/": "cancellations.present_offer",
    "POST api/v1/cancellations/<int:pk>/present/": "cancellations.present_offer",
    "POST api/v1/cancellations/<int:pk>/ask/": "cancellations.present_offer",
    "POST api/v1/cancellations/<int:pk>/register/": "cancellations.register_cancellation",
    "POST api/v1/cancellations/<int:pk>/dropped/": "cancellations.register_cancellation",
    "POST api/v1/cancellations/<int:pk>/keep/": "cancellations.take_cancellation",
    "POST api/v1/cancellations/<int:pk>/reinstate/": "cancellations.win_back",
    "POST api/v1/cancellations/<int:pk>/win-back/": "cancellations.win_back",
    "GET api/v1/decisions/": "staff.view_reports",
    "GET api/v1/decisions/<int:pk>/": "staff.view_reports",
    "GET api/v1/decisions/export/": "staff.view_reports",
    "GET api/v1/beliefs/": "cancellations.view_beliefs",
    "GET api/v1/learned-models/": "cancellations.view_beliefs",
    "GET api/v1/learned-models/<int:pk>/": "cancellations.view_beliefs",
    "GET api/v1/offers/": "cancellations.view_cancellationcase",
    "GET api/v1/offers/<int:pk>/": "cancellations.view_cancellationcase",
    "POST api/v1/offers/<int:pk>/accept/": "cancellations.present_offer",
    "POST api/v1/offers/<int:pk>/refuse/": "cancellations.present_offer",
    "POST api/v1/offers/<int:pk>/withdraw/": "cancellations.present_offer",
    "POST api/v1/offers/<int:pk>/approve/": "cancellations.decide_offer",
    "POST api/v1/offers/<int:pk>/decline/": "cancellations.decide_offer",
    "POST api/v1/offers/<int:pk>/apply/": "cancellations.fulfil_offer",
    "POST api/v1/offers/<int:pk>/fail/": "cancellations.fulfil_offer",
    "POST api/v1/offers/<int:pk>/revoke/": "cancellations.fulfil_offer",
    "GET api/v1/customers/": "customers.view_customer",
    "GET api/v1/customers/<int:pk>/": "customers.view_customer",
    "PATCH api/v1/customers/<int:pk>/": "customers.change_customer",
    "GET api/v1/customers/<int:pk>/band/": "customers.view_customer",
    "GET api/v1/customers/<int:pk>/timeline/": "customers.view_customer",
    "POST api/v1/customers/<int:pk>/notes/": "customers.add_note",
    "GET api/v1/subscriptions/": "customers.view_customer",
    "GET api/v1/subscriptions/<int:pk>/": "customers.view_customer",
    "POST api/v1/vouchers/lookup/": "complaints.redeem_voucher",
    "POST api/v1/vouchers/redeem/": "complaints.redeem_voucher",
    "GET api/v1/vouchers/<int:pk>/": "complaints.view_voucher",
    "POST api/v1/vouchers/<int:pk>/redeem/": "complaints.redeem_voucher",
    "POST api/v1/vouchers/<int:pk>/reserve/": "complaints.redeem_voucher",
    "POST api/v1/reservations/<int:pk>/capture/": "complaints.redeem_voucher",
    "POST api/v1/reservations/<int:pk>/release/": "complaints.redeem_voucher",
    "POST api/v1/voucher-entries/<int:pk>/reverse/": "complaints.reverse_redemption",
    "POST api/v1/loyalty/members/": "loyalty.enrol_member",
    "POST api/v1/loyalty/members/<int:pk>/close/": "loyalty.enrol_member",
    "POST api/v1/loyalty/members/<int:pk>/reopen/": "loyalty.enrol_member",
    "POST api/v1/loyalty/balance/": "loyalty.view_membership",
    "POST api/v1/loyalty/receipts/": "loyalty.stamp_card",
    "GET api/v1/loyalty/receipts/<int:pk>/": "loyalty.view_membership",
    "POST api/v1/loyalty/returns/": "loyalty.stamp_card",
    "POST api/v1/loyalty/rewards/": "loyalty.redeem_reward",
    "POST api/v1/loyalty/rewards/<int:pk>/back/": "loyalty.redeem_reward",
    "POST api/v1/loyalty/rewards/<int:pk>/redeem/": "loyalty.redeem_reward",
    "POST api/v1/loyalty/rewards/<int:pk>/undo/": "loyalty.redeem_reward",
    "GET api/v1/loyalty/campaigns/": "loyalty.view_campaign",
    "POST api/v1/loyalty/campaigns/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:pk>/": "loyalty.view_campaign",
    "PATCH api/v1/loyalty/campaigns/<int:pk>/": "loyalty.design_campaign",
    "DELETE api/v1/loyalty/campaigns/<int:pk>/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:campaign_pk>/windows/": "loyalty.view_campaign",
    "POST api/v1/loyalty/campaigns/<int:campaign_pk>/windows/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:campaign_pk>/windows/<int:pk>/": "loyalty.view_campaign",
    "PATCH api/v1/loyalty/campaigns/<int:campaign_pk>/windows/<int:pk>/": "loyalty.design_campaign",
    "DELETE api/v1/loyalty/campaigns/<int:campaign_pk>/windows/<int:pk>/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:campaign_pk>/mailings/": "loyalty.view_campaign",
    "POST api/v1/loyalty/campaigns/<int:campaign_pk>/mailings/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:campaign_pk>/mailings/<int:pk>/": "loyalty.view_campaign",
    "PATCH api/v1/loyalty/campaigns/<int:campaign_pk>/mailings/<int:pk>/": "loyalty.design_campaign",
    "DELETE api/v1/loyalty/campaigns/<int:campaign_pk>/mailings/<int:pk>/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:campaign_pk>/gifts/": "loyalty.view_campaign",
    "POST api/v1/loyalty/campaigns/<int:campaign_pk>/gifts/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:campaign_pk>/gifts/<int:pk>/": "loyalty.view_campaign",
    "PATCH api/v1/loyalty/campaigns/<int:campaign_pk>/gifts/<int:pk>/": "loyalty.design_campaign",
    "DELETE api/v1/loyalty/campaigns/<int:campaign_pk>/gifts/<int:pk>/": "loyalty.design_campaign",
    "GET api/v1/loyalty/campaigns/<int:pk>/figures/": "loyalty.view_campaign",
    "POST api/v1/loyalty/campaigns/<int:pk>/hand-in/": "loyalty.design_campaign",
    "POST api/v1/loyalty/campaigns/<int:pk>/publish/": "loyalty.publish_campaign",
    "POST api/v1/loyalty/campaigns/<int:pk>/end/": "loyalty.publish_campaign",
    "GET api/v1/complaints/": "complaints.view_complaintcase",
    "POST api/v1/complaints/": "complaints.register_complaint",
    "GET api/v1/complaints/<slug:number>/": "complaints.view_complaintcase",
    "GET api/v1/complaints/<slug:number>/awards/": "complaints.propose_award",
    "POST api/v1/complaints/<slug:number>/awards/": "complaints.propose_award",
    "GET api/v1/awards/": "complaints.approve_award",
    "GET api/v1/awards/<int:pk>/": "complaints.propose_award",
    "POST api/v1/awards/<int:pk>/decision/": "complaints.approve_award",
    "GET api/v1/remedies/": "complaints.propose_award",
    "POST api/v1/remedies/<int:pk>/order/": "complaints.propose_award",
    "POST api/v1/remedies/<int:pk>/complete/": "complaints.propose_award",
    "POST api/v1/remedies/<int:pk>/fail/": "complaints.propose_award",
    "GET api/v1/complaints/<slug:number>/attachments/": "complaints.view_complaintcase",
    "POST api/v1/complaints/<slug:number>/attachments/": "complaints.register_complaint",
    "GET api/v1/attachments/<int:pk>/": "complaints.view_complaintcase",
    "GET api/v1/complaints/<slug:number>/messages/": "complaints.view_complaintcase",
    "POST api/v1/complaints/<slug:number>/messages/": "complaints.register_complaint",
}

# allauth's own pages: these are for those who are not in yet, the rest for whoever is logged in.
DOORSTEP = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # says that it is closed
    "account_email_verification_sent",
    "account_confirm_email",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_signup",
    "openid_connect_login",
    "openid_connect_callback",
}


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            if entry.name:  # the rest are allauth's redirections from addresses of old
                yield route, entry


def own() -> dict[str, URLPattern]:
    """The project's addresses without those of the admin and allauth, which follow rules of their own below."""
    return {
        route: entry
        for route, entry in patterns()
        if not route.startswith("admin/")
        and (not route.startswith("accounts/") or not getattr(entry.callback, "__module__", "").startswith("allauth"))
    }


def allauth() -> dict[str, URLPattern]:
    ours = own()
    return {route: entry for route, entry in patterns() if route.startswith("accounts/") and route not in ours}


def path_of(route: str) -> str:
    """An address on that route, of a record that does not exist: who may not come in must not learn so."""
    filled = re.sub(r"<int:\w+>", "0", route)
    filled = re.sub(r"<(slug|str|path):\w+>|<\w+>", "none", filled)
    filled = re.sub(r"<uuid:\w+>", "00000000-0000-0000-0000-000000000000", filled)
    filled = re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)", "0", filled)
    return "/" + re.sub(r"[\^$]|\\Z|\\", "", filled)


def methods(entry: URLPattern) -> set[str]:
    """Those an API view answers; of a page it cannot be seen from outside."""
    actions = getattr(entry.callback, "actions", None)
    view = getattr(entry.callback, "cls", None)
    if actions:
        names = set(actions)
    elif view:
        names = {name for name in ("get", "post", "put", "patch", "delete") if hasattr(view, name)}
    else:
        return set()
    return {name.upper() for name in names if name in ("get", "post", "put", "patch", "delete")}


def knock(client: Client, key: str) -> str:
    """How the door answers: “open” (whatever is found behind it), “login” or “closed”."""
    method, route = key.split(" ", 1)
    content = {"content_type": "application/json"} if route.startswith("api/") else {}
    response = client.generic(method, path_of(route), **content)
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/"):
        return "login"
    return "closed" if response.status_code in (401, 403) else "open"


def test_every_address_is_in_the_table():
    named = {key.split(" ", 1)[1] for key in ACCESS}
    assert set(own()) == named
    for route, entry in own().items():
        assert {f"{method} {route}" for method in methods(entry)} <= set(ACCESS), route


@pytest.mark.django_db
def test_strangers_stay_outside():
    wrong = {}
    for key, who in ACCESS.items():
        answer = knock(Client(), key)
        if (answer == "open") != (who == ANYONE):
            wrong[key] = answer
    assert wrong == {}


@pytest.mark.django_db
def test_each_role_opens_what_the_table_says_and_nothing_else(client_as, role):
    client = client_as(role)
    wrong = {}
    for key, who in ACCESS.items():
        may = who in (ANYONE, STAFF) or client.user.has_perm(who)
        answer = knock(client, key)
        if answer == "login":  # the door before this one led out
            client.force_login(client.user)
            answer = knock(client, key)
        if answer != ("open" if may else "closed"):
            wrong[key] = f"{answer}, wanted {'open' if may else 'closed'}"
    assert wrong == {}


@pytest.mark.django_db
def test_allauth_opens_only_the_doorstep():
    assert {entry.name for entry in allauth().values()} >= DOORSTEP
    opened = {entry.name for route, entry in allauth().items() if knock(Client(), f"GET {route}") == "open"}
    assert opened <= DOORSTEP


@pytest.mark.django_db
def test_nobody_signs_up(client):
    before = client.post("/accounts/signup/", {"username": "me", "password1": "x" * 20, "password2": "x" * 20})
    from staff.models import User

    assert before.status_code in (200, 302)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_admin_lists_open_by_permission(client_as, role):
    client = client_as(role)
    user = client.user
    for model in admin.site._registry:
        name = f"{model._meta.app_label}.{{}}_{model._meta.model_name}"
        answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        if role not in STAFF_ROLES:
            assert answer.status_code == 302, model
        else:
            may = any(user.has_perm(name.format(verb)) for verb in ("view", "change"))
            assert answer.status_code == (200 if may else 403), model
