"""Writes docs/settings.md from the gateway's settings: `make docs`."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "settings.md"
HEAD = """\
# Settings

The gateway and the worker read their settings from the environment. `make docs` generates this page from the code.

Ports, directories and the project that `make run` uses are settings of the local stack: `make help` lists them.
Limits that an operator changes while everything runs are rows of the database: [limits](limits.md) and
[orders](orders.md#limits-of-one-person).
"""
TABLE = "| setting | default | meaning |\n| --- | --- | --- |"
# The first setting of each section, in the order of the code.
SECTIONS = {
    "UPLOAD_TIMEOUT_S": "Admission",
    "LLM_URL": "Language models",
    "GATEWAY_HOST": "Server",
    "SUPABASE_URL": "Project and tokens",
    "UPSTREAMS": "Existing applications",
    "ENVIRONMENT": "Process",
    "GATEWAY_DATABASE_URL": "Databases",
    "WORKER_LEASE_S": "Worker",
    "REPLICA_DATABASE_URL": "Resilience",
    "EMBEDDER": "Embedding",
    "RERANKER_URL": "Reranking",
    "PAYMENT_URL": "Payments",
}


def page() -> str:
    """The page as the code has it."""
    from gateway.config.settings import describe_settings  # noqa: PLC0415  importable from any directory

    lines = []
    for name, default, description in describe_settings():
        if name in SECTIONS:
            lines += ["", f"## {SECTIONS[name]}", "", TABLE]
        lines.append(f"| `{name}` | {f'`{default}`' if default else ''} | {description} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    PAGE.write_text(page(), encoding="utf-8")
