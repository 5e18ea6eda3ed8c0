from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "complaints"
    verbose_name = _("Complaints")

    def ready(self) -> None:
        from complaints import erasure, sources
        from complaints.compensation import contributions as compensation
        from complaints.vouchers import campaigns
        from complaints.vouchers import contributions as vouchers

        sources.register()
        vouchers.register()
        campaigns.register()
        compensation.register()
        erasure.register()
