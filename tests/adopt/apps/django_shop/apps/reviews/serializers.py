from rest_framework import serializers

from apps.reviews.models import Review


class ReviewSerializer(serializers.ModelSerializer):
    class Meta:
        model = Review
        fields = ["id", "product", "author", "stars", "text", "is_public", "created_at"]
        read_only_fields = ["id", "author", "created_at"]
