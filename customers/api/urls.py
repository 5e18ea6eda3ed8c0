from rest_framework.routers import SimpleRouter

from customers.api.views import CustomerViewSet, SubscriptionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("customers", CustomerViewSet, basename="customer")
router.register("subscriptions", SubscriptionViewSet, basename="subscription")
urlpatterns = router.urls
