"""`tidegate-migrate`: what is pending, and the passwords of the two logins."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

import pytest

from gateway.migrations.__main__ import main
from gateway.migrations.runner import pending, read_migrations
from tests.support import Database, ScratchCluster

PASSWORD = "a / password: with @ signs, quotes ' and %"
ENCODED = "a%20%2F%20password%3A%20with%20%40%20signs%2C%20quotes%20%27%20and%20%25"


@pytest.fixture
def empty(cluster: ScratchCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    database = cluster.empty()
    monkeypatch.setenv("DATABASE_URL", database.url)
    yield database
    with database.connect("supabase_admin") as admin:
        for login in ("tidegate_gateway", "tidegate_worker"):
            admin.execute(f"alter role {login} password null")
    cluster.drop(database)


def stored_password(database: Database, login: str) -> str | None:
    with database.connect("supabase_admin") as admin:
        row = admin.execute("select rolpassword from pg_authid where rolname = %s", (login,)).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


def test_it_prepares_a_database_and_does_it_again(
    empty: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"postgresql://tidegate_gateway.project:{ENCODED}@pooler.example:6543/postgres"
    monkeypatch.setenv("GATEWAY_DATABASE_URL", url)
    monkeypatch.delenv("WORKER_DATABASE_URL", raising=False)
    assert main(["--check"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        *(f"would apply {migration.path.name}" for migration in read_migrations()),
        "would set the password of tidegate_gateway",
    ]
    assert pending(empty.url) == read_migrations()
    assert stored_password(empty, "tidegate_gateway") is None
    assert main([]) == 0
    assert pending(empty.url) == []
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [f"{len(read_migrations())} migrations applied", "set the password of tidegate_gateway"]
    # As a log of statements may show it: PostgreSQL's own form, from which the password cannot be read.
    kept = stored_password(empty, "tidegate_gateway")
    assert kept is not None
    assert kept.startswith("SCRAM-SHA-256$")
    assert stored_password(empty, "tidegate_worker") is None
    assert main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "every migration is applied",
        "set the password of tidegate_gateway",
    ]
    assert stored_password(empty, "tidegate_gateway") != kept  # another salt


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/postgres", "cannot connect"),
        ("WORKER_DATABASE_URL", "postgresql://postgres:secret@db/postgres", "a URL of tidegate_worker"),
        ("WORKER_DATABASE_URL", "postgresql://tidegate_worker@db/postgres", "a URL of tidegate_worker"),
        ("GATEWAY_PORT", "many", "GATEWAY_PORT is not valid"),
    ],
)
def test_it_says_what_is_wrong(  # noqa: PLR0917  fixtures and cases
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv(name, value)
    assert main(["--check"]) == 1
    assert words in capsys.readouterr().err


def test_a_role_that_may_not_is_refused(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url_for("tidegate_worker"))
    monkeypatch.setenv("WORKER_DATABASE_URL", "postgresql://tidegate_worker:secret@db/postgres")
    assert main([]) == 1
    assert "42501" in capsys.readouterr().err


def test_the_password_is_the_one_of_the_url(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of the tests trusts everybody: what it keeps is compared with what it makes itself of the password."""
    monkeypatch.setenv("WORKER_DATABASE_URL", f"postgresql://tidegate_worker:{ENCODED}@db/postgres")
    monkeypatch.delenv("GATEWAY_DATABASE_URL", raising=False)
    assert main([]) == 0
    kept = stored_password(empty, "tidegate_worker")
    assert kept is not None
    assert verifies(kept, PASSWORD)


def verifies(kept: str, password: str) -> bool:
    """Whether a SCRAM verifier is of this password (RFC 5803)."""
    _, parameters, keys = kept.split("$")
    iterations, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client = hmac.digest(salted, b"Client Key", "sha256")
    return base64.b64encode(hashlib.sha256(client).digest()).decode() == keys.split(":")[0]
