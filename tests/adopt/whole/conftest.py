"""Copies of the small applications, each with what was written beside it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adopt.support import APPS, NODE_MODULES, PYTHON

Copy = Callable[[str], Path]


@pytest.fixture(scope="session", autouse=True)
def installed() -> None:
    """Say what is missing, rather than fail of it."""
    if not PYTHON.exists() or not NODE_MODULES.is_dir():
        pytest.skip("the frameworks are not installed: make test-adopt")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Copies an application by its name."""

    def copied(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name) / name
        shutil.copytree(APPS / name, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        if (folder / "package.json").exists():
            (folder / "node_modules").symlink_to(NODE_MODULES)
        return folder

    return copied
