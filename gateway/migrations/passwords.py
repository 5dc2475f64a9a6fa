"""The passwords of the logins, which PostgreSQL is given as it keeps them: nobody reads them in its log."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from psycopg import sql
from pydantic import SecretStr

from gateway.config.settings import Settings
from gateway.migrations.errors import PreparationError
from gateway.migrations.runner import connect

LOGINS = {"gateway_database_url": "tidegate_gateway", "worker_database_url": "tidegate_worker"}


def passwords_of(settings: Settings) -> dict[str, str]:
    """By login: the password in the URL that its process will use. PreparationError for a URL of another login."""
    found = {}
    for name, login in LOGINS.items():
        url: SecretStr | None = getattr(settings, name)
        if url is None:
            continue
        parts = urlsplit(url.get_secret_value())
        # A pooler's user name carries the project: tidegate_gateway.abcdefgh.
        if unquote(parts.username or "").partition(".")[0] != login or not parts.password:
            raise PreparationError(f"{name.upper()} has to be a URL of {login} with its password.")
        found[login] = unquote(parts.password)
    return found


def set_passwords(url: str, passwords: Mapping[str, str]) -> None:
    """Give each of the named roles its password, as a role that may."""
    with connect(url) as connection:
        for role, password in passwords.items():
            kept = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            # A utility statement takes no bound parameters: the literal is quoted by the driver.
            statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(kept))
            connection.execute(statement)
