"""The complaints desk's endpoints under /api/v1/."""

from django.urls import include, path

urlpatterns = [
    path("", include("complaints.vouchers.api_urls")),
]
