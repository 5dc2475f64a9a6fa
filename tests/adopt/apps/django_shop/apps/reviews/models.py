import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.products.models import Product


class Review(models.Model):
    """A table of Django's own, in its own schema."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    author = models.UUIDField(editable=False, db_index=True)
    stars = models.SmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(max_length=2000, blank=True)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "reviews"
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["product", "author"], name="one review of a product a person"),
            models.CheckConstraint(condition=models.Q(stars__range=(1, 5)), name="stars are 1 to 5"),
        ]
