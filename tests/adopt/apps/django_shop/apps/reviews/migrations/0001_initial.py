import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from apps.users.rls import secured

OWN = "(author = (select auth.uid()))"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("products", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("author", models.UUIDField(db_index=True, editable=False)),
                (
                    "stars",
                    models.SmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ]
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=2000)),
                ("is_public", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "product",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="products.product"),
                ),
            ],
            options={"db_table": "reviews", "ordering": ["-created_at", "id"]},
        ),
        migrations.AddConstraint(
            "review",
            models.UniqueConstraint(fields=("product", "author"), name="one review of a product a person"),
        ),
        migrations.AddConstraint(
            "review", models.CheckConstraint(condition=models.Q(("stars__range", (1, 5))), name="stars are 1 to 5")
        ),
        secured(
            "reviews",
            ("visitors read public reviews", "for select to anon using (is_public)"),
            ("people read public reviews and their own", f"for select to authenticated using (is_public or {OWN})"),
            ("people write their own reviews", f"for insert to authenticated with check {OWN}"),
            ("people change their own reviews", f"for update to authenticated using {OWN} with check {OWN}"),
            ("people delete their own reviews", f"for delete to authenticated using {OWN}"),
        ),
        migrations.RunSQL(
            "grant select on reviews to anon; grant select, insert, update, delete on reviews to authenticated",
            "revoke all on reviews from anon, authenticated",
        ),
    ]
