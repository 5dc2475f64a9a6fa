"""The modules that are put beside an application, and what they need installed."""

import re
from pathlib import Path

from gateway.adopt.application import Entry

PACKAGE = Path(__file__).parents[1]
NAME = "tidegate_adopted"
# As they lie in the gateway: what an application gets is the gateway's own text, under another name.
MODULES = (
    "adopt/injected/start.py",
    "adopt/injected/options.py",
    "adopt/injected/pipelines.py",
    "adopt/injected/outgoing.py",
    "adopt/injected/arrivals.py",
    "adopt/injected/health.py",
    "adopt/injected/reports.py",
    "adopt/injected/telemetry.py",
    "adopt/injected/selfcheck.py",
    "observability/scrubbing.py",
    "resilience/breaker.py",
    "resilience/deadline.py",
    "resilience/errors.py",
    "resilience/policy.py",
    "resilience/token_bucket.py",
)
OWN_NAME = re.compile(r"\bgateway(?:\.[a-z_]+)*\.(" + "|".join(Path(module).stem for module in MODULES) + r")\b")
SITECUSTOMIZE = '''"""Python runs this before anything else: tidegate-adopt put it here."""

import importlib.machinery
import importlib.util
import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))


def _run_the_other():
    """What has this name further on in the path, and would have been run without this one."""
    paths = [path for path in sys.path if os.path.abspath(path or os.curdir) != _here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


_run_the_other()
try:
    from tidegate_adopted.start import start
except ImportError as error:
    sys.stderr.write("tidegate: nothing is injected: %s\\n" % error)
else:
    start()
'''
# What the tests run with (requirements-adopt.lock).
REQUIREMENTS = {
    "opentelemetry-exporter-otlp-proto-http": "1.45.1",
    "opentelemetry-sdk": "1.45.1",
    "pybreaker": "1.4.1",
    "sentry-sdk": "2.75.0",
    "wrapt": "2.5.2",
}
INSTRUMENTATIONS = "0.66b1"
INSTRUMENTED = (
    "aiohttp-client", "asyncpg", "celery", "django", "fastapi", "flask", "httpx", "psycopg", "psycopg2", "pymongo",
    "redis", "requests", "sqlalchemy",
)  # fmt: skip
"""Libraries that have an instrumentation, by its name."""
DISTRIBUTIONS = {"aiohttp-client": ("aiohttp",), "psycopg2": ("psycopg2", "psycopg2-binary")}
SERVERS = {"wsgi": {"gunicorn": "27.0.1"}, "asgi": {"uvicorn": "0.54.0"}}


def python_files() -> dict[str, str]:
    """The package and what starts it, by path below the folder that is put on PYTHONPATH."""
    files = {
        f"{NAME}/{Path(module).name}": _renamed((PACKAGE / module).read_text(encoding="utf-8")) for module in MODULES
    }
    init = '"""Observability and resilience for an application that knows nothing of them, by tidegate-adopt."""\n'
    return {"sitecustomize.py": SITECUSTOMIZE, f"{NAME}/__init__.py": init, **files}


def _renamed(text: str) -> str:
    return OWN_NAME.sub(rf"{NAME}.\1", text)


def requirements(entry: Entry) -> list[str]:
    """What is installed beside the application; of what it has itself any version will do."""
    installed = {re.sub(r"[-_.]+", "-", name).lower() for name in entry.packages}
    wanted = dict(REQUIREMENTS)
    for name in INSTRUMENTED:
        if set(DISTRIBUTIONS.get(name, (name,))) & installed:
            wanted[f"opentelemetry-instrumentation-{name}"] = INSTRUMENTATIONS
    wanted.update(SERVERS.get(entry.protocol, {}))
    return [name if name in installed else f"{name}=={version}" for name, version in sorted(wanted.items())]


def node_files() -> dict[str, str]:
    """The modules for Node, and their package with its lock file."""
    folder = PACKAGE / "adopt" / "injected" / "node"
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}
