"""The loyalty desk's addresses."""

from django.urls import path

from loyalty.views import deeds, design, desk, requests, watch

app_name = "loyalty"
urlpatterns = [
    path("", desk.member_list, name="members"),
    path("find/", desk.find_card, name="find"),
    path("enrol/", desk.enrol, name="enrol"),
    path("customers/<int:customer_pk>/", desk.customer_card, name="customer"),
    path("members/<int:pk>/", desk.member_page, name="member"),
    path("members/<int:pk>/stamp/", deeds.stamp, name="stamp"),
    path("members/<int:pk>/spend/", deeds.spend, name="spend"),
    path("members/<int:pk>/give/", deeds.give, name="give"),
    path("members/<int:pk>/claim/", deeds.claim, name="claim"),
    path("members/<int:pk>/replace/", deeds.replace, name="replace"),
    path("members/<int:pk>/merge/", deeds.merge, name="merge"),
    path("members/<int:pk>/transfer/", deeds.transfer, name="transfer"),
    path("members/<int:pk>/waive/", deeds.waive, name="waive"),
    path("members/<int:pk>/name/", deeds.name, name="name"),
    path("members/<int:pk>/block/", deeds.block, name="block"),
    path("rewards/<int:pk>/redeem/", deeds.redeem, name="redeem"),
    path("rewards/<int:pk>/undo/", deeds.undo_redeem, name="undo_redeem"),
    path("rewards/<int:pk>/back/", deeds.turn_back, name="turn_back"),
    path("rewards/<int:pk>/extend/", deeds.extend, name="extend"),
    path("merges/<int:pk>/undo/", deeds.unmerge, name="unmerge"),
    path("cards/<int:pk>/card.pdf", desk.card_pdf, name="card_pdf"),
    path("cards/<int:pk>/card.svg", desk.card_picture, name="card_picture"),
    path("requests/<int:pk>/", requests.decide, name="request"),
    path("programmes/", design.programme_list, name="programmes"),
    path("programmes/new/", design.new_programme, name="new_programme"),
    path("programmes/<int:pk>/new/", design.new_version, name="new_version"),
    path("programmes/<int:pk>/preview/", design.preview, name="preview"),
    path("versions/<int:pk>/", design.version, name="version"),
    path("versions/<int:pk>/forecast/", design.forecast, name="forecast"),
    path("versions/<int:pk>/forecast/now/", design.forecast_panel, name="forecast_panel"),
    path("versions/<int:pk>/submit/", design.submit, name="submit"),
    path("versions/<int:pk>/publish/", design.publish, name="publish"),
    path("versions/<int:pk>/back/", design.send_back, name="send_back"),
    path("lapsing/", watch.lapsing, name="lapsing"),
    path("lapsing/<int:pk>/", watch.contact, name="contact"),
    path("signals/", watch.signals, name="signals"),
    path("signals/<int:pk>/", watch.review, name="review"),
    path("figures/", watch.report, name="report"),
]
