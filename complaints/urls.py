"""The complaints desk's pages."""

from django.urls import include, path

app_name = "complaints"
urlpatterns = [
    path("vouchers/", include("complaints.vouchers.urls")),
]
