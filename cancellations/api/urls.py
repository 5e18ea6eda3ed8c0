from rest_framework.routers import SimpleRouter

from cancellations.api.cases import CaseViewSet, OfferViewSet
from cancellations.api.engine import BeliefViewSet, DecisionViewSet, ModelViewSet

router = SimpleRouter(use_regex_path=False)
router.register("cancellations", CaseViewSet, basename="api-cancellations")
router.register("offers", OfferViewSet, basename="api-offers")
router.register("decisions", DecisionViewSet, basename="api-decisions")
router.register("beliefs", BeliefViewSet, basename="api-beliefs")
router.register("learned-models", ModelViewSet, basename="api-models")
urlpatterns = router.urls
