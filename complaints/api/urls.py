"""The complaints desk's endpoints under /api/v1/."""

from django.urls import include, path

from complaints.api import attachments, awards, cases

urlpatterns = [
    path("", include("complaints.vouchers.api_urls")),
    path("complaints/", cases.Cases.as_view(), name="api-complaints"),
    path("complaints/<slug:number>/", cases.Case.as_view(), name="api-complaint"),
    path("complaints/<slug:number>/awards/", awards.CaseAwards.as_view(), name="api-complaint-awards"),
    path("complaints/<slug:number>/attachments/", attachments.Attachments.as_view(), name="api-complaint-attachments"),
    path("attachments/<int:pk>/", attachments.Download.as_view(), name="api-attachment"),
    path("awards/", awards.Awards.as_view(), name="api-awards"),
    path("awards/<int:pk>/", awards.AwardDetail.as_view(), name="api-award"),
    path("awards/<int:pk>/decision/", awards.Decision.as_view(), name="api-award-decision"),
    path("remedies/", awards.Remedies.as_view(), name="api-remedies"),
    *(
        path(
            f"remedies/<int:pk>/{step}/",
            awards.RemedyStep.as_view(step=step),
            name=f"api-remedy-{step}",
        )
        for step in ("order", "complete", "fail")
    ),
    path("complaints/<slug:number>/messages/", cases.Messages.as_view(), name="api-complaint-messages"),
]
