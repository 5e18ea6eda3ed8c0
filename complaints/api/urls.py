"""The complaints desk's endpoints under /api/v1/."""

from django.urls import include, path

from complaints.api import cases

urlpatterns = [
    path("", include("complaints.vouchers.api_urls")),
    path("complaints/", cases.Cases.as_view(), name="api-complaints"),
    path("complaints/<str:number>/", cases.Case.as_view(), name="api-complaint"),
    path("complaints/<str:number>/messages/", cases.Messages.as_view(), name="api-complaint-messages"),
]
