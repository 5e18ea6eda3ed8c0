"""The complaints desk's pages."""

from django.urls import URLPattern, URLResolver, include, path

from complaints.views import case, intake, public, queue, reports

app_name = "complaints"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("complaints.compensation.urls")),
    path("vouchers/", include("complaints.vouchers.urls")),
    path("", queue.queue, name="queue"),
    path("next/", queue.take_next, name="take-next"),
    path("share-out/", queue.share_out, name="share-out"),
    path("new/", intake.choose_customer, name="new"),
    path("new/<int:customer_pk>/", intake.register, name="register"),
    path("new/<int:customer_pk>/similar/", intake.similar, name="similar"),
    path("reports/", reports.complaints_report, name="reports"),
    path("write-to-us/", public.complain, name="public"),
    path("write-to-us/thanks/", public.thanks, name="thanks"),
    path("opinion/<str:token>/", public.survey, name="survey"),
    path("<int:pk>/", case.case_page, name="case"),
    path("<int:pk>/live/", case.live, name="live"),
    path("<int:pk>/template/", case.fill_template, name="template"),
    path("<int:pk>/preview/", case.preview, name="preview"),
    path("<int:pk>/<slug:verb>/", case.step, name="step"),
    path("files/<int:pk>/", case.attachment, name="attachment"),
    path("letters/<int:pk>/", case.letter, name="letter"),
    path("deadlines/<int:pk>/", case.deadline, name="deadline"),
]
