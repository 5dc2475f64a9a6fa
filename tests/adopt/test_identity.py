"""The ten lines of docs/adopt/gateway.md by which an application finds out who is calling, word for word."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from gateway.auth.caller import Caller
from gateway.auth.identity import VALID_S, IdentitySigner
from gateway.local.paths import REPOSITORY
from tests.support.documentation import blocks

SECRET = "a secret of the shop that is long enough"
ANNA = Caller(uuid.UUID(int=7), json.dumps({"sub": str(uuid.UUID(int=7)), "role": "authenticated", "aal": "aal2"}))
CODE = {block.language: block.code for block in blocks(REPOSITORY / "docs" / "adopt" / "gateway.md")}
ASK = """
const headers = JSON.parse(process.argv[2]);
const said = headers.map((header) => { try { return caller(header ?? undefined); } catch { return "refused"; } });
console.log(JSON.stringify(said));
"""


def headers() -> tuple[list[str | None], list[Any]]:
    """Headers that an application may get, and what it is to make of them."""
    good = IdentitySigner("shop", SECRET).sign(ANNA)
    head, body, signature = good.split(".")
    unsigned = jwt.encode(jwt.decode(good, options={"verify_signature": False}), "", algorithm="none")
    late = IdentitySigner("shop", SECRET, clock=lambda: 1_000_000.0).sign(ANNA)
    bad = [
        late,
        IdentitySigner("other", SECRET).sign(ANNA),
        IdentitySigner("shop", SECRET[::-1]).sign(ANNA),
        unsigned,
        f"{head}.{body}",
        f"{head}.{body}.{signature[:-4]}",
        "x",
        "",
    ]
    return [good, None, *bad], [json.loads(ANNA.claims), None, *["refused"] * len(bad)]


def test_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    namespace: dict[str, Any] = {}
    exec(CODE["python"], namespace)
    caller: Callable[[str | None], Any] = namespace["caller"]

    def said(header: str | None) -> Any:
        try:
            return caller(header)
        except jwt.InvalidTokenError:
            return "refused"

    given, expected = headers()
    assert [said(header) for header in given] == expected


def test_in_javascript(tmp_path: Path) -> None:
    script = tmp_path / "caller.mjs"
    script.write_text(
        f'import process from "node:process";\nimport {{ Buffer }} from "node:buffer";\n{CODE["js"]}{ASK}'
    )
    given, expected = headers()
    deno = Path(sys.executable).with_name("deno")
    run = subprocess.run(
        [deno, "run", "--quiet", "--allow-env", script, json.dumps(given)],
        env={"SHOP_SECRET": SECRET, "NO_COLOR": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(run.stdout) == expected


def test_an_identity_is_good_for_a_minute() -> None:
    token = IdentitySigner("shop", SECRET).sign(ANNA)
    said = jwt.decode(token, SECRET, algorithms=["HS256"], audience="shop", issuer="tidegate")
    assert said["exp"] - said["iat"] == VALID_S
