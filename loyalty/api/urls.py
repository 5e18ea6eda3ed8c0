from django.urls import path
from rest_framework.routers import SimpleRouter

from loyalty.api import views
from loyalty.api.campaigns import CampaignViewSet, GiftViewSet, MailingViewSet, WindowViewSet

router = SimpleRouter(use_regex_path=False)
router.register("loyalty/campaigns", CampaignViewSet, basename="campaign")
for name, parts in (("windows", WindowViewSet), ("mailings", MailingViewSet), ("gifts", GiftViewSet)):
    router.register(f"loyalty/campaigns/<int:campaign_pk>/{name}", parts, basename=f"campaign-{name}")

urlpatterns = [
    path("loyalty/members/", views.Enrol.as_view(), name="api-loyalty-enrol"),
    path("loyalty/members/<int:pk>/close/", views.Close.as_view(), name="api-loyalty-close"),
    path("loyalty/members/<int:pk>/reopen/", views.Reopen.as_view(), name="api-loyalty-reopen"),
    path("loyalty/balance/", views.Balance.as_view(), name="api-loyalty-balance"),
    path("loyalty/receipts/", views.Receipts.as_view(), name="api-loyalty-receipts"),
    path("loyalty/receipts/<int:pk>/", views.Trace.as_view(), name="api-loyalty-trace"),
    path("loyalty/returns/", views.Returns.as_view(), name="api-loyalty-returns"),
    path("loyalty/rewards/", views.Spend.as_view(), name="api-loyalty-spend"),
    path("loyalty/rewards/<int:pk>/back/", views.TurnBack.as_view(), name="api-loyalty-turn-back"),
    path("loyalty/rewards/<int:pk>/redeem/", views.Redeem.as_view(), name="api-loyalty-redeem"),
    path("loyalty/rewards/<int:pk>/undo/", views.UndoRedeem.as_view(), name="api-loyalty-undo"),
    *router.urls,
]
