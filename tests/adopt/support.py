"""Copies of the small applications, and `tidegate-adopt` on them."""

import hashlib
import subprocess
import sys
from pathlib import Path

from gateway.local.paths import REPOSITORY

APPS = REPOSITORY / "tests" / "adopt" / "apps"
NODE_MODULES = REPOSITORY / ".venv" / "adopt-node" / "adopt" / "node_modules"
INJECTED_MODULES = REPOSITORY / ".venv" / "adopt-node" / "injected" / "node_modules"
PYTHON = REPOSITORY / ".venv" / "adopt" / "bin" / "python"
"""An environment that has the frameworks (make .venv/adopt.stamp)."""


def written(folder: Path, files: dict[str, str]) -> Path:
    """An application of a few files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Checksums of all files by path, those of the application alone."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "node_modules" not in path.parts
    }


def adopt(folder: Path, *options: str, python: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run `tidegate-adopt` on a folder, as a person would."""
    command = [sys.executable, "-m", "gateway.adopt", str(folder), *options]
    if python is not None:
        command += ["--python", str(python)]
    return subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
