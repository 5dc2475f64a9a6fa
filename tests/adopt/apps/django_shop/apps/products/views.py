import json

from django.db import connection
from rest_framework import permissions, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from apps.products.models import Product
from apps.products.serializers import ProductSerializer, PurchaseSerializer


class ProductViewSet(viewsets.ModelViewSet):
    """Products. Which of them there are, and who may change them, the policies say."""

    queryset = Product.objects.select_related("category")
    serializer_class = ProductSerializer

    def get_queryset(self):
        category = self.request.query_params.get("category")
        return self.queryset.filter(category__slug=category) if category else self.queryset.all()

    def perform_destroy(self, instance):
        deleted, _ = Product.objects.filter(pk=instance.pk).delete()
        if not deleted:  # a policy leaves the row out
            raise PermissionDenied

    @action(detail=True, methods=["post"], permission_classes=[permissions.IsAuthenticated])
    def purchase(self, request, pk=None):
        """Buy some. The function locks the row, so that the last one is sold once."""
        asked = PurchaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        key = request.headers.get("Idempotency-Key")
        with connection.cursor() as cursor:
            cursor.execute(
                "select public.purchase(%s::uuid, %s, %s)", [pk, asked.validated_data["quantity"], key]
            )
            (order,) = cursor.fetchone()
        return Response(json.loads(order), status=201)
