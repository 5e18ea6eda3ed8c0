from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CancellationsConfig(AppConfig):
    name = "cancellations"
    verbose_name = _("Cancellations")

    def ready(self) -> None:
        from cancellations import campaigns, entrances, erasure
        from cancellations import contributions as own
        from cancellations.imports import keep_past_cases
        from cancellations.queries.decisions import pending
        from customers.contributions import Action, actions, band
        from customers.goodwill import goodwill
        from customers.history import histories
        from customers.timeline import timeline
        from staff.approvals import approvals
        from staff.home import home
        from staff.navigation import Entrance, navigation, unfinished
        from staff.search import search

        entrances.register()
        campaigns.register()
        erasure.register()
        timeline.register("cancellations", own.case_history, _("Cancellations"))
        timeline.register("offers", own.offer_history, _("Offers"))
        goodwill.register("cancellations", own.given)
        histories.register("cancellations", keep_past_cases)
        band.register("cancellations", own.band)
        search.register("cancellations", own.find)
        unfinished.register("cancellations", own.unfinished)
        home.register("cancellations", own.home)
        home.register("fulfilment", own.billing)
        home.register("incentives", own.to_publish)
        approvals.register("offers", pending)
        actions.register(
            "cancel",
            Action(
                label=_("Take a cancellation"),
                url_name="cancellations:begin",
                icon="phone-off",
                key="c",
                permission="cancellations.register_cancellation",
                order=10,
                post=True,
                on_contract=True,
            ),
        )
        navigation.register(
            "cancellations",
            Entrance(
                label=_("Cancellations"),
                url_name="cancellations:queue",
                icon="phone-off",
                permission="cancellations.view_cancellationcase",
                order=30,
                count=own.open_count,
            ),
        )
        navigation.register(
            "fulfilment",
            Entrance(
                label=_("To carry out"),
                url_name="cancellations:fulfilment",
                icon="receipt",
                permission="cancellations.fulfil_offer",
                order=31,
                count=own.todo_count,
                inner=True,
            ),
        )
