"""The types of the gateway's clients: `python -m tests.support.client_types` (make types) writes them.

They are what public generators make of the OpenAPI document.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import deno

from gateway.local.paths import DENO_CONFIG, REPOSITORY
from tests.support.gateway_app import make_app
from tests.support.tokens import Project

CLIENTS = REPOSITORY / "supabase" / "clients"
PYTHON = CLIENTS / "python" / "src" / "tidegate_client" / "models.py"
TYPESCRIPT = CLIENTS / "typescript" / "gateway.generated.ts"
GENERATORS = REPOSITORY / "tests" / "contract" / "generators"
BIN = Path(sys.executable).parent
TYPESCRIPT_HEAD = """\
// Written by `make types` from the OpenAPI document of the gateway.
// deno-lint-ignore-file
"""
HEAD = '"""Written by `make types` from the OpenAPI document of the gateway."""'
OPTIONS = (
    *("--input-file-type", "openapi", "--output-model-type", "typing.TypedDict", "--target-python-version", "3.11"),
    *("--enum-field-as-literal", "all", "--use-standard-collections", "--use-union-operator"),
    *("--use-schema-description", "--use-field-description", "--use-single-line-docstring", "--disable-timestamp"),
    *("--formatters", "builtin", "--custom-file-header", HEAD),
)


def document() -> dict[str, Any]:
    """The OpenAPI document of the gateway, for types: a client of today reads the answers of tomorrow."""
    opened: dict[str, Any] = _open(make_app(Project()).openapi())
    return opened


def _open(part: Any) -> Any:
    if isinstance(part, list):
        return [_open(each) for each in part]
    if not isinstance(part, dict):
        return part
    is_closed = part.get("additionalProperties") is False
    return {name: _open(each) for name, each in part.items() if not (is_closed and name == "additionalProperties")}


def python_types() -> str:
    """The module of the Python client."""
    with tempfile.TemporaryDirectory() as name:
        source, target = Path(name) / "openapi.json", Path(name) / "models.py"
        source.write_text(json.dumps(document()), encoding="utf-8")
        command = [str(BIN / "datamodel-codegen"), *OPTIONS, "--input", str(source), "--output", str(target)]
        subprocess.run(command, check=True, capture_output=True)
        for tidy in (["check", "--fix", "--quiet", "--ignore=E501,D", "--no-cache"], ["format", "--quiet"]):
            subprocess.run([BIN / "ruff", *tidy, f"--config={REPOSITORY / 'pyproject.toml'}", target], check=True)
        return target.read_text(encoding="utf-8")


def typescript_types() -> str:
    """The module of the TypeScript client."""
    program = deno.find_deno_bin()
    config = f"--config={GENERATORS / 'deno.json'}"
    generate = [program, "run", "-A", "--quiet", "--cached-only", config, str(GENERATORS / "types.ts")]
    said = subprocess.run(generate, input=json.dumps(document()), capture_output=True, text=True, check=True).stdout
    form = [program, "fmt", f"--config={DENO_CONFIG}", "--ext=ts", "-"]
    return subprocess.run(form, input=TYPESCRIPT_HEAD + said, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write them."""
    TYPESCRIPT.write_text(typescript_types(), encoding="utf-8")
    PYTHON.write_text(python_types(), encoding="utf-8")


if __name__ == "__main__":
    main()
