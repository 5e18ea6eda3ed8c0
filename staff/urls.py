from django.urls import path

from staff.views import approvals, frame, home, reports, settings

urlpatterns = [
    path("", home.home_page, name="home"),
    path("frame/", frame.frame, name="frame"),
    path("search/", frame.search, name="search"),
    path("approvals/", approvals.approvals_page, name="approvals"),
    path("approvals/queue/", approvals.approvals_queue, name="approvals_queue"),
    path("reports/", reports.reports_page, name="reports"),
    path("settings/", settings.settings_page, name="settings"),
    path("settings/menu/", settings.preferences, name="preferences"),
]
