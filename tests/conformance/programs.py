"""Runs the programs that call a project."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.local.bootstrap import deno_command

LONGEST_S = 600


def supabase_js(environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the project answers to each call of supabase-js."""
    command = deno_command(Path(__file__).with_name("calls.ts"), "--allow-net", "--allow-env", "--no-check")
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"the calls did not come to an end:\n{done.stderr}")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers
