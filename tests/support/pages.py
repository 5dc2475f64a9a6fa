"""The code that stands in a documentation page, run as it stands."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.local.bootstrap import deno_command
from gateway.local.paths import REPOSITORY
from tests.support.stack import Stack

SCRIPT = REPOSITORY / "tests/integration/local_stack/page.ts"


def code_blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of this language in `docs/<page>`."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def run_javascript(
    stack: Stack, code: str, directory: Path, *, tokens: Mapping[str, str], values: Mapping[str, object], shown: str
) -> Any:
    """Run `code` with a client for each of `tokens` and these `values`; what the names in `shown` hold at its end.

    AssertionError when the API refused anything.
    """
    names = ", ".join((*tokens, *values))
    module = directory / "page.js"
    module.write_text(f"export default async ({{ {names} }}) => {{\n{code}\nreturn {{ {shown} }};\n}};\n")
    page = {
        "url": stack.supabase_url,
        "key": stack.keys.publishable_key,
        "module": module.as_uri(),
        "tokens": dict(tokens),
        "values": dict(values),
    }
    command = deno_command(SCRIPT, "--allow-net=127.0.0.1", "--allow-env", f"--allow-read={directory}")
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
        cwd=REPOSITORY,
        env={**os.environ, "PAGE": json.dumps(page)},
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["refused"] == [], answer["refused"]
    return answer["shown"]
