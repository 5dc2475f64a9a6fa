from django.urls import include, path
from rest_framework.routers import DefaultRouter

from apps.products.views import ProductViewSet
from apps.reviews.views import ReviewViewSet
from apps.users.views import me

router = DefaultRouter()
router.register("products", ProductViewSet)
router.register("reviews", ReviewViewSet)
urlpatterns = [path("api/", include(router.urls)), path("api/me/", me)]
