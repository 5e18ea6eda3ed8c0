from rest_framework.routers import SimpleRouter

from cancellations.api.cases import CaseViewSet, OfferViewSet

router = SimpleRouter(use_regex_path=False)
router.register("cancellations", CaseViewSet, basename="api-cancellations")
router.register("offers", OfferViewSet, basename="api-offers")
urlpatterns = router.urls
