from django.urls import path

from complaints.compensation import matrix_views, report_views, views

urlpatterns = [
    path("<int:pk>/compensation/", views.compensation, name="compensation"),
    path("compensation/report/", report_views.compensation_report, name="compensation_report"),
    path("guidance/", matrix_views.matrices, name="matrices"),
    path("guidance/new/", matrix_views.new_matrix, name="matrix_new"),
    path("guidance/<int:pk>/", matrix_views.matrix_page, name="matrix"),
    path("guidance/<int:pk>/publish/", matrix_views.publish_matrix, name="matrix_publish"),
    path("awards/<int:pk>/live/", views.award_live, name="award_live"),
    path("awards/<int:pk>/withdraw/", views.withdraw, name="award_withdraw"),
    path("awards/decisions/<int:pk>/", views.decide, name="award_decision"),
    path("remedies/", views.to_carry_out, name="remedies"),
    *(
        path(f"remedies/<int:pk>/{verb}/", views.step, {"verb": verb}, name=f"remedy_{verb}")
        for verb in ("issue", "send", "stamps", "order", "complete", "fail", "cancel")
    ),
]
