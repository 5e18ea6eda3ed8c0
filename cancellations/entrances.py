"""Where marketing's desk and the reports can be entered."""

from django.utils.translation import gettext_lazy as _

from staff.navigation import Entrance, navigation
from staff.reports import Report, reports


def register() -> None:
    navigation.register(
        "incentives",
        Entrance(
            label=_("Incentives"),
            url_name="cancellations:incentives",
            icon="gift",
            permission="cancellations.view_incentive",
            order=32,
            inner=True,
        ),
    )
    navigation.register(
        "my figures",
        Entrance(
            label=_("My figures"),
            url_name="cancellations:my_figures",
            icon="chart-no-axes-column",
            permission="cancellations.take_cancellation",
            order=33,
            inner=True,
        ),
    )
    for name, title, about, permission in (
        (
            "figures",
            _("Figures of the cancellation desk"),
            _("Save rates, uplift against the hold-out, cost and net value, funnel and survival."),
            "staff.view_reports",
        ),
        (
            "reasons",
            _("Reasons for leaving"),
            _("Which few causes make most of it, and their course."),
            "staff.view_reports",
        ),
        (
            "experiment",
            _("Does it help?"),
            _("The two arms, other ways of choosing, and the decision log."),
            "staff.view_reports",
        ),
        ("parity", _("Who is offered what"), _("Value offered by group."), "staff.view_reports"),
        (
            "history",
            _("Offers of the past"),
            _("Imported, as observed: no part of any other figure."),
            "staff.view_reports",
        ),
        (
            "beliefs",
            _("What the engine believes"),
            _("Estimates with intervals and counts, and how they moved."),
            "cancellations.view_beliefs",
        ),
        ("budgets", _("Budgets"), _("What is reserved, consumed and left this month."), "cancellations.view_budget"),
    ):
        reports.register(f"cancellations {name}", Report(title, about, f"cancellations:{name}", permission))
