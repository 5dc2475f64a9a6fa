from django.db import models
from django.db.models.functions import Now


class User(models.Model):
    """A person: the profile that Supabase Auth and the gateway know. Passwords are Auth's."""

    id = models.UUIDField(primary_key=True)
    email = models.EmailField(null=True)
    phone = models.CharField(max_length=16, null=True)
    display_name = models.CharField(max_length=200, null=True)
    created_at = models.GeneratedField(expression=Now(), output_field=models.DateTimeField(), db_persist=True)
    updated_at = models.GeneratedField(expression=Now(), output_field=models.DateTimeField(), db_persist=True)

    is_authenticated = True
    is_anonymous = False

    class Meta:
        managed = False
        db_table = "profiles"
        ordering = ["-created_at"]
