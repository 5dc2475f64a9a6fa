from rest_framework import serializers

from apps.products.models import Category, Product


class ProductSerializer(serializers.ModelSerializer):
    category = serializers.SlugRelatedField("slug", queryset=Category.objects.all())
    stock = serializers.IntegerField(min_value=0, default=0)

    class Meta:
        model = Product
        fields = [
            "id",
            "category",
            "sku",
            "name",
            "description",
            "price",
            "currency",
            "stock",
            "is_in_stock",
            "is_active",
            "created_at",
        ]
        read_only_fields = ["id", "is_in_stock", "created_at"]

    def validate_price(self, value):
        if value <= 0:
            raise serializers.ValidationError("Price must be positive.")
        return value


class PurchaseSerializer(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=1, max_value=1000, default=1)
