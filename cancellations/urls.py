from django.urls import path

from cancellations import marketing_urls
from cancellations.views import call, cases, decisions

app_name = "cancellations"
urlpatterns = [
    *marketing_urls.urlpatterns,
    path("", cases.queue, name="queue"),
    path("fulfilment/", cases.fulfilment, name="fulfilment"),
    path("begin/<int:customer_pk>/", call.begin, name="begin"),
    path("<int:pk>/", cases.case, name="case"),
    path("<int:pk>/reinstate/", cases.reinstate, name="reinstate"),
    path("<int:pk>/win-back/", cases.win_back, name="win_back"),
    path("<int:pk>/call/", call.call, name="call"),
    path("<int:pk>/offers/", call.offers, name="offers"),
    path("<int:pk>/not-shown/", call.not_shown, name="not_shown"),
    path("<int:pk>/resume/", call.resume, name="resume"),
    path("<int:pk>/reason/", call.reason, name="reason"),
    path("<int:pk>/permission/", call.permission, name="permission"),
    path("<int:pk>/end/", call.end, name="end"),
    path("<int:pk>/refer/", call.refer, name="refer"),
    path("<int:pk>/hardship/", call.hardship, name="hardship"),
    path("<int:pk>/present/", call.present, name="present"),
    path("<int:pk>/ask/", call.ask, name="ask"),
    path("<int:pk>/register/", call.register, name="register"),
    path("<int:pk>/dropped/", call.dropped, name="dropped"),
    path("<int:pk>/keep/", call.keep, name="keep"),
    path("offers/<int:pk>/decision/", decisions.decision, name="decision"),
    path("offers/<int:pk>/accept/", call.answer, {"said": "accept"}, name="accept"),
    path("offers/<int:pk>/refuse/", call.answer, {"said": "refuse"}, name="refuse"),
    path("offers/<int:pk>/withdraw/", call.answer, {"said": "withdraw"}, name="withdraw"),
    path("offers/<int:pk>/apply/", cases.carry_out, {"done": "apply"}, name="apply"),
    path("offers/<int:pk>/fail/", cases.carry_out, {"done": "fail"}, name="fail"),
    path("offers/<int:pk>/revoke/", cases.carry_out, {"done": "revoke"}, name="revoke"),
]
