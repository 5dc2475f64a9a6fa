"""The rules of the tree, asserted on the code itself: who may import what, and that imports do nothing."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

import pytest

from gateway.database.queries import DIRECTORY, names, query
from gateway.local.paths import REPOSITORY

PACKAGE = REPOSITORY / "gateway"
# Processes of their own, which have their own rules: they start, provision and feed databases.
OTHER_PROCESSES = ("embedding_models/", "local/", "migrations/", "worker/")

ALLOWED = {
    "pybreaker": ("resilience/breaker.py",),
    "tenacity": ("resilience/pipeline.py", "worker/backoff.py"),
    "psycopg": ("database/", *OTHER_PROCESSES),
    "psycopg_pool": ("database/", *OTHER_PROCESSES),
    "fastapi": (
        "answers/chat_routes.py",
        "answers/routes.py",
        "app/",
        "documents/routes.py",
        "http/dependencies.py",
        "http/openapi.py",
        "http/problems.py",
        "http/public_cache.py",
        "mcp/routes.py",
        "recommendations/routes.py",
        "search/embedding_routes.py",
        "search/routes.py",
        "status/routes.py",
    ),
    # Supabase's libraries speak it; all else speaks httpx2.
    "httpx": ("clients/data_api.py", "clients/storage.py", "clients/transport.py", "local/"),
    "postgrest": ("clients/data_api.py", "local/"),
    "storage3": ("clients/storage.py", "local/"),
    "httpx2": (
        "adopt/proof/",
        "app/",
        "auth/jwks.py",
        "clients/",
        "embeddings/",
        "evaluation/",
        *OTHER_PROCESSES,
    ),
    "uvicorn": (
        "app/__main__.py",
        "app/draining.py",
        "http/server_protocol.py",
        "http/connection.py",
        "http/connection_gate.py",
        "http/streaming.py",
    ),
    "httpcore2": ("clients/upstream_answer.py", "clients/upstream_body.py"),
    "onnxruntime": ("embeddings/",),
    "tokenizers": ("chunking/", "embeddings/", *OTHER_PROCESSES),
    "redis": ("admission/shared.py",),
    "mcp": ("mcp/endpoint.py", "mcp/server.py"),
    "opentelemetry": ("adopt/injected/", "adopt/proof/", "clients/http.py", "observability/", "resilience/"),
    "sentry_sdk": ("adopt/injected/", "observability/reports.py"),
    # The confined process alone reads files.
    "liteparse": ("ingestion/readers/",),
    "python_calamine": ("ingestion/readers/",),
    "py3langid": ("worker/embedding/languages.py",),
    "charset_normalizer": ("ingestion/decoding.py",),
    "jwt": ("auth/", *OTHER_PROCESSES),
}
# What each place may import of the package, from the ground up: dependencies point one way. The capabilities stand side
# by side and import none of each other, but for answers, which are made of searches; `app/` alone knows them all. The
# longest place that fits holds.
GROUND = ("gateway.errors", "gateway.resilience")
CAPABILITY = (
    *(*GROUND, "gateway.auth", "gateway.clients", "gateway.database", "gateway.http"),
    *("gateway.language_tags", "gateway.products"),
)
LOOP = (
    "gateway.database",
    "gateway.resilience.spans",
    "gateway.worker.backoff",
    "gateway.worker.metrics",
    "gateway.worker.reconnect",
    "gateway.worker.session",
)
LOWER: dict[str, tuple[str, ...]] = {
    "errors.py": (),
    "language_tags.py": (),
    "products.py": (),
    "resilience/": ("gateway.resilience",),
    "config/": ("gateway.config", "gateway.resilience"),
    "auth/": (*GROUND, "gateway.auth"),
    "admission/": (*GROUND, "gateway.admission"),
    "clients/": (*GROUND, "gateway.clients"),
    "database/": (*GROUND, "gateway.database"),
    "database/backends.py": (*GROUND, "gateway.auth", "gateway.clients", "gateway.database"),
    # A tool of its own. What it injects is the gateway's own resilience, as far as that needs nothing else.
    "adopt/": ("gateway.adopt", "gateway.ingestion.seccomp"),
    "adopt/injected/": (
        "gateway.adopt.injected",
        "gateway.observability.scrubbing",
        "gateway.resilience.breaker",
        "gateway.resilience.deadline",
        "gateway.resilience.errors",
        "gateway.resilience.policy",
        "gateway.resilience.token_bucket",
    ),
    "embeddings/": ("gateway.config.embedder", "gateway.embeddings"),
    "chunking/": ("gateway.chunking", "gateway.embeddings"),
    "ingestion/": ("gateway.ingestion",),
    "observability/": ("gateway.config", "gateway.observability", "gateway.resilience"),
    "http/": (*GROUND, "gateway.admission", "gateway.auth", "gateway.http"),
    "search/": (*CAPABILITY, "gateway.embeddings", "gateway.search"),
    "answers/": (*CAPABILITY, "gateway.answers", "gateway.chunking", "gateway.search"),
    "evaluation/": ("gateway.answers.typography", "gateway.evaluation"),
    "documents/": (*CAPABILITY, "gateway.documents"),
    "recommendations/": (*CAPABILITY, "gateway.recommendations"),
    "reading/": (*CAPABILITY, "gateway.reading"),
    "upstreams/": (*CAPABILITY, "gateway.admission", "gateway.upstreams"),
    "status/": (*CAPABILITY, "gateway.status"),
    # Offers the others to chat clients.
    "mcp/": (
        *CAPABILITY,
        "gateway.answers",
        "gateway.mcp",
        "gateway.reading",
        "gateway.recommendations",
        "gateway.search",
    ),
    "embedding_models/": (
        "gateway.chunking",
        "gateway.config",
        "gateway.database",
        "gateway.embedding_models",
        "gateway.embeddings",
    ),
    "why/": (
        *GROUND,
        "gateway.auth",
        "gateway.config",
        "gateway.database",
        "gateway.embeddings",
        "gateway.search",
        "gateway.why",
    ),
    "worker/": (
        "gateway.chunking",
        "gateway.clients",
        "gateway.config",
        "gateway.database",
        "gateway.embeddings",
        "gateway.ingestion",
        "gateway.observability",
        "gateway.resilience",
        "gateway.worker",
    ),
    "worker/embedding/": (*LOOP, "gateway.chunking", "gateway.embeddings", "gateway.worker.embedding"),
    "worker/payments/": (
        *LOOP,
        "gateway.clients",
        "gateway.config",
        "gateway.resilience",
        "gateway.worker.payments",
    ),
    "worker/maintenance/": (*LOOP, "gateway.worker.maintenance"),
    "worker/ingestion/": (
        *LOOP,
        "gateway.chunking",
        "gateway.clients",
        "gateway.ingestion",
        "gateway.resilience",
        "gateway.worker.ingestion",
    ),
    "worker/session.py": ("gateway.database",),
    "worker/backoff.py": (),
    "worker/metrics.py": ("gateway.resilience",),
    "worker/reconnect.py": (
        "gateway.database",
        "gateway.worker.backoff",
        "gateway.worker.metrics",
        "gateway.worker.session",
    ),
    "migrations/": ("gateway.config", "gateway.database", "gateway.migrations"),
    "local/": ("gateway.config", "gateway.database", "gateway.local", "gateway.migrations", "gateway.resilience"),
}
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


def imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module is not None
            yield node.module


@pytest.mark.parametrize("module", MODULES)
def test_only_some_modules_import_some_libraries(module: str) -> None:
    for name in imports(module):
        allowed = ALLOWED.get(name.split(".")[0])
        assert allowed is None or module.startswith(allowed), f"{module} must not import {name}"


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith(tuple(LOWER))])
def test_dependencies_point_one_way(module: str) -> None:
    below = LOWER[max((place for place in LOWER if module.startswith(place)), key=len)]
    for name in imports(module):
        is_below = any(f"{name}.".startswith(f"{place}.") for place in below)
        assert is_below or name == "gateway" or not name.startswith("gateway."), f"{module} must not import {name}"


def test_every_module_has_a_place() -> None:
    placed = (*LOWER, "app/")
    assert [module for module in MODULES if not module.startswith(placed)] == ["__init__.py"]


def test_a_server_imports_declared_packages_only() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[^\w-]", dependency)[0] for dependency in project["dependencies"]}
    packages = packages_distributions()
    for module in MODULES:
        # What is injected runs in the environment of an application (tidegate/requirements.txt).
        for name in () if module.startswith(("local/", "adopt/injected/")) else imports(module):
            top = name.split(".")[0]
            if top != "gateway" and top not in sys.stdlib_module_names:
                owners = {owner.lower().replace("_", "-") for owner in packages[top]}
                assert owners & declared, f"{module} imports {name}, which pyproject.toml does not name"


def test_the_worker_loads_no_more_than_it_needs() -> None:
    """It shares settings, database and embedders with the gateway, and nothing that answers requests."""
    code = "import sys, gateway.worker.process; print(*sorted(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    loaded = run.stdout.split()
    own = {name.split(".")[1] for name in loaded if name.startswith("gateway.")}
    shared = {"chunking", "clients", "config", "database", "embeddings", "errors", "ingestion", "resilience"}
    assert own <= {"worker", *shared}, own
    assert not {"fastapi", "starlette", "uvicorn", "jwt"} & set(loaded)


@pytest.mark.parametrize("module", MODULES)
def test_modules_stay_readable(module: str) -> None:
    assert len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) <= 300


def test_the_rules_are_about_modules_that_exist() -> None:
    places = {place for rule in ALLOWED.values() for place in rule} | set(LOWER)
    assert all((PACKAGE / place).exists() for place in places)


def test_what_waits_goes_by_the_monotonic_clock() -> None:
    """Setting the date must neither open a breaker for a year nor end a wait: only tokens and dates ask the wall's."""
    asks_the_date = {
        "answers/chat.py",
        "auth/identity.py",
        "auth/tokens.py",
        "embeddings/openai.py",
        "observability/recording.py",
        "recommendations/snapshot_file.py",
        "resilience/spans.py",
    }
    for module in MODULES:
        if not module.startswith("local/"):
            text = (PACKAGE / module).read_text(encoding="utf-8")
            asks = "time.time" in text or "from time import time" in text or "datetime.now" in text
            assert asks == (module in asks_the_date), module


