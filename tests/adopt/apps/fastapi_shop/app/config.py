import os
from dataclasses import dataclass, field

from sqlalchemy import URL


def _list(name):
    return [value for value in os.environ.get(name, "").split(",") if value]


@dataclass(frozen=True)
class Settings:
    """From the environment, read once."""

    identity_name: str = field(default_factory=lambda: os.environ.get("SHOP_NAME", "shop"))
    identity_secret: str = field(default_factory=lambda: os.environ["SHOP_SECRET"], repr=False)
    hosts: list[str] = field(default_factory=lambda: _list("ALLOWED_HOSTS"))
    cors_origins: list[str] = field(default_factory=lambda: _list("CORS_ALLOWED_ORIGINS"))

    @property
    def database_url(self):
        return URL.create(
            "postgresql+psycopg",
            username=os.environ.get("DB_USER", "shop_fastapi"),
            password=os.environ.get("DB_PASSWORD"),
            host=os.environ.get("DB_HOST", "localhost"),
            port=int(os.environ.get("DB_PORT", "5432")),
            database=os.environ.get("DB_NAME", "postgres"),
        )
