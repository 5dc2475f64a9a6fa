from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"

    def ready(self):
        from apps.users import rls  # noqa: F401  registers the check
