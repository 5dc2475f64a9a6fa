"""Settings: everything wrong is said at once, production wants real secrets, no secret is shown."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gateway.config.destinations import destinations
from gateway.config.loading import SettingsError, load_settings
from gateway.config.settings import Settings, describe_settings
from gateway.local.paths import REPOSITORY

GOOD = {
    "SUPABASE_URL": "https://abcdefgh.supabase.co/",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_abc",
    "GATEWAY_DATABASE_URL": "postgresql://tidegate_gateway:kQ7vX2pLw9ZtR4mB@db.example.org:6543/postgres",
    "WORKER_DATABASE_URL": "postgresql://tidegate_worker.abcdefgh:kQ7vX2pLw9ZtR4mB@db.example.org:6543/postgres",
}
ENCRYPTED = {name: f"{GOOD[name]}?sslmode=require" for name in ("GATEWAY_DATABASE_URL", "WORKER_DATABASE_URL")}
PRODUCTION = {**GOOD, **ENCRYPTED, "ENVIRONMENT": "production"}


def jwt_with(**claims: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    yield monkeypatch


def set_all(environment: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        environment.setenv(name, value)


def problems(environment: pytest.MonkeyPatch, values: dict[str, str]) -> list[str]:
    set_all(environment, values)
    with pytest.raises(SettingsError) as refusal:
        load_settings("gateway")
    return refusal.value.problems


@pytest.mark.parametrize(
    ("resilience", "words"),
    [
        ("{", "must be JSON"),
        ("[]", "valid dictionary"),
        ('{"embedder": 3}', "EMBEDDER is not valid"),
        ('{"embedders": {}}', "none of database"),
        ('{"embedder": {"retries": 3}}', "none of attempts"),
        ('{"embedder": {"name": 3}}', "none of attempts"),
        ('{"embedder": {"attempts": "three"}}', "valid number"),
        ('{"embedder": {"attempts": true}}', "valid number"),
        ('{"embedder": {"attempts": 2.7}}', "must be whole"),
        ('{"embedder": {"attempts": 1e999}}', "finite"),
        ('{"embedder": {"window": 1e300}}', "below 1e+06"),
        ('{"embedder": {"attempts": 0}}', "above 0"),
        ('{"embedder": {"reset_s": NaN}}', "finite"),
        ('{"embedder": {"reset_s": Infinity}}', "finite"),
        ('{"embedder": {"backoff_s": -1}}', "0 or more"),
        ('{"embedder": {"retry_ratio": -0.1}}', "0 or more"),
        ('{"embedder": {"retries_per_s": -1}}', "0 or more"),
        ('{"embedder": {"slow_s": 0}}', "above 0"),
        ('{"embedder": {"failure_rate_to_open": 1.1}}', "at most 1"),
        ('{"embedder": {"timeout_s": 2}}', "EMBEDDER_TIMEOUT_S"),
    ],
)
def test_what_calls_cannot_follow_is_refused(environment: pytest.MonkeyPatch, resilience: str, words: str) -> None:
    for settings in (GOOD, PRODUCTION):
        (problem,) = problems(environment, {**settings, "RESILIENCE": resilience})
        assert words in problem


@pytest.mark.parametrize("resilience", ["", " ", "{}", '{"storage": {"timeout_s": 5, "concurrency": 2}}'])
def test_what_calls_can_follow_is_read(environment: pytest.MonkeyPatch, resilience: str) -> None:
    set_all(environment, {**GOOD, "RESILIENCE": resilience, "REQUEST_TIMEOUT_S": "0.5"})
    settings = load_settings("gateway")
    how = settings.policies
    assert how.storage.timeout_s == (5 if "5" in resilience else 60)
    # What a request waits for is given up with it.
    assert (how.database.timeout_s, how.data_api.timeout_s, how.payment.timeout_s) == (0.5, 0.5, 10)


@pytest.mark.parametrize(
    ("upstreams", "words"),
    [
        ("[]", "valid dictionary"),
        ('{"Shop": "http://shop.internal"}', "is no name"),
        ('{"../v1": "http://shop.internal"}', "is no name"),
        ('{"shop": "ftp://shop.internal"}', "http:// or https://"),
        ('{"shop": "http://anna:secret@shop.internal"}', "no more than a scheme, a host, a port and a path"),
        ('{"shop": "http://shop.internal/?a=b"}', "no more than"),
        ('{"shop": "http://shop.internal:99999"}', "Port out of range"),
        ('{"shop": {"url": "http://shop.internal", "retries": 3}}', "Extra inputs"),
        ('{"shop": {"url": "http://shop.internal", "health": "healthz"}}', "pattern"),
        ('{"shop": "http://localhost:8000"}', "the gateway's own address"),
    ],
)
def test_applications_that_cannot_be_asked_are_refused(
    environment: pytest.MonkeyPatch, upstreams: str, words: str
) -> None:
    for settings in (GOOD, PRODUCTION):
        (problem,) = problems(environment, {**settings, "UPSTREAMS": upstreams})
        assert problem.startswith("UPSTREAMS")
        assert words in problem


def test_an_application_is_asked_over_no_open_network(environment: pytest.MonkeyPatch) -> None:
    both = {"UPSTREAMS": '{"shop": "http://shop.example.org", "inner": "http://10.0.0.5:8000"}'}
    secrets = {"UPSTREAM_SECRETS": '{"shop": "short", "other": "k3JQ9vX2pLw7ZtR4mB6nYcH8sDfGa1Ue"}'}
    found = problems(environment, {**PRODUCTION, **both, **secrets})
    assert found == [
        "UPSTREAM_SECRETS has one for other, which UPSTREAMS does not name.",
        "UPSTREAM_SECRETS has a secret for shop of fewer than 32 characters.",
        "UPSTREAMS has no https for shop, which is not in a network of your own.",
    ]


def test_an_application_is_named_where_settings_are_checked(environment: pytest.MonkeyPatch) -> None:
    upstreams = '{"shop": "http://10.0.0.5:8000", "old": {"url": "https://old.example/site/", "stale_s": 60}}'
    set_all(environment, {**PRODUCTION, "UPSTREAMS": upstreams})
    lines = destinations(load_settings("gateway"), "gateway")
    assert [line.split() for line in lines if line.startswith("/app/")] == [
        ["/app/shop/", "http://10.0.0.5:8000"],
        ["/app/old/", "https://old.example/site"],
    ]


def test_memory_for_uploads_that_holds_no_whole_body_is_refused(environment: pytest.MonkeyPatch) -> None:
    (problem,) = problems(environment, {**GOOD, "UPLOAD_MEMORY_MB": "9"})
    assert problem.startswith("UPLOAD_MEMORY_MB is less than one body may have")


@pytest.mark.parametrize("base", [GOOD, PRODUCTION])
def test_good_settings_are_read(environment: pytest.MonkeyPatch, base: dict[str, str]) -> None:
    set_all(environment, {**base, "CORS_ORIGINS": "https://a.example, https://b.example", "EMBEDDER_URL": ""})
    settings = load_settings("gateway")
    assert settings.supabase_url == "https://abcdefgh.supabase.co"
    assert settings.cors_origins == ["https://a.example", "https://b.example"]
    assert settings.embedder_url is None
    assert "kQ7vX2pLw9ZtR4mB" not in repr(settings)
    load_settings("worker")


@pytest.mark.parametrize(
    "place",
    [
        "@db.example.org/postgres?sslmode=verify-full&sslrootcert=/etc/ca.crt",
        "@127.0.0.1:6432/postgres",
        "@[::1]:6432/postgres",
        "@localhost/postgres",
        "@/postgres?host=/run/postgresql",
        "@%2Frun%2Fpostgresql/postgres",
        "@pgbouncer:6432/postgres?sslmode=disable",
        "@10.0.0.7,10.0.0.8/postgres?sslmode=disable",
        "@pgbouncer.tidegate.svc:6432/postgres?sslmode=disable",
    ],
)
def test_production_takes_tls_or_a_place_where_nobody_listens(environment: pytest.MonkeyPatch, place: str) -> None:
    url = f"postgresql://tidegate_gateway:kQ7vX2pLw9ZtR4mB{place}"
    set_all(environment, {**PRODUCTION, "GATEWAY_DATABASE_URL": url})
    load_settings("gateway")


@pytest.mark.parametrize("origin", ["https://shop.example/", "HTTPS://Shop.Example"])
def test_an_origin_is_read_as_browsers_write_it(environment: pytest.MonkeyPatch, origin: str) -> None:
    set_all(environment, {**GOOD, "CORS_ORIGINS": f"{origin}, http://localhost:3000"})
    assert load_settings("gateway").cors_origins == ["https://shop.example", "http://localhost:3000"]


@pytest.mark.parametrize(
    ("given", "drain_s"),
    [
        ({}, 0),
        ({"SHUTDOWN_DRAIN_S": "3"}, 3),
        ({"ENVIRONMENT": "production"}, 10),
        ({"ENVIRONMENT": "production", "SHUTDOWN_DRAIN_S": "0"}, 0),
    ],
)
def test_production_drains(environment: pytest.MonkeyPatch, given: dict[str, str], drain_s: float) -> None:
    set_all(environment, {**GOOD, **ENCRYPTED, **given})
    assert load_settings("gateway").drain_s == drain_s


def test_everything_missing_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    found = problems(environment, {"AUTH_ALGORITHMS": "HS256", "EMBEDDER": "openai", "GATEWAY_PORT": "many"})
    wanted = [
        "GATEWAY_PORT",
        "GATEWAY_DATABASE_URL",
        "SUPABASE_URL",
        "SUPABASE_PUBLISHABLE_KEY",
        "SUPABASE_JWT_SECRET",
        "EMBEDDER_URL",
        "EMBEDDER_MODEL",
        "EMBEDDER_DIMENSIONS",
    ]
    assert [problem.split(" ")[0] for problem in found] == wanted


def test_the_worker_wants_its_own_database_only(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="WORKER_DATABASE_URL is not set") as refusal:
        load_settings("worker")
    assert len(refusal.value.problems) == 1


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GATEWAY_DATABASE_URL", "postgresql://tidegate_gateway@db/postgres?sslmode=disable", "has no password"),
        (
            "GATEWAY_DATABASE_URL",
            "postgresql://tidegate_gateway:short@db/postgres?sslmode=disable",
            "fewer than 16 characters",
        ),
        (
            "GATEWAY_DATABASE_URL",
            "postgresql://tidegate_gateway:postgres@db/postgres?sslmode=disable",
            "published as an example",
        ),
        (
            "GATEWAY_DATABASE_URL",
            "postgresql://tidegate_gateway:your-super-secret-and-long-postgres-password@db/postgres?sslmode=disable",
            "published as an example",
        ),
        (
            "GATEWAY_DATABASE_URL",
            "postgresql://tidegate_gateway:aaaaaaaaaaaaaaaaaaaa@db/postgres?sslmode=disable",
            "different characters",
        ),
        (
            "GATEWAY_DATABASE_URL",
            "postgresql://postgres.ref:kQ7vX2pLw9ZtR4mB@db/postgres?sslmode=disable",
            "logs in as postgres",
        ),
        ("GATEWAY_DATABASE_URL", "host=db password=kQ7vX2pLw9ZtR4mB", "must be an address"),
        ("GATEWAY_DATABASE_URL", "postgresql://[bad", "is not an address"),
        ("GATEWAY_DATABASE_URL", f"{GOOD['GATEWAY_DATABASE_URL']}", "does not demand TLS"),
        ("GATEWAY_DATABASE_URL", f"{GOOD['GATEWAY_DATABASE_URL']}?sslmode=prefer", "does not demand TLS"),
        ("GATEWAY_DATABASE_URL", f"{GOOD['GATEWAY_DATABASE_URL']}?sslmode=disable", "does not demand TLS"),
        ("REPLICA_DATABASE_URL", GOOD["GATEWAY_DATABASE_URL"], "does not demand TLS"),
        ("SUPABASE_OTHER_KEYS", "sb_publishable_b,sb_secret_abc", "is a secret key"),
        ("GATEWAY_PUBLIC_URL", "https://example.com/v1", "begins with one of the gateway's"),
        ("CORS_ORIGINS", "https://shop.example/checkout", "without a path"),
        ("RATE_LIMIT_STORAGE", "memcached://cache", "redis://"),
        ("AUTH_ALGORITHMS", "none", "is not valid"),
        ("AUTH_ALGORITHMS", "", "is not valid"),
        ("SUPABASE_URL", "http://abcdefgh.supabase.co", "is not https"),
        ("SUPABASE_URL", "abcdefgh.supabase.co", "begins with http"),
        ("SUPABASE_PUBLISHABLE_KEY", jwt_with(iss="supabase-demo", role="anon"), "public demonstration"),
        ("SUPABASE_PUBLISHABLE_KEY", jwt_with(iss="supabase", role="service_role"), "is a secret key"),
        ("SUPABASE_PUBLISHABLE_KEY", "sb_secret_abc", "is a secret key"),
    ],
)
def test_production_refuses(environment: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    (problem,) = problems(environment, {**PRODUCTION, name: value})
    assert problem.startswith(name)
    assert words in problem


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "is not set"),
        ("too short", "fewer than 32 characters"),
        ("super-secret-jwt-token-with-at-least-32-characters-long", "published as an example"),
        ("your-super-secret-jwt-token-with-at-least-32-characters-long", "published as an example"),
        ("ab" * 30, "different characters"),
    ],
)
def test_production_refuses_weak_jwt_secrets(environment: pytest.MonkeyPatch, secret: str, words: str) -> None:
    (problem,) = problems(environment, {**PRODUCTION, "AUTH_ALGORITHMS": "HS256", "SUPABASE_JWT_SECRET": secret})
    assert words in problem


def test_production_does_not_send_a_key_in_the_clear(environment: pytest.MonkeyPatch) -> None:
    endpoint = {
        "EMBEDDER": "openai",
        "EMBEDDER_URL": "http://models/v1",
        "EMBEDDER_MODEL": "m",
        "EMBEDDER_DIMENSIONS": "8",
    }
    (problem,) = problems(environment, {**PRODUCTION, **endpoint, "EMBEDDER_API_KEY": "k"})
    assert problem.startswith("EMBEDDER_URL is not https")


def test_the_process_says_it_and_exits_with_2() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        **PRODUCTION,
        "GATEWAY_DATABASE_URL": "postgresql://u:hush-hush@localhost/x",
    }
    run = subprocess.run(
        [sys.executable, "-m", "gateway.app"],
        check=False,
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 2
    assert run.stderr.splitlines() == [
        "The gateway cannot start:",
        "  - GATEWAY_DATABASE_URL has a password of fewer than 16 characters.",
    ]
    assert run.stdout == ""


def test_every_setting_is_described() -> None:
    described = describe_settings()
    assert len(described) == len(Settings.model_fields)
    assert all(description.endswith(".") for _, _, description in described)
    assert ("GATEWAY_PORT", "8000", "Port the gateway listens on.") in described


@pytest.mark.parametrize("program", [["gateway.app", "--check"], ["gateway.worker", "check"]])
def test_a_check_says_what_would_be_used_and_touches_nothing(program: list[str]) -> None:
    """No connection is made and no port opened: an audit hook ends a process that tries."""
    hook = (
        "import os, runpy, sys\n"
        "def audit(event, of):\n"
        "    binds = event == 'socket.bind' and of[1][1] != 0\n"  # to port 0: a library asks whether there is IPv6
        "    if binds or event in ('socket.connect', 'socket.getaddrinfo'): os._exit(9)\n"
        "sys.addaudithook(audit)\n"
        "module, sys.argv = sys.argv[1], sys.argv[1:]\n"
        "runpy.run_module(module, run_name='__main__')\n"
    )
    more = {"LLM_URL": "https://models.example/v1", "LLM_MODEL": "m", "RATE_LIMIT_STORAGE": "rediss://:hush@redis:6379"}
    run = subprocess.run(
        [sys.executable, "-c", hook, *program],
        check=False,
        env={"PATH": os.environ["PATH"], **PRODUCTION, **more},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (run.returncode, run.stderr) == (0, "")
    lines = {line[2:16].strip(): line[17:] for line in run.stdout.splitlines()[1:]}
    process = "gateway" if program[0] == "gateway.app" else "worker"
    assert lines["database"].startswith("db.example.org:6543/postgres as tidegate_" + process)
    assert lines["database"].endswith(", sslmode=require")
    assert lines["embedder"] == "onnx in the process"
    if process == "gateway":
        assert (lines["llm"], lines["shared rates"]) == ("https://models.example/v1, model m", "redis:6379")
        assert lines["project"] == "https://abcdefgh.supabase.co"
    assert "kQ7vX2pLw9ZtR4mB" not in run.stdout
    assert "hush" not in run.stdout


def test_a_check_finds_what_fits_together_badly() -> None:
    environment = {"PATH": os.environ["PATH"], **PRODUCTION, "REPLICA_DATABASE_URL": "postgresql://db/x?port=none"}
    run = subprocess.run(
        [sys.executable, "-m", "gateway.app", "--check"],
        check=False,
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("The gateway cannot start:\n  - ")
