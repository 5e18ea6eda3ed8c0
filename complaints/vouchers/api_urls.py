from django.urls import path

from complaints.vouchers import api

urlpatterns = [
    path("vouchers/lookup/", api.Lookup.as_view(), name="api-voucher-lookup"),
    path("vouchers/redeem/", api.RedeemSeveral.as_view(), name="api-voucher-redeem-several"),
    path("vouchers/<int:pk>/", api.Detail.as_view(), name="api-voucher"),
    path("vouchers/<int:pk>/redeem/", api.Redeem.as_view(), name="api-voucher-redeem"),
    path("vouchers/<int:pk>/reserve/", api.Reserve.as_view(), name="api-voucher-reserve"),
    path("reservations/<int:pk>/capture/", api.Capture.as_view(), name="api-reservation-capture"),
    path("reservations/<int:pk>/release/", api.Release.as_view(), name="api-reservation-release"),
    path("voucher-entries/<int:pk>/reverse/", api.Reverse.as_view(), name="api-voucher-reverse"),
]
