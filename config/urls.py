"""Every address of Kvar. Pages live under the app's own prefix, the API under /api/v1/."""

from django.contrib import admin
from django.urls import include, path

from config import api, health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("staff.urls")),
    path("customers/", include("customers.urls")),
    path("loyalty/", include("loyalty.urls")),
    path("complaints/", include("complaints.urls")),
    path("cancellations/", include("cancellations.urls")),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include(api)),
    path("admin/", admin.site.urls),
]
