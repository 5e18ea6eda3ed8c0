from django.urls import path
from django.views.generic import RedirectView

from staff.views import approvals, frame, home, reports, saved, settings, styleguide

urlpatterns = [
    path("", home.home_page, name="home"),
    path("frame/", frame.frame, name="frame"),
    path("search/", frame.search, name="search"),
    path("approvals/", approvals.approvals_page, name="approvals"),
    path("approvals/queue/", approvals.approvals_queue, name="approvals_queue"),
    path("views/", saved.save, name="view_save"),
    path("views/<int:pk>/", saved.rename, name="view_rename"),
    path("views/<int:pk>/remove/", saved.remove, name="view_remove"),
    path("views/<int:pk>/restore/", saved.restore, name="view_restore"),
    path("reports/", reports.reports_page, name="reports"),
    path("settings/", settings.settings_page, name="settings"),
    path("settings/menu/", settings.preferences, name="preferences"),
    # allauth would let people change the address that a login from the company's directory is found by
    path("accounts/email/", RedirectView.as_view(pattern_name="settings"), name="own_email"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
]
