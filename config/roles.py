"""Who may do what: roles as sets of permissions, written to the database by `manage.py sync_roles`.

Code asks for a permission or a rule, never for a role.
"""

COMPLAINTS = {
    "complaints.view_complaintcase",
    "complaints.register_complaint",
    "complaints.work_complaint",
}

AGENT = COMPLAINTS | {
    "loyalty.view_membership",
    "loyalty.enrol_member",
    "loyalty.stamp_card",
    "loyalty.redeem_reward",
    "loyalty.give_stamps",
    "loyalty.replace_card",
    "loyalty.merge_members",
    "loyalty.work_retention",
    "staff.use_desk",
    "customers.view_customer",
    "customers.add_customer",
    "customers.change_customer",
    "customers.add_note",
    "customers.view_document",
    "complaints.view_voucher",
    "complaints.redeem_voucher",
    "complaints.reverse_redemption",
    "complaints.issue_voucher",
    "cancellations.view_cancellationcase",
    "cancellations.take_cancellation",
    "cancellations.register_cancellation",
    "cancellations.present_offer",
    "cancellations.win_back",
    "complaints.propose_award",
}
TEAM_LEAD = AGENT | {
    "cancellations.decide_offer",
    "cancellations.view_incentive",
    "cancellations.view_budget",
    "cancellations.fulfil_offer",
    "loyalty.decide_stamps",
    "loyalty.review_signals",
    "loyalty.view_loyalty_reports",
    "staff.view_approvals",
    "staff.view_reports",
    "complaints.void_voucher",
    "complaints.extend_voucher",
    "complaints.assign_complaint",
    "complaints.view_complaint_reports",
    "complaints.approve_award",
}
MANAGER = TEAM_LEAD | {
    "loyalty.design_programme",
    "loyalty.publish_programme",
    "loyalty.view_campaign",
    "loyalty.publish_campaign",
    "cancellations.add_incentive",
    "cancellations.change_incentive",
    "cancellations.publish_incentive",
    "cancellations.view_beliefs",
    "cancellations.add_budget",
    "cancellations.change_budget",
    "cancellations.change_limits",
    "complaints.view_liability",
    "complaints.view_compensation_report",
    "complaints.view_matrix",
    "complaints.change_matrix",
    "complaints.publish_matrix",
}
MARKETING = {
    "staff.use_desk",
    "staff.view_reports",
    "customers.view_customer",
    "customers.view_plan",
    "loyalty.view_membership",
    "loyalty.design_programme",
    "loyalty.publish_programme",
    "loyalty.view_campaign",
    "loyalty.view_message",
    "loyalty.view_given",
    "loyalty.design_campaign",
    "loyalty.publish_campaign",
    "loyalty.work_retention",
    "loyalty.view_loyalty_reports",
    "complaints.view_matrix",
    "complaints.change_matrix",
    "complaints.view_compensation_report",
    "cancellations.view_incentive",
    "cancellations.add_incentive",
    "cancellations.change_incentive",
    "cancellations.publish_incentive",
    "cancellations.view_beliefs",
    "cancellations.view_budget",
    "cancellations.view_learnedmodel",
    "cancellations.view_belief",
    "cancellations.view_pastoffer",
}
# What data entry keeps: seen, added and changed in the Django admin, deleted only inside a calendar.
KEPT_BY_DATA_ENTRY = (
    *("customers.customer", "customers.household", "customers.plan", "customers.subscription"),
    *("loyalty.store", "loyalty.category", "loyalty.product"),
    *("cancellations.reasoncategory", "cancellations.reason"),
    *("complaints.category", "complaints.rootcause", "complaints.disputenotice"),
    *("complaints.calendar", "complaints.calendarinterval", "complaints.calendarexception"),
)
DATA_ENTRY = {
    f"{app}.{verb}_{model}"
    for app, model in (kept.split(".") for kept in KEPT_BY_DATA_ENTRY)
    for verb in ("view", "add", "change")
} | {"complaints.delete_calendarinterval", "complaints.delete_calendarexception"}

ROLES: dict[str, set[str] | None] = {
    "agent": AGENT,
    "team lead": TEAM_LEAD,
    "manager": MANAGER,
    "marketing": MARKETING,
    "data entry": DATA_ENTRY,
    "administrator": None,  # every permission
}
STAFF_ROLES = {"data entry", "marketing", "administrator"}  # may open the Django admin
