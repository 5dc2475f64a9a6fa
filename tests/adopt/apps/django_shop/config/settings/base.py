import os

SECRET_KEY = os.environ["SECRET_KEY"]
IDENTITY_NAME = os.environ.get("SHOP_NAME", "shop")  # what UPSTREAMS calls it
IDENTITY_SECRET = os.environ["SHOP_SECRET"]
FORCE_SCRIPT_NAME = os.environ.get("PUBLIC_PATH")  # /app/shop, where the gateway has it
ROOT_URLCONF = "config.urls"
USE_TZ = True

INSTALLED_APPS = ["rest_framework", "corsheaders", "apps.users", "apps.products", "apps.reviews"]
MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "apps.users.caller.CallerMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("DB_NAME", "postgres"),
        "USER": os.environ.get("DB_USER", "shop_django"),
        "PASSWORD": os.environ.get("DB_PASSWORD", ""),
        "HOST": os.environ.get("DB_HOST", "localhost"),
        "PORT": os.environ.get("DB_PORT", "5432"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # a transaction pooler has none
    }
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.users.authentication.IdentityAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "apps.users.exceptions.handler",
    "PAGE_SIZE": 20,
    "UNAUTHENTICATED_USER": None,
}
