from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        from staff.approvals import waiting_count
        from staff.navigation import Entrance, navigation
        from staff.search import pages, search

        navigation.register("home", Entrance(_("Home"), "home", "house", "", 0))
        navigation.register(
            "approvals",
            Entrance(_("Approvals"), "approvals", "badge-check", "staff.view_approvals", 80, count=waiting_count),
        )
        navigation.register("reports", Entrance(_("Reports"), "reports", "chart-column", "staff.view_reports", 90))
        search.register("pages", pages)