def test_no_sql_is_put_together_in_python() -> None:
    """An f-string, or a `%` or `.format` of a text, whose text looks like SQL."""
    words = ("select ", "insert ", "update ", "delete ", "set role")
    for module in MODULES:
        for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                assert not text.lstrip().lower().startswith(words), f"{module}:{node.lineno}"


def test_queries_begin_with_what_they_return() -> None:
    assert len(names()) == len(list((REPOSITORY / "sql" / "queries").glob("*.sql"))) > 0
    for name in names():
        assert (DIRECTORY / f"{name}.sql").read_text(encoding="utf-8").startswith("-- ")
        assert query(name)
        assert not query(name).startswith(b"--")
    with pytest.raises(LookupError, match="search_as"):
        query("../../etc/passwd")


IMPORT_EVERYTHING = """
import os, socket, sys, threading
reads = []
real_get, real_item = os._Environ.get, os._Environ.__getitem__
def note(name):
    frame = sys._getframe(2)
    while frame:
        if "/gateway/" in frame.f_code.co_filename and "/site-packages/" not in frame.f_code.co_filename:
            reads.append((name, frame.f_code.co_filename, frame.f_lineno))
            return
        # A library that reads its own settings while it is imported is not the gateway's doing.
        if "/site-packages/" in frame.f_code.co_filename or "importlib" in frame.f_code.co_filename:
            return
        frame = frame.f_back
os._Environ.__getitem__ = lambda self, name: (note(name), real_item(self, name))[1]
os._Environ.get = lambda self, name, default=None: (note(name), real_get(self, name, default))[1]
def refuse(*args, **kwargs):
    raise AssertionError("an import connects")
socket.socket.connect = refuse
for module in sys.argv[1:]:
    __import__(module)
assert not reads, reads
assert threading.active_count() == 1, threading.enumerate()
"""


def test_imports_do_nothing() -> None:
    modules = [
        "gateway." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for module in MODULES
        if not module.endswith("__main__.py") and module != "__init__.py"
    ]
    environment = {"PATH": os.environ["PATH"]}
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING, *modules],
        check=False,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stderr
