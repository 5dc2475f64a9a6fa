"""The official Supabase CLI, pinned, on a copy of this project.

The npm package `supabase` names a binary for every platform, and Deno installs all that it names or nothing; so the
binary's own package is pinned here instead. It runs on a copy, because it writes beside what it reads.
"""

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

import deno

from gateway.local.paths import REPOSITORY

PINNED = Path(__file__).with_name("supabase_cli_pin")
PACKAGE = "@supabase/cli-linux-x64"
AVAILABLE = (platform.system(), platform.machine()) == ("Linux", "x86_64")
UNAVAILABLE = "the CLI is pinned for Linux on x86-64"
# An index that no query has used yet is one that was just made: the finding is about traffic, not about the schema.
ABOUT_TRAFFIC = {"unused_index"}


class SupabaseCli:
    """Runs the CLI on a copy of this project, away from the caller's settings and login."""

    def __init__(self, directory: Path) -> None:
        """Install it below `directory`, which is empty and is removed by whoever made it."""
        self._installed, self._project, self._home = (directory / name for name in ("cli", "project", "home"))
        for path in (self._installed, self._home):
            path.mkdir()
        for name in ("deno.json", "deno.lock"):
            shutil.copy(PINNED / name, self._installed)
        subprocess.run(
            [deno.find_deno_bin(), "install", "--frozen"], cwd=self._installed, check=True, capture_output=True
        )
        ignore = shutil.ignore_patterns("local", ".temp")
        shutil.copytree(REPOSITORY / "supabase", self._project / "supabase", ignore=ignore)

    def __call__(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one command; AssertionError with its output when it fails."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run one command, whatever it ends with."""
        binary = self._installed / "node_modules" / PACKAGE / "bin" / "supabase"
        return subprocess.run(
            [str(binary), *arguments, "--workdir", str(self._project)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            cwd=self._project,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._home),
                "SUPABASE_TELEMETRY_DISABLED": "1",
                "DO_NOT_TRACK": "1",
                **environment,
            },
        )

    def advisors(self, url: str) -> list[dict[str, Any]]:
        """What Splinter finds in the schema of the database at `url`, at any level."""
        done = self("db", "advisors", remote(url), "--level", "info", "--output-format", "json")
        results: list[dict[str, Any]] = json.loads(done.stdout)["results"]
        return [finding for finding in results if finding["name"] not in ABOUT_TRAFFIC]


def remote(url: str) -> str:
    """The flag that names a database by its URL; one on this machine has no TLS."""
    return f"--remote={url}?sslmode=disable" if "@127.0.0.1:" in url and "?" not in url else f"--remote={url}"
