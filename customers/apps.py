from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from customers import erasure, sources
        from customers.contributions import Action, actions
        from customers.search import hits
        from customers.timeline import timeline
        from staff.navigation import Entrance, navigation
        from staff.search import search

        navigation.register(
            "customers", Entrance(_("Customers"), "customers:list", "users", "customers.view_customer", order=10)
        )
        search.register("customers", hits)
        erasure.register()
        timeline.register("notes", sources.notes, _("Notes"))
        timeline.register("letters", sources.letters, _("Letters"))
        timeline.register("contracts", sources.contracts, _("Contracts"))
        timeline.register("changes", sources.changes, _("Changes"))
        actions.register(
            "note", Action(_("Note"), "customers:note", "notebook-pen", "n", "customers.add_note", order=80)
        )
        actions.register(
            "edit", Action(_("Edit details"), "customers:edit", "pencil", "e", "customers.change_customer", order=90)
        )
        actions.register(
            "erase", Action(_("Erase for good"), "customers:erase", "eraser", "", "customers.erase_customer", order=99)
        )
