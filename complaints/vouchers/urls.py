from django.urls import path

from complaints.vouchers import report_views, views

urlpatterns = [
    path("", views.voucher_list, name="vouchers"),
    path("liability/", report_views.liability_report, name="liability"),
    path("find/", views.find_voucher, name="voucher_find"),
    path("<int:pk>/", views.voucher_page, name="voucher"),
    path("<int:pk>/redeem/", views.redeem_voucher, name="voucher_redeem"),
    path("<int:pk>/void/", views.void_voucher, name="voucher_void"),
    path("<int:pk>/extend/", views.extend_voucher, name="voucher_extend"),
    path("<int:pk>/reissue/", views.reissue_voucher, name="voucher_reissue"),
    path("entries/<int:pk>/reverse/", views.reverse_redemption, name="voucher_reverse"),
    path("reservations/<int:pk>/release/", views.release_hold, name="voucher_release"),
]
