"""The loyalty desk's addresses."""

from django.urls import path

from loyalty.views import deeds, desk, requests

app_name = "loyalty"
urlpatterns = [
    path("", desk.member_list, name="members"),
    path("find/", desk.find_card, name="find"),
    path("enrol/", desk.enrol, name="enrol"),
    path("customers/<int:customer_pk>/", desk.customer_card, name="customer"),
    path("members/<int:pk>/", desk.member_page, name="member"),
    path("members/<int:pk>/stamp/", deeds.stamp, name="stamp"),
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
    path("rewards/<int:pk>/extend/", deeds.extend, name="extend"),
    path("merges/<int:pk>/undo/", deeds.unmerge, name="unmerge"),
    path("cards/<int:pk>/card.pdf", desk.card_pdf, name="card_pdf"),
    path("cards/<int:pk>/card.svg", desk.card_picture, name="card_picture"),
    path("requests/<int:pk>/", requests.decide, name="request"),
]
