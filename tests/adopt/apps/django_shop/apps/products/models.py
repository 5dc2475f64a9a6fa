import uuid

from django.db import models
from django.db.models.functions import Now


class Category(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "categories"


class Product(models.Model):
    """A product of the shop: the table is Supabase's, so are its policies."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    category = models.ForeignKey(Category, on_delete=models.PROTECT)
    sku = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    stock = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)
    # PostgreSQL alone writes these.
    is_in_stock = models.GeneratedField(
        expression=models.Q(stock__gt=0), output_field=models.BooleanField(), db_persist=True
    )
    created_at = models.GeneratedField(expression=Now(), output_field=models.DateTimeField(), db_persist=True)

    class Meta:
        managed = False
        db_table = "products"
        ordering = ["-created_at", "id"]
