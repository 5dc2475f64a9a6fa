"""Clients that public generators make of the OpenAPI document: they compile in strict mode and call every route."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import deno
import httpx
import httpx2
import pytest
from jsonschema_rs import Draft202012Validator

from gateway.http.openapi import operations
from tests.support import Stack
from tests.support.waiting import PATIENCE_S

GENERATORS = Path(__file__).parent / "generators"
PYTHON_CONFIG = "post_hooks: []\n"
FILE = ("mooring.md", b"# Mooring\n\nDouble the bow line.", "text/markdown")


@pytest.fixture(scope="module")
def token(served: Stack) -> str:
    """Somebody's, at a running gateway."""
    return str(served.sign_up("grace@example.com")["access_token"])


@pytest.fixture(scope="module")
def folder(served: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document as the gateway serves it."""
    folder = tmp_path_factory.mktemp("generated")
    document = httpx2.get(f"{served.gateway_url}/openapi.json", timeout=PATIENCE_S, trust_env=False)
    (folder / "openapi.json").write_bytes(document.content)
    return folder


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = json.loads((folder / "openapi.json").read_text(encoding="utf-8"))
    return document


def run(*command: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What a program prints; AssertionError with what it says where it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_names_are_fit_for_code(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(name.isidentifier() and name.islower() for name in ids)
    assert all(name.isidentifier() for name in document["components"]["schemas"])


def test_every_example_is_of_its_schema(document: dict[str, Any]) -> None:
    for operation in operations(document):
        success = next(each for status, each in operation["responses"].items() if status.startswith("2"))
        described = [success["content"]["application/json"]]
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            described.append(operation["requestBody"]["content"]["application/json"])
        for media in described:
            schema = {**media["schema"], "components": document["components"]}
            Draft202012Validator(schema, validate_formats=True).validate(media["example"])


def test_every_operation_says_whether_it_takes_a_token(document: dict[str, Any]) -> None:
    assert {tuple(map(tuple, each["security"])) for each in operations(document)} == {
        (),
        ((), ("token",)),
        (("token",),),
    }


def test_typescript_clients_call_every_route(served: Stack, document: dict[str, Any], folder: Path, token: str) -> None:
    shutil.copy(GENERATORS / "call.ts", folder)
    program = deno.find_deno_bin()
    generate = ("--cached-only", f"--config={GENERATORS / 'deno.json'}", GENERATORS / "generate.ts")
    run(program, "run", "-A", *generate, "openapi.json", folder, folder=folder)
    run(program, "check", "--quiet", "call.ts", folder=folder)
    call = (program, "run", "-A", "--no-check", "call.ts", served.gateway_url)
    called = json.loads(run(*call, folder=folder, environment={"TOKEN": token}))
    expected = {
        each["operationId"]: 202 if each["operationId"] == "add_document" else 200 for each in operations(document)
    }
    assert called == {"statuses": expected, "mode": "hybrid", "file": "mooring.md", "pointer": "#/query"}


def test_a_python_client_calls_every_route(
    served: Stack, document: dict[str, Any], folder: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder / "config.yml"
    config.write_text(PYTHON_CONFIG, encoding="utf-8")
    generator = Path(sys.executable).with_name("openapi-python-client")
    options = ("--path", "openapi.json", "--meta", "none", "--config", config, "--fail-on-warning")
    run(generator, "generate", *options, "--output-path", "generated_client", folder=folder)
    run(sys.executable, "-m", "mypy", "--strict", "--config-file=", "generated_client", folder=folder)

    monkeypatch.syspath_prepend(folder)
    package, models = import_module("generated_client"), import_module("generated_client.models")
    client = package.AuthenticatedClient(
        served.gateway_url, token, timeout=httpx.Timeout(PATIENCE_S), httpx_args={"trust_env": False}
    )
    added: dict[str, Any] = {}
    with client:
        for operation in operations(document):
            name = operation["operationId"]
            module = import_module(f"generated_client.api.{operation['tags'][0]}.{name}")
            answer = module.sync_detailed(client=client, **arguments(operation, models, added))
            assert answer.status_code == (202 if name == "add_document" else 200), name
            if name == "add_document":
                added["document_id"] = answer.parsed.id
            # An example is what comes.
            success = next(each for status, each in operation["responses"].items() if status.startswith("2"))
            assert set(answer.parsed.to_dict()) == set(success["content"]["application/json"]["example"]), name


def arguments(operation: Mapping[str, Any], models: ModuleType, added: Mapping[str, Any]) -> dict[str, Any]:
    """What a call of the operation needs: its example as the body, or a file."""
    needed = {each["name"]: added[each["name"]] for each in operation.get("parameters", []) if each["required"]}
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        file = import_module("generated_client.types").File
        name, payload, kind = FILE
        return {**needed, "body": models.NewDocument(files=[file(BytesIO(payload), name, kind)])}
    for media in content.values():
        model = getattr(models, media["schema"]["$ref"].rpartition("/")[2])
        return {**needed, "body": model.from_dict(media["example"])}
    return needed
