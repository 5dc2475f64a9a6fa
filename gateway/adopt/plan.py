"""The files that are written beside an application, with their text."""

from pathlib import Path

from gateway.adopt import bundle
from gateway.adopt.application import Entry, Found
from gateway.adopt.containerfile import HEALTH_PORT, containerfile
from gateway.adopt.facts import Facts
from gateway.adopt.manifest import owned
from gateway.adopt.report import report

FOLDER = "tidegate"
IGNORED = (
    ".git", ".env", ".env.*", ".venv", "venv", "env", "**/__pycache__", "**/*.pyc", "**/node_modules", "*.sqlite3",
    "*.db",
    ".tox", ".mypy_cache", ".pytest_cache", "tidegate/env",
)  # fmt: skip
COLLECTOR = """\
receivers:
  otlp:
    protocols:
      http:
        endpoint: 0.0.0.0:4318
processors:
  batch: {}
exporters:
  debug:
    verbosity: basic
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [debug]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [debug]}
    logs: {receivers: [otlp], processors: [batch], exporters: [debug]}
"""


def planned(application: Path, found: Found, facts: Facts) -> dict[str, str]:
    """Text by path. Where the application has a Containerfile or an ignore file of its own, that stays."""
    entry = found.entry
    files = {
        "Containerfile": containerfile(entry, facts),
        ".dockerignore": "".join(f"{name}\n" for name in IGNORED),
        f"{FOLDER}/compose.yaml": compose(facts),
        f"{FOLDER}/collector.yaml": COLLECTOR,
        f"{FOLDER}/env.example": env_example(facts),
        **_injected(entry),
    }
    own = owned(application)
    kept = [name for name in ("Containerfile", ".dockerignore") if (application / name).exists() and name not in own]
    if "Containerfile" in kept:
        files[f"{FOLDER}/Containerfile"] = files["Containerfile"]
    files = {path: text for path, text in files.items() if path not in kept}
    return {**files, f"{FOLDER}/report.md": report(found, facts, sorted(files), kept)}


def _injected(entry: Entry) -> dict[str, str]:
    if entry.protocol == "node":
        return {f"{FOLDER}/node/{path}": text for path, text in bundle.node_files().items()}
    needed = "".join(f"{each}\n" for each in bundle.requirements(entry))
    files = {f"{FOLDER}/python/{path}": text for path, text in bundle.python_files().items()}
    return {f"{FOLDER}/requirements.txt": needed, **files}


def compose(facts: Facts) -> str:
    """The application beside a collector."""
    return f"""\
services:
  application:
    build:
      context: ..
      dockerfile: Containerfile
    env_file:
      - path: env
        required: false
    environment:
      OTEL_EXPORTER_OTLP_ENDPOINT: http://collector:4318
    ports:
      - "127.0.0.1:{facts.port}:{facts.port}"
    read_only: true
    tmpfs: [/tmp]
    stop_grace_period: 30s
    depends_on: [collector]
  collector:
    image: docker.io/otel/opentelemetry-collector:0.140.0
    command: [--config=/etc/collector.yaml]
    volumes:
      - ./collector.yaml:/etc/collector.yaml:ro
"""


def env_example(facts: Facts) -> str:
    """The variables that the application reads, and those of what is put beside it."""
    own = "".join(f"{name}=\n" for name in facts.variables)
    return f"""\
# Copy to `env`. These the application reads:
{own}
# These are of what tidegate-adopt put beside it; all are optional.
OTEL_SERVICE_NAME=
OTEL_EXPORTER_OTLP_ENDPOINT=
SENTRY_DSN=
# off, observe (counts what would be refused) or enforce.
TIDEGATE_RESILIENCE=observe
TIDEGATE_REQUEST_TIMEOUT_S=
TIDEGATE_HEALTH_PORT={HEALTH_PORT}
"""
